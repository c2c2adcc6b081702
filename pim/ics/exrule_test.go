package ics_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
)

func exceptions(e pim.Item) string {
	var out []string
	if r := e.(*pim.Event).Recurrence; r != nil {
		for _, w := range r.Except {
			out = append(out, strings.TrimPrefix(w.String(), "2026-"))
		}
	}
	return strings.Join(out, " ")
}

// Who knows no EXRULE, as CRMs do, is told of every time that it takes away, as of those of EXDATE.
func TestExRuleIsToldAsExceptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, lines, want string }{
		{"two rules", "DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=6\nEXRULE:FREQ=WEEKLY;BYDAY=SA,SU", "11-28T09:00:00Z 11-29T09:00:00Z"},
		{"beside EXDATE", "DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=6\nEXDATE:20261125T090000Z,20261128T090000Z\nEXRULE:FREQ=WEEKLY;BYDAY=SA,SU",
			"11-25T09:00:00Z 11-28T09:00:00Z 11-29T09:00:00Z"},
		{"only times of the series", "DTSTART:20261124T090000Z\nRRULE:FREQ=WEEKLY;COUNT=2\nEXRULE:FREQ=DAILY;BYDAY=TU,WE;COUNT=3", "11-24T09:00:00Z 12-01T09:00:00Z"},
		{"a series without end", "DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY\nEXRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20261128T090000Z", "11-24T09:00:00Z 11-26T09:00:00Z 11-28T09:00:00Z"},
		{"dates", "DTSTART;VALUE=DATE:20261124\nRRULE:FREQ=DAILY;COUNT=3\nEXRULE:FREQ=DAILY;INTERVAL=2", "11-24 11-26"},
		{"a zone across its change", "DTSTART;TZID=Europe/Berlin:20261024T090000\nRRULE:FREQ=DAILY;COUNT=3\nEXRULE:FREQ=DAILY;INTERVAL=2", "10-24T07:00:00Z 10-26T08:00:00Z"},
		{"extra dates", "DTSTART:20261124T090000Z\nRDATE:20261125T090000Z,20261126T090000Z\nEXRULE:FREQ=DAILY;INTERVAL=2;COUNT=2", "11-24T09:00:00Z 11-26T09:00:00Z"},
		{"one that cannot be read", "DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=2\nEXRULE:FREQ=SOMETIMES", ""},
		{"nothing that repeats", "DTSTART:20261124T090000Z\nEXRULE:FREQ=DAILY", ""},
		{"none", "DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY", ""},
	} {
		o := object(t, "VEVENT", strings.Split(c.lines, "\n")...)
		it, err := o.Item(ics.Zones{})
		if err != nil || exceptions(it) != c.want {
			t.Errorf("%s: %v, want %s (%v)", c.name, it, c.want, err)
			continue
		}
		if c.want == "" {
			continue
		}
		// The view says what the text does: a series with its rule and those exceptions has the same occurrences.
		var lines []string
		for l := range strings.SplitSeq(c.lines, "\n") {
			if !strings.HasPrefix(l, "EX") {
				lines = append(lines, l)
			}
		}
		told := it.(*pim.Event)
		plain, err := ics.Apply(object(t, "VEVENT", lines...), told, pim.Set(pim.FieldRecurrence), ics.ApplyOptions{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		window := ics.TimeRange{From: told.Start.Time.Add(-time.Hour), Until: told.Start.Time.AddDate(0, 1, 0)}
		if got, want := startsIn(t, plain, window), startsIn(t, o, window); got != want {
			t.Errorf("%s: told as %s, it is %s", c.name, got, want)
		}
	}
}

func startsIn(t *testing.T, o *ics.Object, r ics.TimeRange) string {
	t.Helper()
	all, err := o.Occurrences(ics.Zones{}, r, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, oc := range all {
		out = append(out, oc.Start.String())
	}
	return strings.Join(out, " ")
}

// Times without number cannot be told one by one: the object is not synchronised rather than wrong.
func TestExRuleWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	for _, lines := range []string{
		"DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY;BYDAY=SA,SU",
		"DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY\nEXRULE:FREQ=DAILY",
		"DTSTART:20261124T090000Z\nRRULE:FREQ=HOURLY;COUNT=90000\nEXRULE:FREQ=HOURLY;INTERVAL=2",
	} {
		_, err := object(t, "VEVENT", strings.Split(lines, "\n")...).Item(ics.Zones{})
		if !errors.Is(err, pim.ErrUnsupported) || !strings.Contains(pim.PublicText(err), "EXRULE") {
			t.Errorf("%s: %v", lines, err)
		}
	}
}

// A change of the exceptions from elsewhere takes the place of the rule, so that it can bring back what the rule took.
func TestExceptionsTakeThePlaceOfExRule(t *testing.T) {
	t.Parallel()
	o := object(t, "VEVENT", "DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY;COUNT=6", "EXRULE:FREQ=WEEKLY;BYDAY=SA,SU", "EXRULE:FREQ=SOMETIMES", "SUMMARY:a")
	it, err := o.Item(ics.Zones{})
	if err != nil {
		t.Fatal(err)
	}
	want := pim.Clone(it).(*pim.Event)
	same, err := ics.Apply(o, want, pim.Set(pim.FieldRecurrence), ics.ApplyOptions{})
	if err != nil || string(same.Bytes()) != string(o.Bytes()) {
		t.Errorf("no change: %v\n%s", err, same.Bytes())
	}
	want.Title = "b"
	if titled, err := ics.Apply(o, want, pim.Set(pim.FieldTitle), ics.ApplyOptions{}); err != nil || !strings.Contains(string(titled.Bytes()), "EXRULE:FREQ=WEEKLY;BYDAY=SA,SU") {
		t.Errorf("another field: %v\n%s", err, titled.Bytes())
	}
	want.Recurrence.Except = want.Recurrence.Except[1:] // Saturday is back
	out, err := ics.Apply(o, want, pim.Set(pim.FieldRecurrence), ics.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text := string(out.Bytes())
	if strings.Contains(text, "EXRULE:FREQ=WEEKLY") || !strings.Contains(text, "EXDATE:20261129T090000Z") || !strings.Contains(text, "EXRULE:FREQ=SOMETIMES") {
		t.Errorf("%s", text)
	}
	if got, err := out.Item(ics.Zones{}); err != nil || exceptions(got) != "11-29T09:00:00Z" {
		t.Errorf("%v %v", got, err)
	}
}
