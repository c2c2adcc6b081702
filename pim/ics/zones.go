package ics

import (
	"strings"
	"sync"
	"time"

	"crmbridge/pim/line"
	"crmbridge/pim/rrule"
	"crmbridge/pim/tz"
)

// Zones says how times without a known zone are read. The zero value is usable.
type Zones struct {
	// Local is the zone of the calendar or of the query (CALDAV:timezone): floating
	// times, dates and TZIDs that nothing explains are read in it where an instant
	// is needed. nil means UTC.
	Local *time.Location
	// Budget pays for following rules in all calls with these Zones, such as those of one request; nil: each
	// call has its own. What a call takes anyway, some steps for an object, is not charged.
	Budget *rrule.Budget
}

// freeSteps are what the months of a plain series take.
const freeSteps = 100

// steps is the budget for one object of which limit occurrences may be looked at.
func (z Zones) steps(limit int) *rrule.Budget {
	n := 2*limit + 1000
	if z.Budget == nil {
		return rrule.NewBudget(n)
	}
	return z.Budget.ObjectAfter(n, freeSteps)
}

func (z Zones) local() *time.Location {
	if z.Local == nil {
		return time.UTC
	}
	return z.Local
}

// maxDefinitions is how many VTIMEZONEs of one object are followed that are no name;
// following one is work.
const maxDefinitions = 16

// zoneTable finds the zones of one object, each once.
type zoneTable struct {
	blocks map[string]*line.Block // by trimmed TZID
	at     time.Time              // around when the object's times are

	mu      sync.Mutex
	found   map[string]foundZone
	defined int
}

type foundZone struct {
	zone tz.Zone
	ok   bool
}

func newZoneTable(o *Object) *zoneTable {
	t := &zoneTable{blocks: map[string]*line.Block{}, found: map[string]foundZone{}}
	for _, b := range o.cal.Blocks(timezone) {
		id := trim(line.Unescape(b.Value("TZID")))
		if _, ok := t.blocks[id]; !ok && id != "" {
			t.blocks[id] = b
		}
	}
	if m := o.Master(); m != nil {
		for _, name := range []string{"DTSTART", "DUE"} {
			if s, ok := stampOf(m.First(name)); ok {
				t.at = s.wall
				break
			}
		}
	}
	return t
}

// find is the zone that tzid means in this object.
func (t *zoneTable) find(tzid string) (tz.Zone, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f, ok := t.found[tzid]; ok {
		return f.zone, f.ok
	}
	zone, ok := t.resolve(tzid)
	t.found[tzid] = foundZone{zone, ok}
	return zone, ok
}

func (t *zoneTable) resolve(tzid string) (tz.Zone, bool) {
	if zone, err := tz.Resolve(tzid); err == nil {
		return zone, true
	}
	b := t.blocks[trim(line.Unescape(tzid))]
	if b == nil || t.defined >= maxDefinitions {
		return tz.Zone{}, false
	}
	t.defined++
	zone, err := tz.ResolveWith(tzid, Definition(b), t.at)
	return zone, err == nil
}

// has reports whether the object defines tzid itself.
func (t *zoneTable) has(tzid string) bool { return t.blocks[trim(tzid)] != nil }

// Definition reads a VTIMEZONE block (RFC 5545 3.6.5) for package tz. What cannot be
// read is left out; an observance needs a start and an offset to change to.
func Definition(b *line.Block) tz.Definition {
	d := tz.Definition{
		TZID:     trim(line.Unescape(b.Value("TZID"))),
		Location: trim(line.Unescape(b.Value("X-LIC-LOCATION"))),
	}
	for _, part := range b.Blocks("") {
		if part.Name != "STANDARD" && part.Name != "DAYLIGHT" {
			continue
		}
		start, ok := stampOf(part.First("DTSTART"))
		to, ok2 := utcOffset(part.Value("TZOFFSETTO"))
		if !ok || !ok2 {
			continue
		}
		from, ok := utcOffset(part.Value("TZOFFSETFROM"))
		if !ok {
			from = to
		}
		ob := tz.Observance{
			Daylight: part.Name == "DAYLIGHT", Name: trim(line.Unescape(part.Value("TZNAME"))),
			Start: start.wall, OffsetFrom: from, OffsetTo: to, RRule: trim(part.Value("RRULE")),
		}
		for _, l := range part.All("RDATE") {
			for _, s := range stampsOf(l) {
				ob.RDates = append(ob.RDates, s.wall)
			}
		}
		d.Observances = append(d.Observances, ob)
	}
	return d
}

// utcOffset reads +hhmm or -hhmmss (RFC 5545 3.3.14).
func utcOffset(v string) (int, bool) {
	v = trim(v)
	if len(v) != 5 && len(v) != 7 || v[0] != '+' && v[0] != '-' {
		return 0, false
	}
	n, ok := digits(v[1:])
	if !ok {
		return 0, false
	}
	if len(v) == 5 {
		n *= 100
	}
	off := n/10000*3600 + n/100%100*60 + n%100
	if v[0] == '-' {
		off = -off
	}
	return off, true
}

// viewName is what pim.When.Zone holds: an IANA name, "" for UTC and for zones that only
// this object knows.
func viewName(z tz.Zone) string {
	if !z.IANA || z.Name == "UTC" {
		return ""
	}
	return z.Name
}

func localName(loc *time.Location) string {
	if name, ok := tz.Canonical(loc.String()); ok && name != "UTC" {
		return name
	}
	return ""
}

func isMailto(s string) bool { return len(s) >= 7 && strings.EqualFold(s[:7], "mailto:") }
