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
	if o.Component() == freeBusy {
		b.freeBusy(o)
		return b.result()
	}
	if o.endless() {
		b.end = math.MaxInt64
		if s, ok := stampOf(o.Master().First("DTSTART")); ok {
			// EXDATE may take the first occurrence away, never one ahead of it.
			b.start = s.instant(o.tzs, Zones{}).Add(-widest).Unix() - 1
		}
	}
	n := 0
	err := o.each(Zones{}, b.window(o), MaxOccurrences, func(oc Occurrence) bool {
		b.add(oc)
		n++
		return n <= MaxOccurrences
	})
	if err != nil || n > MaxOccurrences {
		b.end = math.MaxInt64
	}
	return b.result()
}

type bounds struct{ start, end int64 }

// result is open where nothing was found.
func (b bounds) result() (start, end int64) {
	if b.start > b.end {
		return math.MinInt64, math.MaxInt64
	}
	return b.start, b.end
}

// window leaves the rules of an endless series alone: it begins with its start.
func (b bounds) window(o *Object) TimeRange {
	if b.end != math.MaxInt64 {
		return TimeRange{}
	}
	if s, ok := stampOf(o.Master().First("DTSTART")); ok {
		return TimeRange{Until: s.wall}
	}
	return TimeRange{Until: time.Unix(0, 0)}
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
