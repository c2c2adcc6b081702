package ics_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/line"
)

// span reads "10-12" as the range from 10:00 to 12:00 of the day of all these tests; a side
// that is missing is open, and +h is hours into the next days.
func span(t *testing.T, s string) ics.TimeRange {
	t.Helper()
	from, until, _ := strings.Cut(s, "-")
	at := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		d, err := time.ParseDuration(strings.Replace(s, ":", "h", 1) + map[bool]string{true: "m", false: "h"}[strings.Contains(s, ":")])
		if err != nil {
			t.Fatal(err)
		}
		return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC).Add(d)
	}
	return ics.TimeRange{From: at(from), Until: at(until)}
}

// RFC 4791 9.9, row by row: ranges that match, and ranges that just do not.
func TestTimeRangeTables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, component string
		lines           []string
		yes, no         string
	}{
		// VEVENT
		{"DTEND", "VEVENT", []string{"DTSTART:20261124T100000Z", "DTEND:20261124T120000Z"}, "9-11 11-13 10-12 11-11:01 - 9- -11 0-24", "8-10 12-13 -10 12-"},
		{"DTEND that is DTSTART", "VEVENT", []string{"DTSTART:20261124T100000Z", "DTEND:20261124T100000Z"}, "9-11 -11", "10-11 9-10 10-"},
		{"DURATION", "VEVENT", []string{"DTSTART:20261124T100000Z", "DURATION:PT2H"}, "9-11 11-13", "8-10 12-13"},
		{"DURATION of nothing", "VEVENT", []string{"DTSTART:20261124T100000Z", "DURATION:PT0S"}, "10-11 9-11", "9-10 10:01-11"},
		{"neither, a time", "VEVENT", []string{"DTSTART:20261124T100000Z"}, "10-11 9-11", "9-10 10:01-11"},
		{"neither, a date", "VEVENT", []string{"DTSTART;VALUE=DATE:20261124"}, "0-1 23-30 12-13", "24-25 -0"},
		{"dates", "VEVENT", []string{"DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261126"}, "47-49", "48-49"},

		// VTODO
		{"DTSTART and DURATION", "VTODO", []string{"DTSTART:20261124T100000Z", "DURATION:PT2H"}, "12-13 9-11 11-13", "12:01-13 9-10"},
		{"DTSTART and DUE", "VTODO", []string{"DTSTART:20261124T100000Z", "DUE:20261124T120000Z"}, "9-11 11-13 11-12", "12-13 9-10"},
		{"DTSTART alone", "VTODO", []string{"DTSTART:20261124T100000Z"}, "10-11 9-11", "9-10 10:01-11"},
		{"DUE alone", "VTODO", []string{"DUE:20261124T100000Z"}, "9-10 9-11", "10-11 8-9"},
		{"COMPLETED and CREATED", "VTODO", []string{"CREATED:20261124T100000Z", "COMPLETED:20261124T120000Z"}, "11-13 9-10 12-13 10:30-11 9-", "12:01-13 8-9"},
		{"COMPLETED alone", "VTODO", []string{"COMPLETED:20261124T120000Z"}, "12-13 11-12", "12:01-13 10-11"},
		{"CREATED alone", "VTODO", []string{"CREATED:20261124T100000Z"}, "10-11 20-30 9-11", "8-10"},
		{"none of them", "VTODO", []string{"SUMMARY:x"}, "0-1 -1 1-", ""},
		{"both, as days", "VTODO", []string{"DTSTART;VALUE=DATE:20261124", "DUE;VALUE=DATE:20261124"}, "-1 0-1", "1-2"},

		// VJOURNAL
		{"a time", "VJOURNAL", []string{"DTSTART:20261124T100000Z"}, "10-11", "9-10 10:01-11"},
		{"a date", "VJOURNAL", []string{"DTSTART;VALUE=DATE:20261124"}, "23-24 0-1", "24-25"},
		{"nothing", "VJOURNAL", []string{"SUMMARY:x"}, "", "0-24 -"},

		// VFREEBUSY
		{"DTSTART and DTEND", "VFREEBUSY", []string{"DTSTART:20261124T100000Z", "DTEND:20261124T120000Z"}, "12-13 9-11", "12:01-13 9-10"},
		{"periods", "VFREEBUSY", []string{"FREEBUSY:20261124T100000Z/PT1H,20261124T200000Z/20261124T210000Z"}, "10-11 20:30-22", "11-12 12-20"},
		{"nothing", "VFREEBUSY", []string{"COMMENT:x"}, "", "0-24"},
	} {
		o := object(t, c.component, c.lines...)
		for want, list := range map[bool]string{true: c.yes, false: c.no} {
			for _, s := range strings.Fields(list) {
				if got := o.MatchesRange(ics.Zones{}, span(t, s), 0); got != want {
					t.Errorf("%s, %s: %s gives %v", c.component, c.name, s, got)
				}
			}
		}
	}
}

// alarms asks for VALARM in VEVENT or VTODO.
func alarms(component string, r ics.TimeRange) ics.CompFilter {
	return ics.CompFilter{Name: "VCALENDAR", Comps: []ics.CompFilter{{Name: component, Comps: []ics.CompFilter{{Name: "VALARM", Range: &r}}}}}
}

func TestAlarmRanges(t *testing.T) {
	t.Parallel()
	alarm := func(lines ...string) []string {
		return append(append([]string{"BEGIN:VALARM", "ACTION:DISPLAY"}, lines...), "END:VALARM")
	}
	for _, c := range []struct {
		name, component string
		lines           []string
		yes, no         string
	}{
		{"relative to the start", "VEVENT", append([]string{"DTSTART:20261124T100000Z", "DTEND:20261124T120000Z"}, alarm("TRIGGER:-PT30M")...), "9:30-10 9-10", "9:31-10 9-9:30"},
		{"relative to the end", "VEVENT", append([]string{"DTSTART:20261124T100000Z", "DTEND:20261124T120000Z"}, alarm("TRIGGER;RELATED=END:PT30M")...), "12:30-13", "9-12"},
		{"absolute", "VEVENT", append([]string{"DTSTART:20261124T100000Z"}, alarm("TRIGGER;VALUE=DATE-TIME:20261124T150000Z")...), "15-16", "14-15 10-11"},
		{"repeated", "VEVENT", append([]string{"DTSTART:20261124T100000Z"}, alarm("TRIGGER:PT0S", "REPEAT:2", "DURATION:PT1H")...), "10-10:01 11-11:01 12-13", "10:01-11 12:01-13 9-10"},
		{"repeated past counting", "VEVENT", append([]string{"DTSTART:20261124T100000Z"}, alarm("TRIGGER:PT0S", "REPEAT:999999999999", "DURATION:PT1S")...), "100-101", "9-10"},
		{"of an occurrence", "VEVENT", append([]string{"DTSTART:20261024T100000Z", "RRULE:FREQ=DAILY"}, alarm("TRIGGER:-P2D")...), "10-11 -0", "11-12"},
		{"of a task that is only due", "VTODO", append([]string{"DUE:20261124T100000Z"}, alarm("TRIGGER:-PT1H")...), "9-10", "10-11"},
		{"none", "VEVENT", []string{"DTSTART:20261124T100000Z"}, "", "-"},
		{"a trigger that cannot be read", "VEVENT", append([]string{"DTSTART:20261124T100000Z"}, alarm("TRIGGER:soon")...), "", "-"},
		{"of a task without times", "VTODO", append([]string{"SUMMARY:x"}, alarm("TRIGGER:-PT1H")...), "", "-"},
	} {
		o := object(t, c.component, c.lines...)
		for want, list := range map[bool]string{true: c.yes, false: c.no} {
			for _, s := range strings.Fields(list) {
				got, err := o.Matches(alarms(c.component, span(t, s)), ics.Zones{}, 0)
				if err != nil || got != want {
					t.Errorf("%s: %s gives %v, %v", c.name, s, got, err)
				}
			}
		}
	}
}

func TestPropertyRanges(t *testing.T) {
	t.Parallel()
	o := object(t, "VEVENT", "DTSTART:20261124T100000Z", "DURATION:PT2H", "DTSTAMP:20261124T050000Z", "SUMMARY:x")
	task := object(t, "VTODO", "DTSTART:20261124T100000Z", "DURATION:PT2H", "COMPLETED:20261124T150000Z")
	for _, c := range []struct {
		o          *ics.Object
		name, in   string
		yes, notIn string
	}{
		{o, "DTSTART", "VEVENT", "10-11", "9-10 10:01-11"},
		{o, "DTEND", "VEVENT", "12-13", "11-12 10-11"}, // it follows from DURATION
		{o, "DTSTAMP", "VEVENT", "5-6", "6-7"},
		{o, "SUMMARY", "VEVENT", "", "-"},
		{o, "LAST-MODIFIED", "VEVENT", "", "-"},
		{task, "DUE", "VTODO", "12-13", "11-12"},
		{task, "COMPLETED", "VTODO", "15-16", "16-17"},
	} {
		for want, list := range map[bool]string{true: c.yes, false: c.notIn} {
			for _, s := range strings.Fields(list) {
				r := span(t, s)
				f := ics.CompFilter{Name: "VCALENDAR", Comps: []ics.CompFilter{{Name: c.in, Props: []ics.PropFilter{{Name: c.name, Range: &r}}}}}
				if got, err := c.o.Matches(f, ics.Zones{}, 0); err != nil || got != want {
					t.Errorf("%s in %s gives %v, %v", c.name, s, got, err)
				}
			}
		}
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	o := load(t, "testdata/google-series.ics")
	in := func(f ics.CompFilter) ics.CompFilter {
		return ics.CompFilter{Name: "VCALENDAR", Comps: []ics.CompFilter{f}}
	}
	day := func(d int) *ics.TimeRange {
		from := time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC)
		return &ics.TimeRange{From: from, Until: from.Add(24 * time.Hour)}
	}
	text := func(s string, negate bool) *line.TextMatch { return &line.TextMatch{Text: s, Negate: negate} }
	for _, c := range []struct {
		name string
		f    ics.CompFilter
		want bool
	}{
		{"a calendar", ics.CompFilter{Name: "vcalendar"}, true},
		{"no calendar", ics.CompFilter{Name: "VCALENDAR", NotDefined: true}, false},
		{"something else", ics.CompFilter{Name: "VCARD"}, false},
		{"a property of the calendar", ics.CompFilter{Name: "VCALENDAR", Props: []ics.PropFilter{{Name: "X-WR-TIMEZONE"}}}, true},
		{"events", in(ics.CompFilter{Name: "vevent"}), true},
		{"tasks", in(ics.CompFilter{Name: "VTODO"}), false},
		{"no tasks", in(ics.CompFilter{Name: "VTODO", NotDefined: true}), true},
		{"no events", in(ics.CompFilter{Name: "VEVENT", NotDefined: true}), false},
		{"zones, any time", in(ics.CompFilter{Name: "VTIMEZONE", Range: day(1)}), true},
		{"no alarm", in(ics.CompFilter{Name: "VEVENT", Comps: []ics.CompFilter{{Name: "VALARM", NotDefined: true}}}), true},
		{"a day of the rule", in(ics.CompFilter{Name: "VEVENT", Range: day(3)}), true},
		{"a day that EXDATE took", in(ics.CompFilter{Name: "VEVENT", Range: day(4)}), false},
		{"the day of the override", in(ics.CompFilter{Name: "VEVENT", Range: day(6)}), true},
		{"after the last", in(ics.CompFilter{Name: "VEVENT", Range: day(12)}), false},
		{"the override's text on its day", in(ics.CompFilter{Name: "VEVENT", Range: day(6), Props: []ics.PropFilter{{Name: "SUMMARY", Text: text("LATER", false)}}}), true},
		{"the override's text on another day", in(ics.CompFilter{Name: "VEVENT", Range: day(7), Props: []ics.PropFilter{{Name: "SUMMARY", Text: text("later", false)}}}), false},
		{"a text nobody has", in(ics.CompFilter{Name: "VEVENT", Props: []ics.PropFilter{{Name: "SUMMARY", Text: text("weekly", false)}}}), false},
		{"not a text", in(ics.CompFilter{Name: "VEVENT", Props: []ics.PropFilter{{Name: "SUMMARY", Text: text("weekly", true)}}}), true},
		{"not a text that is not there at all", in(ics.CompFilter{Name: "VEVENT", Props: []ics.PropFilter{{Name: "LOCATION", Text: text("x", true)}}}), false},
		{"a property", in(ics.CompFilter{Name: "VEVENT", Props: []ics.PropFilter{{Name: "rrule"}}}), true},
		{"no such property", in(ics.CompFilter{Name: "VEVENT", Props: []ics.PropFilter{{Name: "LOCATION"}}}), false},
		{"without the property", in(ics.CompFilter{Name: "VEVENT", Props: []ics.PropFilter{{Name: "LOCATION", NotDefined: true}}}), true},
		{"a parameter", in(ics.CompFilter{Name: "VEVENT", Props: []ics.PropFilter{{Name: "DTSTART", Params: []line.ParamFilter{{Name: "TZID", Text: text("berlin", false)}}}}}), true},
		{"a parameter with another value", in(ics.CompFilter{Name: "VEVENT", Props: []ics.PropFilter{{Name: "DTSTART", Params: []line.ParamFilter{{Name: "TZID", Text: text("paris", false)}}}}}), false},
	} {
		if got, err := o.Matches(c.f, ics.Zones{}, 0); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
	bad := in(ics.CompFilter{Name: "VEVENT", Props: []ics.PropFilter{{Name: "SUMMARY", Text: &line.TextMatch{Collation: "i;x"}}}})
	if _, err := o.Matches(bad, ics.Zones{}, 0); !errors.Is(err, pim.ErrUnsupported) {
		t.Errorf("an unknown collation: %v", err)
	}
}

// What is too much to expand is shown rather than hidden, and found out quickly.
func TestFiltersDoNotExpandForEver(t *testing.T) {
	t.Parallel()
	start := time.Now()
	o := object(t, "VEVENT", "DTSTART:20200101T000000Z", "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30")
	if !o.MatchesRange(ics.Zones{}, ics.TimeRange{From: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}, 0) {
		t.Error("a rule too hard to follow is hidden")
	}
	o = object(t, "VEVENT", "DTSTART:20200101T000000Z", "RRULE:FREQ=DAILY", "EXDATE:20200101T000000Z")
	if !o.MatchesRange(ics.Zones{}, ics.TimeRange{From: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}, 0) {
		t.Error("an endless series in an open range")
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
}

// Floating times and days lie where the calendar is.
func TestRangesInTheCalendarsZone(t *testing.T) {
	t.Parallel()
	z := ics.Zones{Local: load1("America/Los_Angeles")}
	floating := object(t, "VEVENT", "DTSTART:20261124T100000", "DTEND:20261124T110000")
	date := object(t, "VEVENT", "DTSTART;VALUE=DATE:20261124")
	unknown := object(t, "VEVENT", "DTSTART;TZID=Nowhere/Land:20261124T100000", "DTEND;TZID=Nowhere/Land:20261124T110000")
	for name, o := range map[string]*ics.Object{"floating": floating, "unknown zone": unknown} {
		if !o.MatchesRange(z, span(t, "18-19"), 0) || o.MatchesRange(z, span(t, "10-11"), 0) || !o.MatchesRange(ics.Zones{}, span(t, "10-11"), 0) {
			t.Errorf("%s is in the wrong place", name)
		}
	}
	if date.MatchesRange(z, span(t, "7-8"), 0) || !date.MatchesRange(z, span(t, "31-32"), 0) {
		t.Error("the day is in the wrong place")
	}
}
