package ics_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/golden"
	"crmbridge/pim"
	"crmbridge/pim/ics"
)

// starts lists what Occurrences gives as "start" or "start<id" for overrides.
func starts(t *testing.T, o *ics.Object, z ics.Zones, r ics.TimeRange) string {
	t.Helper()
	all, err := o.Occurrences(z, r, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, oc := range all {
		s := oc.Start.String()
		if oc.Start.IsZero() {
			s = oc.End.String()
		}
		if oc.Override {
			s += "<" + oc.RecurrenceID.String()
		}
		out = append(out, strings.TrimPrefix(s, "2026-"))
	}
	return strings.Join(out, " ")
}

func TestOccurrences(t *testing.T) {
	t.Parallel()
	year := ics.TimeRange{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
	other := func(lines ...string) []string {
		return append(append([]string{"END:VEVENT", "BEGIN:VEVENT", "UID:1"}, lines...), "SUMMARY:override")
	}
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"one", []string{"DTSTART:20261124T090000Z"}, "11-24T09:00:00Z"},
		{"the start counts though the rule has not got it", []string{"DTSTART:20261124T090000Z", "RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=3"},
			"11-24T09:00:00Z 11-27T09:00:00Z 12-04T09:00:00Z"},
		{"two rules, one day in both", []string{"DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2"},
			"11-24T09:00:00Z 11-25T09:00:00Z 12-01T09:00:00Z"},
		{"EXDATE in UTC against a zone", []string{"DTSTART;TZID=Europe/Berlin:20261124T090000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261125T080000Z"},
			"11-24T08:00:00Z 11-26T08:00:00Z"},
		{"EXDATE takes the start", []string{"DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20261124T090000Z"}, "11-25T09:00:00Z"},
		{"EXDATE of a whole day", []string{"DTSTART;TZID=America/New_York:20261124T200000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20261125"},
			"11-25T01:00:00Z 11-27T01:00:00Z"},
		{"EXDATE with a time in a series of days", []string{"DTSTART;VALUE=DATE:20261124", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261125T000000Z"}, "11-24 11-26"},
		{"an override moves out of order", append([]string{"DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY;COUNT=3"}, other("RECURRENCE-ID:20261125T090000Z", "DTSTART:20261130T090000Z")...),
			"11-24T09:00:00Z 11-26T09:00:00Z 11-30T09:00:00Z<2026-11-25T09:00:00Z"},
		{"an override of the start", append([]string{"DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY;COUNT=2"}, other("RECURRENCE-ID:20261124T090000Z", "DTSTART:20261124T120000Z")...),
			"11-24T12:00:00Z<2026-11-24T09:00:00Z 11-25T09:00:00Z"},
		{"an override that names its day", append([]string{"DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY;COUNT=2"}, other("RECURRENCE-ID;VALUE=DATE:20261125", "DTSTART:20261125T120000Z")...),
			"11-24T09:00:00Z 11-25T12:00:00Z<2026-11-25"},
		{"an override of a day, named with a time", append([]string{"DTSTART;VALUE=DATE:20261124", "RRULE:FREQ=DAILY;COUNT=2"}, other("RECURRENCE-ID:20261125T000000", "DTSTART;VALUE=DATE:20261126")...),
			"11-24 11-26<2026-11-25T00:00:00"},
		{"an override of no occurrence stands for itself", append([]string{"DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY;COUNT=2"}, other("RECURRENCE-ID:20261201T070000Z", "DTSTART:20261201T080000Z")...),
			"11-24T09:00:00Z 11-25T09:00:00Z 12-01T08:00:00Z<2026-12-01T07:00:00Z"},
		{"EXDATE beats an override", append([]string{"DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20261125T090000Z"}, other("RECURRENCE-ID:20261125T090000Z", "DTSTART:20261125T120000Z")...),
			"11-24T09:00:00Z"},
		{"an override of a single event", append([]string{"DTSTART:20261124T090000Z"}, other("RECURRENCE-ID:20261124T090000Z", "DTSTART:20261124T120000Z")...),
			"11-24T12:00:00Z<2026-11-24T09:00:00Z"},
		{"a day as RDATE of a timed event is none", []string{"DTSTART:20261124T090000Z", "RDATE;VALUE=DATE:20261126"}, "11-24T09:00:00Z"},
		{"a time as RDATE of a day is its day", []string{"DTSTART;VALUE=DATE:20261124", "RDATE:20261126T120000Z"}, "11-24 11-26"},
		{"an empty RDATE", []string{"DTSTART:20261124T090000Z", "RDATE:"}, "11-24T09:00:00Z"},
		{"an override without a start", append([]string{"DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY;COUNT=2"}, other("RECURRENCE-ID:20261125T090000Z")...),
			"<2026-11-25T09:00:00Z 11-24T09:00:00Z"},
		{"overrides of overrides that cannot be read", append([]string{"DTSTART:20261124T090000Z"}, other("RECURRENCE-ID:nonsense", "DTSTART:20261125T120000Z")...), "11-24T09:00:00Z"},
	} {
		if got := starts(t, object(t, "VEVENT", c.lines...), ics.Zones{}, year); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestOccurrencesHaveTheirLength(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		lines []string
		want  time.Duration // of the third occurrence, over the end of summer time
	}{
		{"DTEND is exact", []string{"DTSTART;TZID=Europe/Berlin:20261023T120000", "DTEND;TZID=Europe/Berlin:20261024T120000"}, 24 * time.Hour},
		{"DURATION in days is not", []string{"DTSTART;TZID=Europe/Berlin:20261022T120000", "DURATION:P1D"}, 25 * time.Hour},
		{"DURATION in hours is", []string{"DTSTART;TZID=Europe/Berlin:20261022T120000", "DURATION:PT24H"}, 24 * time.Hour},
		{"days", []string{"DTSTART;VALUE=DATE:20261023", "DTEND;VALUE=DATE:20261024"}, 25 * time.Hour},
		{"days by DURATION", []string{"DTSTART;VALUE=DATE:20261023", "DURATION:PT12H"}, 25 * time.Hour},
		{"a day by default", []string{"DTSTART;VALUE=DATE:20261023"}, 25 * time.Hour},
		{"nothing by default", []string{"DTSTART:20261023T100000Z"}, 0},
		{"a length that is negative", []string{"DTSTART:20261023T100000Z", "DTEND:20261023T090000Z"}, 0},
	} {
		o := object(t, "VEVENT", append(c.lines, "RRULE:FREQ=DAILY;COUNT=3")...)
		all, err := o.Occurrences(ics.Zones{Local: load1("Europe/Berlin")}, ics.TimeRange{}, 0)
		if err != nil || len(all) != 3 {
			t.Errorf("%s: %v %d", c.name, err, len(all))
			continue
		}
		if got := all[2].Until.Sub(all[2].From); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestOccurrenceLimits(t *testing.T) {
	t.Parallel()
	endless := object(t, "VEVENT", "DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY")
	if _, err := endless.Occurrences(ics.Zones{}, ics.TimeRange{}, 100); !errors.Is(err, pim.ErrTooLarge) {
		t.Errorf("an endless series: %v", err)
	}
	exact := object(t, "VEVENT", "DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY;COUNT=100")
	if all, err := exact.Occurrences(ics.Zones{}, ics.TimeRange{}, 100); err != nil || len(all) != 100 {
		t.Errorf("exactly the limit: %d, %v", len(all), err)
	}
	if _, err := exact.Occurrences(ics.Zones{}, ics.TimeRange{}, 99); !errors.Is(err, pim.ErrTooLarge) {
		t.Errorf("one over the limit: %v", err)
	}
	broken := object(t, "VEVENT", "DTSTART:20261124T090000Z", "RRULE:FREQ=SOMETIMES")
	if _, err := broken.Occurrences(ics.Zones{}, ics.TimeRange{}, 0); !errors.Is(err, pim.ErrInvalid) || !strings.Contains(pim.PublicText(err), "line 6") {
		t.Errorf("a rule that is none: %v", err)
	}
	hourly := object(t, "VEVENT", "DTSTART;VALUE=DATE:20261124", "RRULE:FREQ=HOURLY")
	if _, err := hourly.Occurrences(ics.Zones{}, ics.TimeRange{}, 0); !errors.Is(err, pim.ErrInvalid) {
		t.Errorf("hours of a date: %v", err)
	}

	begin := time.Now()
	never := object(t, "VEVENT", "DTSTART:19700101T000000Z", "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30")
	if _, err := never.Occurrences(ics.Zones{}, ics.TimeRange{}, 0); !errors.Is(err, pim.ErrTooLarge) {
		t.Errorf("a rule that never matches: %v", err)
	}
	old := object(t, "VEVENT", "DTSTART:19700101T090000Z", "RRULE:FREQ=DAILY")
	r := ics.TimeRange{From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	if all, err := old.Occurrences(ics.Zones{}, r, 50); err != nil || len(all) != 30 {
		t.Errorf("a month of a series that is 56 years old: %d, %v", len(all), err)
	}
	if d := time.Since(begin); d > time.Second {
		t.Errorf("took %v", d)
	}
}

func TestTasksOccur(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, lines, want string }{
		{"nothing to go by", "SUMMARY:x", ""},
		{"due only", "DUE:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=2", "11-24T09:00:00Z 11-25T09:00:00Z"},
		{"start and due", "DTSTART:20261124T080000Z\nDUE:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=2", "11-24T08:00:00Z 11-25T08:00:00Z"},
		{"start only", "DTSTART:20261124T080000Z\nRRULE:FREQ=DAILY;COUNT=2", "11-24T08:00:00Z 11-25T08:00:00Z"},
		{"due, one of them later", "DUE:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=2\nEND:VTODO\nBEGIN:VTODO\nUID:1\nRECURRENCE-ID:20261125T090000Z\nDUE:20261126T090000Z",
			"11-24T09:00:00Z 11-26T09:00:00Z<2026-11-25T09:00:00Z"},
	} {
		if got := starts(t, object(t, "VTODO", strings.Split(c.lines, "\n")...), ics.Zones{}, ics.TimeRange{}); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	november := ics.TimeRange{From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	for _, file := range []string{"exchange-series", "dates-and-periods", "dst-overlap", "this-and-future", "floating", "ios-reminder", "exchange-allday-midnights", "rfc5545-freebusy"} {
		o := load(t, "testdata/"+file+".ics")
		r := november
		if file == "dst-overlap" {
			r.From = r.From.AddDate(0, -1, 0)
		}
		e, err := o.Expand(ics.Zones{}, r, 0)
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, "testdata/expanded/"+file+".txt", e.Bytes())
		again, err := ics.Parse(e.Bytes(), ics.DefaultLimits())
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if o.Component() == "VFREEBUSY" {
			continue
		}
		// Each component now says alone what the rules said.
		want, err := o.Occurrences(ics.Zones{}, r, 0)
		if err != nil || len(want) != len(again.Calendar().Blocks("")) {
			t.Errorf("%s: %d components for %d occurrences, %v", file, len(again.Calendar().Blocks("")), len(want), err)
		}
		for _, never := range []string{"\nRRULE", "\nRDATE", "\nEXDATE", "VTIMEZONE", "TZID"} {
			if strings.Contains(string(e.Bytes()), never) {
				t.Errorf("%s: %s is left", file, never)
			}
		}
	}
	endless := object(t, "VEVENT", "DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY")
	if _, err := endless.Expand(ics.Zones{}, ics.TimeRange{}, 10); !errors.Is(err, pim.ErrTooLarge) {
		t.Errorf("an endless series: %v", err)
	}
}

func TestLimitRecurrenceSet(t *testing.T) {
	t.Parallel()
	o := load(t, "testdata/exchange-series.ics")
	at := func(month time.Month, day int) ics.TimeRange {
		from := time.Date(2026, month, day, 0, 0, 0, 0, time.UTC)
		return ics.TimeRange{From: from, Until: from.Add(24 * time.Hour)}
	}
	for _, c := range []struct {
		name string
		r    ics.TimeRange
		left int
	}{
		{"where one was", at(10, 26), 1},
		{"where it is", at(10, 27), 1},
		{"where the other is", at(11, 16), 1},
		{"where none is", at(11, 23), 0},
		{"everywhere", ics.TimeRange{}, 2},
	} {
		if got := o.LimitRecurrenceSet(ics.Zones{}, c.r); len(got.Overrides()) != c.left || got.Master() == nil {
			t.Errorf("%s: %d overrides are left", c.name, len(got.Overrides()))
		}
	}
	if o.LimitRecurrenceSet(ics.Zones{}, ics.TimeRange{}) != o {
		t.Error("nothing to leave out made another object")
	}
	future := load(t, "testdata/this-and-future.ics")
	if got := future.LimitRecurrenceSet(ics.Zones{}, at(12, 24)); len(got.Overrides()) != 1 {
		t.Error("THISANDFUTURE has to stay")
	}
}

func TestLimitFreeBusySet(t *testing.T) {
	t.Parallel()
	o := object(t, "VFREEBUSY", "FREEBUSY:20261124T100000Z/PT1H,20261125T100000Z/PT1H", "FREEBUSY;FBTYPE=FREE:20261126T100000Z/PT1H")
	r := ics.TimeRange{From: utc("20261125T000000Z").Time, Until: utc("20261126T000000Z").Time}
	want := "-FREEBUSY:20261124T100000Z/PT1H,20261125T100000Z/PT1H\n-FREEBUSY;FBTYPE=FREE:20261126T100000Z/PT1H\n+FREEBUSY:20261125T100000Z/PT1H\n"
	if got := diff(o, o.LimitFreeBusySet(ics.Zones{}, r)); got != want {
		t.Errorf("got\n%s", got)
	}
	event := object(t, "VEVENT", "DTSTART:20261124T090000Z")
	if event.LimitFreeBusySet(ics.Zones{}, r) != event {
		t.Error("an event changed")
	}
}
