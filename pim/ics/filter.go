package ics

import (
	"crmbridge/pim"
	"crmbridge/pim/line"
)

// CompFilter is CALDAV:comp-filter (RFC 4791 9.7.1). The outermost one names VCALENDAR.
type CompFilter struct {
	Name string
	// NotDefined asks for the absence of the component; the rest is then ignored.
	NotDefined bool
	Range      *TimeRange
	Props      []PropFilter
	Comps      []CompFilter
}

// PropFilter is CALDAV:prop-filter (RFC 4791 9.7.2).
type PropFilter struct {
	Name       string
	NotDefined bool
	Range      *TimeRange
	Text       *line.TextMatch
	Params     []line.ParamFilter
}

// Matches applies f to o: everything in a filter has to hold of one and the same
// component (RFC 4791 9.7.1), time ranges by the tables of RFC 4791 9.9 for VEVENT,
// VTODO, VJOURNAL, VFREEBUSY and VALARM, overrides and all occurrences included. limit is
// as for Occurrences; an object whose expansion is over it matches, so that nothing is hidden.
// pim.ErrUnsupported for a collation that is not known.
func (o *Object) Matches(f CompFilter, z Zones, limit int) (bool, error) {
	return false, pim.ErrInternal
}

// MatchesRange is Matches with a time-range on the object's own component.
func (o *Object) MatchesRange(z Zones, r TimeRange, limit int) bool { return false }
