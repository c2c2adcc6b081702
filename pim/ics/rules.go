package ics

import (
	"errors"

	"crmbridge/pim"
	"crmbridge/pim/line"
	"crmbridge/pim/rrule"
)

// checkRule reads an RRULE value. pim.ErrUnsupported for rules that are right but that we
// do not take: of every minute or second (SECURITY.md 5), of other calendars.
func checkRule(v string) (rrule.Rule, error) {
	const op = "ics: rule"
	r, err := rrule.Parse(v)
	switch {
	case errors.Is(err, rrule.ErrUnsupported):
		return r, pim.Errorf(op, pim.ErrUnsupported, "the series follows another calendar than the Gregorian one, or moves days that a month does not have (RSCALE, SKIP), which is not supported")
	case err != nil:
		return r, pim.Errorf(op, pim.ErrInvalid, "the recurrence rule cannot be read")
	case r.Freq <= rrule.Minutely:
		return r, pim.Errorf(op, pim.ErrUnsupported, "rules that repeat every minute or second are not supported")
	}
	return r, nil
}

// endless reports a series without a last occurrence.
func (o *Object) endless() bool {
	m := o.Master()
	if m == nil {
		return false
	}
	for _, l := range m.All("RRULE") {
		if r, err := rrule.Parse(trim(l.Value)); err == nil && r.Endless() {
			return true
		}
	}
	return false
}

// rule gives what one RRULE adds in the window, the start included. Days and floating
// times are followed on a clock without zone.
func (s *series) rule(l *line.Line, window TimeRange, budget *rrule.Budget, yield func(stamp) bool) error {
	const op = "ics: occurrences"
	r, err := rrule.Parse(trim(l.Value))
	if err != nil {
		return pim.Errorf(op, pim.ErrInvalid, "line %d: the recurrence rule cannot be read", l.No)
	}
	set := s.set(r)
	it := set.Iter(window.From, window.Until, budget)
	for t, ok := it.Next(); ok; t, ok = it.Next() {
		if !yield(s.startAt(t)) {
			return nil
		}
	}
	switch err := it.Err(); {
	case errors.Is(err, rrule.ErrBudget):
		return pim.Errorf(op, pim.ErrTooLarge, "line %d: the recurrence rule is too much to expand", l.No)
	case err != nil:
		return pim.Errorf(op, pim.ErrInvalid, "line %d: the recurrence rule does not fit the start", l.No)
	}
	return nil
}
