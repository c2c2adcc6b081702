package manage

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// Explained is why an item is where it is, for one link.
type Explained struct {
	Link    string       `json:"link"`
	UID     string       `json:"uid"`
	Summary string       `json:"summary"`
	Kind    string       `json:"kind"`
	Here    string       `json:"here"`
	There   string       `json:"there"`
	Next    string       `json:"next"`
	Origin  relay.Author `json:"origin"`
	Words   []string     `json:"words"`
	In      Judged       `json:"in"`
	Out     Judged       `json:"out"`
}

// Judged is what the rules say in one direction.
type Judged struct {
	Made    bool          `json:"made"`    // may be made on the other side
	Carried bool          `json:"carried"` // its changes and its deletion may be carried over
	Reasons []rule.Reason `json:"reasons"`
}

func judgedOf(v rule.Verdict) Judged {
	if v.Reasons == nil {
		v.Reasons = []rule.Reason{}
	}
	return Judged{v.Create, v.Carry, v.Reasons}
}

// Explain tells rule by rule why an item is or is not on a side, for the named link or all that know it. Errors: pim.ErrNotFound.
func (o *Office) Explain(ctx context.Context, user, link, uid string) ([]Explained, error) {
	links, err := o.linksOf(ctx, user, link)
	if err != nil {
		return nil, err
	}
	rows := []Explained{}
	for _, l := range links {
		xs, err := o.Engine.Explain(ctx, l.ID, uid)
		if errors.Is(err, pim.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, x := range xs {
			rows = append(rows, Explained{Link: l.Name, UID: uid, Summary: x.Summary, Kind: x.Kind.String(), Here: x.Local.String(), There: x.Remote.String(),
				Next: x.Action.String(), Origin: x.Origin, Words: x.Words, In: judgedOf(x.In), Out: judgedOf(x.Out)})
		}
	}
	if len(rows) == 0 {
		if link != "" {
			return nil, pim.Errorf("item explain", pim.ErrNotFound,
				"link %q knows no item with the UID %q, and its collection has none: bridge item list --link %d shows those it knows, and bridge sync run %d takes in what is new in the CRM",
				links[0].Name, uid, links[0].ID, links[0].ID)
		}
		return nil, pim.Errorf("item explain", pim.ErrNotFound, "no link knows an item with the UID %q, nor has a linked collection one: bridge item list --link LINK shows those of a link", uid)
	}
	return rows, nil
}

// linksOf is the named link, or all of a user, or of everybody.
func (o *Office) linksOf(ctx context.Context, user, word string) (links []store.Link, err error) {
	if word != "" {
		l, _, err := o.FindLink(ctx, user, word)
		return []store.Link{l}, err
	}
	err = o.EachLink(ctx, user, func(_ *store.Tx, _ store.User, l store.Link) error {
		links = append(links, l)
		return nil
	})
	return links, err
}
