package ics

import (
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
	"crmbridge/pim/tz"
)

// timeLine writes v into the property called name, in the form of old if there is one:
// its zone and its other parameters stay. Without a zone in old, that of beside counts
// (DTSTART for DTEND), then v's own, then opt.Zone, then UTC.
func (w *writer) timeLine(name string, v pim.When, old, beside *line.Line) *line.Line {
	if old == nil {
		old = line.New(name, "")
	}
	s, zone := w.stampFor(v, old, beside)
	bare := old.WithoutParam("TZID", "VALUE")
	switch s.kind {
	case dateOnly:
		return bare.WithParam(line.P("VALUE", "DATE")).WithValue(s.value())
	case inZone:
		if s.tzid == trim(old.Param("TZID")) {
			return old.WithValue(s.value()) // the name and its spelling stay
		}
		w.define(s.tzid, zone)
		return bare.WithParam(line.P("TZID", s.tzid)).WithValue(s.value())
	}
	return bare.WithValue(s.value())
}

// stampFor chooses the written form of v; zone is that of a stamp in a zone.
func (w *writer) stampFor(v pim.When, old, beside *line.Line) (stamp, tz.Zone) {
	switch {
	case v.Date:
		return stamp{wall: v.Time}.dated(), tz.Zone{}
	case v.Floating:
		return stamp{wall: v.Time, kind: floating}, tz.Zone{}
	}
	inUTC := stamp{wall: v.Time.UTC().Truncate(time.Second), kind: utc}
	for _, l := range []*line.Line{old, beside} {
		s, ok := stampOf(l)
		if ok && s.kind == utc {
			return inUTC, tz.Zone{}
		}
		if ok && s.kind == inZone {
			if zone, ok := w.old.tzs.find(s.tzid); ok {
				return inZoneOr(inUTC, trim(s.tzid), zone), zone
			}
		}
	}
	for _, name := range []string{v.Zone, w.opt.Zone} {
		if zone, err := tz.Resolve(name); name != "" && err == nil {
			if zone.Name == "UTC" {
				return inUTC, tz.Zone{}
			}
			return inZoneOr(inUTC, zone.Name, zone), zone
		}
	}
	return inUTC, tz.Zone{}
}

// inZoneOr is the moment as a wall clock reading, unless that reading means another one:
// the second of two equal ones when clocks go back can only be written in UTC.
func inZoneOr(inUTC stamp, tzid string, zone tz.Zone) stamp {
	local := inUTC.wall.In(zone.Loc)
	_, off := local.Zone()
	s := stamp{wall: inUTC.wall.Add(time.Duration(off) * time.Second), kind: inZone, tzid: tzid}
	if !tz.Instant(s.wall, zone.Loc).Equal(inUTC.wall) {
		return inUTC
	}
	return s
}

// define puts the VTIMEZONE of a zone that is new to the text ahead of the components
// (RFC 5545 3.6.5).
func (w *writer) define(tzid string, zone tz.Zone) {
	if w.next.tzs.has(tzid) {
		return
	}
	from := w.read.o.tzs.at
	if from.IsZero() {
		from = pim.BeginOf(w.want).Time
	}
	text, err := line.Parse(tz.VTimezone(zone, from, time.Time{}), line.Limits{})
	if err != nil || len(text.Blocks()) != 1 {
		w.fail("the time zone cannot be written")
		return
	}
	b := text.Blocks()[0].Fresh()
	w.next.cal.AddBlockAhead(b)
	w.next.tzs.blocks[tzid] = b
}

func (w *writer) eventTimes(want *pim.Event, diff pim.FieldSet) {
	if !diff.Has(pim.FieldTime) {
		return
	}
	start, end := want.Start, want.End
	if end.IsZero() {
		end = defaultEnd(start)
	}
	switch {
	case start.IsZero():
		w.fail("the event has no start")
		return
	case start.Date != end.Date:
		w.fail("an event cannot begin with a date and end with a time")
		return
	case end.Before(start) || start.Date && !start.Before(end):
		w.fail("the event ends before it begins")
		return
	}
	w.touched, w.rescheduled = true, true
	begin := w.start(start)
	w.end(start, end, begin)
	allDay := "FALSE"
	if start.Date {
		allDay = "TRUE"
	}
	w.follow("X-MICROSOFT-CDO-ALLDAYEVENT", allDay)
}

// start writes DTSTART and moves what refers to it.
func (w *writer) start(v pim.When) *line.Line {
	old := w.c.First("DTSTART")
	begin := w.keep(old, v)
	if begin == nil {
		begin = w.timeLine("DTSTART", v, old, nil)
		w.put("DTSTART", begin)
	}
	if old != nil && begin != old {
		w.moveExceptions(old, begin)
	}
	return begin
}

// keep is the line itself when it says v already.
func (w *writer) keep(l *line.Line, v pim.When) *line.Line {
	if s, ok := stampOf(l); ok && w.read.when(s).Equal(v) && w.read.when(s).Date == (s.kind == dateOnly) {
		return l
	}
	return nil
}

// end writes DTEND, or DURATION where the text has that.
func (w *writer) end(start, end pim.When, begin *line.Line) {
	old, dur := w.c.First("DTEND"), w.c.First("DURATION")
	s, _ := stampOf(begin)
	switch {
	case old == nil && dur != nil:
		w.span(dur, s, start, end)
	case old == nil && end.Equal(defaultEnd(start)):
	default:
		if w.keep(old, end) == nil {
			w.put("DTEND", w.timeLine("DTEND", end, old, begin))
		}
		w.c.Remove("DURATION") // RFC 5545 3.6.1: not both
	}
}

// span writes DURATION so that it leads from start (written as s) to end. A line that does
// so already stays.
func (w *writer) span(old *line.Line, s stamp, start, end pim.When) {
	fresh := w.read
	fresh.allDay = false
	if sp, ok := parseSpan(old.Value); ok && sp.total() > 0 && fresh.after(s, sp).Equal(end) {
		return
	}
	d := end.Time.Sub(start.Time)
	if d < time.Second {
		w.put("DURATION", nil)
		return
	}
	w.put("DURATION", old.WithValue(duration(d, start.Date)))
}

func (w *writer) taskTimes(want *pim.Task, diff pim.FieldSet) {
	if diff.Has(pim.FieldCompleted) {
		w.point("COMPLETED", want.Completed)
	}
	if !diff.Has(pim.FieldStart) && !diff.Has(pim.FieldDue) {
		return
	}
	w.touched, w.rescheduled = true, true
	have := w.have.(*pim.Task)
	start, due := have.Start, have.Due
	if diff.Has(pim.FieldStart) {
		start = want.Start
	}
	if diff.Has(pim.FieldDue) {
		due = want.Due
	}
	w.taskSpan(start, due, diff)
}

// taskSpan writes DTSTART and DUE, or DURATION where the text has that and it can be kept:
// it needs a start and an end behind it (RFC 5545 3.6.2).
func (w *writer) taskSpan(start, due pim.When, diff pim.FieldSet) {
	dur := w.c.First("DURATION")
	if w.c.First("DUE") != nil {
		dur = nil
	}
	var begin *line.Line
	switch {
	case start.IsZero() && w.c.First("DTSTART") != nil:
		w.put("DTSTART", nil)
	case !start.IsZero():
		begin = w.start(start)
	}
	if dur != nil && start.Before(due) && start.Date == due.Date && start.Floating == due.Floating && begin != nil {
		s, _ := stampOf(begin)
		w.span(dur, s, start, due)
		return
	}
	w.c.Remove("DURATION")
	if due.IsZero() {
		w.c.Remove("DUE")
		return
	}
	if old := w.c.First("DUE"); diff.Has(pim.FieldDue) || old == nil {
		w.put("DUE", w.timeLine("DUE", due, old, begin))
	}
}

// point writes a time that RFC 5545 wants in UTC (COMPLETED).
func (w *writer) point(name string, v pim.When) {
	if v.IsZero() {
		w.put(name, nil)
		return
	}
	w.put(name, w.timeLine(name, v, w.c.First(name), line.New(name, "19700101T000000Z")))
}
