package ics

import (
	"crmbridge/pim"
	"crmbridge/pim/line"
)

// The component names this package knows (RFC 5545 3.6).
const (
	calendar = "VCALENDAR"
	event    = "VEVENT"
	todo     = "VTODO"
	journal  = "VJOURNAL"
	freeBusy = "VFREEBUSY"
	timezone = "VTIMEZONE"
	alarm    = "VALARM"
)

const opParse = "ics: parse"

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
	main []*line.Block // components besides VTIMEZONE, in order
	tzs  *zoneTable
}

// Parse reads one VCALENDAR. It takes whatever can be told apart into components and
// properties; Validate says whether CalDAV may store it. The error is a *pim.Error of
// pim.ErrInvalid or pim.ErrTooLarge, its Public text with a line number and no content.
func Parse(b []byte, lim Limits) (*Object, error) {
	text, err := line.Parse(b, lim.Limits)
	if err != nil {
		return nil, err
	}
	blocks := text.Blocks()
	switch {
	case len(blocks) == 0:
		return nil, pim.Errorf(opParse, pim.ErrInvalid, "there is no VCALENDAR")
	case blocks[0].Name != calendar:
		return nil, pim.Errorf(opParse, pim.ErrInvalid, "line %d: this is a %s, not a VCALENDAR", blocks[0].No(), shortName(blocks[0]))
	case len(blocks) > 1:
		return nil, pim.Errorf(opParse, pim.ErrInvalid, "line %d: there is a second component outside the VCALENDAR", blocks[1].No())
	}
	if l := text.Stray(); l != nil {
		return nil, pim.Errorf(opParse, pim.ErrInvalid, "line %d: it stands outside the VCALENDAR", l.No)
	}
	o := newObject(text)
	for _, c := range o.main {
		if n := len(c.All("ATTENDEE")); lim.Attendees > 0 && n > lim.Attendees {
			return nil, pim.Errorf(opParse, pim.ErrTooLarge, "line %d: there are more than %d attendees", c.No(), lim.Attendees)
		}
	}
	return o, nil
}

// shortName keeps names that somebody made up out of messages.
func shortName(b *line.Block) string {
	switch b.Name {
	case event, todo, journal, freeBusy, timezone, alarm, "VCARD", "STANDARD", "DAYLIGHT":
		return b.Name
	}
	return "component"
}

// newObject wraps a text whose first block is a VCALENDAR.
func newObject(text *line.Text) *Object {
	o := &Object{text: text, cal: text.Blocks()[0]}
	for _, b := range o.cal.Blocks("") {
		if b.Name != timezone {
			o.main = append(o.main, b)
		}
	}
	o.tzs = newZoneTable(o)
	return o
}

// Bytes is the text. For an object that Parse made it is what Parse was given.
func (o *Object) Bytes() []byte { return o.text.Bytes() }

// Calendar is the VCALENDAR block; it must not be changed.
func (o *Object) Calendar() *line.Block { return o.cal }

// Component is the type of the first component besides VTIMEZONE: "VEVENT", "VTODO",
// "VJOURNAL", "VFREEBUSY", …; "" when there is none.
func (o *Object) Component() string {
	if len(o.main) == 0 {
		return ""
	}
	return o.main[0].Name
}

// UID is the first UID of such a component, "" when there is none.
func (o *Object) UID() string {
	for _, c := range o.main {
		if l := c.First("UID"); l != nil {
			return uidOf(l)
		}
	}
	return ""
}

func uidOf(l *line.Line) string { return trim(l.Text()) }

// Master is the component without RECURRENCE-ID, or, where an invitation to single
// occurrences brought none, the first override; nil without any component.
func (o *Object) Master() *line.Block {
	for _, c := range o.main {
		if c.First("RECURRENCE-ID") == nil {
			return c
		}
	}
	if len(o.main) > 0 {
		return o.main[0]
	}
	return nil
}

// Overrides are the components with RECURRENCE-ID besides Master, in their order.
func (o *Object) Overrides() []*line.Block {
	master := o.Master()
	var out []*line.Block
	for _, c := range o.main {
		if c != master && c.First("RECURRENCE-ID") != nil {
			out = append(out, c)
		}
	}
	return out
}
