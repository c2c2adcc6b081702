package ics

import (
	"errors"
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/line"
	"crmbridge/pim/rrule"
)

// The preconditions that faults name: RFC 4791 5.3.2.1, and supported-rrule for a
// rule that is right but that we do not expand (FREQ=SECONDLY, MINUTELY).
const (
	SupportedData       = "supported-calendar-data"
	ValidCalendarData   = "valid-calendar-data"
	ValidObjectResource = "valid-calendar-object-resource"
	SupportedRule       = "supported-rrule"
	MaxInstances        = "max-instances"
)

// maxDates is how many single dates a series may list.
const maxDates = 10_000

// maxFaults is enough for a message; a text of ten thousand wrong lines needs no more.
const maxFaults = 20

// Validate says what is wrong with o as an object that CalDAV stores, nil when
// nothing is. It is lenient where clients are known to be careless and nothing is
// lost by it (no PRODID, no DTSTAMP, a TZID without VTIMEZONE), and strict where other clients
// would choke: RFC 4791 4.1 (no METHOD, one component type, one UID), a start, dates that
// exist, an end not before the start nor against a duration, rules that parse, characters that XML can carry.
func (o *Object) Validate() []line.Fault {
	v := validator{o: o}
	v.characters()
	v.calendar()
	v.resource()
	for _, c := range o.main {
		v.component(c)
	}
	return v.faults
}

type validator struct {
	o      *Object
	faults []line.Fault
}

func (v *validator) fault(condition string, no int, text string) {
	if len(v.faults) < maxFaults {
		v.faults = append(v.faults, line.Fault{Condition: condition, Line: no, Text: text})
	}
}

func (v *validator) characters() {
	v.o.cal.Walk(func(l *line.Line) bool {
		if !l.Carriable() {
			v.fault(ValidCalendarData, l.No, "it holds bytes that are no UTF-8 text, or control characters")
		}
		return len(v.faults) < maxFaults
	})
}

func (v *validator) calendar() {
	l := v.o.cal.First("VERSION")
	switch {
	case l == nil:
		v.fault(ValidCalendarData, v.o.cal.No(), "the calendar has no VERSION")
	case trim(l.Value) != "2.0":
		v.fault(SupportedData, l.No, "only version 2.0 of iCalendar is supported")
	}
	// RFC 4791 4.1: a stored object is no message.
	if l := v.o.cal.First("METHOD"); l != nil {
		v.fault(ValidObjectResource, l.No, "METHOD is not allowed in a stored object")
	}
	if v.o.Component() == "" {
		v.fault(ValidObjectResource, 0, "there is no event, task or other component")
	}
}

// resource checks that the components are one series (RFC 4791 4.1).
func (v *validator) resource() {
	uid := v.o.UID()
	masters := 0
	for _, c := range v.o.main {
		if c.Name != v.o.main[0].Name {
			v.fault(ValidObjectResource, c.No(), "components of different types are in one object")
		}
		switch l := c.First("UID"); {
		case l == nil || uidOf(l) == "":
			v.fault(ValidObjectResource, c.No(), "the component has no UID")
		case uidOf(l) != uid:
			v.fault(ValidObjectResource, l.No, "components with different UIDs are in one object")
		}
		if c.First("RECURRENCE-ID") == nil {
			masters++
			if masters > 1 {
				v.fault(ValidObjectResource, c.No(), "a second component of the series has no RECURRENCE-ID")
			}
		}
	}
}

func (v *validator) component(c *line.Block) {
	for _, name := range []string{"UID", "DTSTART", "DTEND", "DUE", "DURATION", "RECURRENCE-ID"} {
		if all := c.All(name); len(all) > 1 {
			v.fault(ValidCalendarData, all[1].No, name+" stands there twice")
		}
	}
	if c.Name == event && c.First("DTSTART") == nil {
		v.fault(ValidCalendarData, c.No(), "the event has no DTSTART")
	}
	for _, name := range []string{"DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "COMPLETED"} {
		if l := c.First(name); l != nil {
			if _, ok := stampOf(l); !ok {
				v.fault(ValidCalendarData, l.No, "there is no such date or time")
			}
		}
	}
	for _, name := range []string{"RDATE", "EXDATE"} {
		n := 0
		for _, l := range c.All(name) {
			v.dates(l)
			n += strings.Count(l.Value, ",") + 1
		}
		if n > maxDates {
			v.fault(MaxInstances, c.No(), "the series lists too many single dates")
		}
	}
	v.length(c)
	v.rules(c)
}

func (v *validator) dates(l *line.Line) {
	for s := range strings.SplitSeq(l.Value, ",") {
		s, _, _ = strings.Cut(s, "/") // a period by its start
		if _, ok := parseStamp(s, ""); !ok && trim(s) != "" {
			v.fault(ValidCalendarData, l.No, "there is no such date or time")
			return
		}
	}
}

// length checks the end against the start (RFC 5545 3.8.2.2, 3.8.2.5). Equal ones are let
// through, since many programs write events without length like that, and so is a task that
// is due ahead of its start (3.8.2.3): people move one of the two and forget the other.
func (v *validator) length(c *line.Block) {
	if l := c.First("DURATION"); l != nil && c.Name != freeBusy {
		if sp, ok := parseSpan(l.Value); !ok || sp.total() < 0 {
			v.fault(ValidCalendarData, l.No, "the duration cannot be read or is negative")
		}
	}
	start, ok := stampOf(c.First("DTSTART"))
	v.twoEnds(c, start, ok)
	l := c.First("DTEND")
	end, ok2 := stampOf(l)
	if c.Name != event || !ok || !ok2 {
		return
	}
	if (start.kind == dateOnly) != (end.kind == dateOnly) {
		v.fault(ValidCalendarData, l.No, "the event begins with a date and ends with a time, or the other way round")
		return
	}
	before := end.instant(v.o.tzs, Zones{}).Before(start.instant(v.o.tzs, Zones{}))
	if start.kind == floating || end.kind == floating {
		before = end.wall.Before(start.wall)
	}
	if before {
		v.fault(ValidCalendarData, l.No, "the end is before the start")
	}
}

// twoEnds checks an end against a duration (RFC 5545 3.6.1, 3.6.2: one of them at most). Programs differ in which they
// follow, so a text in which they contradict each other would be two events; when they agree, nothing is lost. A task
// with a duration and no start is due when DUE says.
func (v *validator) twoEnds(c *line.Block, start stamp, hasStart bool) {
	name := "DTEND"
	if c.Name == todo {
		name = "DUE"
	}
	l := c.First("DURATION")
	end, ok := stampOf(c.First(name))
	sp, ok2 := parseSpan(c.Value("DURATION"))
	if l == nil || c.Name != event && c.Name != todo || !hasStart || !ok || !ok2 {
		return
	}
	r := v.o.reader(c, Zones{})
	if !r.when(end).Equal(r.after(start, sp)) {
		v.fault(ValidCalendarData, l.No, name+" and DURATION say different things")
	}
}

func (v *validator) rules(c *line.Block) {
	start, ok := stampOf(c.First("DTSTART"))
	for _, l := range c.All("EXRULE") {
		// One that cannot be read is kept and takes nothing away.
		if _, err := checkRule(trim(l.Value)); errors.Is(err, pim.ErrUnsupported) {
			v.fault(SupportedRule, l.No, pim.PublicText(err))
		}
	}
	for _, l := range c.All("RRULE") {
		r, err := checkRule(trim(l.Value))
		switch {
		case err == nil && ok && start.kind == dateOnly && r.Freq < rrule.Daily:
			v.fault(ValidCalendarData, l.No, "a day cannot repeat more often than daily")
		case err == nil:
		case errors.Is(err, pim.ErrUnsupported):
			v.fault(SupportedRule, l.No, pim.PublicText(err))
		default:
			v.fault(ValidCalendarData, l.No, "the recurrence rule cannot be read")
		}
	}
}
