package dav

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// reconcile looks at a write without condition over r. When the device had not seen the present version, both changes
// are kept. Where they collide the device's is stored, since the client will believe so, and a report keeps the other in
// full.
func (w *putting) reconcile(r *resource) error {
	if bytes.Equal(r.obj.Text, w.doc.bytes()) {
		return nil
	}
	saw, err := w.q.saw(w.tx, r)
	if err != nil || saw.current {
		return err
	}
	zone := w.q.localZone(w.parent)
	base, theirs := w.q.readStored(r.flavor, saw.text), w.q.readStored(r.flavor, r.obj.Text)
	var merged document
	if theirs != nil {
		merged = threeWay(base, w.doc, theirs, w.tx.Now(), zone)
	}
	if merged != nil {
		return w.combine(base, merged)
	}
	out, lost := overlay(base, w.doc, theirs, w.tx.Now(), zone)
	if err := w.combine(base, out); err != nil {
		return err
	}
	rep := w.q.newReport(w.parent, r, store.CauseBlind)
	rep.Base, rep.Mine, rep.Fields = saw.text, w.doc.bytes(), fieldsJSON(lost)
	if base == nil && theirs != nil {
		rep.Fields = fieldsJSON(differing(w.doc, theirs, zone))
	}
	made, err := w.q.addReport(w.tx, r.flavor, rep)
	if made {
		w.out.conflicts = append(w.out.conflicts, rep.Cause)
	}
	return err
}

// combine stores out in the place of what the device sent, which came from base (nil: not known).
func (w *putting) combine(base, out document) error {
	if bytes.Equal(out.bytes(), w.doc.bytes()) {
		return nil // the device's version holds all there is to hold
	}
	if base == nil || !sameMeaning(base, w.doc) { // else the mark says what the device has
		if err := w.storeSent(); err != nil {
			return err
		}
	}
	w.doc, w.out.merged = out, true
	return nil
}

// threeWay merges two texts that came from base, nil when they collide. What one side alone changed is taken from its text
// to the letter, be it a property that no field shows. Where both changed one thing the fields decide, and if
// something that either side changed would not be in the outcome then, it is a collision. base nil is a version that is
// not known: only equal contents merge then.
func threeWay(base, mine, theirs document, now time.Time, zone *time.Location) document {
	if mine.kind() == 0 || mine.kind() != theirs.kind() {
		return nil
	}
	if base == nil {
		if sameMeaning(mine, theirs) {
			return mine
		}
		return nil
	}
	if base.kind() != mine.kind() {
		return nil
	}
	for _, m := range []merger{{host: theirs, other: mine}, {host: mine, other: theirs}} {
		m.base, m.now, m.zone = inVersionOf(base, m.host), now, zone
		m.sent, m.other = m.other, inVersionOf(m.other, m.host)
		if m.base == nil || m.other == nil {
			continue
		}
		if out := m.merge(); out != nil {
			return out
		}
	}
	return nil
}

// merger puts what other changed since base into host.
type merger struct {
	base, host, other document // of one version
	sent              document // other as it is
	now               time.Time
	zone              *time.Location
}

// changes sorts the units of the three texts by who changed them.
type changes struct {
	adopted   []string            // by other alone
	contested []string            // by both, differently
	agreed    map[string][]string // what the others say in the end
	kept      bool                // host alone changed something
	names     alarmNames
}

// changesOf makes each alarm of the sheets a unit of its own.
func changesOf(base, host, other *sheet) changes {
	c := changes{agreed: map[string][]string{}, names: nameAlarms(base, host, other)}
	for _, k := range keys(base, host, other) {
		b, h, o := base.says(k), host.says(k), other.says(k)
		switch {
		case slices.Equal(h, o):
			c.agreed[k] = h
		case slices.Equal(b, o):
			c.agreed[k], c.kept = h, true
		case slices.Equal(b, h):
			c.agreed[k] = o
			c.adopted = append(c.adopted, k)
		default:
			c.contested = append(c.contested, k)
		}
	}
	return c
}

// merge is nil when it would lose something.
func (m merger) merge() document {
	base, host, other := sheetOf(m.base), sheetOf(m.host), sheetOf(m.other)
	c := changesOf(base, host, other)
	switch {
	case slices.Contains(c.contested, schedule) && restarted(base, host, other), slices.ContainsFunc(c.contested, isAlarm):
		return nil
	case len(c.contested) > 0:
	case len(c.adopted) == 0:
		return m.host
	case !c.kept:
		return m.sent
	}
	var v views
	var ok bool
	if v.base, v.mine, v.theirs, ok = itemsOf(m.base, m.other, m.host, m.zone); !ok {
		return nil
	}
	want, ok := v.merge()
	if !ok {
		return nil
	}
	out := m.spliced(host, other, c.adopted)
	if out == nil {
		return nil
	}
	have, err := out.item(m.zone)
	if err != nil {
		return nil
	}
	all := pim.AllOf(want.Kind())
	if set := pim.Diff(have, want, all); !set.IsEmpty() {
		if out, err = out.apply(want, set, m.now, m.zone); err != nil {
			return nil
		}
	}
	// A text that does not show what was wanted is no merge, whatever the reason.
	if got, err := out.item(m.zone); err != nil || !pim.Equal(got, want, all) || !m.holds(out, c, v) {
		return nil
	}
	return out
}

// restarted reports a series whose start moved on one side, if only to another zone: the other side's exceptions and moved
// occurrences are named by the starts that were (RFC 5545 3.8.4.4, 3.8.5.1) and would mean nothing.
func restarted(base, host, other *sheet) bool {
	start := func(s *sheet) string { return s.value("DTSTART") }
	if start(host) == start(base) && start(other) == start(base) {
		return false
	}
	return slices.ContainsFunc([]*sheet{base, host, other}, func(s *sheet) bool { return s.value("RRULE")+s.value("RDATE") != "" })
}

// spliced is the host with units of the other text, nil when that is no text.
func (m merger) spliced(host, other *sheet, units []string) document {
	if len(units) == 0 {
		return m.host
	}
	for _, k := range units {
		host.adopt(other, k)
	}
	if !host.adoptZones(other) {
		return nil
	}
	host.stamp(other, m.now)
	out, err := host.document()
	if err != nil {
		return nil
	}
	return out
}

// holds reports whether out has all that the two sides changed. Of what both changed the fields hold what they show; what
// a side says beyond them, and what none has changed, has to be there to the letter.
func (m merger) holds(out document, c changes, v views) bool {
	result := c.names.of(out)
	for _, k := range keys(result) {
		if _, known := c.agreed[k]; !known && !slices.Contains(c.contested, k) {
			c.agreed[k] = nil
		}
	}
	for k, want := range c.agreed {
		if !slices.Equal(result.says(k), want) {
			return false
		}
	}
	if len(c.contested) == 0 {
		return true
	}
	base, host, other := sheetOf(m.base), sheetOf(m.host), sheetOf(m.other)
	for _, side := range []struct {
		text *sheet
		view pim.Item
	}{{host, v.theirs}, {other, v.mine}} {
		// What the fields of this side make of the base is what they hold of its changes.
		shown, err := m.base.apply(side.view, pim.AllOf(side.view.Kind()), m.now, m.zone)
		if err != nil {
			return false
		}
		held := sheetOf(shown)
		for _, k := range c.contested {
			more, less := minus(side.text.says(k), held.says(k)), minus(held.says(k), side.text.says(k))
			if len(minus(more, result.says(k))) > 0 || len(less) > 0 && len(minus(less, result.says(k))) < len(less) {
				return false
			}
		}
	}
	return !slices.ContainsFunc(c.contested, func(k string) bool {
		return clash(base.says(k), host.says(k), other.says(k), result.says(k))
	})
}

// clash reports that an outcome passes over one of two changes to a property, or drops what neither side touched. One that
// was removed here and changed there has no outcome; one of which fields hold the parts (N, ORG) was judged by them.
func clash(base, host, other, result []string) bool {
	names := map[string]bool{}
	for _, s := range slices.Concat(base, host, other) {
		names[nameSaid(s)] = true
	}
	for n := range names {
		of := func(says []string) []string {
			return slices.DeleteFunc(slices.Clone(says), func(s string) bool { return nameSaid(s) != n })
		}
		b, h, o, r := of(base), of(host), of(other), of(result)
		switch {
		case slices.Equal(h, o):
			if !slices.Equal(r, h) {
				return true
			}
		case slices.Equal(h, b), slices.Equal(o, b):
		case len(h) == 0, len(o) == 0:
			return true
		case n == "N", n == "ORG":
		case passes(b, h, r), passes(b, o, r):
			return true
		}
	}
	return false
}

// passes reports that an outcome lacks what a side added to the base, or has what it removed.
func passes(base, side, result []string) bool {
	gone := minus(base, side)
	return len(minus(minus(side, base), result)) > 0 || len(minus(gone, result)) < len(gone)
}

// nameSaid is the property that a line of meaning is about.
func nameSaid(s string) string { return s[:max(strings.IndexAny(s, ";:{"), 0)] }

// minus is what a has more than b, each as often.
func minus(a, b []string) []string {
	left := map[string]int{}
	for _, s := range b {
		left[s]++
	}
	var out []string
	for _, s := range a {
		if left[s]--; left[s] < 0 {
			out = append(out, s)
		}
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

// merge takes each field from the side that changed it; false when both changed one and it cannot be told apart: it is mine
// then.
func (v views) merge() (want pim.Item, clean bool) {
	clean = true
	all := pim.AllOf(v.mine.Kind())
	want = pim.Clone(v.theirs)
	mine, theirs := pim.Diff(v.base, v.mine, all), pim.Diff(v.base, v.theirs, all)
	for _, f := range pim.Fields(v.mine.Kind()) {
		switch {
		case !mine.Has(f.ID), f.Equal(v.mine, v.theirs):
		case !theirs.Has(f.ID):
			f.Copy(want, v.mine)
		case !f.Merge(v.base, v.mine, v.theirs, want):
			clean = false
			f.Copy(want, v.mine)
		}
	}
	return want, clean
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
