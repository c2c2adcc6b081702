package ics

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// lasting is how long each occurrence of a component takes.
type lasting struct {
	none  bool          // a task or journal entry that has no end
	days  int           // of dates
	exact time.Duration // from DTEND or DUE: the same length each time (RFC 5545 3.8.5.3)
	span  *span         // from DURATION: its days may have 23 or 25 hours
}

// lasting reads the length of the component.
func (r reader) lasting() lasting {
	start, ok := stampOf(r.c.First("DTSTART"))
	if !ok {
		return lasting{none: true}
	}
	name := "DTEND"
	if r.c.Name == todo {
		name = "DUE"
	}
	if end, ok := stampOf(r.c.First(name)); ok && (end.kind == dateOnly) == (start.kind == dateOnly) {
		if start.kind == dateOnly {
			// An event of a day ends on the next; a task may be due on the day it starts.
			least := 0
			if r.c.Name == event {
				least = 1
			}
			return lasting{days: max(int(end.wall.Sub(start.wall)/(24*time.Hour)), least)}
		}
		return lasting{exact: max(r.between(start, end), 0)}
	}
	if sp, ok := parseSpan(r.c.Value("DURATION")); ok && sp.total() > 0 {
		return lasting{span: &sp, days: int((sp.total() + 24*time.Hour - 1) / (24 * time.Hour))}
	}
	if r.c.Name == event {
		return lasting{days: 1} // a day for a date, nothing for a time
	}
	return lasting{none: true}
}

// between is the exact time from one stamp to another; floating ones by the clock.
func (r reader) between(a, b stamp) time.Duration {
	if a.kind == floating || b.kind == floating {
		return b.wall.Sub(a.wall)
	}
	return b.instant(r.o.tzs, r.z).Sub(a.instant(r.o.tzs, r.z))
}

// end is the end of an occurrence that starts at st.
func (l lasting) end(r reader, st stamp, start pim.When, from time.Time) (pim.When, time.Time) {
	switch {
	case l.none:
		return pim.When{}, time.Time{}
	case st.kind == dateOnly:
		st.wall = st.wall.AddDate(0, 0, l.days)
		return r.when(st), st.instant(r.o.tzs, r.z)
	case l.span != nil:
		return r.after(st, *l.span), l.span.after(st.wall, st.location(r.o.tzs, r.z))
	}
	start.Time = start.Time.Add(l.exact)
	return start, from.Add(l.exact)
}

func (l lasting) longest() time.Duration {
	d := max(l.exact, time.Duration(l.days)*24*time.Hour)
	if l.span != nil {
		d = max(d, l.span.total())
	}
	return d
}

// periodEnd is the end of an RDATE period (RFC 5545 3.3.9).
type periodEnd struct {
	at   stamp
	span *span
}

func (p periodEnd) of(r reader, start stamp) (pim.When, time.Time) {
	if p.span != nil {
		return r.after(start, *p.span), p.span.after(start.wall, start.location(r.o.tzs, r.z))
	}
	return r.when(p.at), p.at.instant(r.o.tzs, r.z)
}

// periods are the values of an RDATE or FREEBUSY line: starts, with an end where the value
// is a period.
func periods(l *line.Line) iter.Seq2[stamp, *periodEnd] {
	return func(yield func(stamp, *periodEnd) bool) {
		tzid := l.Param("TZID")
		for v := range strings.SplitSeq(l.Value, ",") {
			first, second, isPeriod := strings.Cut(v, "/")
			st, ok := parseStamp(first, tzid)
			if !ok {
				continue
			}
			var end *periodEnd
			if isPeriod {
				if at, ok := parseStamp(second, tzid); ok && !at.wall.Before(st.wall) {
					end = &periodEnd{at: at}
				} else if sp, ok := parseSpan(second); ok && sp.total() >= 0 {
					end = &periodEnd{span: &sp}
				}
			}
			if !yield(st, end) {
				return
			}
		}
	}
}

// rangeOverride is an override of an occurrence and all after it (RFC 5545 3.2.13).
type rangeOverride struct {
	from   occurrenceKey
	shift  time.Duration // of the wall clock
	read   reader
	length lasting
}

func (s *series) addRange(c *line.Block, id stamp) {
	if !strings.EqualFold(trim(c.First("RECURRENCE-ID").Param("RANGE")), "THISANDFUTURE") || s.due {
		return
	}
	start, ok := stampOf(c.First("DTSTART"))
	if !ok || (start.kind == dateOnly) != (s.anchor.kind == dateOnly) {
		return
	}
	r := s.o.reader(c, s.z)
	r.allDay = false
	// The shift of wall clocks is that of the two as shown in the series' zone.
	id = s.native(id)
	shift := s.inAnchorZone(start).Sub(s.inAnchorZone(id))
	s.ranges = append(s.ranges, rangeOverride{from: s.key(id), shift: shift, read: r, length: r.lasting()})
}

func (s *series) inAnchorZone(st stamp) time.Time {
	if st.kind == dateOnly || st.kind == floating || st.kind == s.anchor.kind && st.tzid == s.anchor.tzid {
		return st.wall
	}
	at := st.instant(s.o.tzs, s.z).In(s.anchor.location(s.o.tzs, s.z))
	_, off := at.Zone()
	return at.UTC().Add(time.Duration(off) * time.Second)
}

// rangeFor is the last range override at or before st, nil when none covers it.
func (s *series) rangeFor(st stamp) *rangeOverride {
	if len(s.ranges) == 0 {
		return nil
	}
	k := s.key(st)
	i, found := slices.BinarySearchFunc(s.ranges, k, func(r rangeOverride, k occurrenceKey) int { return cmp.Compare(r.from, k) })
	if !found {
		i--
	}
	if i < 0 {
		return nil
	}
	return &s.ranges[i]
}
