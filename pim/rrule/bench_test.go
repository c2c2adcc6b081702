package rrule

import (
	"errors"
	"testing"
	"time"

	other "github.com/teambition/rrule-go"
)

// A month of 2026 of rules from 1970 in Berlin, as a calendar query asks for it.
func BenchmarkMonth(b *testing.B) {
	berlin := zone(b, "Europe/Berlin")
	from := time.Date(2026, 6, 1, 0, 0, 0, 0, berlin)
	for _, rule := range []string{
		"FREQ=DAILY", "FREQ=DAILY;COUNT=100000", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=MONTHLY;BYDAY=-1FR",
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=1000", "FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=10", "FREQ=YEARLY;BYWEEKNO=23;BYDAY=MO",
	} {
		b.Run(rule, func(b *testing.B) {
			set := Set{Start: reading(b, "19700101T090000"), Zone: berlin, Rules: []Rule{mustParse(b, rule)}}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := set.Between(from, from.AddDate(0, 1, 0), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What the budget lets through of every second of a month, and what rrule-go makes of the same.
func BenchmarkSecondly(b *testing.B) {
	start := reading(b, "20260501T000000")
	b.Run("budget", func(b *testing.B) {
		set := Set{Start: start, Rules: []Rule{{Freq: Secondly}}}
		for b.Loop() {
			if _, err := set.Between(start, start.AddDate(0, 1, 0), nil); !errors.Is(err, ErrBudget) {
				b.Fatal(err)
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		set := Set{Start: start, Rules: []Rule{{Freq: Secondly}}}
		for b.Loop() {
			if all, err := set.Between(start, start.AddDate(0, 1, 0), NewBudget(1e9)); err != nil || len(all) != 31*86400 {
				b.Fatal(len(all), err)
			}
		}
	})
	b.Run("rrule-go", func(b *testing.B) {
		for b.Loop() {
			r, err := other.NewRRule(other.ROption{Freq: other.SECONDLY, Dtstart: start})
			if err != nil {
				b.Fatal(err)
			}
			if all := r.Between(start, start.AddDate(0, 1, 0), true); len(all) < 31*86400 {
				b.Fatal(len(all))
			}
		}
	})
}

func BenchmarkBounds(b *testing.B) {
	berlin := zone(b, "Europe/Berlin")
	for _, rule := range []string{
		"FREQ=DAILY", "FREQ=DAILY;COUNT=100000", "FREQ=WEEKLY;BYDAY=MO,WE,FR;UNTIL=20301231T000000Z", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=120",
	} {
		b.Run(rule, func(b *testing.B) {
			set := Set{Start: reading(b, "19700101T090000"), Zone: berlin, Rules: []Rule{mustParse(b, rule)}}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := set.Bounds(time.Hour, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("FREQ=WEEKLY;INTERVAL=2;UNTIL=20261231T225959Z;BYDAY=MO,WE,FR;WKST=SU"); err != nil {
			b.Fatal(err)
		}
	}
}
