// Package rrule expands recurrence (RFC 5545 3.3.10 and 3.8.5) lazily, in order, and never for longer than a budget of
// steps allows.
//
//	Parse, Rule.String       the value of RRULE, read strictly and written canonically
//	Set                      a start, rules, extra and excepted dates: what one event or task says
//	Set.Between, Set.Iter    occurrence starts of a window
//	Set.Bounds               first start and last end, for an index
//	Budget                   steps for one object, out of those for one request
//	Set.RulesOnly            the times of an EXRULE
//	Set.Canonical            one spelling of rules of the same days
//
// A rule without COUNT, or with one but equally many occurrences in each period, is entered at the window: a daily
// meeting of 1970 costs no more in 2026 than one of last week. Other rules with COUNT are counted from their
// start, a step per period. Rules that never match, and those of every second, stop at the window's end or when the
// budget is spent, with ErrBudget and what was found.
//
// Times: rules work on wall clock readings, which become instants last. RFC 5545 3.3.10: a reading that the
// zone skips or repeats means what it means as DTSTART (package tz, Instant). So a meeting at 02:30 is held
// at 03:30 on the day that summer time begins, and FREQ=HOURLY passes the repeated hour once.
//
// Where the RFC leaves room:
//   - DTSTART is the first occurrence, and counts as one, even where the rule would not give it (3.8.5.3 calls the
//     result undefined; all calendar programs show it).
//   - YEARLY with BYWEEKNO and without a day keeps DTSTART's weekday, as everything not said comes from DTSTART.
//   - Days of week 1 or 53 belong to the calendar year that they lie in.
//   - UNTIL given as a date includes that whole day; UNTIL in another form than DTSTART is read in DTSTART's zone.
//   - BYSECOND=60 is 59 (3.3.12: without leap seconds).
//
// Files: rule.go, parse.go and format.go hold the rule; set.go and iter.go the set; canonical.go; budget.go; bounds.go. Below them
// plan.go prepares a rule for a start, days.go finds the days of a period, grid.go the times on them, stream.go walks
// from period to period.
//
// Not here: overrides (RECURRENCE-ID), durations other than for Bounds, and the text around the values.
package rrule
