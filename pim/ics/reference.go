package ics

import (
	"bytes"
	"time"

	"crmbridge/pim/line"
	"crmbridge/pim/tz"
)

// Time zones by reference (RFC 7809): a TZID that is an IANA name needs no VTIMEZONE between programs that agree on it.

// WithoutStandardZones leaves out the VTIMEZONEs of IANA names; o itself when there is none. Other zones keep theirs,
// as nothing but the definition says what they are.
func (o *Object) WithoutStandardZones() *Object {
	var gone []int
	for i, b := range o.cal.Blocks(timezone) {
		if standardZone(trim(line.Unescape(b.Value("TZID")))) {
			gone = append(gone, i)
		}
	}
	if len(gone) == 0 {
		return o
	}
	next := newObject(o.text.Clone())
	blocks := next.cal.Blocks(timezone)
	for _, i := range gone {
		next.cal.RemoveBlock(blocks[i])
	}
	return newObject(next.text)
}

// WithStandardZones adds a VTIMEZONE for each IANA name that o uses as a TZID and does not define; o itself when none is
// missing. All other lines keep every byte.
func (o *Object) WithStandardZones() *Object {
	missing := o.undefined()
	if len(missing) == 0 {
		return o
	}
	next := newObject(o.text.Clone())
	for i := len(missing) - 1; i >= 0; i-- { // each goes ahead of what is there
		zone, err := tz.Resolve(missing[i])
		if err != nil {
			continue
		}
		zone.Name = missing[i] // the name that the times use, which may be an older one
		text, err := line.Parse(tz.VTimezone(zone, o.tzs.at, time.Time{}), line.Limits{})
		if err != nil || len(text.Blocks()) != 1 {
			continue
		}
		next.cal.AddBlockAhead(text.Blocks()[0].Fresh())
	}
	return newObject(next.text)
}

// LacksZones is a quick look at a text: false when WithStandardZones would change nothing that matters. It may be true for
// other texts, and overlooks texts that define some zones and lack others, or spell TZID in lower case: no program known
// does.
func LacksZones(text []byte) bool {
	return bytes.Contains(text, []byte("TZID")) && !bytes.Contains(text, []byte("BEGIN:VTIMEZONE"))
}

// undefined are the IANA names that are used without a VTIMEZONE, in order.
func (o *Object) undefined() []string {
	var out []string
	seen := map[string]bool{}
	for _, c := range o.main {
		c.Walk(func(l *line.Line) bool {
			id := l.Param("TZID")
			if id != "" && !seen[id] {
				seen[id] = true
				if !o.tzs.has(id) && standardZone(id) {
					out = append(out, id)
				}
			}
			return len(out) < maxDefinitions
		})
	}
	return out
}

// standardZone reports an IANA name as it is written in the zone database.
func standardZone(tzid string) bool {
	_, ok := tz.Canonical(tzid)
	return ok && tzid != "UTC"
}
