package manage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/review"
	"crmbridge/store"
)

// Duplicate is two items that may be one.
type Duplicate struct {
	ID         store.DuplicateID    `json:"id"`
	User       string               `json:"user"`
	Collection string               `json:"collection"`
	Kind       string               `json:"kind"`
	A          string               `json:"a"` // summaries
	B          string               `json:"b"`
	Score      int                  `json:"score"` // per cent
	Reasons    []string             `json:"reasons"`
	Against    []string             `json:"against"`
	State      store.DuplicateState `json:"state"`
	Found      time.Time            `json:"found"`
	Settled    *time.Time           `json:"settled,omitempty"`
	SettledBy  string               `json:"settledBy,omitempty"`

	items [2]pim.Item // nil: gone, or not to be read
}

// WhyInWords is the reasons for and against in one line.
func (d Duplicate) WhyInWords() string {
	s := strings.Join(d.Reasons, ", ")
	if len(d.Against) > 0 {
		s += "; but " + strings.Join(d.Against, ", ")
	}
	return s
}

func duplicateOf(d review.Duplicate) Duplicate {
	return Duplicate{ID: d.ID, User: d.User, Collection: d.Collection, Kind: d.Kind.String(), A: d.Title(0), B: d.Title(1), Score: (d.Score + 5) / 10,
		Reasons: d.Why.Reasons, Against: d.Why.Against, State: d.State, Found: d.FoundAt, Settled: d.SettledAt, SettledBy: d.SettledBy, items: d.Items}
}

// Pairing is one field of two items, side by side.
type Pairing struct {
	Field pim.FieldID `json:"field"`
	Label string      `json:"label"`
	A     string      `json:"a"`
	B     string      `json:"b"`
	Same  bool        `json:"same"`
}

// DuplicateDetail is two items field by field.
type DuplicateDetail struct {
	Duplicate
	Fields []Pairing       `json:"fields"`
	Left   []relay.LeftOut `json:"left"` // what a merge took from neither
}

func duplicateDetail(tx *store.Tx, id store.DuplicateID) (DuplicateDetail, error) {
	d, err := tx.Duplicate(id)
	if err != nil {
		return DuplicateDetail{}, noDuplicate(id, err)
	}
	found, err := review.DuplicateOf(tx, d)
	if err != nil {
		return DuplicateDetail{}, err
	}
	row := duplicateOf(found)
	out := DuplicateDetail{Duplicate: row, Fields: []Pairing{}}
	if out.Left, err = relay.MergeLeft(d); err != nil {
		return out, err
	}
	if out.Left == nil {
		out.Left = []relay.LeftOut{}
	}
	show := func(f pim.Field, it pim.Item) string {
		if it == nil {
			return "(gone)"
		}
		return f.Show(it)
	}
	for _, f := range pim.Fields(d.Kind) {
		s := Pairing{Field: f.ID, Label: f.Label, A: show(f, row.items[0]), B: show(f, row.items[1])}
		if s.Same = s.A == s.B; s.A != "" || s.B != "" {
			out.Fields = append(out.Fields, s)
		}
	}
	return out, nil
}

// noDuplicate says in words that there is none of that number.
func noDuplicate(id store.DuplicateID, err error) error {
	if errors.Is(err, pim.ErrNotFound) && pim.PublicText(err) == pim.ErrNotFound.Error() {
		return pim.Errorf("duplicate", pim.ErrNotFound, "there is no duplicate %d", id)
	}
	return &pim.Error{Op: "duplicate", Kind: pim.ReasonOf(err), Public: fmt.Sprintf("duplicate %d: %s", id, pim.PublicText(err)), Err: err}
}

// Merged is what a merge did.
type Merged struct {
	ID     store.DuplicateID `json:"id"`
	Fields pim.FieldSet      `json:"fields"` // what the kept item got from the other
	Left   []relay.LeftOut   `json:"left"`
}

// Duplicates lists pairs of items that may be one, by number. States are those of store.DuplicateStates; "" is all.
func (o *Office) Duplicates(ctx context.Context, q review.Query) (review.Page[Duplicate], error) {
	return gather(ctx, o, q, func(tx *store.Tx, q review.Query) (out review.Page[Duplicate], err error) {
		found, err := review.Duplicates(tx, q)
		out.Next = found.Next
		for _, d := range found.Rows {
			out.Rows = append(out.Rows, duplicateOf(d))
		}
		return out, err
	})
}

// Duplicate is two items that may be one field by field, and what a merge left out. Errors: pim.ErrNotFound.
func (o *Office) Duplicate(ctx context.Context, id store.DuplicateID) (d DuplicateDetail, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		d, err = duplicateDetail(tx, id)
		return err
	})
	return d, err
}

// MergeDuplicate makes one item of two, with fields taken as picked. Errors: pim.ErrNotFound, and why it cannot be done.
func (o *Office) MergeDuplicate(ctx context.Context, id store.DuplicateID, picks map[pim.FieldID]relay.Pick, by string) (row Merged, err error) {
	d, err := o.begin(ctx, "duplicate.merge", fmt.Sprint(id))
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	m, err := o.Engine.MergeDuplicate(ctx, id, picks, by)
	if err != nil {
		return Merged{}, noDuplicate(id, err)
	}
	if m.Left == nil {
		m.Left = []relay.LeftOut{}
	}
	return Merged{id, m.Fields, m.Left}, nil
}

// IgnoreDuplicate says that two items are not one; they are suggested again once one of them changes. Errors: as MergeDuplicate.
func (o *Office) IgnoreDuplicate(ctx context.Context, id store.DuplicateID, by string) (err error) {
	d, err := o.begin(ctx, "duplicate.ignore", fmt.Sprint(id))
	if err != nil {
		return err
	}
	defer d.end(&err)
	if err := o.Engine.IgnoreDuplicate(ctx, id, by); err != nil {
		return noDuplicate(id, err)
	}
	return nil
}

// UndoDuplicate takes a merge back, or that two were ignored. Errors: as MergeDuplicate.
func (o *Office) UndoDuplicate(ctx context.Context, id store.DuplicateID, by string) (err error) {
	d, err := o.begin(ctx, "duplicate.undo", fmt.Sprint(id))
	if err != nil {
		return err
	}
	defer d.end(&err)
	if err := o.Engine.UndoDuplicate(ctx, id, by); err != nil {
		return noDuplicate(id, err)
	}
	return nil
}
