package dav

import (
	"errors"
	"time"

	"crmbridge/pim/ics"
	"crmbridge/pim/tz"
)

// definitionYear is the time at which a VTIMEZONE that is no known name is compared with the known zones.
var definitionYear = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// zoneOf reads an iCalendar text with a VTIMEZONE, as CALDAV:calendar-timezone and CALDAV:timezone hold it.
func zoneOf(text string) (*time.Location, error) {
	lim := ics.DefaultLimits()
	lim.Bytes = maxTimezone
	o, err := ics.Parse([]byte(text), lim)
	if err != nil {
		return nil, err
	}
	zones := o.Calendar().Blocks("VTIMEZONE")
	if len(zones) != 1 {
		return nil, errors.New("dav: not exactly one VTIMEZONE") // RFC 4791 5.2.2
	}
	d := ics.Definition(zones[0])
	z, err := tz.ResolveWith(d.TZID, d, definitionYear)
	if err != nil {
		return nil, err
	}
	return z.Loc, nil
}

// localZone is the zone in which dates and floating times of a collection are read where an instant is needed
// (RFC 4791 7.3): the calendar's own, else the user's, else UTC.
func (q *request) localZone(r *resource) *time.Location {
	if r != nil && r.col != nil && r.col.Timezone != "" {
		if loc, err := zoneOf(r.col.Timezone); err == nil {
			return loc
		}
	}
	if q.caller.User.Zone != "" {
		if z, err := tz.Resolve(q.caller.User.Zone); err == nil {
			return z.Loc
		}
	}
	return time.UTC
}
