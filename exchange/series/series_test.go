package series_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/exchange/series"
	"crmbridge/pim"
	"crmbridge/pim/rrule"
	"crmbridge/pim/tz"
)

func berlin(t interface{ Fatal(...any) }) *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func local(s string) time.Time {
	at, err := time.Parse("2006-01-02T15:04", s)
	if err != nil {
		panic(err)
	}
	return at
}

func in(loc *time.Location, s string) pim.When {
	return pim.At(tz.Instant(local(s), loc), loc.String())
}

func TestRulesAndPatterns(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	week := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	for _, c := range []struct {
		start, rule string
		want        series.Pattern
		back        string // "": the same rule
	}{
		{"2026-11-23T10:00", "FREQ=DAILY", series.Pattern{Form: series.Daily, Interval: 1}, ""},
		{"2026-11-23T10:00", "FREQ=DAILY;COUNT=7;INTERVAL=3", series.Pattern{Form: series.Daily, Interval: 3, Count: 7}, ""},
		{"2026-11-23T10:00", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", series.Pattern{Form: series.Weekly, Interval: 1, Days: week}, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
		{"2026-11-23T10:00", "FREQ=WEEKLY", series.Pattern{Form: series.Weekly, Interval: 1, Days: week[:1]}, "FREQ=WEEKLY;BYDAY=MO"},
		{"2026-11-29T10:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", series.Pattern{Form: series.Weekly, Interval: 2, Days: []time.Weekday{time.Tuesday, time.Sunday}}, ""},
		{"2026-11-15T10:00", "FREQ=MONTHLY", series.Pattern{Form: series.AbsoluteMonthly, Interval: 1, DayOfMonth: 15}, "FREQ=MONTHLY;BYMONTHDAY=15"},
		{"2026-11-30T10:00", "FREQ=MONTHLY;BYMONTHDAY=-1", series.Pattern{Form: series.AbsoluteMonthly, Interval: 1, DayOfMonth: 31}, ""},
		{"2026-11-30T10:00", "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", series.Pattern{Form: series.AbsoluteMonthly, Interval: 1, DayOfMonth: 30}, ""},
		{"2026-11-24T10:00", "FREQ=MONTHLY;BYDAY=4TU", series.Pattern{Form: series.RelativeMonthly, Interval: 1, Days: week[1:2], Index: 4}, ""},
		{"2026-11-24T10:00", "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=4", series.Pattern{Form: series.RelativeMonthly, Interval: 1, Days: week[1:2], Index: 4}, "FREQ=MONTHLY;BYDAY=4TU"},
		{"2026-11-30T10:00", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", series.Pattern{Form: series.RelativeMonthly, Interval: 1, Days: week, Index: -1}, ""},
		{"2026-11-23T10:00", "FREQ=YEARLY;INTERVAL=2", series.Pattern{Form: series.AbsoluteYearly, Interval: 2, DayOfMonth: 23, Month: 11}, "FREQ=YEARLY;INTERVAL=2;BYMONTH=11;BYMONTHDAY=23"},
		{"2026-12-31T10:00", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31", series.Pattern{Form: series.AbsoluteYearly, Interval: 1, DayOfMonth: 31, Month: 12}, ""},
		{"2026-02-28T10:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", series.Pattern{Form: series.AbsoluteYearly, Interval: 1, DayOfMonth: 29, Month: 2}, ""},
		{"2026-11-29T10:00", "FREQ=YEARLY;BYMONTH=11;BYDAY=-1SU", series.Pattern{Form: series.RelativeYearly, Interval: 1, Days: []time.Weekday{time.Sunday}, Index: -1, Month: 11}, ""},
		{"2026-11-23T10:00", "FREQ=DAILY;UNTIL=20261130T090000Z", series.Pattern{Form: series.Daily, Interval: 1, Until: pim.On(2026, 11, 30)}, ""},
		{"2026-11-23T10:00", "FREQ=DAILY;UNTIL=20261130T000000Z", series.Pattern{Form: series.Daily, Interval: 1, Until: pim.On(2026, 11, 29)}, "FREQ=DAILY;UNTIL=20261129T090000Z"},
		{"2026-11-23T00:30", "FREQ=DAILY;UNTIL=20261129T233000Z", series.Pattern{Form: series.Daily, Interval: 1, Until: pim.On(2026, 11, 30)}, ""},
		{"2026-11-23T10:00", "FREQ=DAILY;UNTIL=20261130", series.Pattern{Form: series.Daily, Interval: 1, Until: pim.On(2026, 11, 30)}, "FREQ=DAILY;UNTIL=20261130T090000Z"},
		{"2026-11-23T10:00", "FREQ=DAILY;COUNT=1000", series.Pattern{Form: series.Daily, Interval: 1, Until: pim.On(2029, 8, 18)}, "FREQ=DAILY;UNTIL=20290818T080000Z"},
	} {
		start := in(loc, c.start)
		got, err := series.Of(&pim.Recurrence{Rules: []string{c.rule}}, start, loc)
		if err != nil || !got.Same(c.want) {
			t.Errorf("%s: got %+v, %v, want %+v", c.rule, got, err, c.want)
			continue
		}
		if c.back == "" {
			c.back = c.rule
		}
		parsed, err := rrule.Parse(c.back)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := got.Rule(start, loc); err != nil || back != parsed.String() {
			t.Errorf("%s came back as %s, %v, want %s", c.rule, back, err, parsed)
		}
	}
}

func TestRulesThatExchangeCannotKeep(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	monday := in(loc, "2026-11-23T10:00")
	for name, c := range map[string]struct {
		start pim.When
		rec   pim.Recurrence
	}{
		"extra dates":           {monday, pim.Recurrence{Rules: []string{"FREQ=DAILY"}, Dates: []pim.When{monday}}},
		"two rules":             {monday, pim.Recurrence{Rules: []string{"FREQ=DAILY", "FREQ=WEEKLY"}}},
		"dates only":            {monday, pim.Recurrence{}},
		"hours":                 {monday, pim.Recurrence{Rules: []string{"FREQ=HOURLY"}}},
		"twice a day":           {monday, pim.Recurrence{Rules: []string{"FREQ=DAILY;BYHOUR=10,12"}}},
		"weeks of the year":     {monday, pim.Recurrence{Rules: []string{"FREQ=YEARLY;BYWEEKNO=48"}}},
		"days of the year":      {monday, pim.Recurrence{Rules: []string{"FREQ=YEARLY;BYYEARDAY=327"}}},
		"another day first":     {monday, pim.Recurrence{Rules: []string{"FREQ=WEEKLY;BYDAY=TU"}}},
		"another month first":   {monday, pim.Recurrence{Rules: []string{"FREQ=YEARLY;BYMONTH=3"}}},
		"31st, skipping months": {in(loc, "2026-10-31T10:00"), pim.Recurrence{Rules: []string{"FREQ=MONTHLY"}}},
		"leap days":             {in(loc, "2028-02-29T10:00"), pim.Recurrence{Rules: []string{"FREQ=YEARLY"}}},
		"fifth Monday":          {in(loc, "2026-11-30T10:00"), pim.Recurrence{Rules: []string{"FREQ=MONTHLY;BYDAY=5MO"}}},
		"last but one":          {in(loc, "2026-11-29T10:00"), pim.Recurrence{Rules: []string{"FREQ=MONTHLY;BYMONTHDAY=-2"}}},
		"every Monday of it":    {monday, pim.Recurrence{Rules: []string{"FREQ=MONTHLY;BYDAY=MO"}}},
		"Friday the 13th":       {in(loc, "2026-11-13T10:00"), pim.Recurrence{Rules: []string{"FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13"}}},
		"two dates":             {in(loc, "2026-11-15T10:00"), pim.Recurrence{Rules: []string{"FREQ=MONTHLY;BYMONTHDAY=1,15"}}},
		"every 1000 days":       {monday, pim.Recurrence{Rules: []string{"FREQ=DAILY;INTERVAL=1000"}}},
		"a summer's days":       {monday, pim.Recurrence{Rules: []string{"FREQ=DAILY;BYMONTH=11"}}},
		"Tuesday or Wednesday":  {in(loc, "2026-11-03T10:00"), pim.Recurrence{Rules: []string{"FREQ=MONTHLY;BYDAY=TU,WE;BYSETPOS=1"}}},
	} {
		p, err := series.Of(&c.rec, c.start, loc)
		if pim.ReasonOf(err) != pim.ErrUnsupported {
			t.Errorf("%s: got %+v, %v", name, p, err)
		}
	}
	if _, err := series.Of(&pim.Recurrence{Rules: []string{"FREQ=SOMETIMES"}}, monday, loc); pim.ReasonOf(err) != pim.ErrInvalid {
		t.Errorf("no rule: %v", err)
	}
}

// days are the first of a pattern as Exchange counts them: written from the words of its documentation, day by day.
func days(p series.Pattern, start time.Time, most int) (out []time.Time) {
	first := time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, time.UTC)
	weekStart := first.AddDate(0, 0, -int(first.Weekday()-p.FirstDay+7)%7)
	for day := first; len(out) < most && day.Before(first.AddDate(40, 0, 0)); day = day.AddDate(0, 0, 1) {
		if !p.Until.IsZero() && day.After(p.Until.Time) || p.Count > 0 && len(out) == p.Count {
			return out
		}
		apart := int(day.Sub(first).Hours() / 24)
		weeks := int(day.Sub(weekStart).Hours()/24) / 7
		months := (day.Year()-first.Year())*12 + int(day.Month()-first.Month())
		lastDay := day.AddDate(0, 0, 1).Month() != day.Month()
		onDate := day.Day() == p.DayOfMonth || lastDay && day.Day() < p.DayOfMonth
		nth := 0
		for d := day; d.Month() == day.Month(); d = d.AddDate(0, 0, -1) {
			if slices.Contains(p.Days, d.Weekday()) {
				nth++
			}
		}
		last := true
		for d := day.AddDate(0, 0, 1); d.Month() == day.Month(); d = d.AddDate(0, 0, 1) {
			last = last && !slices.Contains(p.Days, d.Weekday())
		}
		onIndex := slices.Contains(p.Days, day.Weekday()) && (nth == p.Index || p.Index == series.Last && last)
		var hit bool
		switch p.Form {
		case series.Daily:
			hit = apart%p.Interval == 0
		case series.Weekly:
			hit = weeks%p.Interval == 0 && slices.Contains(p.Days, day.Weekday())
		case series.AbsoluteMonthly:
			hit = months%p.Interval == 0 && onDate
		case series.RelativeMonthly:
			hit = months%p.Interval == 0 && onIndex
		case series.AbsoluteYearly:
			hit = months%(12*p.Interval) == 0 && day.Month() == p.Month && onDate
		case series.RelativeYearly:
			hit = months%(12*p.Interval) == 0 && day.Month() == p.Month && onIndex
		}
		if hit {
			out = append(out, day)
		}
	}
	return out
}

// A rule that is not refused has a pattern of the same days, and so has the rule that comes back.
func TestPatternsMeanTheSameDays(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	rapid.Check(t, func(t *rapid.T) {
		r := drawRule(t)
		wall := time.Date(2026, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 31).Draw(t, "day"), rapid.SampledFrom([]int{0, 1, 2, 9, 23}).Draw(t, "hour"), 30, 0, 0, time.UTC)
		start := pim.At(tz.Instant(wall, loc), loc.String())
		p, err := series.Of(&pim.Recurrence{Rules: []string{r.String()}}, start, loc)
		if err != nil {
			return
		}
		back, err := p.Rule(start, loc)
		if err != nil {
			t.Fatal(err)
		}
		again, err := rrule.Parse(back)
		if err != nil {
			t.Fatal(err)
		}
		want := days(p, wall, 30)
		for what, rule := range map[string]rrule.Rule{"the rule": r, "the rule that came back": again} {
			if got := expanded(t, rule, wall, loc, 30); !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Fatalf("%s %s from %v has %v, the pattern %+v has %v", what, rule, wall, got, p, want)
			}
		}
		if same, err := series.Of(&pim.Recurrence{Rules: []string{back}}, start, loc); err != nil || !same.Same(p) {
			t.Fatalf("%s became %+v, then %+v, %v", r, p, same, err)
		}
	})
}

func expanded(t *rapid.T, r rrule.Rule, wall time.Time, loc *time.Location, most int) (out []time.Time) {
	set := rrule.Set{Start: wall, Zone: loc, Rules: []rrule.Rule{r}}
	it := set.Iter(time.Time{}, tz.Instant(wall, loc).AddDate(39, 11, 0), rrule.NewBudget(1_000_000))
	for len(out) < most {
		at, ok := it.Next()
		if !ok {
			break
		}
		y, m, d := at.In(loc).Date()
		out = append(out, time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func drawRule(t *rapid.T) rrule.Rule {
	r := rrule.Rule{
		Freq:      rapid.SampledFrom([]rrule.Freq{rrule.Daily, rrule.Weekly, rrule.Monthly, rrule.Yearly}).Draw(t, "freq"),
		Interval:  rapid.SampledFrom([]int{1, 1, 2, 3}).Draw(t, "interval"),
		WeekStart: rapid.SampledFrom([]rrule.Weekday{rrule.Monday, rrule.Monday, rrule.Sunday, rrule.Wednesday}).Draw(t, "week"),
	}
	if rapid.Bool().Draw(t, "days") {
		for range rapid.IntRange(1, 7).Draw(t, "number") {
			d := rrule.NthDay{Day: rrule.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday"))}
			if r.Freq >= rrule.Monthly && rapid.Bool().Draw(t, "nth") {
				d.N = rapid.SampledFrom([]int{1, 2, 4, 5, -1, -2}).Draw(t, "n")
			}
			r.ByDay = append(r.ByDay, d)
		}
	}
	if r.Freq != rrule.Weekly && rapid.IntRange(0, 2).Draw(t, "dates") == 0 {
		r.ByMonthDay = rapid.SampledFrom([][]int{{1}, {15}, {28}, {29}, {30}, {31}, {-1}, {-2}, {28, 29}, {28, 29, 30}, {28, 29, 30, 31}, {1, 15}}).Draw(t, "date")
	}
	if rapid.IntRange(0, 2).Draw(t, "positions") == 0 && (len(r.ByDay) > 0 || len(r.ByMonthDay) > 0) {
		r.BySetPos = []int{rapid.SampledFrom([]int{1, 2, 4, -1}).Draw(t, "position")}
	}
	if r.Freq == rrule.Yearly && rapid.Bool().Draw(t, "in month") {
		r.ByMonth = []int{rapid.IntRange(1, 12).Draw(t, "named")}
	}
	switch rapid.IntRange(0, 3).Draw(t, "end") {
	case 0:
		r.Count = rapid.IntRange(1, 20).Draw(t, "count")
	case 1:
		r.Until = rrule.Until{Form: rrule.UntilUTC, Time: time.Date(2027, 3, rapid.IntRange(1, 31).Draw(t, "until"), rapid.IntRange(0, 23).Draw(t, "until hour"), 30, 0, 0, time.UTC)}
	case 2:
		r.Until = rrule.Until{Form: rrule.UntilDate, Time: time.Date(2027, 3, rapid.IntRange(1, 31).Draw(t, "until"), 0, 0, 0, 0, time.UTC)}
	}
	return r
}
