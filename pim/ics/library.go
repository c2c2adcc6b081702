package ics

import (
	ical "github.com/emersion/go-ical"

	"crmbridge/pim/line"
)

// ToIcal gives the object as a value of go-ical, for code that works on its types.
// Property values stay escaped, as go-ical keeps them.
func (o *Object) ToIcal() *ical.Calendar {
	return &ical.Calendar{Component: toIcal(o.cal)}
}

func toIcal(b *line.Block) *ical.Component {
	c := ical.NewComponent(b.Name)
	for _, l := range b.All("") {
		p := ical.NewProp(l.Name)
		p.Value = l.Value
		for _, par := range l.Params {
			for _, v := range par.Values {
				p.Params.Add(par.Name, v)
			}
		}
		c.Props.Add(p)
	}
	for _, inner := range b.Blocks("") {
		c.Children = append(c.Children, toIcal(inner))
	}
	return c
}
