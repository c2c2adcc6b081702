package ics

import (
	"crmbridge/pim"
	"crmbridge/pim/line"
)

// Limits bounds what Parse takes.
type Limits struct {
	line.Limits
	// Attendees of one component; 0 means no limit.
	Attendees int
}

// DefaultLimits is line.DefaultLimits and 500 attendees.
func DefaultLimits() Limits {
	return Limits{Limits: line.DefaultLimits(), Attendees: 500}
}

// Object is one iCalendar text: one VCALENDAR.
type Object struct {
	text *line.Text
	cal  *line.Block
}

// Parse reads one VCALENDAR. It takes whatever can be told apart into components and
// properties; Validate says whether CalDAV may store it. The error is a *pim.Error of
// pim.ErrInvalid or pim.ErrTooLarge, its Public text with a line number and no content.
func Parse(b []byte, lim Limits) (*Object, error) { return nil, pim.ErrInternal }

// Bytes is the text. For an object that Parse made it is what Parse was given.
func (o *Object) Bytes() []byte { return nil }

// Calendar is the VCALENDAR block; it must not be changed.
func (o *Object) Calendar() *line.Block { return o.cal }

// Component is the type of the components besides VTIMEZONE: "VEVENT", "VTODO",
// "VJOURNAL", "VFREEBUSY", … of the first of them; "" when there is none.
func (o *Object) Component() string { return "" }

// UID is the first UID of such a component, "" when there is none.
func (o *Object) UID() string { return "" }

// Master is the component without RECURRENCE-ID, or, where an invitation to single
// occurrences brought none, the first override; nil without any component.
func (o *Object) Master() *line.Block { return nil }

// Overrides are the components with RECURRENCE-ID besides Master, in their order.
func (o *Object) Overrides() []*line.Block { return nil }
