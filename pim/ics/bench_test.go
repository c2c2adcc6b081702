package ics_test

import (
	"os"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
)

func BenchmarkObject(b *testing.B) {
	text, err := os.ReadFile("testdata/thunderbird-event.ics")
	if err != nil {
		b.Fatal(err)
	}
	series, err := os.ReadFile("testdata/exchange-series.ics")
	if err != nil {
		b.Fatal(err)
	}
	parse := func(text []byte) *ics.Object {
		o, err := ics.Parse(text, ics.DefaultLimits())
		if err != nil {
			b.Fatal(err)
		}
		return o
	}
	month := ics.TimeRange{From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	o := parse(text)
	it, err := o.Item(ics.Zones{})
	if err != nil {
		b.Fatal(err)
	}
	it.(*pim.Event).Title = "another"
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"parse", func() { parse(text) }},
		{"bytes", func() { o.Bytes() }},
		{"put", func() { o := parse(text); o.Validate(); o.Bounds() }},
		{"item", func() { _, _ = parse(text).Item(ics.Zones{}) }},
		{"apply", func() { _, _ = ics.Apply(o, it, pim.Set(pim.FieldTitle), ics.ApplyOptions{Now: now}) }},
		{"match", func() { parse(text).MatchesRange(ics.Zones{}, month, 0) }},
		{"match series", func() { parse(series).MatchesRange(ics.Zones{}, month, 0) }},
		{"expand series", func() { _, _ = parse(series).Expand(ics.Zones{}, month, 0) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.run()
			}
		})
	}
}
