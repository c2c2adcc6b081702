package ics

import (
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
	"crmbridge/pim/tz"
)

// stamp is a DATE or DATE-TIME as written (RFC 5545 3.3.4, 3.3.5).
type stamp struct {
	wall time.Time // what the clock shows, as if it were UTC
	kind form
	tzid string // for inZone
}

type form uint8

const (
	dateOnly form = iota
	floating
	utc
	inZone
)

// parseStamp reads one value. tzid is the TZID parameter, "" for none; it does not
// count for dates and for times with "Z".
func parseStamp(value, tzid string) (stamp, bool) {
	v := trim(value)
	if len(v) == 8 {
		d, ok := parseDate(v)
		return stamp{wall: d}, ok
	}
	if len(v) < 15 || v[8]|0x20 != 't' {
		return stamp{}, false
	}
	d, ok := parseDate(v[:8])
	h, ok1 := digits(v[9:11])
	m, ok2 := digits(v[11:13])
	s, ok3 := digits(v[13:15])
	if !ok || !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || s > 60 {
		return stamp{}, false
	}
	s = min(s, 59) // a leap second; Go's clock has none
	st := stamp{wall: d.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second)}
	switch rest := v[15:]; {
	case rest == "Z" || rest == "z":
		st.kind = utc
	case rest != "":
		return stamp{}, false
	case tzid != "":
		st.kind, st.tzid = inZone, tzid
	default:
		st.kind = floating
	}
	return st, true
}

func parseDate(v string) (time.Time, bool) {
	y, ok1 := digits(v[:4])
	m, ok2 := digits(v[4:6])
	d, ok3 := digits(v[6:8])
	if !ok1 || !ok2 || !ok3 || y < 1 {
		return time.Time{}, false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	// time.Date turns 30 February into 2 March; such a value is none.
	return t, t.Year() == y && int(t.Month()) == m && t.Day() == d
}

func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s != ""
}

// stampOf reads a line with one value.
func stampOf(l *line.Line) (stamp, bool) {
	if l == nil {
		return stamp{}, false
	}
	return parseStamp(l.Value, l.Param("TZID"))
}

// stampsOf reads a line with a list of values, periods by their start; values that
// cannot be read are left out.
func stampsOf(l *line.Line) []stamp {
	var out []stamp
	tzid := l.Param("TZID")
	for v := range strings.SplitSeq(l.Value, ",") {
		v, _, _ = strings.Cut(v, "/")
		if s, ok := parseStamp(v, tzid); ok {
			out = append(out, s)
		}
	}
	return out
}

// value writes the stamp; TZID and VALUE are the line's business.
func (s stamp) value() string {
	switch s.kind {
	case dateOnly:
		return s.wall.Format("20060102")
	case utc:
		return s.wall.Format("20060102T150405Z")
	}
	return s.wall.Format("20060102T150405")
}

// dated is the stamp as a date.
func (s stamp) dated() stamp {
	y, m, d := s.wall.Date()
	return stamp{wall: time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

func (s stamp) midnight() bool {
	return s.kind == dateOnly || s.wall.Equal(s.dated().wall)
}

// when is the stamp as the typed view has it. A zone that nothing explains is that of
// z, or floating.
func (s stamp) when(t *zoneTable, z Zones) pim.When {
	switch s.kind {
	case dateOnly:
		return pim.When{Time: s.wall, Date: true}
	case utc:
		return pim.When{Time: s.wall}
	case inZone:
		if zone, ok := t.find(s.tzid); ok {
			return pim.At(tz.Instant(s.wall, zone.Loc), viewName(zone))
		}
		if z.Local != nil {
			return pim.At(tz.Instant(s.wall, z.Local), localName(z.Local))
		}
	}
	return pim.When{Time: s.wall, Floating: true}
}

// location is the zone in which the stamp's wall clock runs.
func (s stamp) location(t *zoneTable, z Zones) *time.Location {
	switch s.kind {
	case utc:
		return time.UTC
	case inZone:
		if zone, ok := t.find(s.tzid); ok {
			return zone.Loc
		}
	}
	return z.local()
}

// instant is the stamp as a moment; dates begin at midnight.
func (s stamp) instant(t *zoneTable, z Zones) time.Time {
	if s.kind == utc {
		return s.wall
	}
	return tz.Instant(s.wall, s.location(t, z)).UTC()
}

// trim takes away what programs leave around values.
func trim(s string) string { return strings.TrimSpace(s) }
