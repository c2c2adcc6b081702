package relay

import (
	"fmt"
	"slices"
	"strings"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/pim/ics"
)

// daily is a series of five days from the 8th of January 2026 on, at nine.
func daily() *pim.Event {
	e := event("uid-a", "Meeting")
	e.Location = "Room 1"
	e.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=DAILY;COUNT=5"}}
	return e
}

// nth is the start that the rule gives to an occurrence of daily, 0 the first.
func nth(n int) pim.When { return pim.At(event("", "").Start.Time.AddDate(0, 0, n), "") }

// occur changes one occurrence of a series.
func occur(n int, edit func(*pim.Event)) func(*pim.Event) {
	return func(e *pim.Event) { occurAt(e, nth(n), edit) }
}

func occurAt(e *pim.Event, at pim.When, edit func(*pim.Event)) {
	o := pim.OccurrenceAt(e, at).(*pim.Event)
	edit(o)
	rec := e.Recurrence
	rec.Except = slices.DeleteFunc(rec.Except, at.Equal)
	rec.Changed = append(slices.DeleteFunc(rec.Changed, func(o pim.Occurrence) bool { return o.At.Equal(at) }), pim.Occurrence{At: at, Item: o})
}

func exclude(n int) func(*pim.Event) {
	return func(e *pim.Event) {
		rec := e.Recurrence
		rec.Changed = slices.DeleteFunc(rec.Changed, func(o pim.Occurrence) bool { return o.At.Equal(nth(n)) })
		rec.Except = append(rec.Except, nth(n))
	}
}

func reset(n int) func(*pim.Event) {
	return func(e *pim.Event) {
		e.Recurrence.Changed = slices.DeleteFunc(e.Recurrence.Changed, func(o pim.Occurrence) bool { return o.At.Equal(nth(n)) })
	}
}

func retitle(s string) func(*pim.Event) { return func(e *pim.Event) { e.Title = s } }
func move(s string) func(*pim.Event)    { return func(e *pim.Event) { e.Location = s } }

// singled is what one side says of single occurrences, for comparing.
func singled(e *pim.Event) string {
	var lines []string
	for _, w := range e.Recurrence.Except {
		lines = append(lines, fmt.Sprintf("%s -", w))
	}
	for _, o := range e.Recurrence.Changed {
		v := o.Item.(*pim.Event)
		lines = append(lines, fmt.Sprintf("%s %s, %s, %s", o.At, v.Title, v.Location, v.Start))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// agree wants both sides to tell the same of single occurrences, and the next run to have nothing to do.
func (w *world) agree(want ...string) {
	w.t.Helper()
	w.quiet()
	here, there := singled(w.item(w.only())), singled(w.record().Item.(*pim.Event))
	if exp := strings.Join(want, "\n"); here != exp || there != exp {
		w.t.Errorf("here:\n%s\nthere:\n%s\nwant:\n%s", here, there, exp)
	}
}

func said(n int, title, place string) string {
	return fmt.Sprintf("%s %s, %s, %s", nth(n), title, place, nth(n))
}

// fewFields is a remote that knows of series, and of each item little.
func fewFields() mem.Options {
	return mem.Options{Carries: map[pim.Kind]pim.FieldSet{pim.KindEvent: pim.Set(pim.FieldTitle, pim.FieldTime, pim.FieldClass, pim.FieldRecurrence)}}
}

// rich is a series with an occurrence that says more than the remote carries, and more than fields hold.
func (w *world) rich(class string) {
	w.t.Helper()
	text := strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:uid-a
DTSTAMP:20260101T000000Z
DTSTART:20260108T090000Z
DTEND:20260108T100000Z
RRULE:FREQ=DAILY;COUNT=5
SUMMARY:Meeting
DESCRIPTION:of the series
CLASS:`+class+`
END:VEVENT
BEGIN:VEVENT
UID:uid-a
DTSTAMP:20260101T000000Z
RECURRENCE-ID:20260109T090000Z
DTSTART:20260109T110000Z
DTEND:20260109T120000Z
SUMMARY;LANGUAGE=en:Special
DESCRIPTION:only of this one
LOCATION:Cellar
COLOR:red
CLASS:`+class+`
ATTENDEE;CUTYPE=ROOM:mailto:room@example.org
BEGIN:VALARM
ACTION:AUDIO
TRIGGER:-PT5M
X-TUNE:1
END:VALARM
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n")
	o, err := ics.Parse([]byte(text), ics.DefaultLimits())
	if err != nil {
		w.t.Fatal(err)
	}
	w.putText("a.ics", "uid-a", objectText(o))
}

// override is the component of the series' occurrence that differs.
func (w *world) override() string {
	w.t.Helper()
	o, err := ics.Parse(w.object("a.ics").Text, calendarLimits())
	if err != nil || len(o.Overrides()) != 1 {
		w.t.Fatalf("%v\n%s", err, w.object("a.ics").Text)
	}
	return string(o.Overrides()[0].Bytes())
}

// without stamps a component is what a person wrote.
func unstampedText(s string) string {
	var out []string
	for l := range strings.Lines(s) {
		if !strings.HasPrefix(l, "DTSTAMP") && !strings.HasPrefix(l, "LAST-MODIFIED") && !strings.HasPrefix(l, "SEQUENCE") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "")
}
