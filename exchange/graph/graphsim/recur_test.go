package graphsim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim/rrule"
	"crmbridge/pim/tz"
)

// TestExpansionAgreesWithICalendar compares our own expansion with one that was written for RFC 5545, where the two
// notations mean the same: days that a month may not have are left out, as Outlook takes the last day instead.
func TestExpansionAgreesWithICalendar(t *testing.T) {
	t.Parallel()
	days := []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	rapid.Check(t, func(t *rapid.T) {
		r := rule{kind: rapid.SampledFrom([]string{"daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"}).Draw(t, "kind"),
			interval: rapid.IntRange(1, 5).Draw(t, "interval"), first: time.Weekday(rapid.IntRange(0, 6).Draw(t, "first")),
			day: rapid.IntRange(1, 28).Draw(t, "day"), month: rapid.IntRange(1, 12).Draw(t, "month"), index: rapid.IntRange(0, 4).Draw(t, "index"),
			end: "noEnd", from: dayNumber(2026, 1, 1) + rapid.IntRange(0, 800).Draw(t, "from")}
		var by []string
		for i := range 7 {
			if r.days[i] = rapid.Bool().Draw(t, days[i]); r.days[i] {
				by = append(by, days[i])
			}
		}
		if len(by) == 0 {
			r.days[1], by = true, []string{"MO"}
		}
		position := []string{"1", "2", "3", "4", "-1"}[r.index]
		text := map[string]string{
			"daily":           "FREQ=DAILY",
			"weekly":          "FREQ=WEEKLY;BYDAY=" + strings.Join(by, ",") + ";WKST=" + days[r.first],
			"absoluteMonthly": fmt.Sprint("FREQ=MONTHLY;BYMONTHDAY=", r.day),
			"relativeMonthly": "FREQ=MONTHLY;BYDAY=" + strings.Join(by, ",") + ";BYSETPOS=" + position,
			"absoluteYearly":  fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYMONTHDAY=%d", r.month, r.day),
			"relativeYearly":  fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=%s;BYSETPOS=%s", r.month, strings.Join(by, ","), position),
		}[r.kind] + fmt.Sprint(";INTERVAL=", r.interval)
		rule, err := rrule.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for day := range r.each {
			if got = append(got, date(day)); len(got) == 40 {
				break
			}
		}
		begin := time.Unix(int64(r.from)*daySeconds, 0).UTC()
		set := rrule.Set{Start: begin, Rules: []rrule.Rule{rule}, RulesOnly: true}
		var want []string
		all := set.Iter(begin, begin.AddDate(400, 0, 0), rrule.NewBudget(2_000_000))
		for len(want) < len(got) {
			at, more := all.Next()
			if !more {
				t.Fatal(all.Err())
			}
			want = append(want, at.Format(time.DateOnly))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s from %s:\n%v\nwant %v", text, date(r.from), got, want)
		}
	})
}

// TestWallClocksAgree compares our reading of wall clocks with that of package tz, in all seasons and zones.
func TestWallClocksAgree(t *testing.T) {
	t.Parallel()
	zones := []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		z, ok := parseZone(rapid.SampledFrom(zones).Draw(t, "zone"))
		if !ok {
			t.Fatal("a zone is missing")
		}
		w := wall(rapid.Int64Range(1_600_000_000/900, 2_000_000_000/900).Draw(t, "quarter") * 900)
		want := tz.Instant(time.Unix(int64(w), 0).UTC(), z.loc)
		if got := w.instant(z.loc); !got.Equal(want) {
			t.Fatalf("%v in %s: %v, want %v", w, z.name, got, want)
		}
	})
}

func TestZoneNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Europe/Berlin": "W. Europe Standard Time", "w. europe standard time": "W. Europe Standard Time", "utc": "UTC",
		"Asia/Calcutta": "India Standard Time", "Antarctica/Troll": "Antarctica/Troll", "tzone://Microsoft/Utc": "UTC"} {
		if z, ok := parseZone(name); !ok || z.name != want {
			t.Errorf("%s: %q %v, want %q", name, z.name, ok, want)
		}
	}
	for _, name := range []string{"", "GMT+1", "Z", "Berlin", "/mozilla.org/20050126_1/Europe/Berlin"} {
		if z, ok := parseZone(name); ok {
			t.Errorf("%q is %q", name, z.name)
		}
	}
}
