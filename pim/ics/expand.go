package ics

import (
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// Expand is CALDAV:expand (RFC 4791 9.6.5): one component for each occurrence in r,
// times in UTC, RECURRENCE-ID, no rules, no VTIMEZONE. Dates and floating times, which have
// no UTC, stay. Components that cannot repeat stay as they are. Errors as Occurrences.
func (o *Object) Expand(z Zones, r TimeRange, limit int) (*Object, error) {
	switch o.Component() {
	case event, todo, journal:
	default:
		return o, nil
	}
	all, err := o.Occurrences(z, r, limit)
	if err != nil {
		return nil, err
	}
	text := o.text.Clone()
	cal := text.Blocks()[0]
	cal.Parts = slices.DeleteFunc(cal.Parts, func(p line.Part) bool { return p.Block != nil })
	for _, oc := range all {
		cal.AddBlock(o.expanded(oc, z))
	}
	return newObject(text), nil
}

// expanded is one occurrence as a component of its own.
func (o *Object) expanded(oc Occurrence, z Zones) *line.Block {
	c := oc.Component.Clone()
	for _, name := range []string{"RRULE", "RDATE", "EXDATE", "EXRULE"} {
		c.Remove(name)
	}
	set(c, "DTSTART", oc.Start)
	end := "DTEND"
	if c.Name == todo {
		end = "DUE"
	}
	if dur := c.First("DURATION"); dur != nil && c.First(end) == nil && !oc.Start.IsZero() && !oc.End.IsZero() {
		// A nominal day is not a day of UTC when the clocks change.
		d := oc.End.Time.Sub(oc.Start.Time)
		if sp, ok := parseSpan(dur.Value); !ok || sp.total() != d {
			c.Replace(dur, dur.WithValue(duration(d, oc.Start.Date)))
		}
	} else if c.First(end) != nil || c.Name == event && !oc.End.Equal(defaultEnd(oc.Start)) {
		set(c, end, oc.End)
	}
	if !oc.RecurrenceID.IsZero() {
		set(c, "RECURRENCE-ID", oc.RecurrenceID)
	}
	o.zoneless(c, z)
	return c
}

// set writes a time without a zone. An absent one leaves the line alone.
func set(c *line.Block, name string, w pim.When) {
	if w.IsZero() {
		return
	}
	l := c.First(name)
	if l == nil {
		l = line.New(name, "")
	}
	l = l.WithoutParam("TZID", "RANGE")
	s := stamp{wall: w.Time, kind: utc}
	switch {
	case w.Date:
		s.kind = dateOnly
		l = l.WithParam(line.P("VALUE", "DATE"))
	case w.Floating:
		s.kind = floating
	}
	c.Set(l.WithValue(s.value()))
}

// zoneless turns the remaining times with a TZID into UTC.
func (o *Object) zoneless(c *line.Block, z Zones) {
	for _, l := range c.All("") {
		s, ok := stampOf(l)
		if !ok || s.kind != inZone {
			continue
		}
		out := stamp{wall: s.instant(o.tzs, z), kind: utc}
		c.Replace(l, l.WithoutParam("TZID").WithValue(out.value()))
	}
}

// LimitRecurrenceSet is CALDAV:limit-recurrence-set (RFC 4791 9.6.6): the master and the
// overrides that matter in r, by where they are or by where they were.
func (o *Object) LimitRecurrenceSet(z Zones, r TimeRange) *Object {
	gone := map[int]bool{}
	overrides := o.Overrides()
	m := o.Master()
	if m == nil {
		return o
	}
	s := o.newSeries(m, z)
	for i, c := range overrides {
		id, ok := stampOf(c.First("RECURRENCE-ID"))
		if !ok || strings.EqualFold(c.First("RECURRENCE-ID").Param("RANGE"), "THISANDFUTURE") {
			continue
		}
		was := s.at(s.read, s.length, id, s.due)
		if !r.meets(s.override(c)) && !r.meets(was) {
			gone[i] = true
		}
	}
	if len(gone) == 0 {
		return o
	}
	text := o.text.Clone()
	next := newObject(text)
	drop := map[*line.Block]bool{}
	for i, c := range next.Overrides() {
		drop[c] = gone[i]
	}
	next.cal.Parts = slices.DeleteFunc(next.cal.Parts, func(p line.Part) bool { return drop[p.Block] })
	return newObject(text)
}

// LimitFreeBusySet is CALDAV:limit-freebusy-set (RFC 4791 9.6.7): FREEBUSY values
// outside r are left out.
func (o *Object) LimitFreeBusySet(z Zones, r TimeRange) *Object {
	if o.Component() != freeBusy {
		return o
	}
	text := o.text.Clone()
	next := newObject(text)
	for _, c := range next.main {
		read := next.reader(c, z)
		for _, l := range c.All("FREEBUSY") {
			var kept []string
			for v := range strings.SplitSeq(l.Value, ",") {
				for st, e := range periods(l.WithValue(v)) {
					if e == nil {
						continue
					}
					if _, until := e.of(read, st); r.ahead(until) && r.behind(st.instant(next.tzs, z)) {
						kept = append(kept, v)
					}
				}
			}
			if len(kept) == 0 {
				c.Replace(l)
			} else if v := strings.Join(kept, ","); v != l.Value {
				c.Replace(l, l.WithValue(v))
			}
		}
	}
	return newObject(text)
}
