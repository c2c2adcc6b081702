package rrule

import (
	"errors"
	"slices"
	"testing"
	"time"

	"crmbridge/internal/testenv"
)

func FuzzExpand(f *testing.F) {
	for _, e := range rfcExamples {
		f.Add(e.rule, int64(872_000_000), int64(900_000_000), uint16(40), uint8(1), false)
	}
	f.Add("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", int64(0), int64(1e9), uint16(60000), uint8(2), false)
	f.Add("FREQ=YEARLY;BYHOUR=1,2,3;BYMINUTE=1,2;BYSETPOS=-366", int64(-5e10), int64(2e11), uint16(1), uint8(0), false)
	f.Add("FREQ=WEEKLY;INTERVAL=2147483647;COUNT=2147483647", int64(0), int64(0), uint16(1), uint8(0), true)
	zones := []*time.Location{nil, time.UTC, zone(f, "America/New_York"), zone(f, "Pacific/Apia")}
	f.Fuzz(func(t *testing.T, text string, start, from int64, days uint16, in uint8, date bool) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		const far = 1 << 38 // some 8 700 years
		set := Set{
			Start: time.Unix(start%far, 0).UTC(), Zone: zones[int(in)%len(zones)], Date: date, Rules: []Rule{r, r},
			RDates: []time.Time{time.Unix(from%far, 0)},
		}
		begin := time.Unix(from%far, 0)
		end := begin.AddDate(0, 0, int(days))
		const steps = 2000
		b := NewBudget(steps)
		var all []time.Time
		if took := testenv.Work(t, func() { all, err = set.Between(begin, end, b) }); took > 5*time.Second {
			t.Fatalf("%s took %v", r, took)
		}
		if err != nil && !errors.Is(err, ErrBudget) && !errors.Is(err, ErrRule) {
			t.Fatal(err)
		}
		if len(all) > steps+2 || !slices.IsSortedFunc(all, time.Time.Compare) {
			t.Fatalf("%d occurrences, %v", len(all), all)
		}
		for _, at := range all {
			if at.Before(begin) || !at.Before(end) {
				t.Fatalf("%v is not from %v to %v", at, begin, end)
			}
		}
		bounds, err := set.Bounds(time.Hour, NewBudget(steps))
		if err != nil && !errors.Is(err, ErrBudget) && !errors.Is(err, ErrRule) {
			t.Fatal(err)
		}
		if err == nil && !bounds.Unbounded {
			for _, at := range all {
				if at.Before(bounds.First) || at.Add(time.Hour).After(bounds.Last) {
					t.Fatalf("%s: %v is outside of %v", r, at, bounds)
				}
			}
		}
	})
}
