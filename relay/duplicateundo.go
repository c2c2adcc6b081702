package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"crmbridge/pim"
	"crmbridge/pim/likeness"
	"crmbridge/store"
)

// UndoDuplicate takes back what a person said. Of merged items both are there again as they
// were before, with what was changed in the merged one since, and they count as ignored:
// they are not one. Ignored ones are open again. pim.ErrInvalid when nothing was said.
func (e *Engine) UndoDuplicate(ctx context.Context, id store.DuplicateID, by string) error {
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		d, err := tx.Duplicate(id)
		if err != nil {
			return err
		}
		switch d.State {
		case store.DuplicateIgnored:
			d.State, d.SettledAt, d.SettledBy = store.DuplicateOpen, nil, ""
			return tx.SaveDuplicate(d)
		case store.DuplicateMerged:
			m, err := mergingOf(tx, d, by)
			if err != nil {
				return err
			}
			return m.undo()
		}
		return pim.Errorf("relay: undo", pim.ErrInvalid, "nobody has merged or ignored these two yet")
	})
}

func (m *merging) undo() error {
	var rec mergeRecord
	if err := json.Unmarshal(m.d.Merge, &rec); err != nil {
		return fmt.Errorf("relay: merge record: %w", err)
	}
	if err := m.unsettled(rec.Kept); err != nil {
		return err
	}
	kept, err := m.part(rec)
	if err != nil {
		return err
	}
	other, err := m.bringBack(rec.Gone)
	if err != nil {
		return err
	}
	now := m.tx.Now()
	m.d.FirstID, m.d.SecondID = min(kept.ID, other.ID), max(kept.ID, other.ID)
	m.d.State, m.d.SettledAt, m.d.SettledBy, m.d.Merge = store.DuplicateIgnored, &now, m.by, nil
	if m.d.Print, err = m.print(); err != nil {
		return err
	}
	return m.tx.SaveDuplicate(m.d)
}

// part gives the kept object back what it was, with what changed in it since the merge.
// One that was deleted since stays deleted.
func (m *merging) part(rec mergeRecord) (store.Object, error) {
	o, err := m.tx.ObjectByID(rec.Kept)
	if errors.Is(err, pim.ErrNotFound) || err == nil && o.Deleted {
		return o, pim.Errorf("relay: undo", pim.ErrNotFound, "the merged item was deleted since; bring it back first")
	}
	if err != nil {
		return o, err
	}
	merged, err := m.codec.read(m.d.Kind, rec.After)
	if err != nil {
		return o, err
	}
	now, err := m.codec.read(m.d.Kind, o.Text)
	if err != nil {
		return o, err
	}
	w, err := m.codec.apply(rec.Before, now, pim.Diff(merged, now, pim.AllOf(m.d.Kind)))
	if err != nil {
		return o, err
	}
	return o, m.put(w, o, store.Cond{IfMatch: []string{o.ETag}})
}

// bringBack makes the other object anew, and ties it to the records that it still has.
// One that came back by itself is left as it is.
func (m *merging) bringBack(was textOf) (store.Object, error) {
	if o, err := m.tx.ObjectByUID(m.d.CollectionID, was.UID); err == nil || !errors.Is(err, pim.ErrNotFound) {
		return o, err
	}
	o := store.Object{Name: was.Name, UID: was.UID}
	if _, err := m.tx.Object(m.d.CollectionID, o.Name); err == nil {
		o.Name = fmt.Sprintf("%d-%s", was.ID, was.Name) // ids are never given twice
	}
	w, err := m.codec.index(m.d.Kind, was.Text)
	if err != nil {
		return o, err
	}
	if err := m.put(w, o, store.Cond{IfNoneMatch: []string{"*"}}); err != nil {
		return o, err
	}
	if o, err = m.tx.Object(m.d.CollectionID, o.Name); err != nil {
		return o, err
	}
	return o, m.pairs(was.ID, func(p store.Pair) error {
		if p.RemoteID == "" || p.RemoteGone || p.Intent == "delete" {
			return nil // the record is gone, or going: another is made
		}
		p.ObjectID, p.Hold, p.LocalGone = o.ID, "", false
		wake(&p)
		return m.tx.SavePair(&p)
	})
}

// print is of the two items as they are now.
func (m *merging) print() (string, error) {
	var both [2]likeness.Sketch
	for i, id := range []store.ObjectID{m.d.FirstID, m.d.SecondID} {
		o, err := m.tx.ObjectByID(id)
		if err != nil {
			return "", err
		}
		it, err := m.codec.read(o.Kind, o.Text)
		if err != nil {
			return "", err
		}
		both[i] = sketch(it)
	}
	return alikePrint(both[0], both[1]), nil
}
