package sample

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// Calendar is a calendar of any size. Its first Standing events are series without
// end and the next Steady ones lie in SteadyMonth, whatever the size; all others are
// spread over two years from Begin. So the answer for SteadyMonth is the same in a
// calendar of 1 000 and of 100 000 events, and that for another month grows.
//
// Of the others 5 % are series with an end and 8 % last whole days; a third has
// an alarm, a fifth attendees.
type Calendar struct{}

// What does not grow with the calendar.
const (
	Standing = 40
	Steady   = 40
)

// Begin is the start of the two years, a Monday.
func (Calendar) Begin() time.Time { return time.Date(2024, 12, 30, 0, 0, 0, 0, time.UTC) }

// spread is how many days events are spread over.
const spread = 2 * 365

// SteadyMonth is the month of the Steady events, after the last series with an end.
func (Calendar) SteadyMonth() (from, until time.Time) {
	return time.Date(2027, 9, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 10, 1, 0, 0, 0, 0, time.UTC)
}

// UsualMonth is a month in the middle of the two years.
func (Calendar) UsualMonth() (from, until time.Time) {
	return time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC)
}

// berlin is how a widespread client defines the zone.
const berlin = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n" +
	"DTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\n" +
	"TZOFFSETTO:+0100\r\nTZNAME:CET\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"

// Event is the nth event, n from 0. With revision above 0 it is that event after as
// many changes of its title by a client.
func (c Calendar) Event(n, revision int) Object {
	r := chance(eventSeed, n)
	o := Object{UID: fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), n)}
	o.Name = o.UID + ".ics"
	start, zoned := c.start(r, n)
	t := &text{b: make([]byte, 0, 1600)}
	t.line("BEGIN:VCALENDAR")
	t.line("PRODID:-//Example//Example Calendar 1.0//EN")
	t.line("VERSION:2.0")
	if zoned {
		t.b = append(t.b, berlin...)
	}
	t.line("BEGIN:VEVENT")
	t.line("CREATED:20241001T080000Z")
	t.line("LAST-MODIFIED:", stamp(revision))
	t.line("DTSTAMP:", stamp(revision))
	t.line("UID:", o.UID)
	title := pick(r, topics()) + " " + strconv.Itoa(n)
	if revision > 0 {
		title += " (moved " + strconv.Itoa(revision) + ")"
	}
	t.line("SUMMARY:", value(title))
	when(t, r, n, start, zoned)
	details(t, r)
	t.line("END:VEVENT")
	t.line("END:VCALENDAR")
	o.Text = t.b
	return o
}

// stamp is later with each revision.
func stamp(revision int) string {
	return time.Date(2025, 1, 6, 7, 0, revision, 0, time.UTC).Format("20060102T150405Z")
}

// start is the wall clock time at which an event begins; five of six are in a zone,
// the rest in UTC.
func (c Calendar) start(r *rand.Rand, n int) (at time.Time, zoned bool) {
	day := c.Begin().AddDate(0, 0, r.IntN(spread))
	switch from, until := c.SteadyMonth(); {
	case n < Standing:
		day = c.Begin().AddDate(0, 0, n)
	case n < Standing+Steady:
		day = from.AddDate(0, 0, 1+(n-Standing)%(int(until.Sub(from).Hours()/24)-2))
	}
	return day.Add(time.Duration(7+r.IntN(11))*time.Hour + time.Duration(r.IntN(4))*15*time.Minute), r.IntN(6) > 0
}

func when(t *text, r *rand.Rand, n int, start time.Time, zoned bool) {
	length := time.Duration(1+r.IntN(8)) * 15 * time.Minute
	end := start.Add(length)
	wholeDay := n >= Standing && r.IntN(100) < 8
	switch {
	case wholeDay:
		t.line("DTSTART;VALUE=DATE:", start.Format("20060102"))
		t.line("DTEND;VALUE=DATE:", start.AddDate(0, 0, 1+r.IntN(3)).Format("20060102"))
	case zoned:
		t.line("DTSTART;TZID=Europe/Berlin:", start.Format("20060102T150405"))
		t.line("DTEND;TZID=Europe/Berlin:", end.Format("20060102T150405"))
	default:
		t.line("DTSTART:", start.Format("20060102T150405Z"))
		t.line("DTEND:", end.Format("20060102T150405Z"))
	}
	switch series := r.IntN(100); {
	case n < Standing:
		t.line("RRULE:", pick(r, []string{"FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY;BYDAY=1TU", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR"}))
	case n >= Standing+Steady && series < 5:
		t.line("RRULE:", pick(r, []string{"FREQ=WEEKLY;COUNT=8", "FREQ=WEEKLY;COUNT=20", "FREQ=DAILY;COUNT=5", "FREQ=MONTHLY;COUNT=6"}))
		if series < 2 && !wholeDay && zoned {
			t.line("EXDATE;TZID=Europe/Berlin:", start.Format("20060102T150405"))
		}
	}
}

func details(t *text, r *rand.Rand) {
	if r.IntN(2) == 0 {
		t.line("LOCATION:", value(pick(r, places())))
	}
	if r.IntN(5) < 3 {
		notes := pick(r, sentences())
		for range r.IntN(6) {
			notes += " " + pick(r, sentences())
		}
		t.line("DESCRIPTION:", value(notes))
	}
	if r.IntN(5) == 0 {
		t.line("CATEGORIES:", pick(r, []string{"Customer", "Internal", "Travel", "Private"}))
	}
	if r.IntN(5) == 0 {
		t.line("ORGANIZER;CN=Demo Owner:mailto:owner@example.org")
		for range 2 + r.IntN(5) {
			p := person(r)
			t.line("ATTENDEE;CN=\"", p.given, " ", p.family, "\";ROLE=REQ-PARTICIPANT;PARTSTAT=", pick(r, []string{"ACCEPTED", "NEEDS-ACTION", "TENTATIVE"}),
				";RSVP=TRUE:mailto:", p.mail)
		}
	}
	t.line("TRANSP:OPAQUE")
	if r.IntN(3) == 0 {
		t.line("BEGIN:VALARM")
		t.line("ACTION:DISPLAY")
		t.line("TRIGGER:-PT15M")
		t.line("DESCRIPTION:Reminder")
		t.line("END:VALARM")
	}
}
