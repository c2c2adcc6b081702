package review

import (
	"errors"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// Known is one item of a link.
type Known struct {
	No       int64  `json:"no"` // for Query.After
	Link     string `json:"link"`
	UID      string `json:"uid"`
	RemoteID string `json:"remoteId,omitempty"`
	Kind     string `json:"kind"`
	Summary  string `json:"summary"`
	// Origin is where the item was first made.
	Origin relay.Author `json:"origin"`
	States []string     `json:"states"` // of store.PairState
	Reason string       `json:"reason,omitempty"`
	URL    string       `json:"url,omitempty"`
}

// Items are those that a link knows, which q has to name. States are those of store.PairStates; others are pim.ErrInvalid.
// origin is a word of relay.ParseOrigin.
func Items(tx *store.Tx, q Query, origin string) (Page[Known], error) {
	if s := store.PairState(q.State); s != "" && !slices.Contains(store.PairStates(), s) {
		return Page[Known]{}, pim.Errorf("review: items", pim.ErrInvalid, "there is no state %q; there are %s", q.State, ItemStates())
	}
	l, err := tx.Link(q.Link)
	if err != nil {
		return Page[Known]{}, err
	}
	u, err := tx.User(l.UserID)
	if err != nil {
		return Page[Known]{}, err
	}
	from, err := relay.ParseOrigin(tx, u, origin)
	if err != nil {
		return Page[Known]{}, err
	}
	f := store.PairFilter{Link: l.ID, State: store.PairState(q.State), Since: q.Since, Until: q.Until}
	return gather(q, memosAtOnce, func(after int64, limit int) ([]store.Pair, error) {
		f.After, f.Limit = store.PairID(after), limit
		return tx.PairsFrom(f, from)
	}, func(p store.Pair) int64 { return int64(p.ID) }, func(p store.Pair) (Known, bool, error) {
		row, kind, err := known(tx, l, u, p)
		return row, (q.Kind == 0 || q.Kind == kind) && q.fits(row.Summary, row.UID, row.Reason), err
	})
}

// ItemStates are the states of Items, for forms and commands.
func ItemStates() string {
	var words []string
	for _, s := range store.PairStates() {
		words = append(words, string(s))
	}
	return strings.Join(words, ", ")
}

func known(tx *store.Tx, l store.Link, u store.User, p store.Pair) (row Known, kind pim.Kind, err error) {
	row = Known{No: int64(p.ID), Link: l.Name, UID: p.UID, RemoteID: p.RemoteID, Reason: p.Error, URL: p.URL, States: []string{}}
	if row.Origin, err = relay.ItemOrigin(tx, u, p); err != nil {
		return row, 0, err
	}
	var o store.Object
	if p.ObjectID != 0 {
		if o, err = tx.ObjectByID(p.ObjectID); err != nil && !errors.Is(err, pim.ErrNotFound) {
			return row, 0, err
		}
	}
	here, there := o.ID != 0 && !o.Deleted && !p.LocalGone, p.RemoteID != "" && !p.RemoteGone
	for state, is := range map[store.PairState]bool{
		store.PairsFailing: p.Error != "", store.PairsIgnored: p.Error != "" && p.IgnoredAt != nil,
		store.PairsHeld: p.Hold != "", store.PairsWaiting: p.Dirty || p.Intent != "",
		store.PairsLinked: p.Tie == string(rule.Linked), store.PairsUnlinked: rule.Tie(p.Tie).Parts(), store.PairsMasked: p.Mask != "",
		store.PairsHere: here && !there, store.PairsThere: there && !here,
	} {
		if is {
			row.States = append(row.States, string(state))
		}
	}
	slices.Sort(row.States)
	if row.Reason == "" {
		row.Reason = rule.Hold(p.Hold).Says()
	}
	item, err := relay.Read(o.Kind, o.Text, u.Zone)
	if item == nil || err != nil {
		if item, err = pim.DecodeItem(p.TheirItem); err != nil {
			return row, 0, err
		}
	}
	if item == nil {
		return row, 0, nil
	}
	row.Kind, row.Summary = item.Kind().String(), item.Summary()
	return row, item.Kind(), nil
}
