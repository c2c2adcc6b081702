package relay

import (
	"errors"

	"crmbridge/pim"
	"crmbridge/store"
)

// finish puts the item, the books and the report back.
func (b *choiceBack) finish(tx *store.Tx) error {
	if err := b.putBack(tx); err != nil {
		return err
	}
	if err := b.dropSecond(tx); err != nil {
		return err
	}
	if b.pair.ID != 0 {
		if err := b.unsettle(tx); err != nil {
			return err
		}
	}
	if err := b.settleBegun(tx, true); err != nil {
		return err
	}
	if s := b.sent; s.ID != 0 {
		s.Outcome = "done"
		b.note(tx, s, func(c *Counts) {
			if s.Action == "delete" {
				c.DeletedRemote++
			} else {
				c.UpdatedRemote++
			}
		})
	}
	return b.reopen(tx)
}

// settleBegun says what became of the writes that were begun.
func (b *choiceBack) settleBegun(tx *store.Tx, done bool) error {
	for _, p := range []store.Pair{b.pair, b.second.pair} {
		if p.ID == 0 {
			continue
		}
		if err := tx.SettleBegun(p.ID, p.UID, done); err != nil {
			return err
		}
	}
	return nil
}

func (b *choiceBack) reopen(tx *store.Tx) error {
	if err := tx.ReopenConflict(b.c.ID, b.by); err != nil {
		return err
	}
	return b.Engine.wanted(tx.Context(), tx, b.link.ID)
}

// putBack gives the item here what it had. What was changed between the look and now is
// refused as long as the remote was not written to, and else stays.
func (b *choiceBack) putBack(tx *store.Tx) error {
	if err := b.inStep(tx, b.object); err != nil {
		return err
	}
	o, err := tx.ObjectByID(b.object.ID)
	if err != nil {
		return err
	}
	moved := o.Seq != b.object.Seq
	if o.Deleted || moved && !b.begun {
		return changedSince("the item was changed here since")
	}
	w, changed, err := b.textBack(o, moved)
	if err != nil || !changed {
		return err
	}
	if err := b.settling(tx).put(w, o.Name, o.UID, store.Cond{IfMatch: []string{o.ETag}}); err != nil || o.CollectionID == b.coll.ID {
		return err
	}
	if o, err = tx.ObjectByID(o.ID); err != nil {
		return err
	}
	return b.fold(tx, o) // an occurrence is written with its series
}

// textBack is the text that goes back: the whole, if nobody wrote since, else only what is
// still as the choice left it.
func (b *choiceBack) textBack(o store.Object, moved bool) (w written, changed bool, err error) {
	if b.text != nil && !moved {
		w, err = b.codec.index(b.c.Kind, b.text)
		return w, true, err
	}
	now, err := b.codec.read(o.Kind, o.Text)
	if err != nil {
		return w, false, err
	}
	set := pim.Diff(b.before, b.chosen, b.fields).Minus(pim.Diff(now, b.chosen, b.fields))
	if set.IsEmpty() {
		return w, false, nil
	}
	w, err = b.codec.apply(o.Text, b.before, set)
	return w, true, err
}

func (b *choiceBack) settling(tx *store.Tx) settling {
	return settling{tx: tx, codec: b.codec, c: b.c, by: b.by}
}

// dropSecond removes the item that keeping both versions made, whose record is gone by now. One
// that was changed in the last moment stays an item of its own.
func (b *choiceBack) dropSecond(tx *store.Tx) error {
	if b.second.object.ID == 0 {
		return nil
	}
	o, err := tx.ObjectByID(b.second.object.ID)
	switch {
	case err != nil && !errors.Is(err, pim.ErrNotFound):
		return err
	case err != nil || o.Deleted:
		return nil
	case o.Seq != b.second.object.Seq && !b.begun:
		return changedSince("the second item was changed since")
	case o.Seq != b.second.object.Seq:
		return nil
	}
	if _, err := tx.DeleteObject(o.CollectionID, o.Name, store.Cond{IfMatch: []string{o.ETag}}, b.by, 0); err != nil {
		return err
	}
	if b.second.pair.ID == 0 {
		return nil
	}
	return tx.DeletePair(b.second.pair.ID)
}

// unsettle makes both sides differ again from what they agreed on, as before the choice.
func (b *choiceBack) unsettle(tx *store.Tx) error {
	p, err := tx.Pair(b.pair.ID)
	if err != nil {
		return err
	}
	base := orNew(b.base, b.c.Kind)
	for _, at := range []*[]byte{&p.LocalItem, &p.RemoteItem} {
		it, err := pim.DecodeItem(*at)
		if err != nil {
			return err
		}
		it = orNew(it, b.c.Kind)
		pim.Copy(it, base, b.fields)
		if *at, err = pim.EncodeItem(it); err != nil {
			return err
		}
	}
	if b.rec.Item != nil {
		if err := b.run.theirs(&p, b.rec, b.carried(b.c.Kind)); err != nil {
			return err
		}
	}
	p.Intent, p.LocalPrint, p.RemotePrint = "", "", ""
	wake(&p)
	return tx.SavePair(&p)
}
