// Package ics reads, checks, queries and edits iCalendar objects (RFC 5545, RFC
// 7986) as CalDAV stores them (RFC 4791 4.1). The text is the truth: Bytes of what
// Parse read is what was read, and Apply changes the properties of the asked fields
// and no other byte.
//
//	object.go zones.go           Object, Parse, Bytes, UID; TZID and VTIMEZONE to zones
//	calendarzone.go              CalendarZone: the zone of a calendar or a query (RFC 4791 5.2.2)
//	validate.go                  Validate: what CalDAV requires of a stored object
//	stamp.go duration.go         times, dates and lengths as written
//	item.go people.go reminder.go recurrence.go
//	                             Item: the typed view (pim.Event, pim.Task)
//	attach.go                    files inside the text (ATTACH)
//	apply.go write_*.go          Apply: typed fields into the text; New: a whole text
//	occur.go lasting.go rules.go exrule.go
//	                             Occurrences: rules, dates, exceptions, overrides
//	expand.go                    Expand, LimitRecurrenceSet, LimitFreeBusySet
//	single.go                    Singles, WithSingle: occurrences as objects of their own, and back
//	filter.go timerange.go       Matches: CALDAV:filter, the tables of RFC 4791 9.9
//	bounds.go once.go extent.go  Bounds: first start and last end, for an index; Extent, CountsUpTo: limits
//	freebusy.go                  Busy, MergeBusy, NewFreeBusy: what takes time (RFC 4791 7.10)
//	reference.go                 With-, WithoutStandardZones: time zones by reference (RFC 7809)
//	selection.go                 Select: partial retrieval (RFC 4791 9.6)
//	library.go                   ToIcal: the value types of go-ical
//
// What the CRM knows and iCalendar has no property for rides in X-CRM-TYPE, -NUMBER,
// -COMPANY, -CONTACT, -PROJECT, -OWNER, -RESULT, -REPORT (text), -EFFORT and -SPENT
// (duration) of the component.
//
// Following rules is bounded by a budget of steps for each object, and by Zones.Budget for all objects of a request.
//
// Zones: a TZID that is a name we know (IANA, Windows, and what programs make of them; pim/tz) means that zone, by the
// IANA rules of today, whatever the VTIMEZONE beside it says: those are often cut short, out of date or a template of
// another year. The VTIMEZONE is kept all the same. It decides for names that nobody knows.
//
// Not here: recurrence rules (pim/rrule), zone names (pim/tz), merging (pim, relay).
// An Object does not change once made and may be used by many goroutines.
package ics
