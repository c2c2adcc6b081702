package ics

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// Single is one occurrence of a series as an object of its own, for who knows no series.
type Single struct {
	// ID names the occurrence by its original start (RFC 5545 3.8.4.4), the same in
	// whatever zone that is written: 20261201, 20261201T090000Z or, floating, 20261201T090000.
	ID string
	// At is the original start as an instant.
	At time.Time
	// Object is one component, as that occurrence has it: its override, or the master
	// with its times, without rules, exceptions and RECURRENCE-ID.
	Object *Object
}

// Singles are the occurrences that overlap r, and those of known wherever they are, by
// their original start. uid gives the UID for an ID. limit (0: MaxOccurrences) is for those in
// r: what is known and lies elsewhere does not count. Errors as Occurrences.
//
// What WithSingle puts back into the series comes out of Singles again to the letter.
func (o *Object) Singles(z Zones, r TimeRange, known map[string]bool, limit int, uid func(id string) string) ([]Single, error) {
	m := o.Master()
	if m == nil {
		return nil, nil
	}
	if limit <= 0 {
		limit = MaxOccurrences
	}
	s := o.newSeries(m, z)
	wide := r
	for id := range known {
		st, ok := parseStamp(id, "")
		if at := st.instant(o.tzs, z); ok && !wide.From.IsZero() && at.Before(wide.From) {
			wide.From = at
		}
		if at := st.instant(o.tzs, z).AddDate(0, 0, 1); ok && !wide.Until.IsZero() && at.After(wide.Until) {
			wide.Until = at
		}
	}
	var out []Single
	within, over := 0, false
	err := s.each(wide, z.steps(limit+len(known)), func(oc Occurrence) bool {
		id := s.idOf(oc)
		from, until := cmp.Or(oc.From, oc.Until), cmp.Or(oc.Until, oc.From)
		switch {
		case !from.IsZero() && r.overlaps(from, until):
			if over = within == limit; over {
				return false
			}
			within++
		case !known[id]:
			return true
		}
		st, _ := parseStamp(id, "")
		out = append(out, Single{ID: id, At: st.instant(o.tzs, z), Object: o.single(oc, uid(id), z)})
		return true
	})
	if over {
		return nil, tooMany(limit)
	}
	slices.SortFunc(out, func(a, b Single) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return slices.CompactFunc(out, func(a, b Single) bool { return a.ID == b.ID }), err
}

// Single is the one of Singles with that ID, wherever it is; false when the series does not
// have it. Errors as Occurrences.
func (o *Object) Single(z Zones, id, uid string) (Single, bool, error) {
	st, ok := parseStamp(id, "")
	if !ok {
		return Single{}, false, nil
	}
	at := st.instant(o.tzs, z)
	all, err := o.Singles(z, TimeRange{From: at, Until: at}, map[string]bool{id: true}, 0, func(string) string { return uid })
	i := slices.IndexFunc(all, func(s Single) bool { return s.ID == id })
	if err != nil || i < 0 {
		return Single{}, false, err
	}
	return all[i], true, nil
}

// idOf names an occurrence. An override that leaves the zone out of its RECURRENCE-ID
// names the same one as the series does.
func (s *series) idOf(oc Occurrence) string {
	w := oc.RecurrenceID
	if st, ok := stampOf(oc.Component.First("RECURRENCE-ID")); ok && w.Floating {
		w = s.native(st).when(s.o.tzs, s.z)
	}
	if w.IsZero() {
		w = oc.Start
	}
	return SingleID(w)
}

// SingleID is the Single.ID of the occurrence whose original start is w.
func SingleID(w pim.When) string {
	s := stamp{wall: w.Time, kind: utc}
	switch {
	case w.Date:
		s.kind = dateOnly
	case w.Floating:
		s.kind = floating
	}
	return s.value()
}

// whenOfID reads what SingleID wrote.
func whenOfID(id string) (pim.When, bool) {
	s, ok := parseStamp(id, "")
	return pim.When{Time: s.wall, Date: s.kind == dateOnly, Floating: s.kind == floating}, ok
}

// single is the text of one occurrence.
func (o *Object) single(oc Occurrence, uid string, z Zones) *Object {
	text := o.text.Clone()
	cal := text.Blocks()[0]
	cal.Parts = slices.DeleteFunc(cal.Parts, func(p line.Part) bool { return p.Block != nil && p.Block.Name != timezone })
	c := oc.Component.Clone()
	if c.First("RECURRENCE-ID") == nil {
		withoutFiles(c) // there are many occurrences
	}
	c.Set(line.New("UID", line.Escape(uid)))
	for _, name := range []string{"RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"} {
		c.Remove(name)
	}
	end := "DTEND"
	if c.Name == todo {
		end = "DUE"
	}
	o.move(c, "DTSTART", oc.Start)
	if c.First("DURATION") == nil && (c.First(end) != nil || c.Name == event && !oc.End.Equal(defaultEnd(oc.Start))) {
		if c.First(end) == nil {
			c.AddAfter(c.First("DTSTART"), c.First("DTSTART").WithName(end))
		}
		o.move(c, end, oc.End)
	}
	cal.AddBlock(c)
	return newObject(text)
}

// move sets a time in the form that the line has; an equal one stays as it is written.
func (o *Object) move(c *line.Block, name string, w pim.When) {
	l := c.First(name)
	s, ok := stampOf(l)
	if !ok || w.IsZero() || s.when(o.tzs, Zones{}).Equal(w) {
		return
	}
	c.Replace(l, o.inForm(l, s, w))
}

func (o *Object) inForm(l *line.Line, s stamp, w pim.When) *line.Line {
	switch {
	case w.Date:
		return l.WithoutParam("TZID", "VALUE").WithParam(line.P("VALUE", "DATE")).WithValue(stamp{wall: w.Time}.value())
	case w.Floating:
		return l.WithoutParam("VALUE").WithValue(stamp{wall: w.Time, kind: floating}.value())
	}
	at := stamp{wall: w.Time.UTC(), kind: utc}
	if zone, ok := o.tzs.find(s.tzid); ok && s.kind == inZone {
		at = inZoneOr(at, s.tzid, zone)
	}
	l = l.WithoutParam("VALUE")
	if at.kind == utc {
		l = l.WithoutParam("TZID")
	}
	return l.WithValue(at.value())
}

// WithSingle puts an occurrence, as Singles gave it and somebody changed it since, into
// the series: as an override in the place of the one that there was. An exception that
// took it away goes.
// pim.ErrInvalid when id names nothing or single has not one component.
func (o *Object) WithSingle(id string, single *Object, opt ApplyOptions) (*Object, error) {
	const op = "ics: occurrence"
	at, ok := whenOfID(id)
	if !ok || o.Master() == nil || len(single.main) != 1 {
		return nil, pim.Errorf(op, pim.ErrInvalid, "there is no such occurrence")
	}
	o, err := o.excepting(at, false, opt)
	if err != nil {
		return nil, err
	}
	text := o.text.Clone()
	next := newObject(text)
	m := next.Master()
	c := single.main[0].Fresh()
	begin := m.First("DTSTART")
	if begin == nil {
		begin = m.First("DUE")
	}
	named := line.New("RECURRENCE-ID", id)
	if st, ok := stampOf(begin); ok {
		named = next.inForm(line.New("RECURRENCE-ID", "").WithParams(rangeOf(line.New("RECURRENCE-ID", ""), begin)...), st, at)
	}
	s := next.newSeries(m, opt.Zones)
	var before *line.Block
	for _, old := range next.Overrides() {
		if st, ok := stampOf(old.First("RECURRENCE-ID")); ok && SingleID(s.native(st).when(next.tzs, opt.Zones)) == id {
			named, before = old.First("RECURRENCE-ID"), old
			break
		}
	}
	if uid := m.First("UID"); uid != nil {
		c.Set(uid)
	}
	c.AddAfter(c.First("UID"), named)
	if before != nil {
		i := slices.IndexFunc(next.cal.Parts, func(p line.Part) bool { return p.Block == before })
		next.cal.Parts[i].Block = c
	} else {
		next.cal.AddBlock(c)
	}
	for _, b := range single.cal.Blocks(timezone) {
		if l := b.First("TZID"); l != nil && !next.tzs.has(l.Value) {
			next.cal.AddBlockAhead(b.Fresh())
		}
	}
	return newObject(text), nil
}

// WithoutSingle takes an occurrence out of the series: an exception, and no override.
// pim.ErrInvalid when id names nothing.
func (o *Object) WithoutSingle(id string, opt ApplyOptions) (*Object, error) {
	at, ok := whenOfID(id)
	if !ok {
		return nil, pim.Errorf("ics: occurrence", pim.ErrInvalid, "there is no such occurrence")
	}
	return o.excepting(at, true, opt)
}

// excepting sets or takes away the exception of an occurrence.
func (o *Object) excepting(at pim.When, gone bool, opt ApplyOptions) (*Object, error) {
	it, err := o.Item(opt.Zones)
	if err != nil {
		return nil, err
	}
	a := pim.ActivityOf(it)
	if a == nil || a.Recurrence == nil {
		if gone {
			return nil, pim.Errorf("ics: occurrence", pim.ErrInvalid, "the object does not repeat")
		}
		return o, nil
	}
	rec := *a.Recurrence
	same := func(w pim.When) bool { return w.Equal(at) }
	switch has := slices.ContainsFunc(rec.Except, same); {
	case has == gone:
		return o, nil
	case gone:
		rec.Except = append(slices.Clone(rec.Except), at)
	default:
		rec.Except = slices.DeleteFunc(slices.Clone(rec.Except), same)
	}
	want := pim.Clone(it)
	pim.ActivityOf(want).Recurrence = &rec
	return Apply(o, want, pim.Set(pim.FieldRecurrence), opt)
}

// Alike reports that the components of two objects differ in no more than the stamps of
// when they were written: DTSTAMP, CREATED, LAST-MODIFIED and SEQUENCE.
func (o *Object) Alike(other *Object) bool {
	return slices.EqualFunc(o.main, other.main, func(a, b *line.Block) bool {
		return bytes.Equal(unstamped(a).Bytes(), unstamped(b).Bytes())
	})
}

func unstamped(b *line.Block) *line.Block {
	b = b.Fresh()
	for _, name := range []string{"DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE"} {
		b.Remove(name)
	}
	return b
}
