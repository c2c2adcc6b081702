package ics

import (
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// MaxOccurrences is what Occurrences gives for one object when it is not told
// otherwise (SECURITY.md 5).
const MaxOccurrences = 10_000

// Occurrence is one instance of a component.
type Occurrence struct {
	// RecurrenceID is the original start (RFC 5545 3.8.4.4); zero for a component that does
	// not repeat.
	RecurrenceID pim.When
	// Start and End are as the calendar shows them; End is exclusive. Those of a task may be
	// absent.
	Start, End pim.When
	// From and Until are the same as instants, dates and floating times read in
	// Zones.Local. Zero where Start or End is.
	From, Until time.Time
	// Component is the master or the override that describes it; not to be changed.
	Component *line.Block
	// Override tells that Component is an override.
	Override bool
}

// TimeRange is CALDAV:time-range (RFC 4791 9.9), from From to before Until. A zero
// end is open.
type TimeRange struct{ From, Until time.Time }

// Occurrences lists the instances that overlap r, sorted by From: the rules of the
// master with RDATE (PERIOD too) and EXDATE, overrides in place of what they override,
// wherever they moved it. Both ends of r may be open; a rule without end then needs limit.
// At most limit are given (0: MaxOccurrences); pim.ErrTooLarge when there would be more or the
// rule takes too many steps.
func (o *Object) Occurrences(z Zones, r TimeRange, limit int) ([]Occurrence, error) {
	return nil, pim.ErrInternal
}

// Expand is CALDAV:expand (RFC 4791 9.6.5): one component for each occurrence in r,
// times in UTC, RECURRENCE-ID, no rules, no VTIMEZONE. Errors as Occurrences.
func (o *Object) Expand(z Zones, r TimeRange, limit int) (*Object, error) {
	return nil, pim.ErrInternal
}

// LimitRecurrenceSet is CALDAV:limit-recurrence-set (RFC 4791 9.6.6): the master and
// the overrides that matter in r.
func (o *Object) LimitRecurrenceSet(z Zones, r TimeRange) *Object { return o }

// LimitFreeBusySet is CALDAV:limit-freebusy-set (RFC 4791 9.6.7): FREEBUSY values
// outside r are left out.
func (o *Object) LimitFreeBusySet(z Zones, r TimeRange) *Object { return o }
