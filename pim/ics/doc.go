// Package ics reads, checks, queries and edits iCalendar objects (RFC 5545, RFC
// 7986) as CalDAV stores them (RFC 4791 4.1). The text is the truth: Bytes of what
// Parse read is what was read, and Apply changes the properties of the asked fields
// and no other byte.
//
//	object.go      Object, Parse, Bytes, UID, Component
//	validate.go    Validate: what CalDAV requires of a stored object
//	item.go        Item: the typed view (pim.Event, pim.Task)
//	apply.go       Apply: typed fields into the text; New: a whole text
//	zones.go       Zones, and TZID and VTIMEZONE to time.Location
//	occur.go       Occurrences, Expand, LimitRecurrenceSet
//	bounds.go      Bounds: first start and last end, for an index
//	filter.go      Matches: CALDAV:filter with the tables of RFC 4791 9.9
//	selection.go   Select: partial retrieval (RFC 4791 9.6)
//	library.go     ToIcal: the value types of go-ical
//
// What the CRM knows and iCalendar has no property for rides in X-CRM-TYPE, -NUMBER,
// -COMPANY, -CONTACT, -PROJECT, -OWNER, -RESULT, -REPORT (text), -EFFORT and -SPENT
// (duration) of the component.
//
// Not here: recurrence rules (pim/rrule), zone names (pim/tz), merging (pim, relay).
// An Object does not change once made and may be used by many goroutines.
package ics
