package ics

import "time"

// Zones says how times without a known zone are read. The zero value is usable.
type Zones struct {
	// Local is the zone of the calendar or of the query (CALDAV:timezone): floating
	// times, dates and TZIDs that nothing explains are read in it where an instant
	// is needed. nil means UTC.
	Local *time.Location
}
