package ics

import (
	"strings"
	"time"

	"crmbridge/pim/rrule"
)

// Extent is the earliest and the latest time at which something in o is (RFC 4791 5.2.6, 5.2.7), read as z says: starts,
// ends, single dates. What programs note about their own work (DTSTAMP, CREATED) and exceptions do not count: some write the
// year 1 there for "unknown". Both are zero when there is none.
func (o *Object) Extent(z Zones) (first, last time.Time) {
	add := func(t time.Time) {
		if first.IsZero() || t.Before(first) {
			first = t
		}
		if last.IsZero() || t.After(last) {
			last = t
		}
	}
	for _, c := range o.main {
		for _, l := range c.All("") {
			switch l.Name {
			case "DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "RDATE":
				for _, s := range stampsOf(l) {
					add(s.instant(o.tzs, z))
				}
			case "FREEBUSY":
				for v := range strings.SplitSeq(l.Value, ",") {
					for st := range periods(l.WithValue(v)) {
						add(st.instant(o.tzs, z))
					}
				}
			}
		}
	}
	return first, last
}

// CountsUpTo reports whether o generates no more than limit instances (RFC 4791 5.2.8). A series without an end is not
// counted: no number of them is ever asked for at once.
func (o *Object) CountsUpTo(limit int) bool {
	m := o.Master()
	if m == nil || o.endless() {
		return true
	}
	for _, l := range m.All("RRULE") {
		// No need to follow a rule that says its number.
		if r, err := rrule.Parse(trim(l.Value)); err == nil && r.Count > limit {
			return false
		}
	}
	n := 0
	// A rule that takes too many steps has not shown more than limit; asking for its times is bounded too.
	_ = o.each(Zones{}, TimeRange{}, limit, func(Occurrence) bool {
		n++
		return n <= limit
	})
	return n <= limit
}

// Duration reads a DURATION value (RFC 5545 3.3.6), days as 24 hours.
func Duration(value string) (time.Duration, bool) {
	sp, ok := parseSpan(value)
	return sp.total(), ok
}
