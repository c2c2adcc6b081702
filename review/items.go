package review

import (
	"errors"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// Item is an item of a link that waits for a person.
type Item struct {
	No       int64          `json:"no"`
	User     string         `json:"user"`
	LinkID   store.LinkID   `json:"linkId"`
	Link     string         `json:"link"`
	UID      string         `json:"uid"`
	RemoteID string         `json:"remoteId,omitempty"`
	Kind     string         `json:"kind"`
	Title    string         `json:"title"`
	State    string         `json:"state"`            // failing, ignored, or one of rule.Holds
	Reason   string         `json:"reason,omitempty"` // why it fails, or what it waits for, in plain words
	Class    string         `json:"class,omitempty"`  // pim.Reason of it
	Attempts int            `json:"attempts,omitempty"`
	RetryAt  *time.Time     `json:"retryAt,omitempty"`
	At       time.Time      `json:"at"` // when the relay last dealt with it
	URL      string         `json:"url,omitempty"`
	Object   store.ObjectID `json:"-"`
}

// Errors are the items that cannot be synced. States: "failing", "ignored"; "" is both; others are
// pim.ErrInvalid.
func Errors(tx *store.Tx, q Query) (Page[Item], error) {
	switch s := store.PairState(q.State); s {
	case "", store.PairsFailing, store.PairsIgnored:
		return items(tx, q, store.PairFilter{State: s})
	}
	return Page[Item]{}, pim.Errorf("review: errors", pim.ErrInvalid, "there is no state %q; there are failing and ignored", q.State)
}

// Approvals are the items whose deletion waits for a person's word.
func Approvals(tx *store.Tx, q Query) (Page[Item], error) {
	return items(tx, q, store.PairFilter{State: store.PairsHeld, Holds: []string{string(rule.HoldDeletion), string(rule.HoldLost)}})
}

// Holds are the items that wait for a person. States: those of rule.Hold; "" is all; others are pim.ErrInvalid.
func Holds(tx *store.Tx, q Query) (Page[Item], error) {
	f := store.PairFilter{State: store.PairsHeld}
	if q.State != "" {
		if !slices.Contains(rule.Holds(), rule.Hold(q.State)) {
			return Page[Item]{}, pim.Errorf("review: holds", pim.ErrInvalid, "there is no state %q; there are %s", q.State, HoldStates())
		}
		f.Holds = []string{q.State}
	}
	return items(tx, q, f)
}

// HoldStates are the states of Holds, for forms and commands.
func HoldStates() string {
	var words []string
	for _, h := range rule.Holds() {
		words = append(words, string(h))
	}
	return strings.Join(words, ", ")
}

func items(tx *store.Tx, q Query, f store.PairFilter) (Page[Item], error) {
	f.Since, f.Until = q.Since, q.Until
	links, err := q.links(tx)
	if err != nil {
		return Page[Item]{}, err
	}
	read := func(after int64, limit int) ([]store.Pair, error) {
		f.After, f.Limit = store.PairID(after), limit
		return tx.ReviewPairs(f)
	}
	if links != nil {
		read = merged(len(links), func(i int, after int64, limit int) ([]store.Pair, error) {
			f.Link, f.After, f.Limit = links[i], store.PairID(after), limit
			return tx.ReviewPairs(f)
		}, func(a, b store.Pair) bool { return a.ID < b.ID })
	}
	own := owners(tx)
	return gather(q, rowsAtOnce, read, func(p store.Pair) int64 { return int64(p.ID) }, func(p store.Pair) (Item, bool, error) {
		row, kind, err := item(own, p)
		return row, (q.Kind == 0 || q.Kind == kind) && q.fits(row.Title, row.UID, row.Reason), err
	})
}

func item(own *owner, p store.Pair) (Item, pim.Kind, error) {
	l, u, err := own.of(p.LinkID)
	if err != nil {
		return Item{}, 0, err
	}
	row := Item{No: int64(p.ID), User: u.Name, LinkID: p.LinkID, Link: l.Name, UID: p.UID, RemoteID: p.RemoteID, State: p.Hold,
		Reason: p.Error, Class: p.ErrorKind, Attempts: p.Attempts, RetryAt: p.NextTry(), At: p.UpdatedAt, URL: p.URL, Object: p.ObjectID}
	switch {
	case p.Error != "" && p.IgnoredAt != nil:
		row.State = string(store.PairsIgnored)
	case p.Error != "":
		row.State = string(store.PairsFailing)
	default:
		row.Reason = rule.Hold(p.Hold).Says()
	}
	it, err := itemOf(own.tx, p, u.Zone)
	if err != nil || it == nil {
		return row, 0, err
	}
	row.Kind, row.Title = it.Kind().String(), it.Summary()
	return row, it.Kind(), nil
}

// itemOf is what a pair's item was last known to be, here or there; nil when nobody can tell.
func itemOf(tx *store.Tx, p store.Pair, zone string) (pim.Item, error) {
	if p.ObjectID != 0 {
		o, err := tx.ObjectByID(p.ObjectID)
		if err != nil && !errors.Is(err, pim.ErrNotFound) {
			return nil, err
		}
		if err == nil && !o.Deleted {
			if it, err := relay.Read(o.Kind, o.Text, zone); err == nil && it != nil {
				return it, nil
			}
		}
	}
	for _, b := range [][]byte{p.TheirItem, p.LocalItem} {
		if it, err := pim.DecodeItem(b); err == nil && it != nil {
			return it, nil
		}
	}
	return nil, nil
}
