package ics_test

import (
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/pim/ics"
)

// TestDefinitionsThatContradictTheirName is CLIENTS.md row 19: a name that is known counts, by the rules of today, and the
// definition beside it stays as the client wrote it. Names that nobody knows mean what their definition says.
func TestDefinitionsThatContradictTheirName(t *testing.T) {
	t.Parallel()
	define := func(tzid, offset string) []string {
		return []string{"BEGIN:VTIMEZONE", "TZID:" + tzid, "X-KEPT: as it  is", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:" + offset, "TZOFFSETTO:" + offset, "END:STANDARD", "END:VTIMEZONE"}
	}
	for _, c := range []struct{ tzid, offset, winter, summer string }{
		{"Europe/Berlin", "+0500", "2026-11-24T08:00:00Z", "2026-07-24T07:00:00Z"},
		{"Europe/Istanbul", "+0200", "2026-11-24T06:00:00Z", "2026-07-24T06:00:00Z"}, // right until 2016
		{"W. Europe Standard Time", "-0800", "2026-11-24T08:00:00Z", "2026-07-24T07:00:00Z"},
		{"Asia/Kolkata", "+0000", "2026-11-24T03:30:00Z", "2026-07-24T03:30:00Z"},
		{"Our Office", "+0500", "2026-11-24T04:00:00Z", "2026-07-24T04:00:00Z"},
		{"UTC", "+0100", "2026-11-24T09:00:00Z", "2026-07-24T09:00:00Z"},
	} {
		for at, want := range map[string]string{"20261124T090000": c.winter, "20260724T090000": c.summer} {
			lines := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0"}, define(c.tzid, c.offset)...)
			o := parse(t, append(lines, "BEGIN:VEVENT", "UID:1", "DTSTART;TZID="+c.tzid+":"+at, "SUMMARY:x", "END:VEVENT", "END:VCALENDAR")...)
			e := item(t, o).(*pim.Event)
			if e.Start.String() != want {
				t.Errorf("%s with %s: %v, want %s", c.tzid, c.offset, e.Start, want)
			}
			all, err := o.Occurrences(ics.Zones{}, ics.TimeRange{}, 0)
			if err != nil || len(all) != 1 || all[0].From.Format("2006-01-02T15:04:05Z") != want {
				t.Errorf("%s with %s: %v %v", c.tzid, c.offset, all, err)
			}
			// An edit leaves the definition and the name of the zone alone, byte for byte.
			e.Title = "y"
			next, err := ics.Apply(o, e, pim.AllOf(pim.KindEvent), ics.ApplyOptions{Zone: "Asia/Tokyo"})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := string(next.Bytes()), strings.Replace(string(o.Bytes()), "SUMMARY:x", "SUMMARY:y", 1); got != want {
				t.Errorf("%s: got\n%s", c.tzid, got)
			}
		}
	}
}

// TestAddedZonesAreWhole: what the server adds is the IANA name with a whole VTIMEZONE, for zones without summer time
// too, and UTC needs none.
func TestAddedZonesAreWhole(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string][]string{
		"Europe/Berlin":       {"BEGIN:DAYLIGHT", "BEGIN:STANDARD", "TZOFFSETTO:+0200", "TZOFFSETTO:+0100", "RRULE:FREQ=YEARLY"},
		"Asia/Kolkata":        {"BEGIN:STANDARD", "TZOFFSETFROM:+0530", "TZOFFSETTO:+0530", "DTSTART:"},
		"Africa/Johannesburg": {"BEGIN:STANDARD", "TZOFFSETTO:+0200", "DTSTART:"},
		"Asia/Kathmandu":      {"BEGIN:STANDARD", "TZOFFSETTO:+0545"},
		"UTC":                 nil,
	} {
		o := object(t, "VEVENT", "DTSTART;VALUE=DATE:20261124", "SUMMARY:x")
		it := &pim.Event{Start: pim.At(utc("20261124T090000Z").Time, zone), End: pim.At(utc("20261124T100000Z").Time, zone)}
		next, err := ics.Apply(o, it, pim.Set(pim.FieldTime), ics.ApplyOptions{Zone: zone})
		if err != nil {
			t.Fatal(err)
		}
		text := string(next.Bytes())
		if want == nil {
			if strings.Contains(text, "TZID") || !strings.Contains(text, "DTSTART:20261124T090000Z") {
				t.Errorf("%s:\n%s", zone, text)
			}
			continue
		}
		for _, part := range append(want, "BEGIN:VTIMEZONE", "\nTZID:"+zone, "DTSTART;TZID="+zone+":") {
			if !strings.Contains(text, part) {
				t.Errorf("%s: no %q in\n%s", zone, part, text)
			}
		}
		// Whoever knows no names reads the same from the definition.
		unnamed := strings.ReplaceAll(text, zone, "Some Office")
		again, err := ics.Parse([]byte(unnamed), ics.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if e := item(t, again).(*pim.Event); !e.Start.Time.Equal(it.Start.Time) || !e.End.Time.Equal(it.End.Time) {
			t.Errorf("%s: by its definition %v to %v", zone, e.Start, e.End)
		}
	}
}
