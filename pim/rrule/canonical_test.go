package rrule

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var zones = []string{"", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}

func mustZone(t rapid.TB, name string) *time.Location {
	t.Helper()
	if name == "" {
		return nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// The canonical rule gives what the rule gives, and is canonical.
func TestCanonicalGivesTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Set{Start: anyStart(t), Date: rapid.IntRange(0, 3).Draw(t, "date") == 0, Zone: mustZone(t, rapid.SampledFrom(zones).Draw(t, "zone"))}
		r := anyRule(t, Hourly, Yearly)
		if r.Count == 0 && rapid.Bool().Draw(t, "hasUntil") {
			at := s.Start.Add(time.Duration(rapid.IntRange(0, 3*366*24*60).Draw(t, "until")) * time.Minute)
			r.Until = Until{UntilForm(rapid.IntRange(int(UntilDate), int(UntilUTC)).Draw(t, "form")), at}
			if r.Until.Form == UntilDate {
				r.Until.Time = at.Truncate(24 * time.Hour)
			}
		}
		canon := s.Canonical(r)
		if again := s.Canonical(canon); again.String() != canon.String() {
			t.Fatalf("%s is %s, and that is %s", r, canon, again)
		}
		until := s.Start.AddDate(4, 0, 0)
		starts := func(r Rule) []time.Time {
			s.Rules = []Rule{r}
			all, err := s.Between(time.Time{}, until, NewBudget(200_000))
			if err != nil {
				t.Skip("more than the budget")
			}
			return all
		}
		if is, was := starts(canon), starts(r); !slices.EqualFunc(is, was, time.Time.Equal) {
			t.Fatalf("%s gives %v, %s gives %v", canon, is, r, was)
		}
	})
}

// Spellings that programs have for the same days have one canonical text; rules of other days have not.
func TestCanonicalIsOne(t *testing.T) {
	t.Parallel()
	berlin := mustZone(t, "Europe/Berlin")
	monday := Set{Start: time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC), Zone: berlin}
	day := Set{Start: time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC), Date: true, Zone: berlin}
	for _, c := range []struct {
		set  Set
		same []string
	}{
		{monday, []string{"FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=1", "INTERVAL=1;FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MO;WKST=SU", "freq=weekly;wkst=mo", "FREQ=DAILY;BYDAY=MO", "FREQ=WEEKLY;BYHOUR=9;BYMINUTE=0"}},
		{monday, []string{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "FREQ=WEEKLY;INTERVAL=2;WKST=SU"}},
		{monday, []string{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU"}},
		{monday, []string{"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU"}},
		{monday, []string{"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=DAILY;BYDAY=FR,TH,WE,TU,MO"}},
		{monday, []string{"FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=5"}},
		{monday, []string{"FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", "FREQ=MONTHLY;BYSETPOS=1;BYDAY=MO;WKST=SU"}},
		{monday, []string{"FREQ=MONTHLY;BYDAY=MO"}},
		{monday, []string{"FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=5", "FREQ=YEARLY;BYMONTH=10"}},
		// The last one is on Monday, the 26th: by its day, by its end, by its time, by a moment of that day; the clocks changed the day before.
		{monday, []string{"FREQ=WEEKLY;UNTIL=20261026", "FREQ=WEEKLY;UNTIL=20261026T080000Z", "FREQ=WEEKLY;UNTIL=20261026T225959Z", "FREQ=WEEKLY;UNTIL=20261026T090000", "FREQ=WEEKLY;UNTIL=20261027T075959Z"}},
		{monday, []string{"FREQ=WEEKLY;UNTIL=20261026T075959Z", "FREQ=WEEKLY;UNTIL=20261025"}},
		{day, []string{"FREQ=DAILY;UNTIL=20261026", "FREQ=DAILY;UNTIL=20261026T220000Z", "FREQ=DAILY;UNTIL=20261026T000000", "FREQ=DAILY;UNTIL=20261025T230000Z;BYHOUR=7"}},
	} {
		for _, text := range c.same {
			if got, want := canonText(t, c.set, text), canonText(t, c.set, c.same[0]); got != want {
				t.Errorf("%s is %s, want %s", text, got, want)
			}
		}
	}
	for _, c := range [][2]string{
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU"}, {"FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=TU"}, {"FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=4"},
		{"FREQ=WEEKLY;UNTIL=20261026", "FREQ=WEEKLY;UNTIL=20261026T075959Z"}, {"FREQ=DAILY;INTERVAL=2;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MO"}, {"FREQ=DAILY;BYHOUR=8,9", "FREQ=DAILY"},
	} {
		if canonText(t, monday, c[0]) == canonText(t, monday, c[1]) {
			t.Errorf("%s and %s are the same", c[0], c[1])
		}
	}
	bad := Rule{Freq: Daily, Count: -1}
	if got := monday.Canonical(bad); got.Count != -1 {
		t.Errorf("%v", got)
	}
}

func canonText(t *testing.T, s Set, text string) string {
	t.Helper()
	r, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s.Canonical(r).String()
}
