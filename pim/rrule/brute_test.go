package rrule

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// bruteForce expands a rule of hours, minutes or seconds by looking at every second, as RFC 5545 3.3.10 reads.
func bruteForce(r Rule, start, until time.Time) []time.Time {
	unit := map[Freq]time.Duration{Hourly: time.Hour, Minutely: time.Minute, Secondly: time.Second}[r.Freq]
	step := unit * time.Duration(max(1, r.Interval))
	in := func(list []int, n int) bool { return len(list) == 0 || slices.Contains(list, n) }
	counted := func(list []int, place, length int) bool {
		return len(list) == 0 || slices.Contains(list, place) || slices.Contains(list, place-length-1)
	}
	matches := func(t time.Time) bool {
		inMonth := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		inYear := time.Date(t.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
		day := len(r.ByDay) == 0
		for _, d := range r.ByDay {
			day = day || d.Day.Std() == t.Weekday()
		}
		ok := day && in(r.ByMonth, int(t.Month())) && counted(r.ByMonthDay, t.Day(), inMonth) &&
			counted(r.ByYearDay, t.YearDay(), inYear) && in(r.ByHour, t.Hour()) && in(r.ByMinute, t.Minute())
		if r.Freq > Minutely && len(r.ByMinute) == 0 {
			ok = ok && t.Minute() == start.Minute()
		}
		if r.Freq > Secondly && len(r.BySecond) == 0 {
			return ok && t.Second() == start.Second()
		}
		return ok && in(r.BySecond, t.Second())
	}
	all := []time.Time{start}
	for period := start.Truncate(unit); period.Before(until); period = period.Add(step) {
		var set []time.Time
		for t := period; t.Before(period.Add(unit)); t = t.Add(time.Second) {
			if matches(t) {
				set = append(set, t)
			}
		}
		for i, t := range set {
			picked := len(r.BySetPos) == 0 || slices.Contains(r.BySetPos, i+1) || slices.Contains(r.BySetPos, i-len(set))
			if picked && t.After(start) && t.Before(until) && (r.Count == 0 || len(all) < r.Count) {
				all = append(all, t)
			}
		}
	}
	return all
}

func TestAgainstBruteForce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, start := anyRule(t, Secondly, Hourly), anyStart(t)
		until := start.Add(time.Duration(rapid.IntRange(1, 3*3600).Draw(t, "seconds")) * time.Second)
		if r.Freq > Secondly {
			until = start.Add(26 * time.Hour)
		}
		set := Set{Start: start, Rules: []Rule{r}}
		got, err := set.Between(time.Time{}, until, NewBudget(1e6))
		if err != nil {
			t.Fatal(err)
		}
		if want := bruteForce(r, start, until); !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Fatalf("%s from %s\ngot  %v\nwant %v", r, start.Format("Mon 2006-01-02 15:04:05"), got, want)
		}
	})
}
