package relay

import (
	"context"
	"errors"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// wholeBack takes back a choice between an item and its deletion. What was deleted comes back
// here, tied to its record if that is still there; the next run makes the record anew if a run
// deleted it.
func (b *choiceBack) wholeBack(ctx context.Context) error {
	taken := b.c.Mine
	if b.c.Resolution == string(Theirs) {
		taken = b.c.Theirs
	}
	switch {
	case byRule(b.c):
		// No policy deletes what somebody changed: nothing was written.
		return b.update(ctx, b.reopen)
	case len(taken) > 0:
		return b.update(ctx, func(tx *store.Tx) error {
			if err := b.settling(tx).undo(); err != nil {
				return err
			}
			return b.reopen(tx)
		})
	}
	var d deletion
	err := b.Store.View(ctx, func(tx *store.Tx) (err error) {
		d, err = b.deletion(tx)
		return err
	})
	if err != nil {
		return err
	}
	there := false
	if d.was.RemoteID != "" {
		recs, _, err := b.fetch(ctx, []remote.ItemID{remote.ItemID(d.was.RemoteID)})
		if err != nil {
			return err
		}
		there = len(recs) > 0
	}
	if d.tied && d.was.RemoteID != "" && !there {
		return changedSince("the item was deleted at the remote since")
	}
	return b.update(ctx, func(tx *store.Tx) error {
		again, err := b.deletion(tx)
		if err != nil {
			return err
		}
		if again.tied != d.tied || again.was.RemoteID != d.was.RemoteID {
			return changedSince("the item was changed since")
		}
		if err := b.undelete(tx, again); err != nil {
			return err
		}
		return b.reopen(tx)
	})
}

// deletion is what a choice deleted.
type deletion struct {
	object store.Object
	text   []byte
	was    store.Pair // as it is, or as it was before a run deleted the record
	tied   bool       // it is still there
}

func (b *choiceBack) deletion(tx *store.Tx) (d deletion, err error) {
	all, err := tx.ObjectsByUID(b.c.CollectionID, b.c.UID)
	if err != nil {
		return d, err
	}
	for _, o := range all {
		if !o.Deleted {
			return d, changedSince("the item was made anew here since")
		}
		if o.UpdatedAt.Equal(*b.c.ResolvedAt) {
			d.object = o
		}
	}
	if d.object.ID == 0 {
		return d, notKept("what the item was before")
	}
	vs, err := tx.Versions(d.object.ID)
	if err != nil {
		return d, err
	}
	if len(vs) < 2 || len(vs[1].Text) == 0 {
		return d, notKept("what the item was before")
	}
	d.text = vs[1].Text
	if _, err := tx.Object(b.c.CollectionID, d.object.Name); err == nil {
		return d, changedSince("something else has the item's name since")
	} else if !errors.Is(err, pim.ErrNotFound) {
		return d, err
	}
	d.was, err = tx.PairByObject(b.c.LinkID, d.object.ID)
	if d.tied = err == nil; err == nil && d.was.Intent != "" {
		return d, outcomeUnknown()
	}
	if d.tied || !errors.Is(err, pim.ErrNotFound) {
		return d, err
	}
	steps, err := tx.RemoteSteps(b.c.LinkID, b.c.UID)
	if err != nil {
		return d, err
	}
	for _, s := range slices.Backward(steps) {
		if m, kept, err := unpack(s.Undo); err == nil && kept && m.Pair.ObjectID == d.object.ID {
			d.was = m.Pair
			break
		}
	}
	return d, nil
}

// undelete makes the object anew. Its pair is the one that it had, or one with a key of its
// own: the remote may remember the old one as that of a record that was deleted.
func (b *choiceBack) undelete(tx *store.Tx, d deletion) error {
	w, err := b.codec.index(b.c.Kind, d.text)
	if err != nil {
		return err
	}
	if err := b.settling(tx).put(w, d.object.Name, d.object.UID, store.Cond{IfNoneMatch: []string{"*"}}); err != nil {
		return err
	}
	o, err := tx.Object(b.c.CollectionID, d.object.Name)
	if err != nil {
		return err
	}
	p := d.was
	if !d.tied {
		p = store.Pair{LinkID: b.c.LinkID, UID: o.UID}
		if p.Key, err = b.unusedKey(tx, p, d.was.Key+d.was.RemoteID+"undone"); err != nil {
			return err
		}
	}
	p.ObjectID, p.Seq, p.LocalGone, p.Hold = o.ID, o.Seq, false, ""
	wake(&p)
	return tx.SavePair(&p)
}
