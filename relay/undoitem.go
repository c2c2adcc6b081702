package relay

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// restoring is one item on its way back.
type restoring struct {
	writes
	was store.Pair // before the run wrote
	now store.Pair // ID 0 when the run, or somebody since, dropped it
	// here and there are the last write to each side, -1 without one.
	here, there int
	object      store.Object // as it is, zero when it is gone
	rec         remote.Record
	gone        bool // the record is
	before      pim.Item
}

func (b *undoing) takeBack(ctx context.Context, w writes) error {
	if !w.known {
		return asItIs("what it was before is not kept")
	}
	x := &restoring{writes: w, was: w.memos[0].Pair, here: -1, there: -1}
	for i, s := range w.steps {
		if s.Side == "local" {
			x.here = i
		} else {
			x.there = i
		}
	}
	if err := b.look(ctx, x); err != nil {
		return err
	}
	if x.there >= 0 && x.steps[x.there].Action == "relate" {
		if x.now.ID == 0 {
			return asItIs("the link does not know it any more")
		}
		return b.untie(ctx, x)
	}
	if x.there >= 0 {
		if err := b.backThere(ctx, x); err != nil {
			return err
		}
		if err := b.at("remote written"); err != nil {
			return err
		}
	}
	err := b.update(ctx, func(tx *store.Tx) error { return b.backHere(tx, x) })
	if err == nil {
		b.out.Items++
	}
	return err
}

// look reads the present state of the hub, and refuses what changed there since.
func (b *undoing) look(ctx context.Context, x *restoring) error {
	return b.Store.View(ctx, func(tx *store.Tx) error {
		var err error
		if x.now, err = tx.Pair(x.pair); err != nil && !errors.Is(err, pim.ErrNotFound) {
			return err
		}
		return b.unchangedHere(tx, x)
	})
}

// unchangedHere reads the object again, and refuses one that is not as the run left it.
func (b *undoing) unchangedHere(tx *store.Tx, x *restoring) error {
	if x.here < 0 {
		return nil
	}
	s, m := x.steps[x.here], x.memos[x.here]
	o, err := tx.ObjectByID(m.Object)
	if err != nil && !errors.Is(err, pim.ErrNotFound) {
		return err
	}
	there := err == nil && !o.Deleted
	if err == nil && o.CollectionID != b.coll.ID {
		return asItIs("it is an occurrence of a series; change the series instead")
	}
	switch {
	case s.Action == "delete" && there:
		return asItIs("it is here again")
	case s.Action == "delete":
		if _, err := tx.ObjectByUID(b.coll.ID, s.UID); err == nil {
			return asItIs("it was made anew here since")
		} else if !errors.Is(err, pim.ErrNotFound) {
			return err
		}
		return nil
	case !there:
		return asItIs("it was deleted here since")
	case o.Seq != m.Seq:
		return asItIs("it was changed here since")
	}
	x.object = o
	return nil
}

// backThere writes the remote's item back.
func (b *undoing) backThere(ctx context.Context, x *restoring) error {
	first, last := x.there, x.steps[x.there]
	for i, s := range x.steps {
		if s.Side == "remote" {
			first = i
			break
		}
	}
	if last.Action == "unassign" {
		return asItIs("only its owner's tie was cut there; the CRM can give it back")
	}
	var err error
	if x.steps[first].Action != "create" {
		if x.before, err = pim.DecodeItem(x.memos[first].Pair.TheirItem); err != nil {
			return err
		}
	}
	id := x.now.RemoteID
	if id == "" {
		id = x.was.RemoteID
	}
	if err := b.present(ctx, x, id); err != nil {
		return err
	}
	after, err := pim.DecodeItem(x.memos[x.there].After)
	if err != nil {
		return err
	}
	switch {
	case x.before == nil && x.gone:
		return nil // done before
	case x.before == nil:
		return b.unmake(ctx, x, after)
	case x.gone && last.Action != "delete":
		return asItIs("it was deleted at the remote since")
	case x.gone:
		return b.makeAgain(ctx, x)
	}
	return b.writeBack(ctx, x, after)
}

// present reads the record.
func (b *undoing) present(ctx context.Context, x *restoring, id string) error {
	if x.gone = id == ""; x.gone {
		return nil
	}
	recs, _, err := b.fetch(ctx, []remote.ItemID{remote.ItemID(id)})
	if err != nil {
		return err
	}
	if x.gone = len(recs) == 0; !x.gone {
		x.rec = recs[0]
	}
	return nil
}

// same compares what the remote stores of two items.
func (b *undoing) same(a, c pim.Item) bool {
	return a != nil && c != nil && a.Kind() == c.Kind() && pim.Equal(a, c, b.carried(a.Kind()))
}

// about is the item as a view, for the question whom a write would mail.
func (x *restoring) about() view { return view{pair: x.now, theirs: x.rec.Item} }

// mayWrite refuses a write that would make the remote mail somebody.
func (b *undoing) mayWrite(ctx context.Context, x *restoring, ref remote.Ref, e remote.Entry, changed pim.FieldSet) error {
	err := b.silent(ctx, x.about(), ref, e, changed)
	if errors.Is(err, pim.ErrHeld) {
		return asItIs("%s", pim.PublicText(err))
	}
	return err
}

// unmake deletes what the run created.
func (b *undoing) unmake(ctx context.Context, x *restoring, after pim.Item) error {
	if !b.same(x.rec.Item, after) {
		return asItIs("it was changed at the remote since")
	}
	if err := b.mayWrite(ctx, x, x.rec.Ref, remote.Entry{}, pim.FieldSet{}); err != nil {
		return err
	}
	if err := b.begun(ctx, x); err != nil {
		return err
	}
	err := b.rem.Delete(ctx, remote.CollectionID(b.link.Remote), x.rec.Ref, remote.Delete)
	switch {
	case errors.Is(err, pim.ErrConflict):
		return asItIs("it was changed at the remote since")
	case err != nil && !errors.Is(err, pim.ErrNotFound):
		return err
	}
	x.gone = true
	b.told(x, "delete", func(c *Counts) { c.DeletedRemote++ })
	return nil
}

// writeBack gives the record the values that it had.
func (b *undoing) writeBack(ctx context.Context, x *restoring, after pim.Item) error {
	if b.same(x.rec.Item, x.before) {
		return nil // done before
	}
	if !b.same(x.rec.Item, after) {
		return asItIs("it was changed at the remote since")
	}
	e := remote.Entry{UID: x.was.UID, Item: x.before}
	changed := pim.Diff(x.rec.Item, x.before, b.writable(x.before.Kind()))
	if err := b.mayWrite(ctx, x, x.rec.Ref, e, changed); err != nil {
		return err
	}
	if err := b.begun(ctx, x); err != nil {
		return err
	}
	rec, err := b.rem.Update(ctx, remote.CollectionID(b.link.Remote), x.rec.Ref, e, changed)
	if errors.Is(err, pim.ErrConflict) || errors.Is(err, pim.ErrNotFound) {
		return asItIs("it was changed at the remote since")
	}
	if err == nil {
		rec, err = b.whole(ctx, rec)
	}
	if err != nil {
		return err
	}
	x.rec = rec
	b.told(x, "update", func(c *Counts) { c.UpdatedRemote++ })
	return nil
}

// makeAgain makes what the run deleted. The intent of it is stored first, as that of any
// create: should the answer be lost, the record is found again by its key.
func (b *undoing) makeAgain(ctx context.Context, x *restoring) error {
	e := remote.Entry{UID: x.was.UID, Item: x.before}
	if err := b.mayWrite(ctx, x, remote.Ref{}, e, b.writable(x.before.Kind())); err != nil {
		return err
	}
	sent, err := pim.EncodeItem(x.before)
	if err != nil {
		return err
	}
	p := x.was
	p.ID, p.RemoteID, p.RemoteGone, p.Intent = x.now.ID, "", false, "create"
	p.Tie = x.saidOf(x.now)
	p.LocalItem, p.RemoteItem = sent, nil
	if x.now.ID == 0 && x.here < 0 && p.ObjectID != 0 {
		if err := b.Store.View(ctx, func(tx *store.Tx) error { return b.freeObject(tx, p) }); err != nil {
			return err
		}
	}
	err = b.update(ctx, func(tx *store.Tx) (err error) {
		if p.Key, err = b.unusedKey(tx, p, x.was.Key+x.was.RemoteID+"undone"); err != nil {
			return err
		}
		p.Mark, p.MarkAt = b.markOf(p), nil
		if err := tx.SavePair(&p); err != nil {
			return err
		}
		return tx.MarkSteps(x.ids, "begun", p.ID)
	})
	if errors.Is(err, pim.ErrExists) {
		return asItIs("the link ties it to something else since")
	}
	if err != nil {
		return err
	}
	x.pair, x.now = p.ID, p
	if err := b.at("intent stored"); err != nil {
		return err
	}
	rec, err := b.rem.Create(ctx, remote.CollectionID(b.link.Remote), e, p.Key)
	if err == nil {
		rec, err = b.whole(ctx, rec)
	}
	if err != nil {
		return err // the next one finds out what came of it
	}
	x.rec, x.gone = rec, false
	b.told(x, "create", func(c *Counts) { c.CreatedRemote++ })
	return nil
}

// begun notes that a write to the remote is under way.
func (b *undoing) begun(ctx context.Context, x *restoring) error {
	err := b.update(ctx, func(tx *store.Tx) error { return tx.MarkSteps(x.ids, "begun", x.pair) })
	if err != nil {
		return err
	}
	return b.at("intent stored")
}

// told is a step on the remote's side.
func (b *undoing) told(x *restoring, action string, add func(*Counts)) {
	s := x.steps[0]
	b.step(store.Step{PairID: x.pair, UID: s.UID, Title: s.Title, Side: "remote", Action: action})
	b.count(add)
}
