package ics

import (
	"math"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// widest is how far any zone is from UTC.
const widest = 14 * time.Hour

// Bounds is the span in Unix seconds outside which no occurrence, and nothing else that a
// time-range on the object's component can match, lies: math.MinInt64 and math.MaxInt64
// where it is open. It is for an index, with start < end of the range and end > start of the
// range as the test; Matches decides. Dates and floating times are widened by 14 hours,
// since any zone may read them. Alarms are not counted.
func (o *Object) Bounds() (start, end int64) {
	b := bounds{start: math.MaxInt64, end: math.MinInt64}
	switch o.Component() {
	case event, todo, journal:
	case freeBusy:
		b.freeBusy(o)
		return b.result()
	default:
		return math.MinInt64, math.MaxInt64
	}
	m := o.Master()
	if m == nil {
		return b.result()
	}
	s := o.newSeries(m, Zones{})
	s.withExceptions()
	var window TimeRange
	if o.endless() {
		// The rules need not be followed: nothing of them comes before the start.
		first := s.anchor.instant(o.tzs, Zones{})
		b.start, b.end = first.Add(-widest).Unix()-1, math.MaxInt64
		window.Until = first
	}
	n := 0
	err := s.each(window, s.z.steps(MaxOccurrences), func(oc Occurrence) bool {
		b.add(oc)
		n++
		return n <= MaxOccurrences
	})
	if err != nil || n > MaxOccurrences {
		b.end = math.MaxInt64
	}
	return b.result()
}

// withExceptions gives back to the series what EXDATE, EXRULE and overrides take from it: whether
// they do can depend on the zone in which floating times are read.
func (s *series) withExceptions() {
	s.gone, s.days, s.exRules = nil, nil, nil
	s.changed = s.o.Overrides()
}

type bounds struct{ start, end int64 }

// result is open where nothing was found.
func (b bounds) result() (start, end int64) {
	if b.start > b.end {
		return math.MinInt64, math.MaxInt64
	}
	return b.start, b.end
}

func (b *bounds) add(oc Occurrence) {
	from, until := oc.From, oc.Until
	switch {
	case from.IsZero() && until.IsZero():
		b.undated(oc.Component)
		return
	case from.IsZero():
		from = until
	case until.IsZero() || until.Before(from):
		until = from
	}
	var slack time.Duration
	if loose(oc.Start) || loose(oc.End) {
		slack = widest
	}
	if oc.Component.Name == journal && oc.Start.Date {
		until = until.Add(24 * time.Hour)
	}
	b.span(from.Add(-slack), until.Add(slack))
}

func loose(w pim.When) bool { return w.Date || w.Floating }

// undated is a component without times of its own (RFC 4791 9.9): a task matches from its
// creation on, around its completion, or always.
func (b *bounds) undated(c *line.Block) {
	completed, ok1 := stampOf(c.First("COMPLETED"))
	created, ok2 := stampOf(c.First("CREATED"))
	switch {
	case c.Name == todo && ok1 && ok2:
		first, last := completed.wall, created.wall
		if last.Before(first) {
			first, last = last, first
		}
		b.span(first, last)
	case c.Name == todo && ok1:
		b.span(completed.wall, completed.wall)
	case c.Name == todo && ok2:
		b.span(created.wall, created.wall)
		b.end = math.MaxInt64
	default:
		b.start, b.end = math.MinInt64, math.MaxInt64
	}
}

// span widens by a second, since some tables of RFC 4791 9.9 count the edges in.
func (b *bounds) span(from, until time.Time) {
	b.start = min(b.start, from.Unix()-1)
	b.end = max(b.end, until.Unix()+1)
}

func (b *bounds) freeBusy(o *Object) {
	for _, c := range o.main {
		r := o.reader(c, Zones{})
		start, ok1 := stampOf(c.First("DTSTART"))
		end, ok2 := stampOf(c.First("DTEND"))
		if ok1 && ok2 {
			b.span(start.instant(o.tzs, Zones{}), end.instant(o.tzs, Zones{}))
			continue
		}
		for _, l := range c.All("FREEBUSY") {
			for st, e := range periods(l) {
				if e != nil {
					_, until := e.of(r, st)
					b.span(st.instant(o.tzs, Zones{}), until)
				}
			}
		}
	}
}
