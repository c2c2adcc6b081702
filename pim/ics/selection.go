package ics

import (
	"slices"
	"strings"

	"crmbridge/pim/line"
)

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
func (o *Object) Select(s Selection) *Object {
	text := o.text.Clone()
	next := newObject(text)
	if !strings.EqualFold(s.Name, calendar) {
		s = Selection{Name: calendar}
	}
	s.reduce(next.cal)
	return newObject(text)
}

// reduce takes away from b what s does not ask for.
func (s Selection) reduce(b *line.Block) {
	parts := b.Parts[:0]
	for _, p := range b.Parts {
		switch {
		case p.Block != nil:
			if !s.component(p.Block) {
				continue
			}
		case p.Line.Blank():
		default:
			p.Line = s.property(p.Line)
			if p.Line == nil {
				continue
			}
		}
		parts = append(parts, p)
	}
	b.Parts = parts
}

func (s Selection) component(b *line.Block) bool {
	if s.AllComps {
		return true
	}
	i := slices.IndexFunc(s.Comps, func(c Selection) bool { return strings.EqualFold(c.Name, b.Name) })
	if i < 0 {
		return false
	}
	s.Comps[i].reduce(b)
	return true
}

func (s Selection) property(l *line.Line) *line.Line {
	if s.AllProps {
		return l
	}
	i := slices.IndexFunc(s.Props, func(p PropSelection) bool { return strings.EqualFold(p.Name, l.Name) })
	switch {
	case i < 0:
		return nil
	case s.Props[i].NoValue:
		return l.WithValue("")
	}
	return l
}
