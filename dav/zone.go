package dav

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"crmbridge/pim/ics"
	"crmbridge/pim/tz"
)

// zoneName is the IANA name of the zone in a calendar-timezone text, "" when it has none or cannot be read. An older name
// that a client chose stays.
func zoneName(text string, now time.Time) string {
	if text == "" {
		return ""
	}
	o, err := ics.Parse([]byte(text), ics.DefaultLimits())
	if err != nil {
		return ""
	}
	for _, b := range o.Calendar().Blocks("VTIMEZONE") {
		d := ics.Definition(b)
		if _, ok := tz.Canonical(d.TZID); ok {
			return d.TZID
		}
		if z, err := tz.ResolveWith(d.TZID, d, tz.Year(now)); err == nil && z.IANA {
			return z.Name
		}
	}
	return ""
}

// zoneText is a calendar-timezone text for an IANA name; false when there is no such zone.
func zoneText(id string, now time.Time) (string, bool) {
	if _, ok := tz.Canonical(id); !ok {
		return "", false
	}
	z, err := tz.Resolve(id)
	if err != nil {
		return "", false
	}
	z.Name = id
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" + davProdID + "\r\n" + string(tz.VTimezone(z, tz.Year(now), time.Time{})) + "END:VCALENDAR\r\n"
	return text, true
}

// localZone is the zone in which dates and floating times of a collection are read where an instant is needed
// (RFC 4791 7.3): the calendar's own, else the user's, else UTC.
func (q *request) localZone(r *resource) *time.Location {
	if r != nil && r.col != nil && r.col.Timezone != "" {
		if z, err := ics.CalendarZone(r.col.Timezone, q.h.now()); err == nil {
			return z.Loc
		}
	}
	if q.caller.User.Zone != "" {
		if z, err := tz.Resolve(q.caller.User.Zone); err == nil {
			return z.Loc
		}
	}
	return time.UTC
}

// zoneMode is what a client said about the VTIMEZONEs of standard zones (RFC 7809 3.1.3, 7.1).
type zoneMode uint8

const (
	zonesUnsaid zoneMode = iota
	zonesFull            // CalDAV-Timezones: T
	zonesByName          // CalDAV-Timezones: F
)

func zonesOf(h http.Header) zoneMode {
	switch strings.TrimSpace(h.Get("CalDAV-Timezones")) {
	case "T":
		return zonesFull
	case "F":
		return zonesByName
	}
	return zonesUnsaid
}

// text is the stored text of a calendar object as the client wants its zones; the ETag stays that of the object
// (RFC 7809 3.1.3). Programs that know nothing of zones by reference get a VTIMEZONE for what others left out, since
// RFC 5545 3.2.19 promises one.
func (m zoneMode) text(text []byte, lim Limits) []byte {
	switch m {
	case zonesByName:
		if !bytes.Contains(text, []byte("BEGIN:VTIMEZONE")) {
			return text
		}
	case zonesFull:
		if !bytes.Contains(text, []byte("TZID")) {
			return text
		}
	default:
		if !ics.LacksZones(text) {
			return text
		}
	}
	o, err := ics.Parse(text, lim.ics())
	if err != nil {
		return text
	}
	return m.object(o).Bytes()
}

// object is text for what was parsed already.
func (m zoneMode) object(o *ics.Object) *ics.Object {
	if m == zonesByName {
		return o.WithoutStandardZones()
	}
	return o.WithStandardZones()
}
