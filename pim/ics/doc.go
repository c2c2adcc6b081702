// Package ics reads, checks, queries and edits iCalendar objects (RFC 5545, RFC
// 7986) as CalDAV stores them (RFC 4791 4.1). The text is the truth: Bytes of what
// Parse read is what was read, and Apply changes the properties of the asked fields
// and no other byte.
//
//	object.go zones.go           Object, Parse, Bytes, UID; TZID and VTIMEZONE to zones
//	validate.go                  Validate: what CalDAV requires of a stored object
//	stamp.go duration.go         times, dates and lengths as written
//	item.go people.go reminder.go recurrence.go
//	                             Item: the typed view (pim.Event, pim.Task)
//	apply.go write_*.go          Apply: typed fields into the text; New: a whole text
//	occur.go lasting.go rules.go Occurrences: rules, dates, overrides
//	expand.go                    Expand, LimitRecurrenceSet, LimitFreeBusySet
//	filter.go timerange.go       Matches: CALDAV:filter, the tables of RFC 4791 9.9
//	bounds.go                    Bounds: first start and last end, for an index
//	selection.go                 Select: partial retrieval (RFC 4791 9.6)
//	library.go                   ToIcal: the value types of go-ical
//
// What the CRM knows and iCalendar has no property for rides in X-CRM-TYPE, -NUMBER,
// -COMPANY, -CONTACT, -PROJECT, -OWNER, -RESULT, -REPORT (text), -EFFORT and -SPENT
// (duration) of the component.
//
// Not here: recurrence rules (pim/rrule), zone names (pim/tz), merging (pim, relay).
// An Object does not change once made and may be used by many goroutines.
package ics
