package ics_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
)

func singleUID(id string) string { return "uid-" + id }

func singles(t *testing.T, o *ics.Object, r ics.TimeRange, known map[string]bool) map[string]*ics.Object {
	t.Helper()
	all, err := o.Singles(ics.Zones{}, r, known, 0, singleUID)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*ics.Object{}
	for _, s := range all {
		if _, twice := out[s.ID]; twice {
			t.Fatalf("%s is there twice", s.ID)
		}
		out[s.ID] = s.Object
	}
	return out
}

func seriesOf(t *testing.T, text string) *ics.Object {
	t.Helper()
	o, err := ics.Parse([]byte(strings.ReplaceAll(text, "\n", "\r\n")), ics.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

const weekly = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:series
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:20260302T090000
DTEND;TZID=Europe/Berlin:20260302T100000
RRULE:FREQ=WEEKLY;COUNT=8
EXDATE;TZID=Europe/Berlin:20260309T090000
SUMMARY:Weekly
X-KEPT:yes
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:x
TRIGGER:-PT15M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:series
DTSTAMP:20260101T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20260316T090000
DTSTART;TZID=Europe/Berlin:20270316T113000
DTEND;TZID=Europe/Berlin:20270316T123000
SUMMARY:Moved
END:VEVENT
END:VCALENDAR
`

func TestSinglesOfASeries(t *testing.T) {
	t.Parallel()
	o := seriesOf(t, weekly)
	march := ics.TimeRange{From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}
	got := singles(t, o, march, nil)
	// The clocks change on the 29th; the moved one is a year away, and the 9th is gone.
	if len(got) != 3 || got["20260302T080000Z"] == nil || got["20260323T080000Z"] == nil || got["20260330T070000Z"] == nil {
		t.Fatalf("got %v", got)
	}
	text := string(got["20260330T070000Z"].Bytes())
	for _, want := range []string{"DTSTART;TZID=Europe/Berlin:20260330T090000", "DTEND;TZID=Europe/Berlin:20260330T100000", "UID:uid-20260330T070000Z", "X-KEPT:yes", "TRIGGER:-PT15M"} {
		if !strings.Contains(text, want+"\r\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	for _, gone := range []string{"RRULE", "EXDATE", "RECURRENCE-ID"} {
		if strings.Contains(text, gone) {
			t.Errorf("%s in a single occurrence", gone)
		}
	}
	// What is known is found wherever it was moved to.
	if got := singles(t, o, march, map[string]bool{"20260316T080000Z": true, "20260413T070000Z": true, "20260414T070000Z": true}); len(got) != 5 || got["20260316T080000Z"] == nil || got["20260413T070000Z"] == nil {
		t.Fatalf("got %v", got)
	}
}

func TestSinglesGoBackIntoTheSeries(t *testing.T) {
	t.Parallel()
	o := seriesOf(t, weekly)
	all := singles(t, o, ics.TimeRange{}, nil)
	if len(all) != 7 {
		t.Fatalf("%d occurrences, want 7", len(all))
	}
	for id, one := range all {
		it, err := one.Item(ics.Zones{})
		if err != nil {
			t.Fatal(err)
		}
		e := pim.Clone(it).(*pim.Event)
		e.Title, e.Start, e.End = "Changed "+id, pim.At(e.Start.Time.Add(time.Hour), "Europe/Berlin"), pim.At(e.End.Time.Add(time.Hour), "Europe/Berlin")
		changed, err := ics.Apply(one, e, pim.Set(pim.FieldTitle, pim.FieldTime), ics.ApplyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		back, err := o.WithSingle(id, changed, ics.ApplyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		now := singles(t, back, ics.TimeRange{}, nil)
		same(t, id, now, all, changed)
		without, err := back.WithoutSingle(id, ics.ApplyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		same(t, id, singles(t, without, ics.TimeRange{}, nil), all, nil)
		// One that was gone can come back.
		again, err := without.WithSingle(id, changed, ics.ApplyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		same(t, id, singles(t, again, ics.TimeRange{}, nil), all, changed)
	}
}

// same wants the occurrences of before, but for one that is changed or (nil) gone.
func same(t *testing.T, id string, now, before map[string]*ics.Object, changed *ics.Object) {
	t.Helper()
	for other, want := range before {
		switch got := now[other]; {
		case other == id && changed == nil:
			if got != nil {
				t.Errorf("%s is still there", id)
			}
		case got == nil:
			t.Errorf("%s is gone", other)
		case other == id && !got.Alike(changed):
			t.Errorf("%s is\n%s\nwant\n%s", id, got.Bytes(), changed.Bytes())
		case other != id && !got.Alike(want):
			t.Errorf("%s became\n%s\nwas\n%s", other, got.Bytes(), want.Bytes())
		}
	}
	if extra := len(now) - len(before); extra > 0 || extra < -1 {
		t.Errorf("%d occurrences, there were %d", len(now), len(before))
	}
}

// TestSinglesOfEveryGoldenSeries takes each occurrence of each file out and back in.
func TestSinglesOfEveryGoldenSeries(t *testing.T) {
	t.Parallel()
	seen := 0
	for i, o := range sources(t) {
		if it, err := o.Item(ics.Zones{}); err != nil || it == nil {
			continue
		}
		r := ics.TimeRange{From: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
		all, err := o.Singles(ics.Zones{}, r, nil, 0, singleUID)
		if err != nil || len(all) < 2 {
			continue
		}
		seen++
		before := map[string]*ics.Object{}
		for _, s := range all {
			before[s.ID] = s.Object
		}
		for _, s := range all[:min(len(all), 5)] {
			back, err := o.WithSingle(s.ID, s.Object, ics.ApplyOptions{})
			if err != nil {
				t.Fatal(i, err)
			}
			now := singles(t, back, r, nil)
			if got := now[s.ID]; got == nil || fmt.Sprint(got.Item(ics.Zones{})) == "" || !bytes.Equal(got.Bytes(), s.Object.Bytes()) {
				t.Errorf("file %d, %s: put back it is not what it was:\n%s\nnow %v", i, s.ID, s.Object.Bytes(), now)
			}
			if len(now) != len(before) {
				t.Errorf("file %d, %s: %d occurrences, there were %d", i, s.ID, len(now), len(before))
			}
		}
	}
	if seen < 3 {
		t.Fatalf("only %d series among the files", seen)
	}
}
