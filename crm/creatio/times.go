package creatio

import (
	"time"

	"crmbridge/pim"
)

// Creatio has instants only. A date is the user's midnight, in both directions; a
// due date is the last minute of its day, so that people do not see it as overdue
// from the morning.

// instant is the moment that Creatio keeps for w.
func instant(w pim.When, loc *time.Location) time.Time {
	if w.IsZero() {
		return time.Time{}
	}
	if w.Date {
		return midnight(w.Time, loc)
	}
	if w.Floating {
		t := w.Time
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, loc).UTC()
	}
	return w.Time.UTC().Truncate(time.Second)
}

// midnight is when day's date begins in loc. Where the clock skips midnight, time.Date
// gives the same moment each time, which is what counts.
func midnight(day time.Time, loc *time.Location) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, loc).UTC()
}

// onDate is the date that begins at t; ok is false when t is no midnight.
func onDate(t time.Time, loc *time.Location) (pim.When, bool) {
	local := t.In(loc)
	if t.IsZero() || !midnight(local, loc).Equal(t) {
		return pim.When{}, false
	}
	return pim.On(local.Date()), true
}

// span is the start and end of an event: dates when it lasts from midnight to
// midnight.
func (c *connector) span(start, due time.Time) (from, until pim.When) {
	if due.Before(start) {
		due = start
	}
	a, ok1 := onDate(start, c.zone)
	b, ok2 := onDate(due, c.zone)
	if ok1 && ok2 && due.After(start) {
		return a, b
	}
	return pim.At(start, c.env.Zone), pim.At(due, c.env.Zone)
}

// spanTimes is what span came from.
func (c *connector) spanTimes(e *pim.Event) (start, due time.Time) {
	start, due = instant(e.Start, c.zone), instant(e.End, c.zone)
	if start.IsZero() {
		start = due
	}
	if due.Before(start) {
		due = start
	}
	return start, due
}

// lastMinute is the due moment of a date.
func lastMinute(day time.Time, loc *time.Location) time.Time {
	return midnight(day.AddDate(0, 0, 1), loc).Add(-time.Minute)
}

// taskSpan is the start and due time of a task. Both columns must be filled, so a
// start that equals the due time means that there is none.
func (c *connector) taskSpan(start, due time.Time) (from, until pim.When) {
	local := due.In(c.zone)
	dated := !due.IsZero() && lastMinute(local, c.zone).Equal(due)
	alone := start.Equal(due) || start.IsZero() || start.After(due)
	startDate, ok := onDate(start, c.zone)
	if dated && (alone || ok) {
		until = pim.On(local.Date())
	} else {
		until = pim.At(due, c.env.Zone)
	}
	switch {
	case alone:
	case dated && ok: // RFC 5545 3.8.2.3: DUE and DTSTART have one type
		from = startDate
	default:
		from = pim.At(start, c.env.Zone)
	}
	return from, until
}

// taskTimes is what taskSpan came from, with defaults for what is missing.
func (c *connector) taskTimes(t *pim.Task) (start, due time.Time) {
	start, due = instant(t.Start, c.zone), instant(t.Due, c.zone)
	if t.Due.Date {
		due = lastMinute(t.Due.Time, c.zone)
	}
	switch {
	case t.Due.IsZero() && t.Start.IsZero():
		due = lastMinute(c.env.Now().In(c.zone), c.zone)
	case t.Due.IsZero() && t.Start.Date:
		due = lastMinute(t.Start.Time, c.zone)
	case t.Due.IsZero():
		due = start.Add(30 * time.Minute)
	}
	if start.IsZero() || start.After(due) {
		start = due
	}
	return start, due
}
