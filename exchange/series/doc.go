// Package series puts the recurrence of RFC 5545 into the words of Exchange, and back. EWS (RecurrenceType) and Graph
// (patternedRecurrence) spell one and the same model in two ways: a series has one pattern and one range, and apart from them
// occurrences that were changed or deleted.
//
//	pattern.go  Pattern: the model
//	from.go     Of: a rule as a Pattern, or the reason why there is none
//	rule.go     Pattern.Rule: the rule of a Pattern
//	days.go     days of weeks and months
//	plan.go     Occurrences: what makes the series that a server has the one that is wanted
//
// A rule that has no Pattern of exactly the same days is refused (pim.ErrUnsupported), never bent.
//
// Not here: expansion (pim/rrule), the spelling in XML or JSON (the drivers).
package series
