package pim

import (
	"strings"
	"time"

	"crmbridge/pim/tz"
)

// Occurrences are named by the starts that the rule gives them (RFC 5545 3.8.4.4), so that they have other names once the
// start of their series has moved.

// location is the zone that an instant is written in.
func (w When) location() *time.Location {
	if w.Zone != "" && !w.Date && !w.Floating {
		if loc, err := time.LoadLocation(w.Zone); err == nil {
			return loc
		}
	}
	return time.UTC
}

// wall is what the clock shows at w in a zone, as if it were UTC.
func (w When) wall(loc *time.Location) time.Time {
	if w.Date || w.Floating {
		return w.Time
	}
	local := w.Time.In(loc)
	_, off := local.Zone()
	return w.Time.Add(time.Duration(off) * time.Second)
}

// atWall is the time that form is, with another wall clock.
func atWall(wall time.Time, form When) When {
	switch {
	case form.Date:
		y, m, d := wall.Date()
		return On(y, m, d)
	case form.Floating:
		return When{Time: wall, Floating: true}
	}
	return At(tz.Instant(wall, form.location()), form.Zone)
}

// inFormOf is w as a series that begins with start has it: in its zone, as its date, or, where w is a day, at its time of day.
func (w When) inFormOf(start When) When {
	switch {
	case start.IsZero() || w.IsZero():
		return w
	case w.Date == start.Date && w.Floating == start.Floating:
		w.Zone = start.Zone
		return w
	case w.Date:
		clock := start.wall(start.location())
		return atWall(w.Time.Add(clock.Sub(midnight(clock))), start)
	case start.Date:
		return atWall(w.wall(w.location()), start)
	case w.Floating:
		return atWall(w.Time, start)
	}
	return atWall(w.wall(w.location()), start)
}

// A length tells where an occurrence that begins at begin ends, of a series that begins at start and ends at end. What has no end gets none.
type length func(end, start, begin When) When

// exactly counts seconds, or whole days (RFC 5545 3.8.5.3). An end in another form than the start is as many days behind it.
func exactly(end, start, begin When) When {
	switch {
	case end.IsZero() || start.IsZero():
		return end
	case end.Date != start.Date || end.Floating != start.Floating:
		return onClock(start.location())(end, start, begin)
	}
	end.Time = begin.Time.Add(end.Time.Sub(start.Time))
	return end
}

// onClock counts what clocks in a zone show, so that a night in which they change is as long on them as any other.
func onClock(zone *time.Location) length {
	return func(end, start, begin When) When {
		if end.IsZero() || start.IsZero() {
			return end
		}
		wall := end.wall(zone).Add(begin.wall(zone).Sub(start.wall(zone)))
		switch {
		case end.Date:
			return On(wall.Date())
		case end.Floating:
			return When{Time: wall, Floating: true}
		}
		return At(tz.Instant(wall, zone), end.Zone)
	}
}

// Shift is how far the start of a series moved. The zero Shift is not at all.
type Shift struct{ from, to When }

// StartShift is how far the names of occurrences moved when a series became another: as far as its start, unless the names
// show that they did not, or the start only passed over occurrences. Items that do not begin with a time do not move.
func StartShift(was, is Item) Shift {
	s := Shift{BeginOf(was), BeginOf(is)}
	if s.from.IsZero() || s.to.IsZero() || s.from.Equal(s.to) {
		return Shift{}
	}
	before, after := namesOf(was), namesOf(is)
	for name := range before {
		if _, there := after[name]; there {
			return Shift{}
		}
	}
	for _, w := range before {
		if _, moved := after[s.Of(w).String()]; moved {
			return s
		}
	}
	if s.passesOver(RecurrenceOf(is)) {
		return Shift{}
	}
	return s
}

// BeginOf is where an event begins, or a task: at its due date where it has no start. Zero of other items.
func BeginOf(it Item) When {
	switch v := it.(type) {
	case *Event:
		return v.Start
	case *Task:
		if v.Start.IsZero() {
			return v.Due
		}
		return v.Start
	}
	return When{}
}

// namesOf are the starts by which a series names occurrences.
func namesOf(it Item) map[string]When {
	out := map[string]When{}
	if rec := RecurrenceOf(it); rec != nil {
		for _, w := range rec.Except {
			out[w.String()] = w
		}
		for _, o := range rec.Changed {
			out[o.At.String()] = o.At
		}
	}
	return out
}

// passesOver reports a start that moved by whole days, or weeks, of a rule that has these occurrences anyway.
func (s Shift) passesOver(rec *Recurrence) bool {
	if rec == nil || s.from.Date != s.to.Date || s.from.Floating != s.to.Floating {
		return false
	}
	const day = 24 * time.Hour
	d := s.distance()
	daily := len(rec.Rules) == 1 && strings.Contains(strings.ToUpper(rec.Rules[0]), "FREQ=DAILY")
	return d%(7*day) == 0 || daily && d%day == 0
}

// distance is by the clocks where the series was and is.
func (s Shift) distance() time.Duration {
	return s.to.wall(s.to.location()).Sub(s.from.wall(s.from.location()))
}

// IsZero reports a start that did not move.
func (s Shift) IsZero() bool { return s == Shift{} }

// Of is the name that an occurrence has since.
func (s Shift) Of(w When) When {
	if s.IsZero() || w.IsZero() {
		return w
	}
	wall := w.wall(s.from.location())
	if w.Date && !s.from.Date { // a timed series whose occurrences go by their day
		from, to := s.from.wall(s.from.location()), s.to.wall(s.to.location())
		return atWall(wall.Add(midnight(to).Sub(midnight(from))), w)
	}
	return atWall(wall.Add(s.distance()), s.to)
}

func midnight(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }

// Back is the name that it had before.
func (s Shift) Back() Shift { return Shift{s.to, s.from} }

// named is a recurrence whose occurrences have the names they have since s.
func (r *Recurrence) named(s Shift) *Recurrence {
	if s.IsZero() {
		return r
	}
	out := *r
	out.Except, out.Changed = nil, nil
	for _, w := range r.Except {
		out.Except = append(out.Except, s.Of(w))
	}
	for _, o := range r.Changed {
		out.Changed = append(out.Changed, Occurrence{At: s.Of(o.At), Item: o.Item})
	}
	return &out
}
