package api

import (
	"context"
	"encoding/json"

	"crmbridge/manage"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/review"
	"crmbridge/store"
)

func (c *call) test(ctx context.Context, in *OfLink) (review.Page[manage.Check], error) {
	l, u, err := c.Office.FindLink(ctx, c.account, in.Link)
	if err != nil {
		return review.Page[manage.Check]{}, err
	}
	return whole(c.Office.ProbeLink(ctx, l, u))
}

func (c *call) folders(ctx context.Context, in *OfLink) (review.Page[manage.Folder], error) {
	l, u, err := c.Office.FindLink(ctx, c.account, in.Link)
	if err != nil {
		return review.Page[manage.Folder]{}, err
	}
	return whole(c.Office.FoldersOf(ctx, l, u))
}

// newRules are rules put over those of a link.
type newRules struct {
	OfLink
	Body map[string]json.RawMessage
}

func (c *call) setRules(ctx context.Context, in *newRules) (manage.RulesChanged, error) {
	l, _, err := c.Office.FindLink(ctx, c.account, in.Link)
	if err != nil {
		return manage.RulesChanged{}, err
	}
	now, err := putOver(l, in.Body)
	if err != nil {
		return manage.RulesChanged{}, err
	}
	return c.Office.SetRules(ctx, l, now)
}

// putOver is the rules of a link with some put over them.
func putOver(l store.Link, change map[string]json.RawMessage) (rule.Rules, error) {
	part, err := json.Marshal(change)
	if err != nil {
		return rule.Rules{}, err
	}
	text, err := manage.ChangeRules(l.Rules, string(part))
	if err != nil {
		return rule.Rules{}, err
	}
	return manage.ReadRules(text)
}

// lookAhead asks what a run would do.
type lookAhead struct {
	OfLink
	Body struct {
		Rules          map[string]json.RawMessage `json:"rules,omitempty" doc:"Rules put over those of the link for this look; null sets one back."`
		AllowDeletions bool                       `json:"allowDeletions,omitempty" doc:"As if deletions were allowed that are held."`
		Full           bool                       `json:"full,omitempty" doc:"List the other side in full, even when it is not time to."`
	}
}

func (c *call) preview(ctx context.Context, in *lookAhead) (manage.Preview, error) {
	l, _, err := c.Office.FindLink(ctx, c.account, in.Link)
	if err != nil {
		return manage.Preview{}, err
	}
	o := relay.PreviewOptions{Run: relay.RunOptions{AllowDeletions: in.Body.AllowDeletions, Full: in.Body.Full}}
	if len(in.Body.Rules) > 0 {
		now, err := putOver(l, in.Body.Rules)
		if err != nil {
			return manage.Preview{}, err
		}
		o.Rules = &now
	}
	return c.Office.PreviewRun(ctx, l, o)
}

// removal is the end of a link.
type removal struct {
	OfLink
	Force bool `query:"force" doc:"Also while changes wait that have not gone over."`
}

// removed is a link that is no more.
type removed struct {
	ID      store.LinkID `json:"id"`
	Name    string       `json:"name"`
	Removed bool         `json:"removed"`
}

func (c *call) remove(ctx context.Context, in *removal) (removed, error) {
	l, _, err := c.Office.FindLink(ctx, c.account, in.Link)
	if err == nil {
		err = c.Office.RemoveLink(ctx, l, in.Force)
	}
	return removed{l.ID, l.Name, err == nil}, err
}

func (c *call) linkItem(ctx context.Context, in *linkItem) (done, error) {
	return c.tie(ctx, in, rule.Linked, "linked")
}

func (c *call) unlinkItem(ctx context.Context, in *linkItem) (done, error) {
	return c.tie(ctx, in, rule.Apart, "unlinked")
}

func (c *call) relinkItem(ctx context.Context, in *linkItem) (done, error) {
	return c.tie(ctx, in, rule.TieNone, "left to the rules")
}

func (c *call) tie(ctx context.Context, in *linkItem, tie rule.Tie, word string) (done, error) {
	return c.toItem(ctx, in, word, func(ctx context.Context, l store.Link, uid string) error { return c.Office.Tie(ctx, l, uid, tie) })
}

// record is one of the other side.
type record struct {
	OfLink
	Body struct {
		Record string `json:"record" minLength:"1" doc:"Its id there."`
	}
}

// broughtIn is a record that is linked now.
type broughtIn struct {
	Link   string `json:"link"`
	Record string `json:"record"`
	UID    string `json:"uid"`
}

func (c *call) bring(ctx context.Context, in *record) (broughtIn, error) {
	l, _, err := c.Office.FindLink(ctx, c.account, in.Link)
	if err != nil {
		return broughtIn{}, err
	}
	uid, err := c.Office.Bring(ctx, l, in.Body.Record)
	return broughtIn{l.Name, in.Body.Record, uid}, err
}
