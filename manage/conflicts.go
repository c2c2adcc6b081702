package manage

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/review"
	"crmbridge/store"
)

// Conflict is a change that collided: nothing of it is lost.
type Conflict struct {
	ID         store.ConflictID `json:"id"`
	User       string           `json:"user"`
	Collection string           `json:"collection"`
	Name       string           `json:"name"`
	UID        string           `json:"uid"`
	Kind       string           `json:"kind"`
	Summary    string           `json:"summary"`
	Cause      store.Cause      `json:"cause"`
	Device     string           `json:"device,omitempty"`
	Link       store.LinkID     `json:"link,omitempty"`
	Fields     []pim.FieldID    `json:"fields"` // empty: the items collide as a whole
	State      string           `json:"state"`  // open, or how it was settled: mine, theirs, merged, superseded
	Created    time.Time        `json:"created"`
	Resolved   *time.Time       `json:"resolved,omitempty"`
	Resolution string           `json:"resolution,omitempty"`
	ResolvedBy string           `json:"resolvedBy,omitempty"`
}

// conflictOf shows a conflict; title "" is that of its texts.
func conflictOf(tx *store.Tx, c store.Conflict, title string) (Conflict, error) {
	row := Conflict{ID: c.ID, Name: c.Name, UID: c.UID, Kind: c.Kind.String(), Cause: c.Cause, Device: c.Device, Link: c.LinkID,
		Created: c.CreatedAt, Resolved: c.ResolvedAt, Resolution: c.Resolution, ResolvedBy: c.ResolvedBy,
		State: "open", Fields: []pim.FieldID{}}
	if c.ResolvedAt != nil {
		row.State = c.Resolution
	}
	if c.Fields != "" {
		if err := json.Unmarshal([]byte(c.Fields), &row.Fields); err != nil {
			return row, err
		}
	}
	u, err := tx.User(c.UserID)
	if err != nil {
		return row, err
	}
	row.User = u.Name
	if row.Device, err = relay.DeviceName(tx, u, c.Device); err != nil {
		return row, err
	}
	if coll, err := tx.Collection(c.CollectionID); err == nil {
		row.Collection = coll.Slug
	} else if pim.ReasonOf(err) != pim.ErrNotFound {
		return row, err
	}
	if row.Summary = title; title != "" {
		return row, nil
	}
	for _, text := range [][]byte{c.Mine, c.Theirs, c.Base} {
		if it, err := relay.Read(c.Kind, text, u.Zone); err == nil && it != nil {
			row.Summary = it.Summary()
			break
		}
	}
	return row, nil
}

// Sides is one field of a conflict, side by side; "(not known)" and "(deleted)" stand for items that are not there.
type Sides struct {
	Field  pim.FieldID `json:"field"`
	Label  string      `json:"label"`
	Base   string      `json:"base"`
	Mine   string      `json:"mine"`
	Theirs string      `json:"theirs"`
}

// ConflictDetail is a conflict with the fields that differ and the texts of all sides, "" for one that is not there.
type ConflictDetail struct {
	Conflict
	Differences []Sides `json:"differences"`
	Base        string  `json:"base"`
	Mine        string  `json:"mine"`
	Theirs      string  `json:"theirs"`
}

func conflictDetail(tx *store.Tx, id store.ConflictID) (ConflictDetail, error) {
	c, err := conflictNumbered(tx, id)
	if err != nil {
		return ConflictDetail{}, err
	}
	if c, err = relay.Standing(tx, c); err != nil {
		return ConflictDetail{}, err
	}
	row, err := conflictOf(tx, c, "")
	if err != nil {
		return ConflictDetail{}, err
	}
	u, err := tx.User(c.UserID)
	if err != nil {
		return ConflictDetail{}, err
	}
	d := ConflictDetail{Conflict: row, Base: string(c.Base), Mine: string(c.Mine), Theirs: string(c.Theirs), Differences: []Sides{}}
	var sides [3]pim.Item
	for i, text := range [][]byte{c.Base, c.Mine, c.Theirs} {
		if sides[i], err = relay.Read(c.Kind, text, u.Zone); err != nil {
			return d, nil // a side that cannot be read is still shown as text
		}
	}
	show := func(f pim.Field, it pim.Item, none string) string {
		if it == nil {
			return none
		}
		return f.Show(it)
	}
	for _, f := range pim.Fields(c.Kind) {
		if sides[1] != nil && sides[2] != nil && f.Equal(sides[1], sides[2]) {
			continue
		}
		row := Sides{f.ID, f.Label, show(f, sides[0], "(not known)"), show(f, sides[1], "(deleted)"), show(f, sides[2], "(deleted)")}
		if row.Mine != "" || row.Theirs != "" {
			d.Differences = append(d.Differences, row)
		}
	}
	return d, nil
}

// conflictNumbered finds a conflict that somebody named.
func conflictNumbered(tx *store.Tx, id store.ConflictID) (store.Conflict, error) {
	c, err := tx.Conflict(id)
	if err != nil && pim.ReasonOf(err) == pim.ErrNotFound {
		err = pim.Errorf("conflict", pim.ErrNotFound, "there is no conflict %d", id)
	}
	return c, err
}

// Conflicts lists conflicts, newest first. States: open, settled; "" is both. Errors: pim.ErrInvalid.
func (o *Office) Conflicts(ctx context.Context, q review.Query) (review.Page[Conflict], error) {
	return gather(ctx, o, q, func(tx *store.Tx, q review.Query) (out review.Page[Conflict], err error) {
		found, err := review.Conflicts(tx, q)
		out.Next = found.Next
		for _, f := range found.Rows {
			row, err := conflictOf(tx, f.Conflict, f.Title)
			if err != nil {
				return out, err
			}
			out.Rows = append(out.Rows, row)
		}
		return out, err
	})
}

// Conflict is a conflict field by field. Errors: pim.ErrNotFound.
func (o *Office) Conflict(ctx context.Context, id store.ConflictID) (d ConflictDetail, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		d, err = conflictDetail(tx, id)
		return err
	})
	return d, err
}

// Settle settles a conflict as a person chose. Errors: pim.ErrNotFound, pim.ErrConflict for one that is settled already, and why the choice
// cannot be made, with the conflict's number.
func (o *Office) Settle(ctx context.Context, id store.ConflictID, choice relay.Choice, by string) (err error) {
	d, err := o.begin(ctx, "conflict.settle", fmt.Sprint(id))
	if err != nil {
		return err
	}
	defer d.end(&err)
	d.note("choice", choiceWords(choice))
	if err := o.Engine.Settle(ctx, id, choice, by); err != nil {
		return &pim.Error{Op: "conflict resolve", Kind: pim.ReasonOf(err), Public: fmt.Sprintf("conflict %d: %s", id, pim.PublicText(err)), Err: err}
	}
	return nil
}

// choiceWords are a choice in the audit log: "mine, start: theirs".
func choiceWords(c relay.Choice) string {
	words := []string{string(c.All)}
	for _, f := range slices.Sorted(maps.Keys(c.Fields)) {
		words = append(words, string(f)+": "+string(c.Fields[f]))
	}
	return strings.TrimPrefix(strings.Join(words, ", "), ", ")
}

// Unsettle takes back how a conflict was settled: both sides are as before, and it is open again. It waits for a run of the link that
// is under way. Errors: as Settle, pim.ErrConflict where the item was changed since.
func (o *Office) Unsettle(ctx context.Context, id store.ConflictID, by string) (err error) {
	d, err := o.begin(ctx, "conflict.undo", fmt.Sprint(id))
	if err != nil {
		return err
	}
	defer d.end(&err)
	_, err = InTurn(ctx, func() (struct{}, error) { return struct{}{}, o.Engine.Undo(ctx, id, by) })
	if err != nil {
		err = &pim.Error{Op: "conflict undo", Kind: pim.ReasonOf(err), Public: fmt.Sprintf("conflict %d: %s", id, pim.PublicText(err)), Err: err}
	}
	return err
}

// HaveConflicts finds the first of ids that is no conflict. Errors: pim.ErrNotFound.
func (o *Office) HaveConflicts(ctx context.Context, ids []store.ConflictID) error {
	return o.Store.View(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			if _, err := conflictNumbered(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// OpenConflicts are the conflicts of an account, or of all for "", that wait for a decision, oldest first.
func (o *Office) OpenConflicts(ctx context.Context, account string) ([]store.ConflictID, error) {
	ids := []store.ConflictID{}
	err := o.eachConflict(ctx, account, store.ConflictFilter{Open: true}, func(c store.Conflict) { ids = append(ids, c.ID) })
	slices.Sort(ids)
	return ids, err
}

// Choices are the conflicts of an account, or of all for "", that people settled since a time, the latest first: a later choice may
// build on an earlier one.
func (o *Office) Choices(ctx context.Context, account string, since time.Time) ([]store.ConflictID, error) {
	type choice struct {
		id store.ConflictID
		at time.Time
	}
	var found []choice
	err := o.eachConflict(ctx, account, store.ConflictFilter{Settled: true}, func(c store.Conflict) {
		if relay.Chosen(c) && !c.ResolvedAt.Before(since) {
			found = append(found, choice{c.ID, *c.ResolvedAt})
		}
	})
	slices.SortFunc(found, func(a, b choice) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.id, a.id)) })
	ids := make([]store.ConflictID, len(found))
	for i, c := range found {
		ids[i] = c.id
	}
	return ids, err
}

// conflictsAtOnce is how many conflicts are read together: each has up to three texts of some MiB.
const conflictsAtOnce = 20

func (o *Office) eachConflict(ctx context.Context, account string, f store.ConflictFilter, do func(store.Conflict)) error {
	return o.Store.View(ctx, func(tx *store.Tx) error {
		us, err := Users(tx, account)
		if err != nil {
			return err
		}
		for _, u := range us {
			f.User, f.Before, f.Limit = u.ID, 0, conflictsAtOnce
			for {
				page, err := tx.Conflicts(f)
				if err != nil {
					return err
				}
				for _, c := range page {
					f.Before = c.ID
					do(c)
				}
				if len(page) == 0 {
					break
				}
			}
		}
		return nil
	})
}
