package relay

import (
	"context"
	"errors"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// superseded is how a report ends whose fields do not collide any more.
const superseded = "superseded"

// Chosen reports a conflict that a person settled: no policy did, nor did the sides come to
// be the same by themselves.
func Chosen(c store.Conflict) bool {
	if c.ResolvedAt == nil || c.Resolution == superseded || byRule(c) {
		return false
	}
	ch, err := ParseChoice(c.Resolution)
	return err == nil && (ch.All != "" || len(ch.Fields) > 0)
}

// byRule reports a conflict that the link's policy settled.
func byRule(c store.Conflict) bool { return strings.HasPrefix(c.Resolution, "policy ") }

// look reads what there is here, and refuses what was changed since.
func (b *choiceBack) look(tx *store.Tx, id store.ConflictID) error {
	var err error
	if b.c, err = tx.Conflict(id); err != nil {
		return err
	}
	if b.c.ResolvedAt == nil {
		return errNotSettled
	}
	if b.mine, err = b.codec.read(b.c.Kind, b.c.Mine); err != nil {
		return err
	}
	if b.theirs, err = b.codec.read(b.c.Kind, b.c.Theirs); err != nil {
		return err
	}
	if b.mine == nil || b.theirs == nil {
		return nil // wholeBack looks for itself
	}
	if b.base, err = b.codec.read(b.c.Kind, b.c.Base); err != nil {
		b.base = nil // not to be read by the rules of today
	}
	if b.fields = b.settling(tx).fields(); b.fields.IsEmpty() {
		b.fields = pim.Diff(b.mine, b.theirs, pim.AllOf(b.c.Kind))
	}
	_, err = tx.OpenConflict(b.c.ObjectID, b.c.LinkID)
	if err == nil {
		return changedSince("there is a newer conflict about the item; settle that one")
	}
	if !errors.Is(err, pim.ErrNotFound) {
		return err
	}
	if err := b.lookHere(tx); err != nil {
		return err
	}
	if err := b.lookSecond(tx); err != nil {
		return err
	}
	return b.lookPair(tx)
}

func (b *choiceBack) lookHere(tx *store.Tx) error {
	o, err := tx.ObjectByID(b.c.ObjectID)
	if err != nil && !errors.Is(err, pim.ErrNotFound) {
		return err
	}
	if err != nil || o.Deleted {
		return changedSince("the item was deleted here since")
	}
	now, err := b.codec.read(o.Kind, o.Text)
	if err != nil {
		return err
	}
	b.object, b.text = o, nil
	if byRule(b.c) {
		// The run wrote other fields with it, which stay.
		b.before, b.chosen = b.mine, b.theirs
		for _, f := range pim.Fields(b.c.Kind) {
			if b.fields.Has(f.ID) && !f.Equal(now, b.mine) && !f.Equal(now, b.theirs) && !b.begun {
				return changedSince("the item was changed here since")
			}
		}
		return nil
	}
	vs, err := tx.Versions(o.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(vs, func(v store.Version) bool { return !v.At.After(*b.c.ResolvedAt) })
	if i < 0 {
		return notKept("what the item was before")
	}
	if b.chosen, err = b.codec.read(o.Kind, vs[i].Text); err != nil {
		return err
	}
	if b.chosen == nil {
		return changedSince("the item was deleted here since")
	}
	// What only the remote can tell of an item, such as its number, may have been added.
	if !b.begun && !pim.Diff(b.chosen, now, b.writable(o.Kind)).IsEmpty() {
		return changedSince("the item was changed here since")
	}
	if b.before = b.chosen; !vs[i].At.Equal(*b.c.ResolvedAt) || vs[i].By != b.c.ResolvedBy {
		return nil // the choice was to leave it as it was
	}
	if i+1 == len(vs) {
		return notKept("what the item was before")
	}
	if b.before, err = b.codec.read(o.Kind, vs[i+1].Text); err != nil {
		return err
	}
	if b.before == nil {
		return notKept("what the item was before")
	}
	if i == 0 {
		b.text = vs[1].Text
	}
	return nil
}

// lookSecond finds the item that keeping both versions made.
func (b *choiceBack) lookSecond(tx *store.Tx) error {
	b.second.object, b.second.pair, b.second.rec = store.Object{}, store.Pair{}, remote.Record{}
	if b.c.Resolution != string(KeepBoth) {
		return nil
	}
	home, err := b.settling(tx).visible()
	if err != nil {
		return err
	}
	o, err := tx.ObjectByUID(home, secondUID(b.c.ID))
	if errors.Is(err, pim.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	changed, err := b.changedSecond(tx, o)
	switch {
	case err != nil:
		return err
	case changed && b.begun:
		return nil // it is somebody's item now
	case changed:
		return changedSince("the second item was changed since")
	}
	b.second.object = o
	b.second.pair, err = tx.PairByObject(b.c.LinkID, o.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return nil
	}
	if err == nil && b.second.pair.Intent != "" {
		return outcomeUnknown()
	}
	return err
}

func outcomeUnknown() error {
	return pim.Errorf("relay: undo", pim.ErrHeld, "what became of the last write to the remote is not known yet; try again later")
}

// changedSecond reports whether somebody changed the second item.
func (b *choiceBack) changedSecond(tx *store.Tx, o store.Object) (bool, error) {
	vs, err := tx.Versions(o.ID)
	if err != nil || len(vs) == 0 {
		return true, err
	}
	made := vs[len(vs)-1]
	if !made.At.Equal(*b.c.ResolvedAt) {
		return true, nil
	}
	was, err := b.codec.read(o.Kind, made.Text)
	if err != nil {
		return true, err
	}
	now, err := b.codec.read(o.Kind, o.Text)
	if err != nil || was == nil || now == nil {
		return true, err
	}
	return !pim.Diff(was, now, b.writable(o.Kind)).IsEmpty(), nil
}

// lookPair reads the books, and whether a run has written to the record since the choice.
func (b *choiceBack) lookPair(tx *store.Tx) error {
	p, err := tx.PairByObject(b.c.LinkID, b.object.ID)
	if errors.Is(err, pim.ErrNotFound) {
		if b.second.pair.ID != 0 {
			return changedSince("the link does not tie the item to its record any more")
		}
		return nil
	}
	if err != nil {
		return err
	}
	if b.pair = p; p.Intent != "" && !b.begun {
		return outcomeUnknown()
	}
	steps, err := tx.RemoteSteps(b.c.LinkID, p.UID)
	if err != nil {
		return err
	}
	b.wrote, b.was = false, nil
	for _, s := range steps {
		if s.PairID != p.ID || s.Action != "update" || s.Undone == "done" || s.DoneAt.Before(*b.c.ResolvedAt) {
			continue
		}
		m, kept, err := unpack(s.Undo)
		if err != nil {
			return err
		}
		if !b.wrote && kept {
			if b.was, err = pim.DecodeItem(m.Pair.TheirItem); err != nil {
				return err
			}
		}
		b.wrote = true
	}
	return nil
}

// ask reads the records as they are, and refuses what was changed there since.
func (b *choiceBack) ask(ctx context.Context) error {
	if err := b.askSecond(ctx); err != nil {
		return err
	}
	b.rec, b.back = remote.Record{}, pim.FieldSet{}
	if b.pair.RemoteID == "" {
		return nil // there is nothing that the choice could have written
	}
	recs, _, err := b.fetch(ctx, []remote.ItemID{remote.ItemID(b.pair.RemoteID)})
	if err != nil {
		return err
	}
	if len(recs) == 0 || recs[0].Item.Kind() != b.c.Kind {
		return changedSince("the item was deleted at the remote since")
	}
	b.rec = recs[0]
	shown, err := b.asReported(b.rec.Item)
	if err != nil {
		return err
	}
	b.back = pim.Diff(shown, b.theirs, b.fields.And(b.writable(b.c.Kind)))
	if b.begun {
		// What is still as the choice left it; anything else was written back already, or
		// is a newer change.
		left, err := pim.DecodeItem(b.pair.TheirItem)
		if err != nil || left == nil {
			return err
		}
		b.back = b.back.Minus(pim.Diff(left, b.rec.Item, b.back))
		return nil
	}
	if b.back.IsEmpty() {
		return nil
	}
	if !b.inBooks(b.pair, b.rec) {
		return changedSince("the item was changed at the remote since")
	}
	if !b.wrote {
		return notKept("what was written to the remote since")
	}
	return nil
}

// inBooks reports that a record is as the last run left it.
func (b *choiceBack) inBooks(p store.Pair, rec remote.Record) bool {
	return p.TheirPrint == p.RemotePrint && p.TheirPrint == b.print(rec.Item)
}

// askSecond reads the record of the second item.
func (b *choiceBack) askSecond(ctx context.Context) error {
	p := b.second.pair
	if p.RemoteID == "" {
		return nil
	}
	recs, _, err := b.fetch(ctx, []remote.ItemID{remote.ItemID(p.RemoteID)})
	if err != nil || len(recs) == 0 {
		return err
	}
	if !b.inBooks(p, recs[0]) {
		if b.begun {
			b.second.object = store.Object{} // it is somebody's item now
			return nil
		}
		return changedSince("the second item was changed at the remote since")
	}
	b.second.rec = recs[0]
	return nil
}

// asReported is a record as the report of a conflict would have it in the fields that
// collided: a text may keep less of a value than the remote does.
func (b *choiceBack) asReported(it pim.Item) (pim.Item, error) {
	carried := b.carried(it.Kind())
	it, err := b.codec.fitted(b.c.Theirs, it, always(carried))
	if err != nil {
		return nil, err
	}
	w, err := b.codec.apply(b.c.Theirs, it, b.fields.And(carried))
	if err != nil {
		return nil, err
	}
	return b.codec.read(b.c.Kind, w.text)
}

// hadThere is what the record had in the fields that collided: as a run found it before it
// wrote, where that is kept and is what the report says.
func (b *choiceBack) hadThere() pim.Item {
	if b.was == nil || b.was.Kind() != b.c.Kind {
		return b.theirs
	}
	shown, err := b.asReported(b.was)
	if err != nil || !pim.Diff(shown, b.theirs, b.back).IsEmpty() {
		return b.theirs
	}
	return b.was
}
