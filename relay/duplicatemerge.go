package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// DuplicateMerge is what a merge did.
type DuplicateMerge struct {
	// Kept is the object that has everything now, Gone the one that was deleted.
	Kept, Gone store.ObjectID
	// Fields are those that the kept one got from the other.
	Fields pim.FieldSet
	// Left are values that are in neither item any more; undoing brings them back.
	Left []LeftOut
}

// mergeRecord is store.Duplicate.Merge: what undoing needs.
type mergeRecord struct {
	Kept store.ObjectID `json:"kept"`
	// Before is the kept object's text, After what the merge made of it.
	Before []byte    `json:"before"`
	After  []byte    `json:"after"`
	Gone   textOf    `json:"gone"`
	Left   []LeftOut `json:"left"`
}

// textOf is an object that was deleted.
type textOf struct {
	ID   store.ObjectID `json:"id"`
	Name string         `json:"name"`
	UID  string         `json:"uid"`
	Text []byte         `json:"text"`
}

// MergeDuplicate makes one object of two. The one that has a record, or more of them, is
// kept, else the older one; it gets what the other has (see combine), and the other is
// deleted as if a person did it: its records go by the rules of the links, without
// waiting for approval. by names who chose.
func (e *Engine) MergeDuplicate(ctx context.Context, id store.DuplicateID, picks map[pim.FieldID]Pick, by string) (out DuplicateMerge, err error) {
	err = e.Store.Update(ctx, func(tx *store.Tx) error {
		out, err = mergeDuplicate(tx, id, picks, by)
		return err
	})
	return out, err
}

func mergeDuplicate(tx *store.Tx, id store.DuplicateID, picks map[pim.FieldID]Pick, by string) (DuplicateMerge, error) {
	m, err := newMerging(tx, id, by)
	if err != nil {
		return DuplicateMerge{}, err
	}
	keepItem, err := m.codec.read(m.keep.Kind, m.keep.Text)
	if err != nil {
		return DuplicateMerge{}, err
	}
	otherItem, err := m.codec.read(m.other.Kind, m.other.Text)
	if err != nil {
		return DuplicateMerge{}, err
	}
	takeOther := make(map[pim.FieldID]bool, len(picks))
	for f, side := range picks {
		takeOther[f] = (side == PickFirst) == (m.other.ID == m.d.FirstID)
	}
	c := combine(keepItem, otherItem, m.other.UpdatedAt.After(m.keep.UpdatedAt), takeOther)
	w, err := m.codec.apply(m.keep.Text, c.item, c.set)
	if err != nil {
		return DuplicateMerge{}, err
	}
	text, lines, err := m.codec.carryLines(m.keep.Kind, w.text, m.other.Text)
	if err != nil {
		return DuplicateMerge{}, err
	}
	for _, l := range lines {
		c.left = append(c.left, LeftOut{Label: "Text", Value: l})
	}
	if err := m.write(text); err != nil {
		return DuplicateMerge{}, err
	}
	if err := m.drop(); err != nil {
		return DuplicateMerge{}, err
	}
	rec := mergeRecord{Kept: m.keep.ID, Before: m.keep.Text, After: text, Left: c.left,
		Gone: textOf{ID: m.other.ID, Name: m.other.Name, UID: m.other.UID, Text: m.other.Text}}
	if err := m.settle(rec); err != nil {
		return DuplicateMerge{}, err
	}
	return DuplicateMerge{Kept: m.keep.ID, Gone: m.other.ID, Fields: c.set, Left: c.left}, nil
}

// merging is one merge, or the undoing of one, under way.
type merging struct {
	tx          *store.Tx
	codec       codec
	d           store.Duplicate
	links       []store.Link
	keep, other store.Object
	by          string
}

func newMerging(tx *store.Tx, id store.DuplicateID, by string) (*merging, error) {
	d, err := tx.Duplicate(id)
	if err != nil {
		return nil, err
	}
	if d.State == store.DuplicateMerged {
		return nil, pim.Errorf("relay: merge", pim.ErrExists, "the two items were merged already")
	}
	m, err := mergingOf(tx, d, by)
	if err != nil {
		return nil, err
	}
	var both [2]store.Object
	for i, id := range []store.ObjectID{d.FirstID, d.SecondID} {
		both[i], err = tx.ObjectByID(id)
		if errors.Is(err, pim.ErrNotFound) || err == nil && both[i].Deleted {
			return nil, pim.Errorf("relay: merge", pim.ErrNotFound, "one of the two items is gone")
		}
		if err != nil {
			return nil, err
		}
	}
	if err := m.unsettled(d.FirstID, d.SecondID); err != nil {
		return nil, err
	}
	m.keep, m.other = both[0], both[1]
	if both[0].Kind != both[1].Kind || both[0].CollectionID != both[1].CollectionID {
		return nil, pim.Errorf("relay: merge", pim.ErrInvalid, "the two items are not of one kind any more")
	}
	first, err := m.records(both[0].ID)
	if err != nil {
		return nil, err
	}
	second, err := m.records(both[1].ID)
	if second > first || second == first && both[1].CreatedAt.Before(both[0].CreatedAt) {
		m.keep, m.other = both[1], both[0]
	}
	return m, err
}

func mergingOf(tx *store.Tx, d store.Duplicate, by string) (*merging, error) {
	u, err := tx.User(d.UserID)
	if err != nil {
		return nil, err
	}
	// Locked, in the order of the runs: collection, then links. Else a run could write a
	// pair between our reading and writing it.
	if _, err := tx.Collection(d.CollectionID); err != nil {
		return nil, err
	}
	links, err := tx.LinksOf(d.CollectionID)
	if err != nil {
		return nil, err
	}
	for i := range links {
		if links[i], err = tx.Link(links[i].ID); err != nil {
			return nil, err
		}
	}
	return &merging{tx: tx, codec: newCodec(tx.Now(), u.Zone), d: d, links: links, by: by}, err
}

// records is how many records an object has.
func (m *merging) records(id store.ObjectID) (n int, err error) {
	err = m.pairs(id, func(p store.Pair) error {
		if p.RemoteID != "" && !p.RemoteGone {
			n++
		}
		return nil
	})
	return n, err
}

// unsettled refuses while a conflict about one of the objects is open: what its record has would
// go with the record, or be written over, and nobody would have chosen that.
func (m *merging) unsettled(ids ...store.ObjectID) error {
	for _, id := range ids {
		for _, l := range m.links {
			c, err := m.tx.OpenConflict(id, l.ID)
			if err == nil {
				return pim.Errorf("relay: merge", pim.ErrHeld, "a conflict about one of the two is open (number %d); settle it first", c.ID)
			}
			if !errors.Is(err, pim.ErrNotFound) {
				return err
			}
		}
	}
	return nil
}

// pairs calls f for the pairs of an object.
func (m *merging) pairs(id store.ObjectID, f func(store.Pair) error) error {
	for _, l := range m.links {
		p, err := m.tx.PairByObject(l.ID, id)
		if errors.Is(err, pim.ErrNotFound) {
			continue
		}
		if err == nil {
			err = f(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// write gives the kept object its text.
func (m *merging) write(text []byte) error {
	if slices.Equal(text, m.keep.Text) {
		return nil
	}
	w, err := m.codec.index(m.keep.Kind, text)
	if err != nil {
		return err
	}
	return m.put(w, m.keep, store.Cond{IfMatch: []string{m.keep.ETag}})
}

func (m *merging) put(w written, o store.Object, cond store.Cond) error {
	in := w.put(m.d.CollectionID, o.Name, o.UID, m.d.Kind)
	in.Cond, in.By = cond, m.by
	_, err := m.tx.PutObject(in)
	return err
}

// drop deletes the other object. A person asked for it, so that no link waits for
// another word.
func (m *merging) drop() error {
	err := m.pairs(m.other.ID, func(p store.Pair) error {
		p.Hold = string(rule.HoldApproved)
		wake(&p)
		return m.tx.SavePair(&p)
	})
	if err != nil {
		return err
	}
	_, err = m.tx.DeleteObject(m.d.CollectionID, m.other.Name, store.Cond{IfMatch: []string{m.other.ETag}}, m.by, 0)
	return err
}

func (m *merging) settle(rec mergeRecord) (err error) {
	now := m.tx.Now()
	m.d.State, m.d.SettledAt, m.d.SettledBy = store.DuplicateMerged, &now, m.by
	if m.d.Merge, err = json.Marshal(rec); err != nil {
		return fmt.Errorf("relay: merge record: %w", err)
	}
	return m.tx.SaveDuplicate(m.d)
}

// MergeLeft are the values that a merge left out; none of what was not merged.
func MergeLeft(d store.Duplicate) ([]LeftOut, error) {
	if len(d.Merge) == 0 {
		return nil, nil
	}
	var rec mergeRecord
	err := json.Unmarshal(d.Merge, &rec)
	return rec.Left, err
}

// MergedTexts are the texts of the two items of a duplicate, in its order: as they are, or
// as they were before they were merged. nil for one that is gone.
func MergedTexts(tx *store.Tx, d store.Duplicate) (first, second []byte, err error) {
	texts := map[store.ObjectID][]byte{}
	if d.State == store.DuplicateMerged {
		var rec mergeRecord
		if err := json.Unmarshal(d.Merge, &rec); err != nil {
			return nil, nil, fmt.Errorf("relay: merge record: %w", err)
		}
		texts[rec.Kept], texts[rec.Gone.ID] = rec.Before, rec.Gone.Text
		return texts[d.FirstID], texts[d.SecondID], nil
	}
	for _, id := range []store.ObjectID{d.FirstID, d.SecondID} {
		o, err := tx.ObjectByID(id)
		if err != nil && !errors.Is(err, pim.ErrNotFound) {
			return nil, nil, err
		}
		texts[id] = o.Text
	}
	return texts[d.FirstID], texts[d.SecondID], nil
}
