package pim

// Event is a meeting or appointment.
type Event struct {
	Activity
	Start When `json:"start,omitzero"`
	// End is exclusive (RFC 5545 3.6.1). When the text has DURATION it is
	// computed; when it has neither, End is Start, or the next day for a date.
	End When `json:"end,omitzero"`
	// Free is TRANSP:TRANSPARENT: the time is not blocked.
	Free bool `json:"free,omitempty"`
}

// Kind implements Item.
func (*Event) Kind() Kind { return KindEvent }

// ID implements Item.
func (e *Event) ID() string { return e.UID }

// Summary implements Item.
func (e *Event) Summary() string { return e.Title }

// AllDay reports an event that has dates, not times.
func (e *Event) AllDay() bool { return e.Start.Date }
