package ics_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim/ics"
)

// inside asks the rule about every zone that a calendar may have, when Once says that it need not be asked.
func inside(t interface {
	Helper()
	Fatalf(string, ...any)
}, text []byte, before, after int64) (once bool) {
	t.Helper()
	ics.Once(text, 0, 3602) // any bytes will do
	o, err := ics.Parse(text, ics.DefaultLimits())
	if err != nil {
		return false
	}
	start, end := o.Bounds()
	if start == math.MinInt64 || end == math.MaxInt64 || !ics.Once(text, start, end) {
		return false
	}
	for _, zone := range []*time.Location{nil, time.UTC, time.FixedZone("east", 14*3600), time.FixedZone("west", -12*3600)} {
		for _, r := range []ics.TimeRange{
			{From: time.Unix(start-before, 0), Until: time.Unix(end+after, 0)}, {From: time.Unix(start-before, 0)}, {Until: time.Unix(end+after, 0)},
		} {
			if !o.MatchesRange(ics.Zones{Local: zone}, r, 0) {
				t.Fatalf("not in %v, read in %v:\n%s", r, zone, text)
			}
		}
	}
	return true
}

func TestOnceIsInsideItsBounds(t *testing.T) {
	t.Parallel()
	lines := []string{
		"DTSTART:20260110T100000Z", "DTSTART;VALUE=DATE:20260110", "DTSTART:20260110T100000", "DTSTART;TZID=Europe/Oslo:20260110T100000", "DTSTART;TZID=Nowhere:20260110T100000",
		"DTSTART:rubbish", "DTSTART:20260110T100000Z,20260111T100000Z", "dtstart;value=date:20260329", "DTEND:20260110T110000Z", "DTEND:20260110T090000Z", "DTEND;VALUE=DATE:20260112",
		"DTEND;VALUE=DATE:20260109", "DTEND:20260110T100000Z", "DTEND;TZID=Europe/Oslo:20260111T000000", "DTEND:rubbish", "DURATION:PT1H", "DURATION:PT0S", "DURATION:-PT1H", "DURATION:P1D",
		"RRULE:FREQ=DAILY;COUNT=2", "rrule:FREQ=DAILY;COUNT=2", "RR\r\n ULE:FREQ=DAILY;COUNT=2", "RDATE:20260201T100000Z", "EXDATE:20260110T100000Z", "EX\r\n\tDATE;VALUE=DATE:20260110",
		"EXRULE:FREQ=DAILY", "RECURRENCE-ID:20260110T100000Z", "x.EXDATE:20260110T100000Z", "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM", "END:VEVENT\r\nBEGIN:VEVENT",
		"BEGIN:X\r\nEXDATE:20260110T100000Z\r\nEND:X", "SUMMARY:RRULE", "STATUS:CANCELLED", "X-A=1:", "", "x.BEGIN:VEVENT", "E:1", "R:1", ":1", "x.:1", "no colon",
	}
	frames := []string{"VEVENT", "VEVENT", "VEVENT", "vevent", "VTODO", "VJOURNAL", "VTIMEZONE", "X-COMP"}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
		for range rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, "blocks") {
			name := rapid.SampledFrom(frames).Draw(t, "block")
			b.WriteString("BEGIN:" + name + "\r\n")
			for _, l := range rapid.SliceOfN(rapid.SampledFrom(lines), 1, 4).Draw(t, "lines") {
				b.WriteString(l + "\r\n")
			}
			b.WriteString("END:" + name + "\r\n")
		}
		b.WriteString("END:VCALENDAR\r\n")
		inside(t, []byte(b.String()), rapid.Int64Range(0, 3).Draw(t, "before"), rapid.Int64Range(0, 3).Draw(t, "after"))
	})
}

func TestOnceOnSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.ics")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if inside(t, text, 0, 0) {
			found++
		}
	}
	if found == 0 {
		t.Errorf("none of %d samples takes place once", len(files))
	}
}

func BenchmarkOnce(b *testing.B) {
	text, err := os.ReadFile("testdata/thunderbird-event.ics")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		ics.Once(text, 0, 3602)
	}
}

// The rules of a time zone make no series of an event.
func TestRepeats(t *testing.T) {
	t.Parallel()
	const zone = "BEGIN:VTIMEZONE\r\nTZID:Z\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	for inner, want := range map[string]bool{
		"SUMMARY:RRULE\r\n": false, "rrule:FREQ=DAILY\r\n": true, "RDATE:20260101T000000Z\r\n": true, "EXDATE:20260101T000000Z\r\n": true,
		"RECURRENCE-ID:20260101T000000Z\r\n": true, "RR\r\n ULE:FREQ=DAILY\r\n": true, "g.RRULE:FREQ=DAILY\r\n": true,
		"DESCRIPTION:a\r\n RRULE:FREQ=DAILY\r\n": false, "BEGIN:VALARM\r\nRRULE:FREQ=DAILY\r\nEND:VALARM\r\n": false,
	} {
		for _, name := range []string{"VEVENT", "VTODO"} {
			text := "BEGIN:VCALENDAR\r\n" + zone + "BEGIN:" + name + "\r\nUID:x\r\n" + inner + "END:" + name + "\r\n" + "END:VCALENDAR\r\n"
			if got := ics.Repeats([]byte(text)); got != want {
				t.Errorf("%q in a %s: %v", inner, name, got)
			}
		}
	}
}
