package ics

import (
	"time"

	"crmbridge/pim"
	"crmbridge/pim/tz"
)

// MaxTimezone is how long a text that gives a zone may be, in bytes.
const MaxTimezone = 64 << 10

// CalendarZone reads an iCalendar text with exactly one VTIMEZONE (RFC 4791 5.2.2), as a calendar and a query give their
// zone: CALDAV:calendar-timezone, CALDAV:timezone. now says as of when a definition is compared with the zones that are
// known. The error is of pim.ErrInvalid or pim.ErrTooLarge, also for "".
func CalendarZone(text string, now time.Time) (tz.Zone, error) {
	const op = "ics: calendar zone"
	lim := DefaultLimits()
	lim.Bytes = MaxTimezone
	o, err := Parse([]byte(text), lim)
	if err != nil {
		return tz.Zone{}, err
	}
	zones := o.Calendar().Blocks("VTIMEZONE")
	if len(zones) != 1 {
		return tz.Zone{}, pim.Errorf(op, pim.ErrInvalid, "there is not exactly one VTIMEZONE")
	}
	d := Definition(zones[0])
	z, err := tz.ResolveWith(d.TZID, d, tz.Year(now))
	if err != nil {
		return tz.Zone{}, pim.Wrap(op, pim.ErrInvalid, err)
	}
	return z, nil
}
