package dav

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
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
	if err != nil || saw.known && saw.seq >= r.obj.Seq {
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

// unseen is what a text holds besides the fields of its typed view: the other properties of its main component, and
// alarms, overrides and whatever else is nested, whole. Spelling that means nothing (order, folding, groups) and what
// programs write at every save is left out. Zones are left out too: they follow from the times.
func unseen(d document) []string {
	var lines []string
	switch d := d.(type) {
	case calendarDocument:
		master := d.Master()
		for _, p := range d.Calendar().Parts {
			switch {
			case p.Block == master:
				lines = appendBlock(lines, "", p.Block, shownInItem)
			case p.Block != nil && p.Block.Name != "VTIMEZONE":
				lines = appendBlock(lines, "", p.Block, nil)
			case p.Line != nil:
				lines = appendLine(lines, "", p.Line, nil)
			}
		}
	case cardDocument:
		lines = appendBlock(lines, "", d.Block(), shownInItem)
	}
	slices.Sort(lines)
	return lines
}

// appendBlock adds the lines of b and of what is nested in it. shown names the properties to leave out of b itself.
func appendBlock(lines []string, path string, b *line.Block, shown func(string) bool) []string {
	path += b.Name + "/"
	for _, p := range b.Parts {
		if p.Line != nil {
			lines = appendLine(lines, path, p.Line, shown)
		} else {
			lines = appendBlock(lines, path, p.Block, nil)
		}
	}
	return lines
}

// appendLine adds one property, parameters in order, without its group: iOS numbers those anew.
func appendLine(lines []string, path string, l *line.Line, shown func(string) bool) []string {
	if l.Name == "" || l.Name == "BEGIN" || l.Name == "END" || volatile(l.Name) || shown != nil && shown(l.Name) {
		return lines
	}
	params := slices.Clone(l.Params)
	slices.SortFunc(params, func(a, b line.Param) int { return cmp.Compare(a.Name, b.Name) })
	var b strings.Builder
	b.WriteString(path + l.Name)
	for _, p := range params {
		b.WriteString(";" + p.Name + "=" + strings.Join(p.Values, ","))
	}
	b.WriteString(":" + l.Value)
	return append(lines, b.String())
}

// volatile properties change with every save, or say who saved.
func volatile(name string) bool {
	switch name {
	case "DTSTAMP", "LAST-MODIFIED", "CREATED", "SEQUENCE", "PRODID", "REV", "VERSION", "CALSCALE", "X-MOZ-GENERATION":
		return true
	}
	return false
}

// shownInItem are the properties that the typed view is made of (pim/ics, pim/vcf).
func shownInItem(name string) bool {
	switch name {
	case "UID", "SUMMARY", "DESCRIPTION", "LOCATION", "URL", "CATEGORIES", "PRIORITY", "CLASS", "STATUS", "ORGANIZER", "ATTENDEE",
		"RRULE", "RDATE", "EXDATE", "DTSTART", "DTEND", "DURATION", "TRANSP", "DUE", "COMPLETED", "PERCENT-COMPLETE",
		"N", "FN", "NICKNAME", "ORG", "TITLE", "ROLE", "TEL", "EMAIL", "IMPP", "ADR", "BDAY", "ANNIVERSARY", "PHOTO", "NOTE", "GENDER":
		return true
	}
	return strings.HasPrefix(name, "X-CRM-")
}
