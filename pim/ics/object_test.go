package ics_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
)

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	small := ics.DefaultLimits()
	small.Attendees = 2
	for _, c := range []struct {
		text string
		kind pim.Reason
		want string
	}{
		{"", pim.ErrInvalid, "there is no VCALENDAR"},
		{"BEGIN:VCARD\nEND:VCARD\n", pim.ErrInvalid, "line 1: this is a VCARD, not a VCALENDAR"},
		{"BEGIN:SECRET\nEND:SECRET\n", pim.ErrInvalid, "line 1: this is a component, not a VCALENDAR"},
		{"BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\n", pim.ErrInvalid, "line 3: there is a second component outside the VCALENDAR"},
		{"BEGIN:VCALENDAR\nEND:VCALENDAR\nX:1\n", pim.ErrInvalid, "line 3: it stands outside the VCALENDAR"},
		{"BEGIN:VCALENDAR\nBEGIN:VEVENT\nATTENDEE:a\nATTENDEE:b\nATTENDEE:c\nEND:VEVENT\nEND:VCALENDAR\n", pim.ErrTooLarge, "line 2: there are more than 2 attendees"},
		{"BEGIN:VCALENDAR\nSUMMARY\nEND:VCALENDAR\n", pim.ErrInvalid, "line 2: there is no colon"},
	} {
		o, err := ics.Parse([]byte(c.text), small)
		if !errors.Is(err, c.kind) || pim.PublicText(err) != c.want || o != nil {
			t.Errorf("%.40q: %v", c.text, err)
		}
	}
}

func TestComponents(t *testing.T) {
	t.Parallel()
	o := load(t, "testdata/exchange-series.ics")
	if o.Component() != "VEVENT" || o.UID() != "exchange-series@example.org" || o.Master().First("RECURRENCE-ID") != nil || len(o.Overrides()) != 2 {
		t.Errorf("%s %s %d", o.Component(), o.UID(), len(o.Overrides()))
	}
	empty := parse(t, "BEGIN:VCALENDAR", "BEGIN:VTIMEZONE", "TZID:x", "END:VTIMEZONE", "END:VCALENDAR")
	if empty.Component() != "" || empty.UID() != "" || empty.Master() != nil || empty.Overrides() != nil {
		t.Error("a zone is no component")
	}
	if _, err := empty.Item(ics.Zones{}); !errors.Is(err, pim.ErrInvalid) {
		t.Errorf("%v", err)
	}
	if all, err := empty.Occurrences(ics.Zones{}, ics.TimeRange{}, 0); all != nil || err != nil {
		t.Errorf("%v %v", all, err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	event := func(lines ...string) []string {
		return append(append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT"}, lines...), "END:VEVENT", "END:VCALENDAR")
	}
	task := func(lines ...string) []string {
		return append(append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VTODO", "UID:1"}, lines...), "END:VTODO", "END:VCALENDAR")
	}
	good := []string{"UID:1", "DTSTART:20261124T090000Z"}
	for _, c := range []struct {
		name  string
		lines []string
		want  string // condition and text of the only fault
	}{
		{"good", event(good...), ""},
		{"neither PRODID nor DTSTAMP", event(good...), ""},
		{"an end that is the start", event("UID:1", "DTSTART:20261124T090000Z", "DTEND:20261124T090000Z"), ""},
		{"an empty EXDATE", event("UID:1", "DTSTART:20261124T090000Z", "EXDATE:"), ""},
		{"an unknown zone", event("UID:1", "DTSTART;TZID=Nowhere:20261124T090000"), ""},
		{"a task without a start", task(), ""},
		{"an end and a duration that say the same", event("UID:1", "DTSTART;TZID=Europe/Berlin:20261124T090000", "DTEND:20261124T090000Z", "DURATION:PT1H"), ""},
		{"days and a duration that say the same", event("UID:1", "DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261126", "DURATION:P2D"), ""},
		{"a task due after its duration", task("DTSTART:20261124T090000Z", "DUE:20261124T100000Z", "DURATION:PT1H"), ""},
		{"a task with a duration that begins nowhere", task("DUE:20261124T100000Z", "DURATION:PT1H"), ""},
		{"a task due ahead of its start", task("DTSTART:20261124T090000Z", "DUE:20261123T100000Z"), ""},

		{"no VERSION", slices.Delete(event(good...), 1, 2), "valid-calendar-data: line 1: the calendar has no VERSION"},
		{"an old VERSION", slices.Replace(event(good...), 1, 2, "VERSION:1.0"), "supported-calendar-data: line 2: only version 2.0 of iCalendar is supported"},
		{"METHOD", slices.Insert(event(good...), 2, "METHOD:PUBLISH"), "valid-calendar-object-resource: line 3: METHOD is not allowed in a stored object"},
		{"nothing in it", []string{"BEGIN:VCALENDAR", "VERSION:2.0", "END:VCALENDAR"}, "valid-calendar-object-resource: there is no event, task or other component"},
		{"no UID", event("DTSTART:20261124T090000Z"), "valid-calendar-object-resource: line 3: the component has no UID"},
		{"an empty UID", event("UID: ", "DTSTART:20261124T090000Z"), "valid-calendar-object-resource: line 3: the component has no UID"},
		{"two UIDs in one", event("UID:1", "UID:1", "DTSTART:20261124T090000Z"), "valid-calendar-data: line 5: UID stands there twice"},
		{"two series", event("UID:1", "DTSTART:20261124T090000Z", "END:VEVENT", "BEGIN:VEVENT", "UID:1", "DTSTART:20261125T090000Z"),
			"valid-calendar-object-resource: line 7: a second component of the series has no RECURRENCE-ID"},
		{"two UIDs", event("UID:1", "DTSTART:20261124T090000Z", "END:VEVENT", "BEGIN:VEVENT", "UID:2", "RECURRENCE-ID:20261124T090000Z", "DTSTART:20261125T090000Z"),
			"valid-calendar-object-resource: line 8: components with different UIDs are in one object"},
		{"no start", event("UID:1"), "valid-calendar-data: line 3: the event has no DTSTART"},
		{"no such day", event("UID:1", "DTSTART;VALUE=DATE:20260230"), "valid-calendar-data: line 5: there is no such date or time"},
		{"no such hour", event("UID:1", "DTSTART:20261124T250000Z"), "valid-calendar-data: line 5: there is no such date or time"},
		{"no such RECURRENCE-ID", event("UID:1", "DTSTART:20261124T090000Z", "RECURRENCE-ID:x"), "valid-calendar-data: line 6: there is no such date or time"},
		{"no such EXDATE", event("UID:1", "DTSTART:20261124T090000Z", "EXDATE:20261124T090000Z,x"), "valid-calendar-data: line 6: there is no such date or time"},
		{"an end ahead of the start", event("UID:1", "DTSTART;TZID=Europe/Berlin:20261124T090000", "DTEND;TZID=Asia/Tokyo:20261124T100000"), "valid-calendar-data: line 6: the end is before the start"},
		{"a floating end ahead of the start", event("UID:1", "DTSTART:20261124T090000", "DTEND:20261124T080000"), "valid-calendar-data: line 6: the end is before the start"},
		{"a date and a time", event("UID:1", "DTSTART;VALUE=DATE:20261124", "DTEND:20261125T080000Z"), "valid-calendar-data: line 6: the event begins with a date and ends with a time, or the other way round"},
		{"a negative duration", event("UID:1", "DTSTART:20261124T090000Z", "DURATION:-PT1H"), "valid-calendar-data: line 6: the duration cannot be read or is negative"},
		{"an end and another duration", event("UID:1", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "DURATION:PT2H"), "valid-calendar-data: line 7: DTEND and DURATION say different things"},
		{"no end and a duration of nothing", event("UID:1", "DTSTART:20261124T090000Z", "DURATION:PT0S", "DTEND:20261124T100000Z"), "valid-calendar-data: line 6: DTEND and DURATION say different things"},
		{"a task due at another time", task("DTSTART:20261124T090000Z", "DUE:20261124T100000Z", "DURATION:PT2H"), "valid-calendar-data: line 7: DUE and DURATION say different things"},
		{"no duration", event("UID:1", "DTSTART:20261124T090000Z", "DURATION:1H"), "valid-calendar-data: line 6: the duration cannot be read or is negative"},
		{"no rule", event("UID:1", "DTSTART:20261124T090000Z", "RRULE:SECRET=1"), "valid-calendar-data: line 6: the recurrence rule cannot be read"},
		{"a rule of seconds", event("UID:1", "DTSTART:20261124T090000Z", "RRULE:FREQ=SECONDLY"), "supported-rrule: line 6: rules that repeat every minute or second are not supported"},
		{"a rule of minutes", event("UID:1", "DTSTART:20261124T090000Z", "RRULE:FREQ=MINUTELY"), "supported-rrule: line 6: rules that repeat every minute or second are not supported"},
		{"a rule of hours for a day", event("UID:1", "DTSTART;VALUE=DATE:20261124", "RRULE:FREQ=HOURLY"), "valid-calendar-data: line 6: a day cannot repeat more often than daily"},
		{"dates without end", event("UID:1", "DTSTART:20261124T090000Z", "RDATE:"+strings.Repeat("20261124T090000Z,", 10_001)+"20261124T090000Z"), "max-instances: line 3: the series lists too many single dates"},
		{"bytes that are no text", event("UID:1", "DTSTART:20261124T090000Z", "SUMMARY:\xff"), "valid-calendar-data: line 6: it holds bytes that are no UTF-8 text, or control characters"},
		{"a control character", event("UID:1", "DTSTART:20261124T090000Z", "SUMMARY;X=\x01:a"), "valid-calendar-data: line 6: it holds bytes that are no UTF-8 text, or control characters"},
		{"a lone CR", event("UID:1", "DTSTART:20261124T090000Z", "SUMMARY:a\rb"), "valid-calendar-data: line 6: it holds bytes that are no UTF-8 text, or control characters"},
	} {
		faults := parse(t, c.lines...).Validate()
		got := ""
		if len(faults) > 0 {
			got = faults[0].Condition + ": " + faults[0].String()
		}
		if got != c.want || len(faults) > 1 {
			t.Errorf("%s: got %v, want %s", c.name, faults, c.want)
		}
	}
	many := event(append(good, slices.Repeat([]string{"SUMMARY:\x01"}, 1000)...)...)
	if n := len(parse(t, many...).Validate()); n > 30 {
		t.Errorf("%d faults are too many for anybody", n)
	}
}

func TestOddValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		lines []string
		get   func(e *pim.Event) any
		want  any
	}{
		{"a leap second", []string{"DTSTART:20261124T235960Z"}, func(e *pim.Event) any { return e.Start.String() }, "2026-11-24T23:59:59Z"},
		{"small letters", []string{"dtstart:20261124t090000z"}, func(e *pim.Event) any { return e.Start.String() }, "2026-11-24T09:00:00Z"},
		{"a zone beside Z", []string{"DTSTART;TZID=Europe/Berlin:20261124T090000Z"}, func(e *pim.Event) any { return e.Start.String() }, "2026-11-24T09:00:00Z"},
		{"VALUE=DATE with a time", []string{"DTSTART;VALUE=DATE:20261124T090000Z"}, func(e *pim.Event) any { return e.Start.String() }, "2026-11-24T09:00:00Z"},
		{"a date without VALUE", []string{"DTSTART:20261124"}, func(e *pim.Event) any { return e.Start.String() }, "2026-11-24"},
		{"a day that ends on itself", []string{"DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261124"}, func(e *pim.Event) any { return e.End.String() }, "2026-11-25"},
		{"a time with a date as end", []string{"DTSTART:20261124T090000Z", "DTEND;VALUE=DATE:20261125"}, func(e *pim.Event) any { return e.End.String() }, "2026-11-24T09:00:00Z"},
		{"an end that cannot be read", []string{"DTSTART:20261124T090000Z", "DTEND:x"}, func(e *pim.Event) any { return e.End.String() }, "2026-11-24T09:00:00Z"},
		{"weeks", []string{"DTSTART:20261124T090000Z", "DURATION:+P2W"}, func(e *pim.Event) any { return e.End.String() }, "2026-12-08T09:00:00Z"},
		{"a duration with everything", []string{"DTSTART:20261124T090000Z", "DURATION:p1dt2h3m4s"}, func(e *pim.Event) any { return e.End.String() }, "2026-11-25T11:03:04Z"},
		{"a duration past reason", []string{"DTSTART:20261124T090000Z", "DURATION:P9999999999D"}, func(e *pim.Event) any { return e.End.String() }, "2026-11-24T09:00:00Z"},
		{"a duration out of order", []string{"DTSTART:20261124T090000Z", "DURATION:PT1M1H"}, func(e *pim.Event) any { return e.End.String() }, "2026-11-24T09:00:00Z"},
		{"a duration of nothing", []string{"DTSTART:20261124T090000Z", "DURATION:P"}, func(e *pim.Event) any { return e.End.String() }, "2026-11-24T09:00:00Z"},
		{"priority out of range", []string{"DTSTART:20261124T090000Z", "PRIORITY:10"}, func(e *pim.Event) any { return e.Priority }, 0},
		{"priority in words", []string{"DTSTART:20261124T090000Z", "PRIORITY:high"}, func(e *pim.Event) any { return e.Priority }, 0},
		{"an unknown class", []string{"DTSTART:20261124T090000Z", "CLASS:X-OWN"}, func(e *pim.Event) any { return e.Class }, pim.Private},
		{"a task's status", []string{"DTSTART:20261124T090000Z", "STATUS:COMPLETED"}, func(e *pim.Event) any { return e.Status }, pim.Status("")},
		{"an attendee twice", []string{"DTSTART:20261124T090000Z", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.org", "ATTENDEE:MAILTO:A@EXAMPLE.ORG"},
			func(e *pim.Event) any { return fmt.Sprint(e.Attendees) }, "[{{ a@example.org } accepted false}]"},
		{"an address without scheme", []string{"DTSTART:20261124T090000Z", "ATTENDEE:a@example.org"}, func(e *pim.Event) any { return e.Attendees[0].Email }, "a@example.org"},
		{"mailto twice", []string{"DTSTART:20261124T090000Z", "ATTENDEE;EMAIL=mailto:urn:x"}, func(e *pim.Event) any { return len(e.Attendees) }, 1},
		{"an address that is a name", []string{"DTSTART:20261124T090000Z", "ATTENDEE:Jane"}, func(e *pim.Event) any { return e.Attendees[0].Name }, "Jane"},
		{"an alarm that mails", []string{"DTSTART:20261124T090000Z", "BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER:-PT5M", "END:VALARM"}, func(e *pim.Event) any { return len(e.Reminders) }, 0},
		{"an alarm without a trigger", []string{"DTSTART:20261124T090000Z", "BEGIN:VALARM", "ACTION:DISPLAY", "END:VALARM"}, func(e *pim.Event) any { return len(e.Reminders) }, 0},
		{"an alarm afterwards", []string{"DTSTART:20261124T090000Z", "BEGIN:VALARM", "ACTION:audio", "TRIGGER;RELATED=end:PT5M", "END:VALARM"},
			func(e *pim.Event) any { return fmt.Sprint(e.Reminders) }, "[{-5m0s true}]"},
		{"exceptions that cannot be read", []string{"DTSTART:20261124T090000Z", "EXDATE:x,20261125T090000Z"}, func(e *pim.Event) any { return len(e.Recurrence.Except) }, 1},
	} {
		e := item(t, object(t, "VEVENT", c.lines...)).(*pim.Event)
		if got := c.get(e); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// The ways in which programs write zones (CLIENTS.md row 19).
func TestZones(t *testing.T) {
	t.Parallel()
	own := []string{
		"BEGIN:VTIMEZONE", "TZID:Own Zone", "BEGIN:STANDARD", "DTSTART:16010101T000000", "TZOFFSETFROM:+0300", "TZOFFSETTO:+0300", "TZNAME:x", "END:STANDARD", "END:VTIMEZONE",
		"BEGIN:VTIMEZONE", "TZID:Broken Zone", "BEGIN:STANDARD", "DTSTART:16010101T000000", "TZOFFSETTO:later", "END:STANDARD", "END:VTIMEZONE",
		"BEGIN:VTIMEZONE", "TZID:Dated Zone", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETTO:-023015", "RDATE:20000101T000000,20010101T000000", "END:STANDARD", "END:VTIMEZONE",
	}
	for _, c := range []struct{ tzid, at, zone string }{
		{"Europe/Berlin", "2026-11-24T08:00:00Z", "Europe/Berlin"},
		{"europe/berlin", "2026-11-24T08:00:00Z", "Europe/Berlin"},
		{`"Europe/Berlin "`, "2026-11-24T08:00:00Z", "Europe/Berlin"},
		{"W. Europe Standard Time", "2026-11-24T08:00:00Z", "Europe/Berlin"},
		{`"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"`, "2026-11-24T08:00:00Z", "Europe/Berlin"},
		{"/mozilla.org/20050126_1/Europe/Berlin", "2026-11-24T08:00:00Z", "Europe/Berlin"},
		{`"tzone://Microsoft/Utc"`, "2026-11-24T09:00:00Z", ""},
		{"Etc/UTC", "2026-11-24T09:00:00Z", ""},
		{"US/Eastern", "2026-11-24T14:00:00Z", "America/New_York"},
		{"GMT+0530", "2026-11-24T03:30:00Z", ""},
		{"Own Zone", "2026-11-24T06:00:00Z", "Europe/Istanbul"},
		{"Dated Zone", "2026-11-24T11:30:15Z", ""},
		{"Broken Zone", "2026-11-24T09:00:00", ""},
		{"Nowhere/Land", "2026-11-24T09:00:00", ""},
		{strings.Repeat("x", 5000), "2026-11-24T09:00:00", ""},
	} {
		all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0"}, own...)
		o := parse(t, append(all, "BEGIN:VEVENT", "UID:1", "DTSTART;TZID="+c.tzid+":20261124T090000", "END:VEVENT", "END:VCALENDAR")...)
		e := item(t, o).(*pim.Event)
		if e.Start.String() != c.at || c.tzid != "Own Zone" && e.Start.Zone != c.zone {
			t.Errorf("%.60s: %v in %q", c.tzid, e.Start, e.Start.Zone)
		}
	}
}

// A zone that nothing explains is the user's own, when it is known.
func TestUnknownZonesAreTheUsers(t *testing.T) {
	t.Parallel()
	o := object(t, "VEVENT", "DTSTART;TZID=Nowhere:20261124T090000")
	it, err := o.Item(ics.Zones{Local: load1("Asia/Tokyo")})
	if err != nil {
		t.Fatal(err)
	}
	if e := it.(*pim.Event); e.Start.String() != "2026-11-24T00:00:00Z" || e.Start.Zone != "Asia/Tokyo" {
		t.Errorf("%v in %q", e.Start, e.Start.Zone)
	}
}

// Many definitions that have to be followed are no way to keep the server busy.
func TestDefinitionsAreCapped(t *testing.T) {
	t.Parallel()
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0"}
	for i := range 400 {
		lines = append(lines, "BEGIN:VTIMEZONE", fmt.Sprintf("TZID:Zone %d", i))
		for range 5 {
			lines = append(lines, "BEGIN:DAYLIGHT", "DTSTART:16010101T000000", "TZOFFSETFROM:+0101", fmt.Sprintf("TZOFFSETTO:+%04d", i%60), "RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=400", "END:DAYLIGHT")
		}
		lines = append(lines, "END:VTIMEZONE")
	}
	lines = append(lines, "BEGIN:VEVENT", "UID:1", "DTSTART:20261124T090000Z")
	for i := range 400 {
		lines = append(lines, fmt.Sprintf("EXDATE;TZID=Zone %d:20261124T090000", i))
	}
	lim := ics.DefaultLimits()
	lim.Properties = 0
	o, err := ics.Parse([]byte(strings.Join(append(lines, "END:VEVENT", "END:VCALENDAR"), "\n")), lim)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if _, err := o.Item(ics.Zones{}); err != nil {
		t.Fatal(err)
	}
	o.Bounds()
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestOverridesAreComparedByTheirFields(t *testing.T) {
	t.Parallel()
	series := func(overrides ...string) string {
		lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:1", "DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY", "END:VEVENT"}
		for _, o := range overrides {
			lines = append(lines, "BEGIN:VEVENT", "UID:1")
			lines = append(lines, strings.Split(o, "\n")...)
			lines = append(lines, "END:VEVENT")
		}
		f, _ := pim.FieldByID(pim.FieldRecurrence)
		return f.Text(item(t, parse(t, append(lines, "END:VCALENDAR")...)))
	}
	a := "RECURRENCE-ID:20261125T090000Z\nDTSTART:20261125T100000Z\nSUMMARY:a"
	b := "RECURRENCE-ID:20261126T090000Z\nDTSTART:20261126T100000Z\nSUMMARY:b"
	if series() == "" {
		t.Error("a series without overrides is none")
	}
	base := series(a, b)
	for name, same := range map[string]string{
		"another order":   series(b, a),
		"stamps":          series(a+"\nDTSTAMP:20260101T000000Z\nSEQUENCE:9\nLAST-MODIFIED:20260101T000000Z\nX-OWN:1", b),
		"another zone":    series("RECURRENCE-ID;TZID=Europe/Berlin:20261125T100000\nDTSTART;TZID=Asia/Tokyo:20261125T190000\nSUMMARY:a", b),
		"folded":          series("SUMMARY:a\nRECURRENCE-ID:2026112\n 5T090000Z\nDTSTART:20261125T100000Z", b),
		"an explicit end": series(a+"\nDTEND:20261125T100000Z", b),
	} {
		if same != base {
			t.Errorf("%s changes the digest", name)
		}
	}
	for name, other := range map[string]string{
		"one less":       series(a),
		"another title":  series(a+"x", b),
		"another time":   series(strings.Replace(a, "T100000Z", "T110000Z", 1), b),
		"another place":  series(strings.Replace(a, "20261125T090000Z", "20261127T090000Z", 1), b),
		"swapped titles": series(strings.Replace(a, "SUMMARY:a", "SUMMARY:b", 1), strings.Replace(b, "SUMMARY:b", "SUMMARY:a", 1)),
	} {
		if other == base {
			t.Errorf("%s does not change the digest", name)
		}
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	o := load(t, "testdata/thunderbird-event.ics")
	all := ics.Selection{Name: "VCALENDAR", AllProps: true, AllComps: true}
	if got := string(o.Select(all).Bytes()); got != string(o.Bytes()) {
		t.Errorf("everything is not everything:\n%s", got)
	}
	some := ics.Selection{
		Name: "vcalendar", Props: []ics.PropSelection{{Name: "version"}},
		Comps: []ics.Selection{
			{Name: "VEVENT", Props: []ics.PropSelection{{Name: "UID"}, {Name: "DESCRIPTION", NoValue: true}}, Comps: []ics.Selection{{Name: "VALARM", AllProps: true}}},
		},
	}
	want := strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:9d1b0a52-7a50-4fb5-a1c4-9b7f6f6f0001
DESCRIPTION;ALTREP="data:text/html,%3Cb%3EAgenda%3C%2Fb%3E%20folgt":
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT15M
DESCRIPTION:Mozilla Standardbeschreibung
END:VALARM
BEGIN:VALARM
ACTION:EMAIL
TRIGGER:-P1D
SUMMARY:Jour fixe
DESCRIPTION:Jour fixe
ATTENDEE:mailto:jane@example.org
END:VALARM
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n")
	if got := string(o.Select(some).Bytes()); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := string(o.Select(ics.Selection{}).Bytes()); got != "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" {
		t.Errorf("nothing is\n%s", got)
	}
	if !strings.Contains(string(o.Bytes()), "X-MOZ-LASTACK") {
		t.Error("the original changed")
	}
}

func TestToIcal(t *testing.T) {
	t.Parallel()
	cal := load(t, "testdata/rfc6868-parameters.ics").ToIcal()
	events := cal.Events()
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	start, err := events[0].DateTimeStart(nil)
	if err != nil || !start.Equal(utc("20261124T090000Z").Time) {
		t.Errorf("%v %v", start, err)
	}
	who := events[0].Props["ATTENDEE"]
	if len(who) != 2 || who[0].Params.Get("CN") != `George Herman "Babe" Ruth` || !slices.Equal(who[1].Params.Values("X-KEEP"), []string{"a,b", "c"}) {
		t.Errorf("%+v", who)
	}
	tb := load(t, "testdata/thunderbird-event.ics").ToIcal()
	if s, err := tb.Events()[0].Props.Get("SUMMARY").Text(); err != nil || s != "Jour fixe, Raum 2" {
		t.Errorf("%q %v", s, err)
	}
	if n := len(tb.Events()[0].Children); n != 2 {
		t.Errorf("%d alarms", n)
	}
}
