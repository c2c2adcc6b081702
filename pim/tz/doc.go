// Package tz knows the time zones of calendar programs: it finds the zone behind whatever a program wrote as
// TZID, converts between wall clocks and instants as RFC 5545 wants it, and writes VTIMEZONE components.
//
// The ways in:
//
//	Resolve(tzid)            IANA names and their old spellings, Windows names, display names, vendor paths, UTC+2
//	Definition.Zone()        a zone that follows the rules of a VTIMEZONE, for ids that are no name
//	Definition.Guess(at)     the IANA zone that does what such a definition says
//	ResolveWith(tzid, d, at) all three: the name, else the guess, else the definition
//	FromWindows, Windows     between IANA and Windows names (Unicode CLDR)
//
// and the ways out:
//
//	Instant(wall, loc)       wall clock to instant; gaps and overlaps by RFC 5545 3.3.5
//	VTimezone(zone, from, until)  the component text; Define gives it as a Definition
//
// A wall clock reading is carried in a time.Time whose own Location is ignored: year to nanosecond are read as they
// are displayed. A zone in use is a *time.Location, also for definitions, so that the standard library does the
// rest. Everything here is a value or read-only; all functions may be called concurrently.
//
// Files: resolve.go, spelling.go, offset.go and display.go find names; names.go and windows.go hold the tables
// (data/, from CLDR, written by internal/gen); instant.go converts; definition.go, rule.go and tzif.go turn rules
// into a zone; guess.go compares, as of the begin of a year (year.go); define.go, runs.go and text.go write. The zone data itself is the system's or, where
// there is none, Go's embedded copy.
//
// Not here: reading VTIMEZONE text (the caller hands over a Definition), floating times (no zone at all),
// recurrence of events (package rrule).
package tz
