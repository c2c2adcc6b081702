package dav

import (
	"bytes"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// reconcile looks at a write without condition over r. When the device had not seen the present version, both changes
// are kept if they are to different fields; else the device's version is stored, since the client will believe so, and
// a report keeps the other in full.
func (w *putting) reconcile(r *resource) error {
	if bytes.Equal(r.obj.Text, w.doc.bytes()) {
		return nil
	}
	saw, err := w.q.saw(w.tx, r)
	if err != nil || saw.current {
		return err
	}
	zone := w.q.localZone(w.parent)
	var merged document
	base, theirs := w.q.readStored(r.flavor, saw.text), w.q.readStored(r.flavor, r.obj.Text)
	if theirs != nil {
		merged = threeWay(base, w.doc, theirs, w.tx.Now(), zone)
	}
	switch {
	case merged == nil:
	case bytes.Equal(merged.bytes(), w.doc.bytes()):
		return nil // the device's version holds both already
	default:
		w.doc, w.out.merged = merged, true
		return nil
	}
	rep := w.q.newReport(w.parent, r, store.CauseBlind)
	rep.Base, rep.Mine = saw.text, w.doc.bytes()
	rep.Fields = w.q.colliding(w.parent, saw.text, rep.Mine, rep.Theirs)
	made, err := w.q.addReport(w.tx, r.flavor, rep)
	if made {
		w.out.conflicts = append(w.out.conflicts, rep.Cause)
	}
	return err
}

// threeWay merges two texts that came from base, nil when they collide. Nothing that either side changed is lost: what
// fields do not show (other properties, overrides of a series) must have changed on one side at most. base nil is
// a version that is not known: only equal contents merge then.
func threeWay(base, mine, theirs document, now time.Time, zone *time.Location) document {
	if mine.kind() == 0 || mine.kind() != theirs.kind() {
		return nil
	}
	if base == nil {
		if differing(mine, theirs, zone).IsEmpty() && slices.Equal(unseen(mine), unseen(theirs)) {
			return mine
		}
		return nil
	}
	if base.kind() != mine.kind() {
		return nil
	}
	v := views{}
	var ok bool
	if v.base, v.mine, v.theirs, ok = itemsOf(base, mine, theirs, zone); !ok {
		return nil
	}
	want, ok := v.merge()
	if !ok {
		return nil
	}
	host := theirs
	restOfBase := unseen(base)
	if !slices.Equal(unseen(mine), restOfBase) {
		host = mine
		if rest := unseen(theirs); !slices.Equal(rest, restOfBase) && !slices.Equal(rest, unseen(mine)) {
			return nil
		}
	}
	have, err := host.item(zone)
	if err != nil {
		return nil
	}
	all := pim.AllOf(want.Kind())
	set := pim.Diff(have, want, all)
	if set.IsEmpty() {
		return host
	}
	out, err := host.apply(want, set, now, zone)
	if err != nil {
		return nil
	}
	// A text that does not show what was wanted is no merge, whatever the reason.
	if got, err := out.item(zone); err != nil || !pim.Equal(got, want, all) {
		return nil
	}
	return out
}

// views are the typed views of the three texts.
type views struct{ base, mine, theirs pim.Item }

// itemsOf reads the typed views; false when they cannot be compared.
func itemsOf(base, mine, theirs document, zone *time.Location) (b, m, t pim.Item, ok bool) {
	var errs [3]error
	b, errs[0] = base.item(zone)
	m, errs[1] = mine.item(zone)
	t, errs[2] = theirs.item(zone)
	ok = errs[0] == nil && errs[1] == nil && errs[2] == nil && b.Kind() == m.Kind() && m.Kind() == t.Kind()
	return b, m, t, ok
}

// merge takes each field from the side that changed it; false when both changed one and it cannot be told apart.
func (v views) merge() (pim.Item, bool) {
	all := pim.AllOf(v.mine.Kind())
	want := pim.Clone(v.theirs)
	mine, theirs := pim.Diff(v.base, v.mine, all), pim.Diff(v.base, v.theirs, all)
	for _, f := range pim.Fields(v.mine.Kind()) {
		switch {
		case !mine.Has(f.ID), f.Equal(v.mine, v.theirs):
		case !theirs.Has(f.ID):
			f.Copy(want, v.mine)
		case !f.Merge(v.base, v.mine, v.theirs, want):
			return nil, false
		}
	}
	return want, true
}

// collisions are the fields that both sides changed and that cannot be merged.
func collisions(base, mine, theirs document, zone *time.Location) pim.FieldSet {
	var v views
	var set pim.FieldSet
	var ok bool
	if v.base, v.mine, v.theirs, ok = itemsOf(base, mine, theirs, zone); !ok {
		return set
	}
	all := pim.AllOf(v.mine.Kind())
	both := pim.Diff(v.base, v.mine, all).And(pim.Diff(v.base, v.theirs, all))
	scratch := pim.Clone(v.theirs)
	for _, f := range pim.Fields(v.mine.Kind()) {
		if both.Has(f.ID) && !f.Equal(v.mine, v.theirs) && !f.Merge(v.base, v.mine, v.theirs, scratch) {
			set = set.With(f)
		}
	}
	return set
}
