package ics_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/testenv"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/rrule"
)

// TestCalendarTruth has a row for each thing that a series can say, besides those of TestOccurrences. Rules of every
// part are compared with other programs in TestSeriesAgainstDateutil and in package rrule.
func TestCalendarTruth(t *testing.T) {
	t.Parallel()
	berlin := ics.Zones{Local: load1("Europe/Berlin")}
	override := func(lines ...string) string {
		return strings.Join(append([]string{"END:VEVENT", "BEGIN:VEVENT", "UID:1"}, lines...), "\n")
	}
	for _, c := range []struct {
		name  string
		z     ics.Zones
		r     string // from/until
		lines string
		want  string
	}{
		{"RDATE with periods: the end is the period's", ics.Zones{}, "2026-11-24/2026-12-24",
			"DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\nRDATE;VALUE=PERIOD:20261125T090000Z/PT3H,20261126T090000Z/20261126T093000Z",
			"11-24T09:00:00Z/1h0m0s 11-25T09:00:00Z/3h0m0s 11-26T09:00:00Z/30m0s"},
		{"a period that a rule gives too is the rule's", ics.Zones{}, "2026-11-24/2026-12-24",
			"DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\nRRULE:FREQ=DAILY;COUNT=2\nRDATE;VALUE=PERIOD:20261126T090000Z/PT2H",
			"11-24T09:00:00Z/1h0m0s 11-25T09:00:00Z/1h0m0s 11-26T09:00:00Z/2h0m0s"},
		{"EXDATE in lists and lines", ics.Zones{}, "2026-11-24/2026-12-24",
			"DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=6\nEXDATE:20261125T090000Z,20261126T090000Z\nEXDATE:20261128T090000Z,20261231T090000Z",
			"11-24T09:00:00Z/0s 11-27T09:00:00Z/0s 11-29T09:00:00Z/0s"},
		{"EXDATE in another zone", berlin, "2026-11-24/2026-12-24",
			"DTSTART;TZID=Europe/Berlin:20261124T090000\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;TZID=America/New_York:20261125T030000",
			"11-24T08:00:00Z/0s 11-26T08:00:00Z/0s"},
		{"EXRULE takes away what rules and dates give", ics.Zones{}, "2026-11-24/2026-12-24",
			"DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=6\nRDATE:20261205T090000Z\nEXRULE:FREQ=WEEKLY;BYDAY=SA,SU,FR",
			"11-24T09:00:00Z/0s 11-25T09:00:00Z/0s 11-26T09:00:00Z/0s"},
		{"EXRULE takes the start only where it gives it", ics.Zones{}, "2026-11-24/2026-12-24",
			"DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=4\nEXRULE:FREQ=DAILY;BYDAY=WE,TH;COUNT=1", "11-24T09:00:00Z/0s 11-26T09:00:00Z/0s 11-27T09:00:00Z/0s"},
		{"EXRULE of a floating series", berlin, "2026-11-24/2026-12-24",
			"DTSTART:20261124T090000\nRRULE:FREQ=DAILY;COUNT=3\nEXRULE:FREQ=DAILY;INTERVAL=2", "11-25T09:00:00/0s"},
		{"EXRULE of days", berlin, "2026-11-24/2026-12-24",
			"DTSTART;VALUE=DATE:20261124\nRRULE:FREQ=DAILY;COUNT=3\nEXRULE:FREQ=DAILY;INTERVAL=2", "11-25/24h0m0s"},
		{"EXRULE that cannot be read takes nothing", ics.Zones{}, "2026-11-24/2026-12-24",
			"DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=2\nEXRULE:FREQ=SOMETIMES", "11-24T09:00:00Z/0s 11-25T09:00:00Z/0s"},
		{"an override moved to another day and zone", berlin, "2026-11-24/2026-12-24",
			"DTSTART;TZID=Europe/Berlin:20261124T090000\nDTEND;TZID=Europe/Berlin:20261124T100000\nRRULE:FREQ=DAILY;COUNT=3\n" +
				override("RECURRENCE-ID;TZID=Europe/Berlin:20261125T090000", "DTSTART;TZID=America/New_York:20261130T090000", "DTEND;TZID=America/New_York:20261130T113000"),
			"11-24T08:00:00Z/1h0m0s 11-26T08:00:00Z/1h0m0s 11-30T14:00:00Z/2h30m0s<2026-11-25T08:00:00Z"},
		{"an override named in another zone", berlin, "2026-11-24/2026-12-24",
			"DTSTART;TZID=Europe/Berlin:20261124T090000\nRRULE:FREQ=DAILY;COUNT=2\n" +
				override("RECURRENCE-ID;TZID=America/New_York:20261125T030000", "DTSTART;TZID=Europe/Berlin:20261125T120000"),
			"11-24T08:00:00Z/0s 11-25T11:00:00Z/0s<2026-11-25T08:00:00Z"},
		{"an override moved into the window from outside", ics.Zones{}, "2026-12-01/2026-12-03",
			"DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=3\n" + override("RECURRENCE-ID:20261125T090000Z", "DTSTART:20261202T090000Z"),
			"12-02T09:00:00Z/0s<2026-11-25T09:00:00Z"},
		{"an override moved out of the window", ics.Zones{}, "2026-11-25/2026-11-26",
			"DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=3\n" + override("RECURRENCE-ID:20261125T090000Z", "DTSTART:20261202T090000Z"), ""},
		{"THISANDFUTURE moves and lengthens the rest", ics.Zones{}, "2026-11-24/2026-12-24",
			"DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\nRRULE:FREQ=DAILY;COUNT=4\n" +
				override("RECURRENCE-ID;RANGE=THISANDFUTURE:20261126T090000Z", "DTSTART:20261126T120000Z", "DTEND:20261126T150000Z"),
			"11-24T09:00:00Z/1h0m0s 11-25T09:00:00Z/1h0m0s 11-26T12:00:00Z/3h0m0s<2026-11-26T09:00:00Z 11-27T12:00:00Z/3h0m0s<2026-11-27T09:00:00Z"},
		{"two of them, one after the other", ics.Zones{}, "2026-11-24/2026-12-24",
			"DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=4\n" +
				override("RECURRENCE-ID;RANGE=THISANDFUTURE:20261127T090000Z", "DTSTART:20261127T060000Z") + "\n" +
				override("RECURRENCE-ID;RANGE=THISANDFUTURE:20261125T090000Z", "DTSTART:20261126T090000Z"),
			"11-24T09:00:00Z/0s 11-26T09:00:00Z/0s<2026-11-25T09:00:00Z 11-27T06:00:00Z/0s<2026-11-27T09:00:00Z 11-27T09:00:00Z/0s<2026-11-26T09:00:00Z"},
		{"an override of one after THISANDFUTURE", ics.Zones{}, "2026-11-24/2026-12-24",
			"DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=3\n" +
				override("RECURRENCE-ID;RANGE=THISANDFUTURE:20261125T090000Z", "DTSTART:20261125T120000Z") + "\n" +
				override("RECURRENCE-ID:20261126T090000Z", "DTSTART:20261126T200000Z"),
			"11-24T09:00:00Z/0s 11-25T12:00:00Z/0s<2026-11-25T09:00:00Z 11-26T20:00:00Z/0s<2026-11-26T09:00:00Z"},
		{"THISANDFUTURE in a series of 50 years", ics.Zones{}, "2026-11-24/2026-11-26",
			"DTSTART:19760101T090000Z\nDTEND:19760101T100000Z\nRRULE:FREQ=DAILY\n" +
				override("RECURRENCE-ID;RANGE=THISANDFUTURE:20200101T090000Z", "DTSTART:20200103T120000Z", "DTEND:20200103T130000Z"),
			"11-24T12:00:00Z/1h0m0s<2026-11-22T09:00:00Z 11-25T12:00:00Z/1h0m0s<2026-11-23T09:00:00Z"},
		{"THISANDFUTURE that goes back", ics.Zones{}, "2026-11-24/2026-11-25",
			"DTSTART:20260101T090000Z\nRRULE:FREQ=DAILY\n" + override("RECURRENCE-ID;RANGE=THISANDFUTURE:20260111T090000Z", "DTSTART:20260101T100000Z"),
			"11-24T10:00:00Z/0s<2026-12-04T09:00:00Z"},
		{"a cancelled occurrence is still one, which its STATUS tells", ics.Zones{}, "2026-11-24/2026-12-24",
			"DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;COUNT=2\n" + override("RECURRENCE-ID:20261125T090000Z", "DTSTART:20261125T090000Z", "STATUS:CANCELLED"),
			"11-24T09:00:00Z/0s 11-25T09:00:00Z/0s<2026-11-25T09:00:00Z"},
		{"days lie where the calendar is", ics.Zones{Local: load1("Pacific/Auckland")}, "2026-11-23/2026-11-24",
			"DTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261125", "11-24/24h0m0s"},
		{"days of weeks across the end of summer time", berlin, "2026-10-24/2026-11-09",
			"DTSTART;VALUE=DATE:20261018\nRRULE:FREQ=WEEKLY", "10-25/25h0m0s 11-01/24h0m0s 11-08/24h0m0s"},
		{"floating times are read where the calendar is", berlin, "2026-10-24/2026-10-27",
			"DTSTART:20261001T120000\nRRULE:FREQ=DAILY", "10-24T12:00:00/0s 10-25T12:00:00/0s 10-26T12:00:00/0s"},
		{"a gap: what the clocks skip is an hour later", berlin, "2026-03-28/2026-03-31",
			"DTSTART;TZID=Europe/Berlin:20260301T023000\nRRULE:FREQ=DAILY", "03-28T01:30:00Z/0s 03-29T01:30:00Z/0s 03-30T00:30:00Z/0s"},
		{"an overlap: what clocks show twice is the first", berlin, "2026-10-24/2026-10-27",
			"DTSTART;TZID=Europe/Berlin:20261001T023000\nRRULE:FREQ=DAILY", "10-24T00:30:00Z/0s 10-25T00:30:00Z/0s 10-26T01:30:00Z/0s"},
		{"every hour of the day without 02:00", berlin, "2026-03-29/2026-03-29T03",
			"DTSTART;TZID=Europe/Berlin:20260329T000000\nRRULE:FREQ=HOURLY", "03-29T00:00:00Z/0s 03-29T01:00:00Z/0s 03-29T02:00:00Z/0s"},
		{"29 February every year is every fourth", ics.Zones{}, "2000-01-01/2010-01-01",
			"DTSTART;VALUE=DATE:20000229\nRRULE:FREQ=YEARLY", "2000-02-29/24h0m0s 2004-02-29/24h0m0s 2008-02-29/24h0m0s"},
		{"and not in 2100", ics.Zones{}, "2095-01-01/2105-01-01", "DTSTART;VALUE=DATE:20000229\nRRULE:FREQ=YEARLY", "2096-02-29/24h0m0s 2104-02-29/24h0m0s"},
		{"the last of February is every year", ics.Zones{}, "2027-01-01/2029-01-01",
			"DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "2027-02-28/24h0m0s 2028-02-29/24h0m0s"},
		{"day 366", ics.Zones{}, "2026-01-01/2034-01-01", "DTSTART;VALUE=DATE:20241231\nRRULE:FREQ=YEARLY;BYYEARDAY=366", "2028-12-31/24h0m0s 2032-12-31/24h0m0s"},
		{"a series without end, far away", ics.Zones{}, "2926-11-24/2926-11-26", "DTSTART:19700101T090000Z\nRRULE:FREQ=DAILY", "2926-11-24T09:00:00Z/0s 2926-11-25T09:00:00Z/0s"},
		{"UNTIL is included", ics.Zones{}, "2026-11-24/2026-12-24", "DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY;UNTIL=20261126T090000Z",
			"11-24T09:00:00Z/0s 11-25T09:00:00Z/0s 11-26T09:00:00Z/0s"},
		{"UNTIL as a date includes its day", berlin, "2026-11-24/2026-12-24", "DTSTART;TZID=Europe/Berlin:20261124T233000\nRRULE:FREQ=DAILY;UNTIL=20261125",
			"11-24T22:30:00Z/0s 11-25T22:30:00Z/0s"},
	} {
		var r ics.TimeRange
		from, until, _ := strings.Cut(c.r, "/")
		r.From, r.Until = dayOf(t, from), dayOf(t, until)
		o := object(t, "VEVENT", strings.Split(c.lines, "\n")...)
		all, err := o.Occurrences(c.z, r, 0)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, oc := range all {
			s := strings.TrimPrefix(oc.Start.String(), "2026-") + "/" + oc.Until.Sub(oc.From).String()
			if oc.Override {
				s += "<" + oc.RecurrenceID.String()
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, s, c.want)
		}
		// The index never hides what is there.
		if start, end := o.Bounds(); len(all) > 0 && (start >= all[len(all)-1].Until.Unix()+1 || end < all[0].From.Unix()) {
			t.Errorf("%s: bounds %d %d", c.name, start, end)
		}
	}
}

func dayOf(t *testing.T, s string) time.Time {
	t.Helper()
	for _, layout := range []string{"2006-01-02", "2006-01-02T15"} {
		if d, err := time.Parse(layout, s); err == nil {
			return d
		}
	}
	t.Fatalf("no date: %q", s)
	return time.Time{}
}

// hard are series that are made to cost much.
func hard() map[string][]string {
	list := func(n int, f func(int) string) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = f(i)
		}
		return out
	}
	numbers := func(low, high int) string {
		return strings.Join(list(high-low+1, func(i int) string { return fmt.Sprint(low + i) }), ",")
	}
	at := func(i int) string {
		return time.Date(2020, 1, 1, 0, i, 0, 0, time.UTC).Format("20060102T150405Z")
	}
	const start = "DTSTART:20200101T000000Z"
	return map[string][]string{
		"30 February":                    {start, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
		"30 February every second":       {start, "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"},
		"30 February every hour":         {start, "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"},
		"every second":                   {start, "RRULE:FREQ=SECONDLY"},
		"every second but none":          {start, "RRULE:FREQ=SECONDLY", "EXRULE:FREQ=SECONDLY"},
		"a rule against itself":          {start, "RRULE:FREQ=DAILY", "EXRULE:FREQ=DAILY"},
		"many rules against themselves":  append(list(200, func(int) string { return "RRULE:FREQ=HOURLY" }), append(list(200, func(int) string { return "EXRULE:FREQ=HOURLY" }), start)...),
		"every second by lists":          {start, "RRULE:FREQ=YEARLY;BYMONTH=" + numbers(1, 12) + ";BYMONTHDAY=" + numbers(1, 31) + ";BYHOUR=" + numbers(0, 23) + ";BYMINUTE=" + numbers(0, 59) + ";BYSECOND=" + numbers(0, 59)},
		"the last by lists":              {start, "RRULE:FREQ=YEARLY;BYYEARDAY=" + numbers(1, 366) + ";BYHOUR=" + numbers(0, 23) + ";BYMINUTE=" + numbers(0, 59) + ";BYSECOND=" + numbers(0, 59) + ";BYSETPOS=-1"},
		"lists that never meet":          {start, "RRULE:FREQ=YEARLY;BYMONTH=2,4,6,9,11;BYMONTHDAY=31;BYHOUR=" + numbers(0, 23) + ";BYMINUTE=" + numbers(0, 59)},
		"a large COUNT that never comes": {start, "RRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2147483647"},
		"every billionth year":           {start, "RRULE:FREQ=YEARLY;INTERVAL=1000000000"},
		"10 000 dates":                   append(list(10_000, func(i int) string { return "RDATE:" + at(i) }), start),
		"10 000 dates that are gone": {start, "RRULE:FREQ=DAILY", "RDATE:" + strings.Join(list(10_000, at), ","),
			"EXDATE:" + strings.Join(list(10_000, at), ",")},
		"10 000 overrides": append([]string{start, "RRULE:FREQ=HOURLY"}, list(10_000, func(i int) string {
			return "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:" + at(60*i) + "\r\nDTSTART:" + at(60*i+1)
		})...),
		"10 000 overrides of the future": append([]string{start, "RRULE:FREQ=DAILY"}, list(10_000, func(i int) string {
			return "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:" + at(1440*i) + "\r\nDTSTART:" + at(1440*i+1)
		})...),
		"2 000 alarms that never ring": append([]string{start, "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "EXDATE:" + strings.Join(list(5_000, at), ",")},
			list(2_000, func(i int) string {
				return fmt.Sprintf("BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT%dM\r\nEND:VALARM", i)
			})...),
	}
}

// TestHardSeries: whatever a series says, everything that is done with it ends soon, with an answer or a clear error.
func TestHardSeries(t *testing.T) {
	t.Parallel()
	lim := ics.DefaultLimits()
	lim.Properties, lim.Bytes, lim.LineBytes = 100_000, 0, 0
	month := ics.TimeRange{From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	alarm := func(r ics.TimeRange) ics.CompFilter {
		return ics.CompFilter{Name: "VCALENDAR", Comps: []ics.CompFilter{{Name: "VEVENT", Comps: []ics.CompFilter{{Name: "VALARM", Range: &r}}}}}
	}
	for name, lines := range hard() {
		text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		o, err := ics.Parse([]byte(text), lim)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for what, do := range map[string]func(z ics.Zones) error{
			"Bounds":       func(ics.Zones) error { o.Bounds(); return nil },
			"Validate":     func(ics.Zones) error { o.Validate(); return nil },
			"a month":      func(z ics.Zones) error { _, err := o.Occurrences(z, month, 0); return err },
			"everything":   func(z ics.Zones) error { _, err := o.Occurrences(z, ics.TimeRange{}, 0); return err },
			"from now":     func(z ics.Zones) error { _, err := o.Expand(z, ics.TimeRange{From: month.From}, 0); return err },
			"a filter":     func(z ics.Zones) error { o.MatchesRange(z, month, 0); return nil },
			"open filter":  func(z ics.Zones) error { o.MatchesRange(z, ics.TimeRange{From: month.From}, 0); return nil },
			"alarms":       func(z ics.Zones) error { _, err := o.Matches(alarm(month), z, 0); return err },
			"busy":         func(z ics.Zones) error { _, err := o.Busy(z, month, 0); return err },
			"limit-set":    func(z ics.Zones) error { o.LimitRecurrenceSet(z, month); return nil },
			"the view":     func(z ics.Zones) error { _, err := o.Item(z); return err },
			"its instants": func(ics.Zones) error { o.CountsUpTo(10_000); return nil },
		} {
			for _, z := range []ics.Zones{{}, {Budget: rrule.NewBudget(1000)}} {
				var err error
				if took := testenv.Work(t, func() { err = do(z) }); took > 15*time.Second { // far more than it takes
					t.Errorf("%s, %s: took %v", name, what, took)
				}
				if err != nil && !errors.Is(err, pim.ErrTooLarge) && !(what == "the view" && errors.Is(err, pim.ErrUnsupported)) {
					t.Errorf("%s, %s: %v", name, what, err)
				}
			}
		}
	}
}

// TestRequestsHaveOneBudget: ten thousand plain series pass, and a few hard ones do not.
func TestRequestsHaveOneBudget(t *testing.T) {
	t.Parallel()
	month := ics.TimeRange{From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	z := ics.Zones{Budget: rrule.NewBudget(50_000)}
	weekly := object(t, "VEVENT", "DTSTART:20000101T090000Z", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
	yearly := object(t, "VEVENT", "DTSTART:20000401T090000Z", "RRULE:FREQ=YEARLY")
	for range 5_000 {
		if !weekly.MatchesRange(z, month, 0) || yearly.MatchesRange(z, month, 0) {
			t.Fatal("a plain series")
		}
	}
	if left := z.Budget.Left(); left != 50_000 {
		t.Errorf("plain series cost %d", 50_000-left)
	}
	never := object(t, "VEVENT", "DTSTART:20000101T090000Z", "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30")
	open := ics.TimeRange{From: month.From}
	n := 0
	for z.Budget.Left() > 0 && n < 1000 {
		never.MatchesRange(z, open, 0)
		n++
	}
	if n > 10 {
		t.Errorf("%d hard series", n)
	}
	if _, err := never.Occurrences(z, open, 0); !errors.Is(err, pim.ErrTooLarge) {
		t.Errorf("beyond the budget: %v", err)
	}
	if !weekly.MatchesRange(z, month, 0) {
		t.Error("a plain series is charged after all")
	}
}
