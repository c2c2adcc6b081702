package pim

import (
	"slices"

	"crmbridge/pim/rrule"
)

// SameRules reports that two series repeat by the same rules: written alike, or in spellings of the same days wherever either of them
// begins (rrule.Set.Canonical). A rule that cannot be read is the same only as one that is written alike.
func SameRules(a, b Item) bool {
	one, two := rulesOf(a), rulesOf(b)
	if slices.Equal(sortedCopy(one), sortedCopy(two)) {
		return true
	}
	if len(one) != len(two) {
		return false
	}
	for _, start := range []When{BeginOf(a), BeginOf(b)} {
		if start.IsZero() || !slices.Equal(canonicalRules(one, start), canonicalRules(two, start)) {
			return false
		}
	}
	return true
}

// CanonicalRules are the rules of a series in one spelling and one order, so that equal ones give the same days; nil for a single item.
func CanonicalRules(it Item) []string {
	if start := BeginOf(it); !start.IsZero() {
		return canonicalRules(rulesOf(it), start)
	}
	return sortedCopy(rulesOf(it))
}

func rulesOf(it Item) []string {
	if rec := RecurrenceOf(it); rec != nil {
		return rec.Rules
	}
	return nil
}

func sortedCopy(rules []string) []string {
	out := slices.Clone(rules)
	slices.Sort(out)
	return out
}

// canonicalRules are the rules of a series that begins at start, in one spelling and one order.
func canonicalRules(rules []string, start When) []string {
	set := rrule.Set{Start: start.wall(start.location()), Date: start.Date}
	if !start.Date && !start.Floating {
		set.Zone = start.location()
	}
	out := slices.Clone(rules)
	for i, text := range out {
		if r, err := rrule.Parse(text); err == nil {
			out[i] = set.Canonical(r).String()
		}
	}
	slices.Sort(out)
	return out
}
