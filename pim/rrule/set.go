package rrule

import (
	"fmt"
	"time"

	"crmbridge/pim/tz"
)

// Set is a recurrence set: DTSTART, RRULEs, RDATEs and EXDATEs of one component. It is a value that expansion only
// reads.
//
// Start is a wall clock reading whose own Location is ignored, as with package tz. All other times, in and out, are
// instants; At makes them of readings. Fractions of seconds are dropped.
type Set struct {
	Start time.Time
	// Date says that Start is a DATE: occurrences begin at midnight.
	Date bool
	// Zone is where Start is read. Nil stands for UTC, and for floating times and dates whose instants are then those
	// of UTC; a caller that knows whose calendar it is gives that zone instead.
	Zone  *time.Location
	Rules []Rule
	// RDates and ExDates add and remove single occurrences; ExDates win.
	RDates, ExDates []time.Time
	// ExDays remove all occurrences of a day of Zone, given like Start: EXDATE;VALUE=DATE in an event with times,
	// which some programs write.
	ExDays []time.Time
	// RulesOnly leaves the start out unless a rule gives it, and does not count it: EXRULE (RFC 2445 4.8.5.2), whose
	// times are taken away.
	RulesOnly bool
}

// At is the instant of a wall clock reading in the set's terms: in Zone, at midnight for dates, read like Start. It is
// in Zone.
func (s Set) At(wall time.Time) time.Time {
	return time.Unix(tz.Instant(time.Unix(s.wallSeconds(wall), 0).UTC(), s.Zone).Unix(), 0).In(s.location())
}

func (s Set) location() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

func (s Set) wallSeconds(wall time.Time) int64 {
	sec := tz.WallSeconds(wall)
	if s.Date {
		sec -= floorMod(sec, secondsPerDay)
	}
	return sec
}

func (s Set) startWall() int64 { return s.wallSeconds(s.Start) }

// untilUnix is the last second that UNTIL includes. RFC 5545 3.3.10 wants UNTIL of the same type as DTSTART, in UTC if
// that has a zone; what programs write otherwise is read as they mean it.
func (s Set) untilUnix(u Until, clock *tz.Clock) int64 {
	wall := u.Time.Unix()
	if u.Form == UntilUTC && !s.Date {
		return wall
	}
	if u.Form == UntilUTC {
		wall = clock.Wall(wall)
	}
	if u.Form == UntilDate || s.Date {
		wall += secondsPerDay - 1 - floorMod(wall, secondsPerDay)
	}
	unix, _ := clock.Instant(wall)
	return unix
}

func (s Set) validate() error {
	if y := s.Start.Year(); y < 1 || y > maxYear {
		return fmt.Errorf("%w: start in year %d", ErrRule, y)
	}
	for _, r := range s.Rules {
		if err := r.Validate(); err != nil {
			return err
		}
		if s.Date && r.Freq < Daily {
			return fmt.Errorf("%w: FREQ=%s for a date", ErrRule, r.Freq)
		}
	}
	return nil
}

// Between returns the starts of all occurrences from from up to, not including, until, in order, each once, in Zone.
// A zero from begins with the first, a zero until goes on until the set ends or the budget, which for a set without
// end is an error. Errors are ErrBudget, with the occurrences found so far, and those of Rule.Validate.
func (s Set) Between(from, until time.Time, b *Budget) ([]time.Time, error) {
	it := s.Iter(from, until, b)
	var all []time.Time
	for t, ok := it.Next(); ok; t, ok = it.Next() {
		all = append(all, t)
	}
	return all, it.Err()
}

// Has reports whether an occurrence starts at t, by the second: whether a RECURRENCE-ID names one.
func (s Set) Has(t time.Time, b *Budget) (bool, error) {
	t = t.Truncate(time.Second)
	it := s.Iter(t, t.Add(time.Second), b)
	_, ok := it.Next()
	if ok {
		return true, nil
	}
	return false, it.Err()
}
