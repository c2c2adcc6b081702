package review

import (
	"errors"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/store"
)

// Duplicate is two items that may be one, without what undoing a merge takes.
type Duplicate struct {
	store.Duplicate
	User       string
	Collection string // its path segment; "" when it is gone
	Why        relay.Why
	Items      [2]pim.Item // nil: gone, or not to be read
}

// Title is that of one of the two; "" when it is gone.
func (d Duplicate) Title(i int) string {
	if d.Items[i] == nil {
		return ""
	}
	return d.Items[i].Summary()
}

// Duplicates are the pairs of items that may be one, by number. States are those of store.DuplicateStates; "" is all; others
// are pim.ErrInvalid. A link stands for its collection. Text is looked for in both titles and in the reasons.
func Duplicates(tx *store.Tx, q Query) (Page[Duplicate], error) {
	f := store.DuplicateFilter{User: q.User, Collection: q.Collection, State: store.DuplicateState(q.State), Kind: q.Kind, Since: q.Since, Until: q.Until}
	if err := store.CheckDuplicateState(f.State); err != nil {
		return Page[Duplicate]{}, err
	}
	if q.Link != 0 {
		l, err := tx.Link(q.Link)
		if err != nil {
			return Page[Duplicate]{}, err
		}
		if f.Collection != 0 && f.Collection != l.CollectionID {
			return Page[Duplicate]{Rows: []Duplicate{}}, nil
		}
		f.Collection = l.CollectionID
	}
	return gather(q, textsAtOnce, func(after int64, limit int) ([]store.Duplicate, error) {
		f.After, f.Limit = store.DuplicateID(after), limit
		return tx.Duplicates(f)
	}, func(d store.Duplicate) int64 { return int64(d.ID) }, func(d store.Duplicate) (Duplicate, bool, error) {
		row, err := DuplicateOf(tx, d)
		row.Merge = nil
		words := append([]string{row.Title(0), row.Title(1)}, row.Why.Reasons...)
		return row, q.fits(append(words, row.Why.Against...)...), err
	})
}

// DuplicateOf is what is shown of one.
func DuplicateOf(tx *store.Tx, d store.Duplicate) (row Duplicate, err error) {
	row = Duplicate{Duplicate: d}
	u, err := tx.User(d.UserID)
	if err != nil {
		return row, err
	}
	row.User = u.Name
	if c, err := tx.Collection(d.CollectionID); err == nil {
		row.Collection = c.Slug
	} else if !errors.Is(err, pim.ErrNotFound) {
		return row, err
	}
	if row.Why, err = relay.WhyAlike(d); err != nil {
		return row, err
	}
	first, second, err := relay.MergedTexts(tx, d)
	if err != nil {
		return row, err
	}
	for i, text := range [][]byte{first, second} {
		if it, err := relay.Read(d.Kind, text, u.Zone); err == nil {
			row.Items[i] = it
		}
	}
	return row, nil
}
