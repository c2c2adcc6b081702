package rrule

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func format(list []time.Time, layout string) string {
	words := make([]string, len(list))
	for i, at := range list {
		words[i] = at.Format(layout)
	}
	return strings.Join(words, " ")
}

// RFC 5545 3.3.10: readings that a zone skips or repeats mean what they mean as DTSTART (3.3.5).
func TestClockChanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, zone, start, rule, want string }{
		{
			"daily in the gap", "Europe/Berlin", "20260328T023000", "FREQ=DAILY;COUNT=3",
			"28T02:30+01 29T03:30+02 30T02:30+02",
		},
		{
			"daily in the overlap", "Europe/Berlin", "20261024T023000", "FREQ=DAILY;COUNT=3",
			"24T02:30+02 25T02:30+02 26T02:30+01",
		},
		{
			"start in the gap", "Europe/Berlin", "20260329T023000", "FREQ=WEEKLY;COUNT=2",
			"29T03:30+02 05T02:30+02",
		},
		{
			"hourly over the gap gives 03:00 once", "Europe/Berlin", "20260329T010000", "FREQ=HOURLY;COUNT=4",
			"29T01:00+01 29T03:00+02 29T04:00+02",
		},
		{
			"half hours keep their order", "Europe/Berlin", "20260329T013000", "FREQ=HOURLY;BYMINUTE=15,30;COUNT=6",
			"29T01:30+01 29T03:15+02 29T03:30+02 29T04:15+02",
		},
		{
			"the repeated hour once", "Europe/Berlin", "20261025T013000", "FREQ=HOURLY;COUNT=4",
			"25T01:30+02 25T02:30+02 25T03:30+01 25T04:30+01",
		},
		{
			"a skipped day", "Pacific/Apia", "20111229T120000", "FREQ=DAILY;COUNT=4",
			"29T12:00-10 31T12:00+14 01T12:00+14",
		},
		{
			"no midnight", "America/Sao_Paulo", "20181103T000000", "FREQ=DAILY;COUNT=3",
			"03T00:00-03 04T01:00-02 05T00:00-02",
		},
		{
			"until within the gap", "Europe/Berlin", "20260329T020000", "FREQ=MINUTELY;INTERVAL=20;UNTIL=20260329T012000Z",
			"29T03:00+02 29T03:20+02",
		},
	} {
		set := Set{Start: reading(t, tt.start), Zone: zone(t, tt.zone), Rules: []Rule{mustParse(t, tt.rule)}}
		all, err := set.Between(time.Time{}, time.Time{}, nil)
		if got := format(all, "02T15:04-07"); err != nil || got != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	daily := []Rule{mustParse(t, "FREQ=DAILY;COUNT=4")}
	at := func(day, hour int) time.Time { return time.Date(2026, 5, day, hour, 0, 0, 0, berlin) }
	start := reading(t, "20260501T090000")
	for _, tt := range []struct {
		name, want string
		set        Set
	}{
		{"single", "01T09:00", Set{Start: start, Zone: berlin}},
		{"single excepted", "", Set{Start: start, Zone: berlin, ExDates: []time.Time{at(1, 9)}}},
		{"dates only", "01T09:00 03T10:00 04T09:00", Set{Start: start, Zone: berlin, RDates: []time.Time{at(4, 9), at(3, 10), at(4, 9)}}},
		{"a date before the start", "30T09:00 01T09:00", Set{Start: start, Zone: berlin, RDates: []time.Time{at(0, 9)}}},
		{"rule and same date", "01T09:00 02T09:00 03T09:00 04T09:00", Set{Start: start, Zone: berlin, Rules: daily, RDates: []time.Time{at(3, 9).UTC()}}},
		{"exceptions count", "02T09:00 04T09:00", Set{Start: start, Zone: berlin, Rules: daily, ExDates: []time.Time{at(1, 9), at(3, 9).UTC(), at(9, 9)}}},
		{"exception of a date", "01T09:00", Set{Start: start, Zone: berlin, RDates: []time.Time{at(3, 9)}, ExDates: []time.Time{at(3, 9)}}},
		{"excepted day", "01T09:00 03T09:00 04T09:00", Set{Start: start, Zone: berlin, Rules: daily, ExDays: []time.Time{reading(t, "20260502T000000")}}},
		{"excepted at another time", "01T09:00 02T09:00 03T09:00 04T09:00", Set{Start: start, Zone: berlin, Rules: daily, ExDates: []time.Time{at(2, 10)}}},
		{"two rules", "01T09:00 02T09:00 03T09:00 04T09:00 04T10:00 06T10:00", Set{Start: start, Zone: berlin, Rules: append([]Rule{mustParse(t, "FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=10;COUNT=3")}, daily...)}},
		{"start outside the rule counts", "01T09:00 04T09:00 11T09:00", Set{Start: start, Zone: berlin, Rules: []Rule{mustParse(t, "FREQ=WEEKLY;BYDAY=MO;COUNT=3")}}},
		{"and may be all", "01T09:00", Set{Start: start, Zone: berlin, Rules: []Rule{mustParse(t, "FREQ=WEEKLY;BYDAY=MO;COUNT=1")}}},
		{"until before the start", "01T09:00", Set{Start: start, Zone: berlin, Rules: []Rule{mustParse(t, "FREQ=DAILY;UNTIL=20250101")}}},
		{"floating", "01T09:00 02T09:00 03T09:00 04T09:00", Set{Start: start, Rules: daily}},
		{"dates", "01T00:00 02T00:00 03T00:00 04T00:00", Set{Start: start, Date: true, Rules: daily}},
		{"dates in a zone", "01T00:00 02T00:00 03T00:00 04T00:00", Set{Start: start, Date: true, Zone: berlin, Rules: daily}},
		{"dates have no hours", "01T00:00 02T00:00", Set{Start: start, Date: true, Rules: []Rule{mustParse(t, "FREQ=DAILY;BYHOUR=9,10;BYSETPOS=1;COUNT=2")}}},
		{"week of the start's day", "01T09:00 07T09:00", Set{Start: start, Zone: berlin, Rules: []Rule{mustParse(t, "FREQ=YEARLY;BYWEEKNO=18;UNTIL=20280501")}}},
		{"the 60th second", "01T09:00", Set{Start: reading(t, "20260501T090059"), Zone: berlin, Rules: []Rule{mustParse(t, "FREQ=DAILY;BYSECOND=59,60;COUNT=1")}}},
		{"fractions", "01T09:00 02T09:00", Set{Start: start.Add(time.Millisecond), Zone: berlin, Rules: []Rule{mustParse(t, "FREQ=DAILY;COUNT=2")}}},
	} {
		all, err := tt.set.Between(time.Time{}, time.Time{}, nil)
		if got := format(all, "02T15:04"); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
		for _, one := range all {
			if has, err := tt.set.Has(one, nil); !has || err != nil {
				t.Errorf("%s: has not %v, %v", tt.name, one, err)
			}
			if has, err := tt.set.Has(one.Add(time.Second), nil); has || err != nil {
				t.Errorf("%s: has a second after %v, %v", tt.name, one, err)
			}
		}
	}
}

// UNTIL in every form, for every kind of start. 22:30 in UTC is past midnight in Berlin.
func TestUntilForms(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	for _, tt := range []struct {
		until, want string
		date        bool
		zone        *time.Location
	}{
		{"20260503", "01 02 03", false, berlin},
		{"20260503", "01 02 03", false, nil},
		{"20260503", "01 02 03", true, nil},
		{"20260503T003000", "01 02 03", false, berlin},
		{"20260503T002959", "01 02", false, berlin},
		{"20260503T003000", "01 02 03", false, nil},
		{"20260503T003000", "01 02 03", true, nil},
		{"20260502T223000Z", "01 02 03", false, berlin},
		{"20260502T222959Z", "01 02", false, berlin},
		{"20260502T223000Z", "01 02", false, nil},
		{"20260502T220000Z", "01 02", true, nil},
		{"20260502T220000Z", "01 02 03", true, berlin},
		{"20260502T215959Z", "01 02", true, berlin},
	} {
		set := Set{Start: reading(t, "20260501T003000"), Date: tt.date, Zone: tt.zone, Rules: []Rule{mustParse(t, "FREQ=DAILY;UNTIL="+tt.until)}}
		all, err := set.Between(time.Time{}, time.Time{}, nil)
		if got := format(all, "02"); err != nil || got != tt.want {
			t.Errorf("UNTIL=%s, date %v, zone %v: %s, %v, want %s", tt.until, tt.date, tt.zone, got, err, tt.want)
		}
		bounds, err := set.Bounds(0, nil)
		if err != nil || bounds.Unbounded || !bounds.First.Equal(all[0]) || !bounds.Last.Equal(all[len(all)-1]) {
			t.Errorf("UNTIL=%s: bounds %v, %v", tt.until, bounds, err)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]Set{
		"hours of a date": {Start: reading(t, "20260501T000000"), Date: true, Rules: []Rule{mustParse(t, "FREQ=HOURLY")}},
		"year 0":          {Start: time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)},
		"year 10000":      {Start: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if _, err := set.Between(time.Time{}, time.Time{}, nil); !errors.Is(err, ErrRule) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The end of the calendar ends every rule.
func TestLastYear(t *testing.T) {
	t.Parallel()
	for freq := Secondly; freq <= Yearly; freq++ {
		set := Set{Start: reading(t, "99991231T235959"), Rules: []Rule{{Freq: freq, Interval: maxNumber}, {Freq: freq}}}
		all, err := set.Between(time.Time{}, time.Time{}, nil)
		if err != nil || len(all) != 1 {
			t.Errorf("%s: %v, %v", freq, all, err)
		}
	}
	set := Set{Start: reading(t, "00010101T000000"), Rules: []Rule{{Freq: Yearly, Interval: 1000}}}
	all, err := set.Between(time.Time{}, time.Time{}, nil)
	if got := format(all, "2006"); err != nil || got != "0001 1001 2001 3001 4001 5001 6001 7001 8001 9001" {
		t.Errorf("%s, %v", got, err)
	}
}

// anySet draws a set in some zone, with rules that go on or not, dates and exceptions.
func anySet(t *rapid.T) Set {
	zones := []string{"", "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"}
	set := Set{Date: rapid.IntRange(0, 3).Draw(t, "date") == 0}
	set.Start = time.Unix(rapid.Int64Range(1.2e9, 1.4e9).Draw(t, "start"), 0).UTC()
	if name := rapid.SampledFrom(zones).Draw(t, "zone"); name != "" {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		set.Zone = loc
		// Clocks change soon after half of the starts.
		if _, end := set.Start.In(loc).ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "near") {
			set.Start = end.UTC().Add(time.Duration(rapid.IntRange(-40, 40).Draw(t, "hours")) * 30 * time.Minute)
		}
	}
	shortest := Minutely
	if set.Date {
		shortest = Daily
	}
	for range rapid.IntRange(0, 2).Draw(t, "rules") {
		r := anyRule(t, shortest, Yearly)
		if r.Count == 0 && rapid.Bool().Draw(t, "hasUntil") {
			r.Until = Until{UntilForm(rapid.IntRange(1, 3).Draw(t, "form")), set.Start.AddDate(0, 0, rapid.IntRange(0, 2000).Draw(t, "until"))}
			if r.Until.Form == UntilDate {
				r.Until.Time = r.Until.Time.Truncate(24 * time.Hour)
			}
		}
		set.Rules = append(set.Rules, r)
	}
	day := rapid.IntRange(-3, 40)
	for range rapid.IntRange(0, 3).Draw(t, "dates") {
		set.RDates = append(set.RDates, set.At(set.Start.AddDate(0, 0, day.Draw(t, "rdate"))))
		set.ExDates = append(set.ExDates, set.At(set.Start.AddDate(0, 0, day.Draw(t, "exdate"))))
		set.ExDays = append(set.ExDays, set.Start.AddDate(0, 0, day.Draw(t, "exday")))
	}
	return set
}

// A window shows what the whole shows there, and bounds hold everything.
func TestWindows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		set := anySet(t)
		const steps = 20_000
		end := set.Start.AddDate(3, 0, 0)
		all, err := set.Between(time.Time{}, end, NewBudget(steps))
		if err != nil && !errors.Is(err, ErrBudget) {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(all, time.Time.Compare) {
			t.Fatalf("%v: not in order: %v", set, all)
		}
		if err != nil && len(all) > 0 { // what was found is all there is up to the last
			end = all[len(all)-1]
		}
		if err == nil || len(all) > 0 {
			checkWindows(t, set, all, end)
		}
		bounds, err := set.Bounds(time.Hour, NewBudget(steps))
		if err != nil && !errors.Is(err, ErrBudget) {
			t.Fatal(err)
		}
		for _, at := range all {
			if at.Before(bounds.First) || !bounds.Unbounded && at.Add(time.Hour).After(bounds.Last) {
				t.Fatalf("%v: %v is outside of %v", set, at, bounds)
			}
		}
	})
}

func checkWindows(t *rapid.T, set Set, all []time.Time, end time.Time) {
	first := min(set.Start.Unix(), end.Unix()) - 86400
	for range 5 {
		from := time.Unix(rapid.Int64Range(first, end.Unix()).Draw(t, "from"), 0)
		if len(all) > 0 && rapid.Bool().Draw(t, "exact") {
			from = rapid.SampledFrom(all).Draw(t, "one")
		}
		length := rapid.OneOf(rapid.Int64Range(0, 100*86400), rapid.Int64Range(0, 7200)).Draw(t, "length")
		until := from.Add(time.Duration(length) * time.Second)
		if until.After(end) {
			until = end
		}
		var want []time.Time
		for _, at := range all {
			if !at.Before(from) && at.Before(until) {
				want = append(want, at)
			}
		}
		got, err := set.Between(from, until, NewBudget(40_000))
		if errors.Is(err, ErrBudget) {
			continue
		}
		if err != nil || !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Fatalf("%v\nfrom %v until %v\ngot  %v, %v\nwant %v", set, from.UTC(), until.UTC(), got, err, want)
		}
	}
}
