package api

import (
	"context"
	"strings"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/review"
	"crmbridge/store"
)

// covers reports whether what an account has is what the call is about.
func (c *call) covers(account string) bool {
	return c.account == "" || strings.EqualFold(c.account, account)
}

func errOneOrAll() error {
	return pim.Errorf("api", pim.ErrInvalid, "name one item by its uid, or say that all is true")
}

func (c *call) conflicts(ctx context.Context, f *filter) (review.Page[manage.Conflict], error) {
	return listed(c, ctx, *f, c.Office.Conflicts)
}

func (c *call) conflict(ctx context.Context, in *Numbered) (manage.ConflictDetail, error) {
	d, err := c.Office.Conflict(ctx, store.ConflictID(in.ID))
	if err == nil && !c.covers(d.User) {
		d, err = manage.ConflictDetail{}, pim.Errorf("conflict", pim.ErrNotFound, "there is no conflict %d", in.ID)
	}
	return d, err
}

// choice is how a conflict is settled.
type choice struct {
	Numbered
	Body struct {
		Take string `json:"take" minLength:"1" doc:"mine, theirs, both, or by field: title=mine,time=theirs. A side before the fields stands for the rest."`
	}
}

func (c *call) settle(ctx context.Context, in *choice) (manage.ConflictDetail, error) {
	how, err := relay.ParseChoice(in.Body.Take)
	if err != nil {
		return manage.ConflictDetail{}, err
	}
	return c.toConflict(ctx, &in.Numbered, func(id store.ConflictID) error { return c.Office.Settle(ctx, id, how, c.by()) })
}

func (c *call) unsettle(ctx context.Context, in *Numbered) (manage.ConflictDetail, error) {
	return c.toConflict(ctx, in, func(id store.ConflictID) error { return c.Office.Unsettle(ctx, id, c.by()) })
}

func (c *call) toConflict(ctx context.Context, in *Numbered, do func(store.ConflictID) error) (manage.ConflictDetail, error) {
	_, err := c.conflict(ctx, in) // whose it is
	if err == nil {
		err = do(store.ConflictID(in.ID))
	}
	if err != nil {
		return manage.ConflictDetail{}, err
	}
	return c.conflict(ctx, in)
}

func (c *call) duplicates(ctx context.Context, f *filter) (review.Page[manage.Duplicate], error) {
	page, err := listed(c, ctx, *f, c.Office.Duplicates)
	for i := range page.Rows {
		page.Rows[i] = reasoned(page.Rows[i])
	}
	return page, err
}

// reasoned is a duplicate whose reasons are lists, empty as they may be.
func reasoned(d manage.Duplicate) manage.Duplicate {
	if d.Reasons == nil {
		d.Reasons = []string{}
	}
	if d.Against == nil {
		d.Against = []string{}
	}
	return d
}

func (c *call) duplicate(ctx context.Context, in *Numbered) (manage.DuplicateDetail, error) {
	d, err := c.Office.Duplicate(ctx, store.DuplicateID(in.ID))
	if err == nil && !c.covers(d.User) {
		d, err = manage.DuplicateDetail{}, pim.Errorf("duplicate", pim.ErrNotFound, "there is no duplicate %d", in.ID)
	}
	d.Duplicate = reasoned(d.Duplicate)
	return d, err
}

// picks are the fields of a merge.
type picks struct {
	Numbered
	Body *struct {
		Fields map[pim.FieldID]relay.Pick `json:"fields,omitempty" doc:"Which of the two a field is taken from: {\"title\":\"b\"}. Others are chosen as bridge duplicate merge does."`
	}
}

func (c *call) merge(ctx context.Context, in *picks) (manage.Merged, error) {
	if _, err := c.duplicate(ctx, &in.Numbered); err != nil { // whose it is
		return manage.Merged{}, err
	}
	var words []string
	if in.Body != nil {
		for field, side := range in.Body.Fields {
			words = append(words, string(field)+"="+string(side))
		}
	}
	fields, err := relay.ParsePicks(words)
	if err != nil {
		return manage.Merged{}, err
	}
	return c.Office.MergeDuplicate(ctx, store.DuplicateID(in.ID), fields, c.by())
}

func (c *call) ignoreDuplicate(ctx context.Context, in *Numbered) (manage.DuplicateDetail, error) {
	return c.toDuplicate(ctx, in, c.Office.IgnoreDuplicate)
}

func (c *call) undoDuplicate(ctx context.Context, in *Numbered) (manage.DuplicateDetail, error) {
	return c.toDuplicate(ctx, in, c.Office.UndoDuplicate)
}

func (c *call) toDuplicate(ctx context.Context, in *Numbered, do func(context.Context, store.DuplicateID, string) error) (manage.DuplicateDetail, error) {
	_, err := c.duplicate(ctx, in) // whose it is
	if err == nil {
		err = do(ctx, store.DuplicateID(in.ID), c.by())
	}
	if err != nil {
		return manage.DuplicateDetail{}, err
	}
	return c.duplicate(ctx, in)
}

// item names an item, which may be on several links.
type item struct {
	UID  string `query:"uid" required:"true" minLength:"1"`
	Link string `query:"link" doc:"As this link knows it, by its number or name."`
}

func (c *call) explain(ctx context.Context, in *item) (review.Page[manage.Explained], error) {
	return whole(c.Office.Explain(ctx, c.account, in.Link, in.UID))
}

func (c *call) history(ctx context.Context, in *item) (review.Page[manage.History], error) {
	return whole(c.Office.Histories(ctx, c.account, in.Link, in.UID))
}

// earlier names a version of an item.
type earlier struct {
	Body struct {
		UID     string    `json:"uid" minLength:"1"`
		Version store.Seq `json:"version" doc:"Of its history."`
		Link    string    `json:"link,omitempty" doc:"As this link knows it, where several collections have it."`
	}
}

func (c *call) restore(ctx context.Context, in *earlier) (manage.Restored, error) {
	return c.Office.Restore(ctx, c.account, in.Body.Link, in.Body.UID, in.Body.Version, c.by())
}
