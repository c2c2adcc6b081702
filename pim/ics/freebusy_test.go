package ics_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim/ics"
)

// busyDay is 10 January 2026.
var busyDay = ics.TimeRange{From: time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 1, 11, 0, 0, 0, 0, time.UTC)}

// TestBusy is the table of RFC 4791 7.10, and what Outlook adds to it.
func TestBusy(t *testing.T) {
	t.Parallel()
	const times = "DTSTART:20260110T100000Z\r\nDTEND:20260110T110000Z\r\n"
	for _, c := range []struct{ component, lines, want string }{
		{"VEVENT", times, "BUSY"},
		{"VEVENT", times + "STATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\n", "BUSY"},
		{"VEVENT", times + "STATUS:tentative\r\n", "BUSY-TENTATIVE"},
		{"VEVENT", times + "STATUS:CANCELLED\r\n", ""},
		{"VEVENT", times + "TRANSP:TRANSPARENT\r\n", ""},
		{"VEVENT", times + "TRANSP:TRANSPARENT\r\nSTATUS:TENTATIVE\r\n", ""},
		{"VEVENT", times + "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n", "BUSY-UNAVAILABLE"},
		{"VEVENT", times + "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\r\n", "BUSY-TENTATIVE"},
		{"VEVENT", times + "X-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n", ""},
		{"VEVENT", times + "TRANSP:OPAQUE\r\nX-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n", "BUSY"},
		{"VEVENT", "DTSTART:20260110T100000Z\r\n", ""},
		{"VTODO", "DTSTART:20260110T100000Z\r\nDUE:20260110T110000Z\r\n", ""},
		{"VJOURNAL", "DTSTART:20260110T100000Z\r\n", ""},
		{"VFREEBUSY", "FREEBUSY:20260110T100000Z/PT1H\r\n", "BUSY"},
		{"VFREEBUSY", "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260110T100000Z/20260110T110000Z\r\n", "BUSY-UNAVAILABLE"},
		{"VFREEBUSY", "FREEBUSY;FBTYPE=X-OWN:20260110T100000Z/PT1H\r\n", "BUSY"},
		{"VFREEBUSY", "FREEBUSY;FBTYPE=FREE:20260110T100000Z/PT1H\r\n", ""},
	} {
		o, err := ics.Parse([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:"+c.component+"\r\nUID:a\r\n"+c.lines+"END:"+c.component+"\r\nEND:VCALENDAR\r\n"), ics.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.Busy(ics.Zones{}, busyDay, 0)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case c.want == "" && len(got) > 0, c.want != "" && len(got) != 1:
			t.Errorf("%s %q: %v, want %q", c.component, c.lines, got, c.want)
		case c.want != "" && (string(got[0].Type) != c.want || got[0].Until.Sub(got[0].From) != time.Hour):
			t.Errorf("%s %q: %v, want %q", c.component, c.lines, got, c.want)
		}
	}
}

// TestMergeBusy compares with looking at each moment.
func TestMergeBusy(t *testing.T) {
	t.Parallel()
	types := []ics.BusyType{ics.BusyFixed, ics.BusyUnavailable, ics.BusyTentative} // the one that counts most first
	at := func(n int) time.Time { return busyDay.From.Add(time.Duration(n) * time.Minute) }
	rapid.Check(t, func(rt *rapid.T) {
		var in []ics.Busy
		for range rapid.IntRange(0, 12).Draw(rt, "n") {
			from := rapid.IntRange(0, 40).Draw(rt, "from")
			in = append(in, ics.Busy{From: at(from), Until: at(from + rapid.IntRange(1, 15).Draw(rt, "length")), Type: rapid.SampledFrom(types).Draw(rt, "type")})
		}
		during := func(list []ics.Busy, n int) string {
			best := len(types)
			for _, b := range list {
				if !b.From.After(at(n)) && b.Until.After(at(n)) {
					best = min(best, slices.Index(types, b.Type))
				}
			}
			return fmt.Sprint(best)
		}
		out := ics.MergeBusy(slices.Clone(in))
		for n := range 60 {
			if during(in, n) != during(out, n) {
				rt.Fatalf("at minute %d: %v gave %v", n, in, out)
			}
		}
		for i, b := range out {
			if !b.From.Before(b.Until) || i > 0 && (b.From.Before(out[i-1].Until) || b.From.Equal(out[i-1].Until) && b.Type == out[i-1].Type) {
				rt.Fatalf("not merged: %v", out)
			}
		}
	})
}

// TestNewFreeBusy is read again (RFC 5545 3.6.4).
func TestNewFreeBusy(t *testing.T) {
	t.Parallel()
	busy := []ics.Busy{{From: busyDay.From.Add(time.Hour), Until: busyDay.From.Add(2 * time.Hour), Type: ics.BusyTentative}}
	text := ics.NewFreeBusy(busy, ics.FreeBusyOptions{ProdID: "-//example.org//test//EN", UID: "u", Now: busyDay.From, Range: busyDay})
	o, err := ics.Parse(text, ics.DefaultLimits())
	if err != nil || len(o.Validate()) > 0 {
		t.Fatalf("%v %v\n%s", err, o.Validate(), text)
	}
	got, err := o.Busy(ics.Zones{}, ics.TimeRange{}, 0)
	if err != nil || !slices.Equal(got, busy) {
		t.Errorf("%v, %v", got, err)
	}
	for _, l := range []string{"DTSTART:20260110T000000Z\r\n", "DTEND:20260111T000000Z\r\n", "DTSTAMP:20260110T000000Z\r\n", "UID:u\r\n"} {
		if !strings.Contains(string(text), l) {
			t.Errorf("no %q in %s", l, text)
		}
	}
}

// TestZonesByReference: leaving out and adding are each other's undoing where the definition is ours (RFC 7809).
func TestZonesByReference(t *testing.T) {
	t.Parallel()
	bare := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=Europe/Oslo:20260110T100000\r\nEXDATE;TZID=Asia/Tokyo:20260111T100000\r\n" +
		"BEGIN:VALARM\r\nTRIGGER;TZID=Europe/Oslo;VALUE=DATE-TIME:20260110T090000\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	o, err := ics.Parse([]byte(bare), ics.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	full := o.WithStandardZones()
	var ids []string
	for _, b := range full.Calendar().Blocks("VTIMEZONE") {
		ids = append(ids, b.Value("TZID"))
	}
	if !slices.Equal(ids, []string{"Europe/Oslo", "Asia/Tokyo"}) {
		t.Errorf("%v", ids)
	}
	again, err := ics.Parse(full.Bytes(), ics.DefaultLimits())
	if err != nil || again.WithStandardZones() != again || string(again.WithoutStandardZones().Bytes()) != bare {
		t.Errorf("%v\n%s", err, full.Bytes())
	}
	if o.WithoutStandardZones() != o {
		t.Error("changed without need")
	}
	for _, text := range []string{bare, string(full.Bytes()), strings.ReplaceAll(bare, "Europe/Oslo", "Nowhere"), strings.ReplaceAll(bare, ";TZID", ";X-ID")} {
		p, err := ics.Parse([]byte(text), ics.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if changes := p.WithStandardZones() != p; changes && !ics.LacksZones([]byte(text)) {
			t.Errorf("the quick look misses %s", text)
		}
	}
}

// FuzzZonesAndBusy does with any text what a server does for free-busy and for zones by reference.
func FuzzZonesAndBusy(f *testing.F) {
	names, err := filepath.Glob("testdata/*.ics")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := ics.Parse(b, ics.DefaultLimits())
		if err != nil {
			return
		}
		busy, err := o.Busy(ics.Zones{}, busyDay, 100)
		if err == nil {
			for _, x := range ics.MergeBusy(busy) {
				if x.From.Before(busyDay.From) || x.Until.After(busyDay.Until) || !x.From.Before(x.Until) {
					t.Fatalf("%v is outside of the range", x)
				}
			}
		}
		if first, last := o.Extent(ics.Zones{}); last.Before(first) {
			t.Fatalf("from %v to %v", first, last)
		}
		o.CountsUpTo(100)
		full := o.WithStandardZones()
		for _, changed := range []*ics.Object{full, o.WithoutStandardZones()} {
			again, err := ics.Parse(changed.Bytes(), ics.Limits{})
			if err != nil || again.UID() != o.UID() || again.Component() != o.Component() {
				t.Fatalf("%v: %q became %q", err, b, changed.Bytes())
			}
		}
	})
}
