package relay

import (
	"errors"

	"crmbridge/pim"
	"crmbridge/store"
)

// kept is the side of a device's report that the server does not hold: what was refused
// (Mine), or what was written over without looking (Theirs). The other side is what the
// server held, and what it holds now speaks for it: whoever takes that side wants the
// item to stay as it is, not as it was.
func kept(c store.Conflict) Take {
	if c.Cause == store.CauseBlind {
		return Theirs
	}
	return Mine
}

// Standing is an open report of a device as things are now: the side that the server
// holds is the object's present text, nil when it is gone. Reports of a link, which
// runs keep up to date, and settled ones are returned as they are.
func Standing(tx *store.Tx, c store.Conflict) (store.Conflict, error) {
	if c.LinkID != 0 || c.ResolvedAt != nil {
		return c, nil
	}
	o, err := standingObject(tx, c)
	if err != nil {
		return c, err
	}
	if kept(c) == Mine {
		c.Theirs, c.TheirVersion = o.Text, o.ETag
	} else {
		c.Mine = o.Text
	}
	c.Fields = ""
	return c, nil
}

// standingObject is the living object of the conflict, by id or, when it was made
// anew, by name; zero when there is none.
func standingObject(tx *store.Tx, c store.Conflict) (store.Object, error) {
	o, err := tx.ObjectByID(c.ObjectID)
	if err == nil && !o.Deleted {
		return o, nil
	}
	if err != nil && !errors.Is(err, pim.ErrNotFound) {
		return store.Object{}, err
	}
	o, err = tx.Object(c.CollectionID, c.Name)
	if errors.Is(err, pim.ErrNotFound) {
		return store.Object{}, nil
	}
	return o, err
}

// ResolveRefused is pure: what a choice makes of a device's report. base is what the
// device had started from (nil: not known), lost the side that is only in the report
// and now the object as it stands; nil is a deletion. Taking the standing side changes
// nothing. Taking the lost one brings back what it changed since base and leaves what
// others changed.
func ResolveRefused(c store.Conflict, ch Choice, base, lost, now pim.Item) (Resolved, error) {
	side, text := kept(c), c.Mine
	if side == Theirs {
		text = c.Theirs
	}
	if base != nil && lost != nil && base.Kind() != lost.Kind() {
		base = nil
	}
	if lost == nil || now == nil || lost.Kind() != now.Kind() {
		if len(ch.Fields) > 0 || ch.All == "" {
			return Resolved{}, pim.Errorf("relay: resolve", pim.ErrInvalid, "the sides cannot be mixed: take mine or theirs as a whole")
		}
		switch {
		case ch.All != side:
			return Resolved{}, nil
		case lost == nil:
			return Resolved{Delete: now != nil}, nil
		}
		return Resolved{Item: lost, Text: text}, nil
	}
	all := pim.AllOf(lost.Kind())
	differing := pim.Diff(now, lost, all)
	changed := differing
	if base != nil {
		changed = differing.And(pim.Diff(base, lost, all))
	}
	take, err := chosen(ch, side, differing, changed)
	if err != nil {
		return Resolved{}, err
	}
	r := Resolved{Set: take}
	if ch.All == side && len(ch.Fields) == 0 {
		// The whole of it, with what no field shows. What others changed besides stays.
		r.Text, r.Item = text, pim.Clone(lost)
		if r.Set = (pim.FieldSet{}); base != nil {
			r.Set = pim.Diff(base, now, all).And(differing).Minus(changed)
		}
		pim.Copy(r.Item, now, r.Set)
		return r, nil
	}
	r.Item = pim.Clone(now)
	pim.Copy(r.Item, lost, take)
	return r, nil
}

// chosen are the fields for which side is taken: of those it changed by ch.All, and any
// that differ by name.
func chosen(ch Choice, side Take, differing, changed pim.FieldSet) (pim.FieldSet, error) {
	var take pim.FieldSet
	for id, t := range ch.Fields {
		f, ok := pim.FieldByID(id)
		if !ok || !differing.Has(id) {
			return take, pim.Errorf("relay: resolve", pim.ErrInvalid, "the two sides do not differ in %s", id)
		}
		if t == side {
			take = take.With(f)
		}
		changed = changed.Minus(pim.Set(id))
	}
	if !changed.IsEmpty() && ch.All == "" {
		return take, pim.Errorf("relay: resolve", pim.ErrInvalid, "nothing was chosen for %s", changed)
	}
	if ch.All == side {
		take = take.Or(changed)
	}
	return take, nil
}
