package relay

import (
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// Notes are what only the remote can tell of an item that was made here: its number,
// the address of its page. They are of use, but they are no change that anybody
// waits for, and a write of ours moves the ETag: a client that goes on editing what
// it just made would be refused with 412 and would ask its user about a conflict
// with nobody. So notes wait until the object has rested (Rules.AnnotateAfter), or
// go along when it is written anyway.

// notes are the fields in which given knows more than the object.
func (r *run) notes(local, given pim.Item) pim.FieldSet {
	set := pim.Diff(local, given, r.carried(local.Kind()).And(r.traits.ReadOnly.Or(pim.Set(pim.FieldType))).Or(pim.Set(pim.FieldURL)))
	for _, f := range pim.Fields(local.Kind()) {
		one := pim.FieldSet{}.With(f)
		switch {
		case !set.Has(f.ID):
		case f.Text(given) == "":
			set = set.Minus(one) // its silence is no order to clear what the client wrote
		case (f.ID == pim.FieldURL || f.ID == pim.FieldType) && f.Text(local) != "":
			set = set.Minus(one) // a person's own link or type is not replaced
		}
	}
	return set
}

// annotate writes the notes of an agreed pair, or notes when to come back for it.
func (r *run) annotate(tx *store.Tx, v view) error {
	p, o := v.pair, v.object
	if o.CollectionID != r.coll.ID {
		return r.settle(tx, p) // each would make an exception of an occurrence
	}
	given := r.withURL(v.shownTheirs(v.theirs), p.URL)
	set := r.notes(v.local, given)
	if set = set.And(r.mayIn(v).Or(pim.Set(pim.FieldURL))); set.IsEmpty() || !v.in.Carry {
		return r.settle(tx, p)
	}
	if due := o.UpdatedAt.Add(time.Duration(r.rules.AnnotateAfter)); r.now.Before(due) {
		clean(&p)
		p.RetryAt = &due
		return tx.SavePair(&p)
	}
	w, err := r.codec.apply(o.Text, given, set)
	if err != nil {
		return err
	}
	before := o
	if o, err = r.put(tx, o.CollectionID, w, o.Name, o.UID, o.Kind); err != nil {
		return err
	}
	err = r.wrote(tx, store.Step{PairID: p.ID, UID: p.UID, Title: v.title(), Action: "note", Fields: set.String()},
		memo{Pair: p, Object: o.ID, Name: o.Name, Kind: o.Kind, Seq: o.Seq, Text: before.Text}, func(*Counts) {})
	if err != nil {
		return err
	}
	local, err := r.read(o.Kind, o.Text)
	if err != nil {
		return err
	}
	base := pim.Clone(v.localBase)
	pim.Copy(base, local, set)
	return r.base(tx, &p, o, local, v.theirs, base, v.remoteBase)
}
