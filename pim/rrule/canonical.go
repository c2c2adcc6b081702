package rrule

import (
	"slices"
	"time"

	"crmbridge/pim/tz"
)

// Canonical is the rule with everything named that it takes from the start of the set, and in one of the spellings that programs have for
// the same days: rules of equal canonical texts give the same occurrences. It says nothing of rules whose texts differ.
//
//   - Days and times that DTSTART gives (RFC 5545 3.3.10) are written out, those that are ignored because it is a date are not.
//   - UNTIL is the last moment at which the rule could have an occurrence, in UTC, or that date. So the day of the last one, its end
//     and the time of the last one are the same.
//   - WKST is left out where it decides nothing.
//   - FREQ=DAILY;BYDAY=MO,TU is FREQ=WEEKLY;BYDAY=MO,TU, and BYDAY=TU;BYSETPOS=2 of a month is BYDAY=2TU.
//
// A rule that is not valid is returned as it is.
func (s Set) Canonical(r Rule) Rule {
	if r.Validate() != nil || s.Start.Year() < 1 || s.Start.Year() > maxYear {
		return r
	}
	out := r.sorted()
	if s.Date {
		out.ByHour, out.ByMinute, out.BySecond = nil, nil, nil
		if !out.hasOtherBy() {
			out.BySetPos = nil
		}
	}
	if lifted := lift(out); lifted.Validate() == nil {
		out = lifted
	}
	wall := s.startWall()
	out = fromStart(out, dateOf(floorDiv(wall, secondsPerDay)))
	if !s.Date {
		out.timesOf(int(floorMod(wall, secondsPerDay)))
	}
	out.numberDays(s.Date)
	if !out.mindsWeekStart(weekdayOf(floorDiv(wall, secondsPerDay))) {
		out.WeekStart = Monday
	}
	if out.Interval = max(1, out.Interval); out.Until.Form != UntilNone {
		out.Until = s.canonicalUntil(out)
	}
	if out.Validate() != nil {
		return r
	}
	return out
}

// sorted is the rule with lists of its own, in order and without doubles.
func (r Rule) sorted() Rule {
	for _, p := range listParts {
		list := slices.Clone(*p.list(&r))
		slices.Sort(list)
		*p.list(&r) = slices.Compact(list)
	}
	for i, n := range r.BySecond {
		r.BySecond[i] = min(n, 59)
	}
	r.BySecond = slices.Compact(r.BySecond)
	r.ByDay = slices.Clone(r.ByDay)
	slices.SortFunc(r.ByDay, compareDays)
	r.ByDay = slices.Compact(r.ByDay)
	return r
}

// timesOf names the times that the rule leaves to a start at that second of the day.
func (r *Rule) timesOf(second int) {
	for _, part := range []struct {
		list  *[]int
		open  bool
		value int
	}{
		{&r.ByHour, r.Freq >= Daily, second / secondsPerHour},
		{&r.ByMinute, r.Freq >= Hourly, second % secondsPerHour / secondsPerMinute},
		{&r.BySecond, r.Freq >= Minutely, second % secondsPerMinute},
	} {
		if part.open && len(*part.list) == 0 {
			*part.list = []int{part.value}
		}
	}
}

// once reports that the rule has at most one occurrence on a day.
func (r Rule) once(dateOnly bool) bool {
	return r.Freq >= Daily && (dateOnly || len(r.ByHour) == 1 && len(r.ByMinute) == 1 && len(r.BySecond) == 1)
}

// numberDays writes the n-th weekday of a month as such where it is picked by its position.
func (r *Rule) numberDays(dateOnly bool) {
	inMonth := r.Freq == Monthly || r.Freq == Yearly && len(r.ByMonth) == 1
	if !inMonth || !r.once(dateOnly) || len(r.BySetPos) != 1 || len(r.ByDay) != 1 || r.ByDay[0].N != 0 || len(r.ByMonthDay)+len(r.ByYearDay)+len(r.ByWeekNo) > 0 {
		return
	}
	if n := r.BySetPos[0]; n >= -5 && n <= 5 {
		r.ByDay, r.BySetPos = []NthDay{{N: n, Day: r.ByDay[0].Day}}, nil
	}
}

// mindsWeekStart reports a rule whose weeks begin on a day that matters: those of every other week, of numbered ones, and those in which
// days are counted.
func (r Rule) mindsWeekStart(start Weekday) bool {
	switch r.Freq {
	case Yearly:
		return len(r.ByWeekNo) > 0
	case Weekly:
		return len(r.BySetPos) > 0 || r.Interval > 1 && slices.ContainsFunc(r.ByDay, func(d NthDay) bool { return d.Day != start })
	}
	return false
}

// canonicalUntil is the last moment, or date, that an occurrence of a rule with all its times could have.
func (s Set) canonicalUntil(r Rule) Until {
	clock := tz.NewClock(s.Zone)
	last := s.untilUnix(r.Until, clock)
	wall := clock.Wall(last)
	day := floorDiv(wall, secondsPerDay)
	switch {
	case s.Date:
		return Until{UntilDate, time.Unix(day*secondsPerDay, 0).UTC()}
	case r.once(false):
		inDay := int64(r.ByHour[0]*secondsPerHour + r.ByMinute[0]*secondsPerMinute + r.BySecond[0])
		unix, _ := clock.Instant(day*secondsPerDay + inDay)
		if unix > last {
			unix, _ = clock.Instant((day-1)*secondsPerDay + inDay)
		}
		last = unix
	}
	return Until{UntilUTC, time.Unix(last, 0).UTC()}
}
