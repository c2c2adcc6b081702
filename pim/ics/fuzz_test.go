package ics_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/internal/testenv"
	"crmbridge/pim"
	"crmbridge/pim/ics"
)

// failer is what testing.T and rapid.T share.
type failer interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// useAll does with an object whatever a server and a relay do, and checks that they fit
// together.
func useAll(t failer, b []byte) {
	o, err := ics.Parse(b, ics.DefaultLimits())
	if err != nil {
		if !errors.Is(err, pim.ErrInvalid) && !errors.Is(err, pim.ErrTooLarge) || pim.PublicText(err) == "" {
			t.Fatalf("unclear error %v", err)
		}
		return
	}
	if !bytes.Equal(o.Bytes(), b) {
		t.Fatalf("%q came back as %q", b, o.Bytes())
	}
	valid := len(o.Validate()) == 0
	start, end := o.Bounds()
	r := ics.TimeRange{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
	z := ics.Zones{Local: time.FixedZone("x", 3600)}
	if o.MatchesRange(z, r, 100) && (start >= r.Until.Unix() || end <= r.From.Unix()) {
		t.Fatalf("%q matches 2026 outside its bounds %d to %d", b, start, end)
	}
	if _, err := o.Matches(alarms(o.Component(), r), z, 100); err != nil {
		t.Fatal(err)
	}
	all, err := o.Occurrences(z, r, 100)
	if err == nil {
		expanded, err := o.Expand(z, r, 100)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ics.Parse(expanded.Bytes(), ics.Limits{}); err != nil {
			t.Fatalf("%v in what became of %q:\n%s", err, b, expanded.Bytes())
		}
		for _, oc := range all {
			if !oc.From.IsZero() && oc.Until.Before(oc.From) && oc.Component.Name == "VEVENT" {
				t.Fatalf("%q: an occurrence ends before it begins", b)
			}
		}
	}
	o.LimitRecurrenceSet(z, r)
	o.LimitFreeBusySet(z, r)
	o.ToIcal()
	o.Select(ics.Selection{Name: "VCALENDAR", AllProps: true})

	it, err := o.Item(z)
	if err != nil {
		return
	}
	applyAll(t, o, it, z, valid)
}

func applyAll(t failer, o *ics.Object, it pim.Item, z ics.Zones, valid bool) {
	all := pim.AllOf(it.Kind())
	same, err := ics.Apply(o, it, all, ics.ApplyOptions{Now: now, Zones: z})
	if err != nil || same != o {
		t.Fatalf("%q: applying its own view changes it: %v", o.Bytes(), err)
	}
	want := pim.Clone(it)
	set := pim.Set(pim.FieldTitle, pim.FieldNotes, pim.FieldCategories, pim.FieldReminders, pim.FieldAttendees, pim.FieldRecurrence, pim.FieldAttachments)
	files := []pim.Attachment{pim.NewAttachment("f", "", []byte("f"))}
	switch v := want.(type) {
	case *pim.Event:
		v.Title, v.Notes, v.Categories, v.Reminders, v.Attendees, v.Attachments, v.Recurrence = "t", "n", []string{"c"}, []pim.Reminder{{Before: time.Hour}}, []pim.Attendee{{Person: pim.Person{Email: "a@example.org"}}}, files, nil
		v.Start, v.End = pim.At(now, "Asia/Tokyo"), pim.At(now.Add(time.Hour), "Asia/Tokyo")
		set = set.Or(pim.Set(pim.FieldTime))
	case *pim.Task:
		v.Title, v.Notes, v.Categories, v.Reminders, v.Attendees, v.Attachments, v.Recurrence = "t", "n", []string{"c"}, []pim.Reminder{{Before: time.Hour}}, []pim.Attendee{{Person: pim.Person{Email: "a@example.org"}}}, files, nil
		v.Due = pim.At(now, "Asia/Tokyo")
		set = set.Or(pim.Set(pim.FieldDue))
	}
	next, err := ics.Apply(o, want, set, ics.ApplyOptions{Now: now, Zones: z})
	if err != nil {
		t.Fatalf("%q: %v", o.Bytes(), err)
	}
	again, err := ics.Parse(next.Bytes(), ics.Limits{})
	if err != nil {
		t.Fatalf("%q became unreadable: %v\n%s", o.Bytes(), err, next.Bytes())
	}
	got, err := again.Item(z)
	if err != nil {
		t.Fatalf("%q became unreadable: %v\n%s", o.Bytes(), err, next.Bytes())
	}
	if d := pim.Diff(want, got, set); !d.IsEmpty() {
		t.Fatalf("%q: %v did not arrive in\n%s", o.Bytes(), d, next.Bytes())
	}
	if faults := again.Validate(); valid && len(faults) > 0 {
		t.Fatalf("%q became wrong: %v\n%s", o.Bytes(), faults, next.Bytes())
	}
	applyOccurrences(t, o, it, z, valid)
}

// applyOccurrences writes into each occurrence that differs, sets one back and adds one.
func applyOccurrences(t failer, o *ics.Object, it pim.Item, z ics.Zones, valid bool) {
	if pim.RecurrenceOf(it) == nil {
		return
	}
	want := pim.Clone(it)
	rec := pim.RecurrenceOf(want)
	rec.Changed = rec.Changed[min(1, len(rec.Changed)):]
	for _, x := range rec.Changed {
		switch v := x.Item.(type) {
		case *pim.Event:
			v.Title, v.Start, v.End = "t", pim.At(now, "Asia/Tokyo"), pim.At(now.Add(time.Hour), "Asia/Tokyo")
		case *pim.Task:
			v.Title, v.Due = "t", pim.At(now, "Asia/Tokyo")
		}
	}
	if at := pim.StartOf(want, pim.At(now.Add(time.Hour), "")); !at.IsZero() {
		rec.Changed = append(rec.Changed, pim.Occurrence{At: at, Item: pim.OwnOccurrence(want, at)})
	}
	next, err := ics.Apply(o, want, pim.Set(pim.FieldRecurrence), ics.ApplyOptions{Now: now, Zones: z})
	switch pim.ReasonOf(err) {
	case "":
	case pim.ErrInvalid:
		return // an occurrence without a start
	default:
		t.Fatalf("%q: %v", o.Bytes(), err)
	}
	again, err := ics.Parse(next.Bytes(), ics.Limits{})
	if err != nil {
		t.Fatalf("%q became unreadable: %v\n%s", o.Bytes(), err, next.Bytes())
	}
	if faults := again.Validate(); valid && len(faults) > 0 {
		t.Fatalf("%q became wrong: %v\n%s", o.Bytes(), faults, next.Bytes())
	}
	got, err := again.Item(z)
	if err != nil {
		t.Fatalf("%q became unreadable: %v\n%s", o.Bytes(), err, next.Bytes())
	}
	if rest := pim.AllOf(it.Kind()).Minus(pim.Set(pim.FieldRecurrence)); !pim.Equal(it, got, rest) {
		t.Fatalf("%q: occurrences changed %s in\n%s", o.Bytes(), pim.Diff(it, got, rest), next.Bytes())
	}
	// Once more is nothing more: what is wanted is found again.
	twice, err := ics.Apply(again, want, pim.Set(pim.FieldRecurrence), ics.ApplyOptions{Now: now, Zones: z})
	if err != nil || len(twice.Overrides()) != len(again.Overrides()) {
		t.Fatalf("%q: overrides are added again: %v\n%s\n%s", o.Bytes(), err, again.Bytes(), twice.Bytes())
	}
}

func FuzzObject(f *testing.F) {
	files, err := filepath.Glob("testdata/*.ics")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{
		"X;A=b", // go-ical panics
		"DTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY", // rrule-go takes 8 s a month
		"DTSTART;TZID=W. Europe Standard Time:20260101T000000\r\nEXDATE;TZID=W. Europe Standard Time:20260102T000000,20260103T000000", // go-ical refuses
		"DTSTART:99991231T235959Z\r\nDURATION:P36525D\r\nRRULE:FREQ=YEARLY",
		"DTSTART:00010101T000000Z\r\nDTEND:00010101T000001Z",
		"DTSTART;VALUE=DATE:00010101\r\nRRULE:FREQ=YEARLY;BYDAY=-53SU",
		"DTSTART:20260101T000000Z\r\nRRULE:FREQ=DAILY\r\nEXRULE:FREQ=WEEKLY;BYDAY=MO", "DTSTART:20260101\r\nRRULE:FREQ=DAILY\r\nEXRULE:FREQ=HOURLY",
		"DTSTART:20260101T000000Z\r\nRDATE;VALUE=PERIOD:20260101T000000Z/-PT1H,20260101T000000Z/99991231T000000Z",
	} {
		f.Add([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n" + s + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"))
	}
	f.Fuzz(func(t *testing.T, b []byte) { useAll(t, b) })
}

// Objects of lines that are each possible, in combinations that hardly anybody meant.
func TestOddObjects(t *testing.T) {
	t.Parallel()
	times := []string{
		"20261124T090000Z", "20261124T090000", "20261124", "20260329T023000", "20261025T023000", "20240229", "20240229T120000Z", "00010101T000000Z",
		"99991231T235959Z", "x", "", "20261125T090000Z,20261126T090000", "20261124T090000Z/PT1H,20261125",
	}
	params := []string{"", ";TZID=Europe/Berlin", ";VALUE=DATE", ";TZID=Nowhere", ";TZID=Own", ";X-A=\"b:c\"", ";RANGE=THISANDFUTURE;TZID=America/New_York"}
	others := []string{
		"DURATION:PT1H", "DURATION:P1D", "DURATION:-PT1H", "DURATION:P36525D", "RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY;COUNT=5", "RRULE:FREQ=WEEKLY;UNTIL=20270101",
		"RRULE:FREQ=SECONDLY", "RRULE:FREQ=MONTHLY;BYDAY=-1FR", "RRULE:x", "EXRULE:FREQ=DAILY;INTERVAL=2", "EXRULE:FREQ=SECONDLY", "EXRULE:x", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "SUMMARY:a\\, b", "SUMMARY;ALTREP=\"x\":c",
		"DESCRIPTION:d", "CATEGORIES:a,b", "CATEGORIES:", "ATTENDEE;CN=x;PARTSTAT=ACCEPTED:mailto:a@example.org", "ATTENDEE:x", "ORGANIZER:mailto:o@example.org",
		"STATUS:COMPLETED", "STATUS:CONFIRMED", "PERCENT-COMPLETE:100", "CLASS:PRIVATE", "TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
		"X-MICROSOFT-CDO-BUSYSTATUS:FREE", "SEQUENCE:2147483647", "SEQUENCE:-1", "X-CRM-EFFORT:PT1H", "UID:2", "FREEBUSY:20261124T090000Z/PT1H",
		"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nEND:VALARM", "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER;RELATED=END:PT0S\r\nREPEAT:3\r\nDURATION:PT5M\r\nEND:VALARM",
		"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;VALUE=DATE-TIME:20261124T080000Z\r\nEND:VALARM",
	}
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]string{"VEVENT", "VEVENT", "VEVENT", "VTODO", "VTODO", "VJOURNAL", "VFREEBUSY", "X-OWN"}).Draw(t, "kind")
		var b strings.Builder
		b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0145\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n")
		for i := range rapid.IntRange(1, 3).Draw(t, "components") {
			b.WriteString("BEGIN:" + kind + "\r\nUID:1\r\n")
			names := []string{"DTSTART", "DTEND", "DUE", "RDATE", "EXDATE", "COMPLETED", "CREATED"}
			if i > 0 {
				names = append(names, "RECURRENCE-ID", "RECURRENCE-ID", "RECURRENCE-ID")
			}
			for range rapid.IntRange(0, 5).Draw(t, "times") {
				b.WriteString(rapid.SampledFrom(names).Draw(t, "name") + rapid.SampledFrom(params).Draw(t, "param") + ":" + rapid.SampledFrom(times).Draw(t, "time") + "\r\n")
			}
			for range rapid.IntRange(0, 5).Draw(t, "others") {
				b.WriteString(rapid.SampledFrom(others).Draw(t, "other") + "\r\n")
			}
			b.WriteString("END:" + kind + "\r\n")
		}
		b.WriteString("END:VCALENDAR\r\n")
		useAll(t, []byte(b.String()))
	})
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	read := 0
	files := testenv.Shared(t, "corpus/ics/*.ics")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// Some hold a component without the calendar around it.
		for _, text := range [][]byte{b, append(append([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"), b...), "\r\nEND:VCALENDAR\r\n"...)} {
			t.Run(filepath.Base(file), func(t *testing.T) {
				begin := time.Now()
				useAll(t, text)
				if d := time.Since(begin); d > 5*time.Second {
					t.Errorf("took %v", d)
				}
			})
		}
		if _, err := ics.Parse(b, ics.DefaultLimits()); err == nil {
			read++
		}
	}
	t.Logf("%d of %d files are calendars", read, len(files))
	if read < len(files)/2 {
		t.Errorf("only %d of %d files could be read", read, len(files))
	}
}
