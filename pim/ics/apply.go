package ics

import (
	"time"

	"crmbridge/pim"
)

// ApplyOptions go with Apply.
type ApplyOptions struct {
	// Now is written as DTSTAMP and LAST-MODIFIED; zero leaves them alone.
	Now time.Time
	// Zone is the IANA name in which instants without a zone of their own are written
	// where the text gives none; "" means UTC.
	Zone string
	// Zones reads o, as for Item.
	Zones Zones
}

// Apply returns a new object in which the fields of set are those of it, and every
// other line of the text has the bytes it had. A field whose value in the text is
// equal already (pim.Field.Equal) is not written. When nothing changes, o itself is
// returned.
//
// A property whose time moves keeps its parameters: the new wall clock time is written
// in the zone it had. An end stays DTEND or DURATION. Attendees are matched by
// address, so that their parameters survive. A zone that is new to the text gets its
// VTIMEZONE. SEQUENCE rises when times or the recurrence change. UID and overrides
// stay as they are; when the start of a series moves, RECURRENCE-ID and EXDATE move with it.
//
// pim.ErrUnsupported when the kind of it is not that of o, pim.ErrInvalid for values
// that iCalendar cannot hold.
func Apply(o *Object, it pim.Item, set pim.FieldSet, opt ApplyOptions) (*Object, error) {
	return nil, pim.ErrInternal
}

// NewOptions go with New.
type NewOptions struct {
	ProdID string    // PRODID; required
	Now    time.Time // CREATED, DTSTAMP, LAST-MODIFIED; required
	UID    string    // used when the item has none
	Zone   string    // as in ApplyOptions
}

// New makes a whole object of an event or a task: CRLF, one VTIMEZONE for each zone used,
// then the component. pim.ErrUnsupported for other kinds, pim.ErrInvalid without
// a UID, a start (of an event), ProdID or Now.
func New(it pim.Item, opt NewOptions) (*Object, error) { return nil, pim.ErrInternal }
