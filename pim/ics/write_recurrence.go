package ics

import (
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
	"crmbridge/pim/tz"
)

// recurrence makes RRULE, RDATE and EXDATE those of the wanted recurrence, value by value. Overrides come when the master
// is written (overrides).
func (w *writer) recurrence() {
	want := w.act().Recurrence
	if want == nil {
		w.stopRepeating()
		return
	}
	w.rules(want.Rules)
	// want lists what they take away (see reader.recurrence), and may have given some of it back.
	for _, l := range w.c.All("EXRULE") {
		if len(readable([]*line.Line{l})) > 0 {
			w.c.Replace(l)
			w.change()
		}
	}
	w.dates("RDATE", want.Dates)
	w.dates("EXDATE", want.Except)
}

func (w *writer) change() { w.touched, w.rescheduled = true, true }

// stopRepeating makes a series one event. Overrides without a series would be orphans.
func (w *writer) stopRepeating() {
	w.change()
	for _, name := range []string{"RRULE", "RDATE", "EXDATE", "EXRULE"} {
		w.c.Remove(name)
	}
	for _, c := range w.next.Overrides() {
		w.next.cal.RemoveBlock(c)
	}
}

func (w *writer) rules(want []string) {
	var here []string
	for _, l := range w.c.All("RRULE") {
		v := trim(l.Value)
		if !slices.Contains(want, v) {
			w.c.Replace(l)
			w.change()
			continue
		}
		here = append(here, v)
	}
	for _, v := range want {
		if slices.Contains(here, v) {
			continue
		}
		if _, err := checkRule(v); err != nil {
			w.fail("the recurrence rule cannot be read")
			return
		}
		here = append(here, v)
		w.c.Add(line.New("RRULE", v))
		w.change()
	}
}

// dates removes values that are not wanted and adds those that are missing, in the form of
// DTSTART. Lines that lose nothing keep every byte.
func (w *writer) dates(name string, want []pim.When) {
	wanted := whenSet(want)
	here := map[string]bool{}
	for _, l := range w.c.All(name) {
		var kept []string
		lost := false
		for v := range strings.SplitSeq(l.Value, ",") {
			start, _, _ := strings.Cut(v, "/")
			s, ok := parseStamp(start, l.Param("TZID"))
			at := w.read.when(s).String()
			if ok && !wanted[at] {
				lost = true
				continue
			}
			kept = append(kept, v)
			here[at] = true
		}
		switch {
		case !lost:
			continue
		case len(kept) == 0:
			w.c.Replace(l)
		default:
			w.c.Replace(l, l.WithValue(strings.Join(kept, ",")))
		}
		w.change()
	}
	for _, v := range want {
		if here[v.String()] {
			continue
		}
		here[v.String()] = true
		w.c.Add(w.dateLine(name, v))
		w.change()
	}
}

// dateLine writes a time that names an occurrence, in the form of the start. In an all-day event of Exchange, whose
// dates are midnights, a date has to be a midnight too.
func (w *writer) dateLine(name string, v pim.When) *line.Line {
	begin := w.c.First("DTSTART")
	if begin == nil {
		begin = w.c.First("DUE")
	}
	s, ok := stampOf(begin)
	if ok && v.Date && w.read.allDay && s.kind != dateOnly && s.midnight() {
		y, m, d := v.Time.Date()
		s.wall = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		return begin.WithName(name).WithValue(s.value())
	}
	return w.timeLine(name, v, nil, begin)
}

// whenSet tells by String which Whens are in a list: equal ones have equal texts.
func whenSet(list []pim.When) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, w := range list {
		set[w.String()] = true
	}
	return set
}

// moveExceptions moves EXDATE and the RECURRENCE-ID of overrides as far as the start
// moved, so that they go on meaning the same occurrences (RFC 5545 3.8.4.4: it is the
// original start).
func (w *writer) moveExceptions(old, begin *line.Line) {
	from, ok := stampOf(old)
	to, ok2 := stampOf(begin)
	if !ok || !ok2 || w.c.First("RECURRENCE-ID") != nil {
		return // an occurrence without its series moves alone
	}
	m := mover{w: w, from: from, to: to, begin: begin, loc: from.location(w.old.tzs, w.opt.Zones)}
	fixed := w.set.Has(pim.FieldRecurrence)
	if !fixed {
		for _, l := range w.c.All("EXDATE") {
			w.c.Replace(l, m.line(l))
		}
	}
	var named map[string]bool // what is wanted names them by the new start, or by the old one
	if rec := w.act().Recurrence; fixed && rec != nil {
		named = whenSet(rec.Except)
		for _, o := range rec.Changed {
			named[o.At.String()] = true
		}
	}
	overrides := w.next.Overrides()
	moved := !slices.ContainsFunc(overrides, func(c *line.Block) bool {
		s, ok := stampOf(m.line(c.First("RECURRENCE-ID")))
		return ok && !named[w.read.when(s).String()]
	})
	for _, c := range overrides {
		l := c.First("RECURRENCE-ID")
		if s, ok := stampOf(l); ok && (moved || !named[w.read.when(s).String()]) {
			c.Replace(l, m.line(l))
		}
	}
}

// mover carries a shift of the start over to times that name occurrences.
type mover struct {
	w        *writer
	from, to stamp
	begin    *line.Line
	loc      *time.Location // of from
}

func (m mover) line(l *line.Line) *line.Line {
	tzid := l.Param("TZID")
	var values []string
	form := l
	for v := range strings.SplitSeq(l.Value, ",") {
		s, ok := parseStamp(v, tzid)
		if !ok {
			values = append(values, v)
			continue
		}
		moved, head := m.stamp(s, l)
		values = append(values, moved.value())
		form = head
	}
	return form.WithValue(strings.Join(values, ","))
}

// stamp moves one time and says which line has the parameters for its new form.
func (m mover) stamp(s stamp, l *line.Line) (stamp, *line.Line) {
	if m.to.kind == dateOnly {
		d := m.wall(s).dated()
		d.wall = d.wall.AddDate(0, 0, m.days())
		return d, l.WithoutParam("TZID", "VALUE").WithParam(line.P("VALUE", "DATE"))
	}
	if s.kind == dateOnly && m.from.kind != dateOnly {
		// A program that names occurrences of a timed series by their day.
		s.wall = s.wall.AddDate(0, 0, m.days())
		return s, l
	}
	moved := m.wall(s)
	moved.wall = moved.wall.Add(m.to.wall.Sub(m.from.wall))
	moved.kind, moved.tzid = m.to.kind, m.to.tzid
	if s.kind == utc && m.to.kind != floating {
		at := tz.Instant(moved.wall, m.to.location(m.w.old.tzs, m.w.opt.Zones))
		return stamp{wall: at.UTC(), kind: utc}, l
	}
	return moved, m.begin.WithName(l.Name).WithParams(rangeOf(l, m.begin)...)
}

// rangeOf are the parameters of the new start with what else the line had.
func rangeOf(l, begin *line.Line) []line.Param {
	var out []line.Param
	for _, p := range l.Params {
		if p.Name != "TZID" && p.Name != "VALUE" {
			out = append(out, p)
		}
	}
	for _, p := range begin.Params {
		if p.Name == "TZID" || p.Name == "VALUE" {
			out = append(out, p)
		}
	}
	return out
}

// wall is the time as a clock in the old start's zone shows it.
func (m mover) wall(s stamp) stamp {
	if s.kind == dateOnly || s.kind == floating || s.kind == m.from.kind && s.tzid == m.from.tzid {
		return s
	}
	at := s.instant(m.w.old.tzs, m.w.opt.Zones).In(m.loc)
	_, off := at.Zone()
	return stamp{wall: at.UTC().Add(time.Duration(off) * time.Second), kind: inZone}
}

func (m mover) days() int {
	return int(m.to.dated().wall.Sub(m.from.dated().wall) / (24 * time.Hour))
}
