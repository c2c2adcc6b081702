package ics_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
)

// series is a calendar with a master and overrides, each given by its lines.
func series(t *testing.T, component string, components ...[]string) *ics.Object {
	t.Helper()
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0"}
	for _, c := range components {
		lines = append(append(append(lines, "BEGIN:"+component, "UID:1"), c...), "END:"+component)
	}
	return parse(t, append(lines, "END:VCALENDAR")...)
}

// rewritten applies an edit of the recurrence and tells which lines went and came.
func rewritten(t *testing.T, o *ics.Object, set pim.FieldSet, edit func(pim.Item)) string {
	t.Helper()
	it := pim.Clone(item(t, o))
	edit(it)
	next, err := ics.Apply(o, it, set.Or(pim.Set(pim.FieldRecurrence)), ics.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if d := pim.Diff(item(t, parse(t, strings.TrimSuffix(string(next.Bytes()), "\n"))), it, pim.Set(pim.FieldRecurrence)); !d.IsEmpty() {
		f, _ := pim.FieldByID(pim.FieldRecurrence)
		t.Errorf("wanted %s\ngot    %s\n%s", f.Text(it), f.Text(item(t, next)), next.Bytes())
	}
	if faults := next.Validate(); len(faults) > 0 {
		t.Errorf("%v in\n%s", faults, next.Bytes())
	}
	return diff(o, next)
}

// differs makes an occurrence that differs from its series by an edit.
func differs(it pim.Item, at pim.When, edit func(*pim.Event)) {
	own := pim.OwnOccurrence(it, at)
	if e, ok := own.(*pim.Event); ok {
		edit(e)
	}
	rec := pim.RecurrenceOf(it)
	rec.Changed = append(rec.Changed, pim.Occurrence{At: at, Item: own})
}

func TestANewOverrideIsMadeOfTheMaster(t *testing.T) {
	t.Parallel()
	retitle := func(e *pim.Event) { e.Title = "other" }
	for _, c := range []struct {
		name  string
		lines []string
		at    pim.When
		edit  func(*pim.Event)
		want  string
	}{
		{"in the zone of the series, after clocks changed", []string{"DTSTART;TZID=W. Europe Standard Time:20261019T090000", "DTEND;TZID=\"Europe/Paris\":20261019T100000",
			"RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Berlin:20261109T090000", "SUMMARY:s", "X-MORE;X-A=1:kept", "BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER:-PT5M", "END:VALARM"},
			utc("20261102T080000Z"), retitle,
			"+BEGIN:VEVENT\n+UID:1\n+RECURRENCE-ID;TZID=W. Europe Standard Time:20261102T090000\n+DTSTART;TZID=W. Europe Standard Time:20261102T090000\n" +
				"+DTEND;TZID=\"Europe/Paris\":20261102T100000\n+SUMMARY:other\n+X-MORE;X-A=1:kept\n+BEGIN:VALARM\n+ACTION:EMAIL\n+TRIGGER:-PT5M\n+END:VALARM\n+END:VEVENT\n"},
		{"in UTC", []string{"DTSTART:20261019T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY", "SUMMARY:s"}, utc("20261102T090000Z"), retitle,
			"+BEGIN:VEVENT\n+UID:1\n+RECURRENCE-ID:20261102T090000Z\n+DTSTART:20261102T090000Z\n+DURATION:PT1H\n+SUMMARY:other\n+END:VEVENT\n"},
		{"floating", []string{"DTSTART:20261019T090000", "DTEND:20261019T100000", "RRULE:FREQ=WEEKLY", "SUMMARY:s"},
			pim.When{Time: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), Floating: true}, retitle,
			"+BEGIN:VEVENT\n+UID:1\n+RECURRENCE-ID:20261102T090000\n+DTSTART:20261102T090000\n+DTEND:20261102T100000\n+SUMMARY:other\n+END:VEVENT\n"},
		{"of days", []string{"DTSTART;VALUE=DATE:20261019", "DTEND;VALUE=DATE:20261021", "RRULE:FREQ=WEEKLY", "SUMMARY:s"}, day("20261102"), retitle,
			"+BEGIN:VEVENT\n+UID:1\n+RECURRENCE-ID;VALUE=DATE:20261102\n+DTSTART;VALUE=DATE:20261102\n+DTEND;VALUE=DATE:20261104\n+SUMMARY:other\n+END:VEVENT\n"},
		{"of midnights that Exchange means as days, on the day when clocks change",
			[]string{"DTSTART;TZID=Europe/Berlin:20261018T000000", "DTEND;TZID=Europe/Berlin:20261019T000000", "RRULE:FREQ=WEEKLY", "SUMMARY:s", "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"},
			day("20261025"), retitle,
			"+BEGIN:VEVENT\n+UID:1\n+RECURRENCE-ID;TZID=Europe/Berlin:20261025T000000\n+DTSTART;TZID=Europe/Berlin:20261025T000000\n" +
				"+DTEND;TZID=Europe/Berlin:20261026T000000\n+SUMMARY:other\n+X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\n+END:VEVENT\n"},
		{"moved", []string{"DTSTART;TZID=Europe/Berlin:20261019T090000", "DTEND;TZID=Europe/Berlin:20261019T100000", "RRULE:FREQ=WEEKLY", "SEQUENCE:4"},
			utc("20261102T080000Z"), func(e *pim.Event) { e.Start, e.End = utc("20261103T130000Z"), utc("20261103T150000Z") },
			"+BEGIN:VEVENT\n+UID:1\n+RECURRENCE-ID;TZID=Europe/Berlin:20261102T090000\n+DTSTART;TZID=Europe/Berlin:20261103T140000\n+DTEND;TZID=Europe/Berlin:20261103T160000\n" +
				"+SEQUENCE:5\n+END:VEVENT\n"},
		{"a day of a timed series", []string{"DTSTART;TZID=Europe/Berlin:20261019T090000", "DTEND;TZID=Europe/Berlin:20261019T100000", "RRULE:FREQ=WEEKLY", "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE"},
			utc("20261102T080000Z"), func(e *pim.Event) { e.Start, e.End = day("20261102"), day("20261103") },
			"+BEGIN:VEVENT\n+UID:1\n+RECURRENCE-ID;TZID=Europe/Berlin:20261102T090000\n+DTSTART;VALUE=DATE:20261102\n+DTEND;VALUE=DATE:20261103\n" +
				"+X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\n+SEQUENCE:1\n+END:VEVENT\n"},
		{"at the second of two equal hours", []string{"DTSTART;TZID=Europe/Berlin:20261018T023000", "RRULE:FREQ=WEEKLY", "SUMMARY:s"}, utc("20261025T013000Z"), retitle,
			"+BEGIN:VEVENT\n+UID:1\n+RECURRENCE-ID:20261025T013000Z\n+DTSTART:20261025T013000Z\n+SUMMARY:other\n+END:VEVENT\n"},
	} {
		o := series(t, "VEVENT", c.lines)
		got := strings.ReplaceAll(rewritten(t, o, pim.FieldSet{}, func(it pim.Item) { differs(it, c.at, c.edit) }), berlin, "")
		if got != c.want {
			t.Errorf("%s:\ngot\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// overridden is a series with an override that says more than fields hold.
func overridden(t *testing.T) *ics.Object {
	t.Helper()
	return series(t, "VEVENT",
		[]string{"DTSTART;TZID=Europe/Berlin:20261019T090000", "DTEND;TZID=Europe/Berlin:20261019T100000", "RRULE:FREQ=WEEKLY", "SUMMARY:s", "SEQUENCE:1"},
		[]string{"DTSTART;X-A=1;TZID=Europe/Berlin:20261026T140000", "DURATION;X-A=1:PT1H", "RECURRENCE-ID;X-A=1;TZID=Europe/Berlin:20261026T090000", "SUMMARY;LANGUAGE=de:o", "SEQUENCE:7", "COLOR:red",
			"ATTENDEE;CUTYPE=ROOM;RSVP=TRUE:mailto:room@example.org", "BEGIN:VALARM", "ACTION:AUDIO", "TRIGGER:-PT5M", "X-B:1", "END:VALARM"})
}

func TestAnOverrideIsWrittenAsAMasterIs(t *testing.T) {
	t.Parallel()
	only := func(it pim.Item) *pim.Event { return pim.RecurrenceOf(it).Changed[0].Item.(*pim.Event) }
	for _, c := range []struct {
		name string
		edit func(*pim.Event)
		want string
	}{
		{"nothing", func(*pim.Event) {}, ""},
		{"a title", func(e *pim.Event) { e.Title = "x" }, "-SUMMARY;LANGUAGE=de:o\n+SUMMARY;LANGUAGE=de:x\n"},
		{"an answer", func(e *pim.Event) { e.Attendees[0].Answer = "accepted" },
			"-ATTENDEE;CUTYPE=ROOM;RSVP=TRUE:mailto:room@example.org\n+ATTENDEE;CUTYPE=ROOM;RSVP=TRUE;PARTSTAT=ACCEPTED:mailto:room@example.org\n"},
		{"a second alarm", func(e *pim.Event) { e.Reminders = append(e.Reminders, pim.Reminder{Before: time.Hour}) },
			"+BEGIN:VALARM\n+ACTION:DISPLAY\n+DESCRIPTION:o\n+TRIGGER:-PT1H\n+END:VALARM\n"},
		{"a time", func(e *pim.Event) { e.Start, e.End = utc("20261026T140000Z"), utc("20261026T150000Z") },
			"-DTSTART;X-A=1;TZID=Europe/Berlin:20261026T140000\n-SEQUENCE:7\n+DTSTART;X-A=1;TZID=Europe/Berlin:20261026T150000\n+SEQUENCE:8\n"},
	} {
		if got := rewritten(t, overridden(t), pim.FieldSet{}, func(it pim.Item) { c.edit(only(it)) }); got != c.want {
			t.Errorf("%s:\ngot\n%swant\n%s", c.name, got, c.want)
		}
	}
	o := overridden(t)
	it := pim.Clone(item(t, o))
	only(it).Title = "x"
	next, err := ics.Apply(o, it, pim.Set(pim.FieldRecurrence), ics.ApplyOptions{Now: now})
	if want := "-SUMMARY;LANGUAGE=de:o\n+SUMMARY;LANGUAGE=de:x\n+DTSTAMP:20261121T120000Z\n+LAST-MODIFIED:20261121T120000Z\n"; err != nil || diff(o, next) != want {
		t.Errorf("stamps: %v\n%s", err, diff(o, next))
	}
	if next.Master().Value("DTSTAMP") != "" {
		t.Error("the master is stamped though only an occurrence changed")
	}
}

// Exclusions, the series' moves and its end take overrides along; what says nothing of one leaves it alone.
func TestWhichOverridesThereAre(t *testing.T) {
	t.Parallel()
	timed := pim.Set(pim.FieldTime)
	at := utc("20261026T080000Z")
	for _, c := range []struct {
		name string
		set  pim.FieldSet
		edit func(e *pim.Event)
		ids  string // RECURRENCE-ID and SUMMARY of the overrides
	}{
		{"named by another form of the same moment", pim.FieldSet{}, func(e *pim.Event) {
			e.Recurrence.Changed[0].At = pim.At(at.Time, "Asia/Tokyo")
			e.Recurrence.Changed[0].Item.(*pim.Event).Title = "x"
		}, "20261026T090000 x"},
		{"not known how", pim.FieldSet{}, func(e *pim.Event) { e.Recurrence.Changed[0].Item = nil; e.Recurrence.Rules = []string{"FREQ=DAILY"} }, "20261026T090000 o"},
		{"neither there nor known", pim.FieldSet{}, func(e *pim.Event) {
			e.Recurrence.Changed = append(e.Recurrence.Changed, pim.Occurrence{At: utc("20261102T080000Z")})
		}, "20261026T090000 o"},
		{"excluded and wanted", pim.FieldSet{}, func(e *pim.Event) { e.Recurrence.Except = []pim.When{at} }, ""},
		{"the series moves, and the names with it", timed, func(e *pim.Event) {
			e.Start, e.End = utc("20261019T080000Z"), utc("20261019T090000Z")
			e.Recurrence.Changed[0].At = utc("20261026T090000Z")
			e.Recurrence.Changed[0].Item.(*pim.Event).Title = "x"
		}, "20261026T100000 x"},
		{"the series moves, the names do not", timed, func(e *pim.Event) {
			e.Start, e.End = utc("20261012T070000Z"), utc("20261012T080000Z")
		}, "20261026T090000 o"},
		{"moved with a second one", timed, func(e *pim.Event) {
			e.Start, e.End = utc("20261026T080000Z"), utc("20261026T090000Z")
			first := e.Recurrence.Changed[0]
			e.Recurrence.Changed = []pim.Occurrence{{At: utc("20261102T080000Z"), Item: first.Item}}
			differs(e, utc("20261109T080000Z"), func(e *pim.Event) { e.Title = "new" })
		}, "20261102T090000 o, 20261109T090000 new"},
	} {
		o := overridden(t)
		it := pim.Clone(item(t, o)).(*pim.Event)
		c.edit(it)
		next, err := ics.Apply(o, it, c.set.Or(pim.Set(pim.FieldRecurrence)), ics.ApplyOptions{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var ids []string
		for _, b := range next.Overrides() {
			ids = append(ids, b.Value("RECURRENCE-ID")+" "+b.Value("SUMMARY"))
		}
		if got := strings.Join(ids, ", "); got != c.ids {
			t.Errorf("%s: %s, want %s", c.name, got, c.ids)
		}
	}
}

func TestThisAndFutureStays(t *testing.T) {
	t.Parallel()
	o := load(t, "testdata/this-and-future.ics")
	it := pim.Clone(item(t, o))
	rec := pim.RecurrenceOf(it)
	for i := range rec.Changed {
		rec.Changed[i].Item.(*pim.Event).Title = "x"
	}
	for name, changed := range map[string][]pim.Occurrence{"changed": rec.Changed, "not wanted": nil} {
		rec.Changed = changed
		next, err := ics.Apply(o, it, pim.Set(pim.FieldRecurrence), ics.ApplyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ranges := func(o *ics.Object) (out []string) {
			for _, b := range o.Overrides() {
				if b.First("RECURRENCE-ID").Param("RANGE") != "" {
					out = append(out, string(b.Bytes()))
				}
			}
			return out
		}
		if was, is := ranges(o), ranges(next); len(was) == 0 || strings.Join(was, "") != strings.Join(is, "") {
			t.Errorf("%s:\n%s\nbecame\n%s", name, was, is)
		}
	}
}

func TestOccurrencesOfTasks(t *testing.T) {
	t.Parallel()
	o := series(t, "VTODO", []string{"DUE;TZID=Europe/Berlin:20261019T090000", "RRULE:FREQ=WEEKLY", "SUMMARY:s"})
	got := rewritten(t, o, pim.FieldSet{}, func(it pim.Item) {
		own := pim.OwnOccurrence(it, utc("20261102T080000Z")).(*pim.Task)
		own.Status, own.Completed = pim.Completed, utc("20261103T080000Z")
		pim.RecurrenceOf(it).Changed = []pim.Occurrence{{At: own.Due, Item: own}}
	})
	want := "+BEGIN:VTODO\n+UID:1\n+RECURRENCE-ID;TZID=Europe/Berlin:20261102T090000\n+DUE;TZID=Europe/Berlin:20261102T090000\n+SUMMARY:s\n" +
		"+COMPLETED:20261103T080000Z\n+STATUS:COMPLETED\n+END:VTODO\n"
	if got = strings.ReplaceAll(got, berlin, ""); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	o = series(t, "VTODO", []string{"DTSTART:20261019T090000Z", "DUE:20261020T120000Z", "RRULE:FREQ=WEEKLY", "PERCENT-COMPLETE:50"})
	got = rewritten(t, o, pim.FieldSet{}, func(it pim.Item) {
		own := pim.OwnOccurrence(it, utc("20261102T090000Z")).(*pim.Task)
		own.Percent = 100
		pim.RecurrenceOf(it).Changed = []pim.Occurrence{{At: own.Start, Item: own}}
	})
	want = "+BEGIN:VTODO\n+UID:1\n+RECURRENCE-ID:20261102T090000Z\n+DTSTART:20261102T090000Z\n+DUE:20261103T120000Z\n+PERCENT-COMPLETE:100\n+END:VTODO\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestOccurrencesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	at := utc("20261102T080000Z")
	for name, o := range map[string]pim.Occurrence{
		"of another kind":      {At: at, Item: &pim.Task{}},
		"without a start":      {At: at, Item: &pim.Event{}},
		"without a name":       {Item: &pim.Event{Start: at}},
		"a priority too large": {At: at, Item: &pim.Event{Start: at, Activity: pim.Activity{Priority: 11}}},
	} {
		obj := overridden(t)
		it := pim.Clone(item(t, obj))
		rec := pim.RecurrenceOf(it)
		rec.Changed = append(rec.Changed, o)
		next, err := ics.Apply(obj, it, pim.Set(pim.FieldRecurrence), ics.ApplyOptions{})
		if !errors.Is(err, pim.ErrInvalid) || next != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who never had the text of a series gets one with its occurrences.
func TestNewWritesOccurrences(t *testing.T) {
	t.Parallel()
	e := &pim.Event{Start: pim.At(utc("20261019T070000Z").Time, "Europe/Berlin"), End: pim.At(utc("20261019T080000Z").Time, "Europe/Berlin"), Activity: pim.Activity{
		UID: "1", Title: "s", Recurrence: &pim.Recurrence{Rules: []string{"FREQ=WEEKLY;COUNT=5"}, Except: []pim.When{pim.At(utc("20261109T080000Z").Time, "Europe/Berlin")}},
	}}
	differs(e, pim.At(utc("20261102T080000Z").Time, "Europe/Berlin"), func(o *pim.Event) { o.Location = "Room 5" })
	o, err := ics.New(e, ics.NewOptions{ProdID: "x", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if d := pim.Diff(e, item(t, o), pim.AllOf(pim.KindEvent)); !d.IsEmpty() {
		t.Errorf("%s differ in\n%s", d, o.Bytes())
	}
	over := o.Overrides()
	if len(over) != 1 || over[0].Value("RECURRENCE-ID") != "20261102T090000" || over[0].Value("DTEND") != "20261102T100000" || over[0].Value("SUMMARY") != "s" {
		t.Errorf("%s", o.Bytes())
	}
	if faults := o.Validate(); len(faults) > 0 {
		t.Error(faults)
	}
}
