package tz

import (
	"cmp"
	"slices"
	"time"
)

// Define describes what clocks in zone do between from and until as a VTIMEZONE does. A zero until means for ever:
// yearly rules are then open, and a zone without one (Casablanca follows the moon) is listed as far as the zone data
// go.
//
// It is minimal: today's rules, reaching back to where they began, and what was before if from needs it. As long as
// from falls under today's rules the result does not depend on it, so that texts made of it stay the same from item
// to item. A year is added at both ends so that programs find summer and winter time.
func Define(zone Zone, from, until time.Time) Definition {
	lo, hi := from.AddDate(-1, 0, 0).Unix(), int64(farFuture)
	if !until.IsZero() {
		hi = until.AddDate(1, 0, 0).Unix()
	}
	p := zone.plan(from)
	past, all, runs, cut := p.past, p.all, p.runs, p.tail
	if cut == len(all) || all[cut].at > lo {
		cut = inForce(all, lo)
	}
	d := Definition{TZID: zone.Name}
	if cut >= 0 {
		d.Observances = observances(runs, all[cut].at, hi)
	} else {
		d.Observances = observances(runs, farPast, hi)
	}
	switch {
	case cut < 0:
		d.Observances = append(d.Observances, steady(past, min(lo, epoch.Unix())))
	case len(d.Observances) == 1 && len(d.Observances[0].RDates) == 0 && d.Observances[0].RRule == "":
		if all[cut].at < epoch.Unix() {
			d.Observances[0] = steady(all[cut], epoch.Unix())
		}
		// RFC 5545 3.6.5: clocks that do not change show standard time, whatever the law calls it.
		d.Observances[0].Daylight = false
	}
	slices.SortFunc(d.Observances, func(a, b Observance) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.OffsetFrom, b.OffsetFrom))
	})
	return d
}

// plan is what Define knows of a zone before it looks at a window.
type plan struct {
	past onset   // what held before all
	all  []onset // from the one in force in 1970, or at the window's beginning if that is earlier
	runs []*run
	tail int // index in all from which on today's rules hold
}

func makePlan(loc *time.Location, year int) plan {
	past, all := history(loc, year)
	runs := findRuns(all)
	return plan{past, all, runs, tail(all, runs)}
}

// plan takes the one kept with the zone where it reaches back far enough.
func (z Zone) plan(from time.Time) plan {
	if year := from.Year() - 1; z.entry == nil || year < epoch.Year() {
		return makePlan(z.Loc, min(year, epoch.Year()))
	}
	return z.entry.plan()
}

var epoch = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)

// steady is an observance that changes nothing: the offset and name that o leads to.
func steady(o onset, at int64) Observance {
	o.at = at - int64(o.to)
	o.from, o.daylight = o.to, false
	return plain([]onset{o})
}

// inForce is the index of the last onset up to an instant, -1 for none.
func inForce(all []onset, at int64) int {
	i, found := slices.BinarySearchFunc(all, at, func(o onset, at int64) int { return cmp.Compare(o.at, at) })
	if found {
		return i
	}
	return i - 1
}

// history lists the changes of clocks from the one in force at the beginning of year on. past tells what held before
// the first of them.
func history(loc *time.Location, year int) (past onset, all []onset) {
	s := stretchAt(loc, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
	if s.start != farPast {
		s = stretchAt(loc, s.start-1)
	}
	past = onset{s.start, kind{from: s.off, to: s.off, name: s.name}}
	end := time.Date(lastYear+1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	for s.end < end {
		next := stretchAt(loc, s.end)
		if next.off != s.off || next.daylight != s.daylight { // not just a new name
			o := onset{s.end, kind{from: s.off, to: next.off, name: next.name}}
			o.daylight = isDaylight(o, next.daylight, s.daylight)
			all = append(all, o)
		}
		s = next
	}
	return past, all
}

// isDaylight says under which heading a change goes. Dublin and Casablanca have by law standard time in summer and an
// hour less as "daylight saving"; calendar programs expect the time further east to be DAYLIGHT.
func isDaylight(o onset, dst, wasDST bool) bool {
	if dst {
		return o.to >= o.from || wasDST
	}
	return wasDST && o.to > o.from
}
