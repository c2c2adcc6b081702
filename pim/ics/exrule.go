package ics

import (
	"errors"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
	"crmbridge/pim/rrule"
)

// EXRULE is of RFC 2445 4.8.5.2; RFC 5545 dropped it, and programs still send it. Its times are taken from those of RRULE,
// RDATE and DTSTART. One that cannot be read takes nothing away.

// maxExRules is how many of them are followed: nobody needs two.
const maxExRules = 16

func readable(lines []*line.Line) []rrule.Rule {
	var out []rrule.Rule
	for _, l := range lines {
		if r, err := rrule.Parse(trim(l.Value)); err == nil && len(out) < maxExRules {
			out = append(out, r)
		}
	}
	return out
}

// set is the series with one rule alone. Days and floating times are followed on a clock without zone.
func (s *series) set(r rrule.Rule) rrule.Set {
	set := rrule.Set{Start: s.anchor.wall, Date: s.anchor.kind == dateOnly, Rules: []rrule.Rule{r}}
	if s.anchor.kind == inZone {
		set.Zone = s.anchor.location(s.o.tzs, s.z)
	}
	return set
}

// exclusion are the times of the EXRULEs, found as far as they are asked for.
type exclusion struct {
	s     *series
	rules []exRule
	found map[occurrenceKey]bool
}

type exRule struct {
	it   *rrule.Iter
	head occurrenceKey
	ok   bool // there is a head
}

// exclusion begins to follow the EXRULEs in the window.
func (s *series) exclusion(window TimeRange, budget *rrule.Budget) *exclusion {
	e := &exclusion{s: s, found: map[occurrenceKey]bool{}}
	for _, r := range s.exRules {
		set := s.set(r)
		set.RulesOnly = true
		x := exRule{it: set.Iter(window.From, window.Until, budget)}
		e.next(&x)
		e.rules = append(e.rules, x)
	}
	return e
}

// next takes the next time of a rule.
func (e *exclusion) next(x *exRule) {
	t, ok := x.it.Next()
	if x.ok = ok; ok {
		x.head = e.s.key(e.s.startAt(t))
	}
}

// startAt is the start of an occurrence that a rule gives, in the form of DTSTART.
func (s *series) startAt(t time.Time) stamp {
	_, off := t.Zone()
	st := s.anchor
	st.wall = t.UTC().Add(time.Duration(off) * time.Second)
	return st
}

// has reports whether the occurrence is taken away. The error is pim.ErrTooLarge.
func (e *exclusion) has(k occurrenceKey) (bool, error) {
	for i := range e.rules {
		x := &e.rules[i]
		for x.ok && x.head <= k {
			e.found[x.head] = true
			e.next(x)
		}
		if !x.ok && errors.Is(x.it.Err(), rrule.ErrBudget) {
			return false, errOverBudget()
		}
	}
	return e.found[k], nil
}

// excluded are the occurrences that EXRULEs take away and nothing else does, in the order in which the series has them. The
// error is pim.ErrUnsupported when they are without number, or too many.
func (s *series) excluded() ([]stamp, error) {
	if !s.ok || len(s.exRules) == 0 {
		return nil, nil
	}
	var window TimeRange
	if s.o.endless() {
		last, err := s.lastExcluded()
		if err != nil {
			return nil, err
		}
		window.Until = last
	}
	var out []stamp
	s.thinned = func(st stamp) { out = append(out, st) }
	defer func() { s.thinned = nil }()
	err := s.run(window, s.z.steps(maxDates), func(Occurrence) bool { return len(out) <= maxDates })
	if errors.Is(err, pim.ErrTooLarge) || len(out) > maxDates {
		return nil, errUncounted()
	}
	return out, err
}

// lastExcluded is when the EXRULEs have ended.
func (s *series) lastExcluded() (last time.Time, err error) {
	budget := s.z.steps(maxDates)
	for _, r := range s.exRules {
		if r.Endless() {
			return last, errUncounted()
		}
		set := s.set(r)
		set.RulesOnly = true
		it := set.Iter(time.Time{}, time.Time{}, budget)
		for t, ok := it.Next(); ok; t, ok = it.Next() {
			if t.After(last) {
				last = t
			}
		}
		if it.Err() != nil {
			return last, errUncounted()
		}
	}
	// Past the last one, in whatever zone it was followed.
	return last.Add(2 * widest), nil
}

func errUncounted() error {
	return pim.Errorf("ics: item", pim.ErrUnsupported, "the series leaves out times by a rule (EXRULE) that cannot be listed one by one")
}

func errOverBudget() error {
	return pim.Errorf("ics: occurrences", pim.ErrTooLarge, "the series is too much to expand")
}
