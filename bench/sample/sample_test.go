package sample_test

import (
	"bytes"
	"slices"
	"testing"

	"crmbridge/bench/sample"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/vcf"
)

// What is measured must be what the server would take, or the numbers are of errors.
func TestEventsAreValid(t *testing.T) {
	t.Parallel()
	var c sample.Calendar
	seen := map[string]bool{}
	var series, alarms, attendees, days int
	const n = 3000
	for i := range n {
		o := c.Event(i, i%3)
		obj, err := ics.Parse(o.Text, ics.DefaultLimits())
		if err != nil {
			t.Fatalf("event %d: %v\n%s", i, err, o.Text)
		}
		if faults := obj.Validate(); len(faults) > 0 {
			t.Fatalf("event %d: %v\n%s", i, faults, o.Text)
		}
		if obj.UID() != o.UID || seen[o.UID] {
			t.Fatalf("event %d: UID %q read as %q, or there twice", i, o.UID, obj.UID())
		}
		seen[o.UID] = true
		it, err := obj.Item(ics.Zones{})
		if err != nil {
			t.Fatal(err)
		}
		e := it.(*pim.Event)
		for count, has := range map[*int]bool{&series: e.Recurrence != nil, &alarms: len(e.Reminders) > 0, &attendees: len(e.Attendees) > 0, &days: e.AllDay()} {
			if has {
				*count++
			}
		}
	}
	for what, share := range map[string]struct{ have, least, most int }{
		"series": {series, 4, 9}, "alarms": {alarms, 25, 40}, "attendees": {attendees, 15, 25}, "whole days": {days, 5, 11},
	} {
		if got := share.have * 100 / n; got < share.least || got > share.most {
			t.Errorf("%s: %d %%, want %d to %d", what, got, share.least, share.most)
		}
	}
}

func TestSteadyMonthDoesNotGrow(t *testing.T) {
	t.Parallel()
	var c sample.Calendar
	from, until := c.SteadyMonth()
	inMonth := func(n int) (count int) {
		for i := range n {
			obj, err := ics.Parse(c.Event(i, 0).Text, ics.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if start, end := obj.Bounds(); start < until.Unix() && end > from.Unix() {
				count++
			}
		}
		return count
	}
	if small, large := inMonth(200), inMonth(4000); small != large || small != sample.Standing+sample.Steady {
		t.Errorf("%d events of 200 and %d of 4000 may be in the month, want %d", small, large, sample.Standing+sample.Steady)
	}
}

func TestCardsAreValid(t *testing.T) {
	t.Parallel()
	var b sample.Book
	found := 0
	for i := range 2000 {
		o := b.Card(i, i%2)
		c, err := vcf.Parse(o.Text, vcf.DefaultLimits())
		if err != nil {
			t.Fatalf("card %d: %v\n%s", i, err, o.Text)
		}
		if faults := c.Validate(); len(faults) > 0 {
			t.Fatalf("card %d: %v\n%s", i, faults, o.Text)
		}
		if bytes.Contains(bytes.ToLower(o.Text), []byte(sample.SearchText)) {
			found++
		}
	}
	if found != sample.Wanted {
		t.Errorf("a search finds %d cards, want %d", found, sample.Wanted)
	}
}

func TestSampleIsDeterministic(t *testing.T) {
	t.Parallel()
	if !slices.Equal(sample.Calendar{}.Event(77, 0).Text, sample.Calendar{}.Event(77, 0).Text) ||
		!slices.Equal(sample.Book{}.Card(77, 0).Text, sample.Book{}.Card(77, 0).Text) {
		t.Error("the same object is made differently twice")
	}
	if slices.Equal(sample.Calendar{}.Event(77, 0).Text, sample.Calendar{}.Event(77, 1).Text) {
		t.Error("a revision changes nothing")
	}
}
