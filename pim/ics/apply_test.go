package ics_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
)

func parse(t *testing.T, lines ...string) *ics.Object {
	t.Helper()
	o, err := ics.Parse([]byte(strings.Join(lines, "\n")+"\n"), ics.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// object is a calendar around the lines of one component.
func object(t *testing.T, component string, lines ...string) *ics.Object {
	t.Helper()
	all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:" + component, "UID:1"}, lines...)
	return parse(t, append(all, "END:"+component, "END:VCALENDAR")...)
}

func item(t *testing.T, o *ics.Object) pim.Item {
	t.Helper()
	it, err := o.Item(ics.Zones{})
	if err != nil {
		t.Fatal(err)
	}
	return it
}

// apply edits a copy of the object's own view and writes the fields of set. No time is
// stamped, so that only the edit shows.
func apply(t *testing.T, o *ics.Object, set pim.FieldSet, edit func(e *pim.Event, k *pim.Task)) *ics.Object {
	t.Helper()
	it := pim.Clone(item(t, o))
	e, _ := it.(*pim.Event)
	k, _ := it.(*pim.Task)
	edit(e, k)
	next, err := ics.Apply(o, it, set, ics.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// diff are the lines that went and came, unfolded.
func diff(before, after *ics.Object) string {
	unfolded := func(o *ics.Object) string { return strings.ReplaceAll(string(o.Bytes()), "\n ", "") }
	count := map[string]int{}
	for l := range strings.Lines(unfolded(before)) {
		count[l]--
	}
	var gone, come strings.Builder
	for l := range strings.Lines(unfolded(after)) {
		if count[l]++; count[l] > 0 {
			come.WriteString("+" + l)
		}
	}
	for l := range strings.Lines(unfolded(before)) {
		if count[l] < 0 {
			count[l]++
			gone.WriteString("-" + l)
		}
	}
	return gone.String() + come.String()
}

func utc(s string) pim.When {
	t, err := time.Parse("20060102T150405Z", s)
	if err != nil {
		panic(err)
	}
	return pim.At(t, "")
}

func day(s string) pim.When {
	t, err := time.Parse("20060102", s)
	if err != nil {
		panic(err)
	}
	return pim.When{Time: t, Date: true}
}

// berlin is what a text that uses the zone without defining it gets with the first new line
// in that zone.
const berlin = "+BEGIN:VTIMEZONE\n+TZID:Europe/Berlin\n" +
	"+BEGIN:DAYLIGHT\n+TZOFFSETFROM:+0100\n+TZOFFSETTO:+0200\n+TZNAME:CEST\n+DTSTART:19960331T020000\n+RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n+END:DAYLIGHT\n" +
	"+BEGIN:STANDARD\n+TZOFFSETFROM:+0200\n+TZOFFSETTO:+0100\n+TZNAME:CET\n+DTSTART:19961027T030000\n+RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n+END:STANDARD\n" +
	"+END:VTIMEZONE\n"

func TestApplyWritesLines(t *testing.T) {
	t.Parallel()
	timed := pim.Set(pim.FieldTime)
	for _, c := range []struct {
		name  string
		lines []string
		set   pim.FieldSet
		edit  func(e *pim.Event)
		want  string
	}{
		{"the zone's name and its parameters stay", []string{"DTSTART;X-A=1;TZID=W. Europe Standard Time:20261124T090000", "DTEND;TZID=\"Europe/Paris\":20261124T100000"}, timed,
			func(e *pim.Event) { e.Start, e.End = utc("20261124T100000Z"), utc("20261124T110000Z") },
			"-DTSTART;X-A=1;TZID=W. Europe Standard Time:20261124T090000\n-DTEND;TZID=\"Europe/Paris\":20261124T100000\n" +
				"+DTSTART;X-A=1;TZID=W. Europe Standard Time:20261124T110000\n+DTEND;TZID=\"Europe/Paris\":20261124T120000\n+SEQUENCE:1\n"},
		{"another zone of the same instant is no change", []string{"DTSTART;TZID=Europe/Berlin:20261124T090000", "DTEND;TZID=Europe/Berlin:20261124T100000"}, timed,
			func(e *pim.Event) { e.Start.Zone, e.End.Zone = "", "Asia/Tokyo" }, ""},
		{"an end that is implied stays so", []string{"DTSTART:20261124T090000Z"}, timed,
			func(e *pim.Event) { e.Start, e.End = utc("20261124T100000Z"), utc("20261124T100000Z") },
			"-DTSTART:20261124T090000Z\n+DTSTART:20261124T100000Z\n+SEQUENCE:1\n"},
		{"an end where there was none", []string{"DTSTART:20261124T090000Z"}, timed,
			func(e *pim.Event) { e.End = utc("20261124T100000Z") }, "+DTEND:20261124T100000Z\n+SEQUENCE:1\n"},
		{"a zero end is the implied one", []string{"DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "SEQUENCE:7"}, timed,
			func(e *pim.Event) { e.Start, e.End = utc("20261124T080000Z"), pim.When{} },
			"-DTSTART:20261124T090000Z\n-DTEND:20261124T100000Z\n-SEQUENCE:7\n+DTSTART:20261124T080000Z\n+DTEND:20261124T080000Z\n+SEQUENCE:8\n"},
		{"DURATION stays when only the start moves", []string{"DTSTART:20261124T090000Z", "DURATION:PT60M"}, timed,
			func(e *pim.Event) { e.Start, e.End = utc("20261124T100000Z"), utc("20261124T110000Z") },
			"-DTSTART:20261124T090000Z\n+DTSTART:20261124T100000Z\n+SEQUENCE:1\n"},
		{"DURATION takes a new length", []string{"DTSTART:20261124T090000Z", "DURATION;X-A=1:PT60M"}, timed,
			func(e *pim.Event) { e.End = utc("20261124T103030Z") }, "-DURATION;X-A=1:PT60M\n+DURATION;X-A=1:PT1H30M30S\n+SEQUENCE:1\n"},
		{"DURATION of nothing goes", []string{"DTSTART:20261124T090000Z", "DURATION:PT60M"}, timed,
			func(e *pim.Event) { e.End = e.Start }, "-DURATION:PT60M\n+SEQUENCE:1\n"},
		{"DURATION of days", []string{"DTSTART;VALUE=DATE:20261124", "DURATION:P1W"}, timed,
			func(e *pim.Event) { e.End = day("20261126") }, "-DURATION:P1W\n+DURATION:P2D\n+SEQUENCE:1\n"},
		{"both of DTEND and DURATION become one", []string{"DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "DURATION:PT1H"}, timed,
			func(e *pim.Event) { e.End = utc("20261124T110000Z") },
			"-DTEND:20261124T100000Z\n-DURATION:PT1H\n+DTEND:20261124T110000Z\n+SEQUENCE:1\n"},
		{"a time becomes a day", []string{"DTSTART;TZID=Europe/Berlin:20261124T090000", "DTEND;TZID=Europe/Berlin:20261124T100000", "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE"}, timed,
			func(e *pim.Event) { e.Start, e.End = day("20261124"), day("20261125") },
			"-DTSTART;TZID=Europe/Berlin:20261124T090000\n-DTEND;TZID=Europe/Berlin:20261124T100000\n-X-MICROSOFT-CDO-ALLDAYEVENT:FALSE\n" +
				"+DTSTART;VALUE=DATE:20261124\n+DTEND;VALUE=DATE:20261125\n+X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\n+SEQUENCE:1\n"},
		{"a day becomes a time in UTC", []string{"DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261125"}, timed,
			func(e *pim.Event) { e.Start, e.End = utc("20261124T100000Z"), utc("20261124T110000Z") },
			"-DTSTART;VALUE=DATE:20261124\n-DTEND;VALUE=DATE:20261125\n+DTSTART:20261124T100000Z\n+DTEND:20261124T110000Z\n+SEQUENCE:1\n"},
		{"a time that comes twice is written in UTC the second time", []string{"DTSTART;TZID=Europe/Berlin:20261025T013000", "DTEND;TZID=Europe/Berlin:20261025T023000"}, timed,
			func(e *pim.Event) { e.End = utc("20261025T013000Z") },
			"-DTEND;TZID=Europe/Berlin:20261025T023000\n+DTEND:20261025T013000Z\n+SEQUENCE:1\n"},
		{"floating stays floating", []string{"DTSTART:20261124T090000"}, timed,
			func(e *pim.Event) { e.Start.Time = e.Start.Time.Add(time.Hour); e.End = e.Start },
			"-DTSTART:20261124T090000\n+DTSTART:20261124T100000\n+SEQUENCE:1\n"},

		{"texts keep their language, not their rich form", []string{"DTSTART:20261124T090000Z", `SUMMARY;LANGUAGE=de;ALTREP="cid:x":Alt`}, pim.Set(pim.FieldTitle),
			func(e *pim.Event) { e.Title = "a, b; c\\d\nε" }, "-SUMMARY;LANGUAGE=de;ALTREP=\"cid:x\":Alt\n+SUMMARY;LANGUAGE=de:a\\, b\\; c\\\\d\\nε\n"},
		{"an empty text goes", []string{"DTSTART:20261124T090000Z", "SUMMARY:a", "SUMMARY:b"}, pim.Set(pim.FieldTitle),
			func(e *pim.Event) { e.Title = "" }, "-SUMMARY:a\n-SUMMARY:b\n"},
		{"the place takes what describes it along", []string{"DTSTART:20261124T090000Z", "LOCATION:a", "GEO:1;2", "X-APPLE-STRUCTURED-LOCATION;VALUE=URI:geo:1,2"}, pim.Set(pim.FieldLocation),
			func(e *pim.Event) { e.Location = "b" }, "-LOCATION:a\n-GEO:1;2\n-X-APPLE-STRUCTURED-LOCATION;VALUE=URI:geo:1,2\n+LOCATION:b\n"},
		{"a place with the same text keeps it", []string{"DTSTART:20261124T090000Z", "LOCATION:a", "GEO:1;2"}, pim.Set(pim.FieldLocation), func(e *pim.Event) { e.Location = "a  " }, ""},
		{"categories become one list", []string{"DTSTART:20261124T090000Z", "CATEGORIES;LANGUAGE=de:a,b", "CATEGORIES:c"}, pim.Set(pim.FieldCategories),
			func(e *pim.Event) { e.Categories = []string{"a", "x,y"} }, "-CATEGORIES;LANGUAGE=de:a,b\n-CATEGORIES:c\n+CATEGORIES;LANGUAGE=de:a,x\\,y\n"},
		{"priority and importance", []string{"DTSTART:20261124T090000Z", "PRIORITY:5", "X-MICROSOFT-CDO-IMPORTANCE:1"}, pim.Set(pim.FieldPriority),
			func(e *pim.Event) { e.Priority = 2 }, "-PRIORITY:5\n-X-MICROSOFT-CDO-IMPORTANCE:1\n+PRIORITY:2\n+X-MICROSOFT-CDO-IMPORTANCE:2\n"},
		{"no priority", []string{"DTSTART:20261124T090000Z", "PRIORITY:5"}, pim.Set(pim.FieldPriority), func(e *pim.Event) { e.Priority = 0 }, "-PRIORITY:5\n"},
		{"low priority", []string{"DTSTART:20261124T090000Z", "X-MICROSOFT-CDO-IMPORTANCE:1"}, pim.Set(pim.FieldPriority), func(e *pim.Event) { e.Priority = 9 },
			"-X-MICROSOFT-CDO-IMPORTANCE:1\n+X-MICROSOFT-CDO-IMPORTANCE:0\n+PRIORITY:9\n"},
		{"free time and Outlook's word for it", []string{"DTSTART:20261124T090000Z", "TRANSP:OPAQUE", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"}, pim.Set(pim.FieldFree),
			func(e *pim.Event) { e.Free = true }, "-TRANSP:OPAQUE\n-X-MICROSOFT-CDO-BUSYSTATUS:OOF\n+TRANSP:TRANSPARENT\n+X-MICROSOFT-CDO-BUSYSTATUS:FREE\n"},
		{"busy leaves kinds of busy alone", []string{"DTSTART:20261124T090000Z", "TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE"}, pim.Set(pim.FieldFree),
			func(e *pim.Event) { e.Free = false }, "-TRANSP:TRANSPARENT\n+TRANSP:OPAQUE\n"},
		{"Outlook's word alone is enough", []string{"DTSTART:20261124T090000Z", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"}, pim.Set(pim.FieldFree),
			func(e *pim.Event) { e.Free = false }, "-X-MICROSOFT-CDO-BUSYSTATUS:FREE\n+X-MICROSOFT-CDO-BUSYSTATUS:BUSY\n+TRANSP:OPAQUE\n"},
		{"class", []string{"DTSTART:20261124T090000Z", "CLASS:X-SECRET"}, pim.Set(pim.FieldClass), func(e *pim.Event) { e.Class = pim.Public }, "-CLASS:X-SECRET\n"},

		{"attendees keep what they have", []string{"DTSTART:20261124T090000Z", "ATTENDEE;CUTYPE=ROOM;RSVP=TRUE;PARTSTAT=NEEDS-ACTION;CN=Room:mailto:ROOM@example.org", "ATTENDEE:mailto:gone@example.org"}, pim.Set(pim.FieldAttendees),
			func(e *pim.Event) {
				e.Attendees = []pim.Attendee{{Person: pim.Person{Name: "Room", Email: "room@example.org"}, Answer: "accepted"}}
			},
			"-ATTENDEE;CUTYPE=ROOM;RSVP=TRUE;PARTSTAT=NEEDS-ACTION;CN=Room:mailto:ROOM@example.org\n-ATTENDEE:mailto:gone@example.org\n" +
				"+ATTENDEE;CUTYPE=ROOM;RSVP=TRUE;PARTSTAT=ACCEPTED;CN=Room:mailto:ROOM@example.org\n"},
		{"an attendee without an address", []string{"DTSTART:20261124T090000Z"}, pim.Set(pim.FieldAttendees),
			func(e *pim.Event) { e.Attendees = []pim.Attendee{{Person: pim.Person{Name: "Jane"}, Optional: true}} },
			"+ATTENDEE;CN=Jane;PARTSTAT=NEEDS-ACTION;ROLE=OPT-PARTICIPANT:invalid:nomail\n"},
		{"attendees renamed and released", []string{"DTSTART:20261124T090000Z", "ATTENDEE;CN=A;ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED;X-B=1:mailto:a@example.org"}, pim.Set(pim.FieldAttendees),
			func(e *pim.Event) { e.Attendees = []pim.Attendee{{Person: pim.Person{Email: "a@example.org"}}} },
			"-ATTENDEE;CN=A;ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED;X-B=1:mailto:a@example.org\n+ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;X-B=1:mailto:a@example.org\n"},
		{"the same organiser under another name", []string{"DTSTART:20261124T090000Z", "ORGANIZER;CN=A;SCHEDULE-AGENT=CLIENT:mailto:a@example.org"}, pim.Set(pim.FieldOrganizer),
			func(e *pim.Event) { e.Organizer.Name = "B" },
			"-ORGANIZER;CN=A;SCHEDULE-AGENT=CLIENT:mailto:a@example.org\n+ORGANIZER;CN=B;SCHEDULE-AGENT=CLIENT:mailto:a@example.org\n"},
		{"another organiser", []string{"DTSTART:20261124T090000Z", "ORGANIZER;CN=A;SENT-BY=\"mailto:x@example.org\":mailto:a@example.org"}, pim.Set(pim.FieldOrganizer),
			func(e *pim.Event) { e.Organizer = pim.Person{Email: "b@example.org"} },
			"-ORGANIZER;CN=A;SENT-BY=\"mailto:x@example.org\":mailto:a@example.org\n+ORGANIZER:mailto:b@example.org\n"},
		{"no organiser", []string{"DTSTART:20261124T090000Z", "ORGANIZER:mailto:a@example.org"}, pim.Set(pim.FieldOrganizer),
			func(e *pim.Event) { e.Organizer = pim.Person{} }, "-ORGANIZER:mailto:a@example.org\n"},

		{"one rule of two changes", []string{"DTSTART:20261124T090000Z", "RRULE;X-A=1:FREQ=DAILY;COUNT=2", "RRULE:FREQ=YEARLY"}, pim.Set(pim.FieldRecurrence),
			func(e *pim.Event) { e.Recurrence.Rules[1] = "FREQ=MONTHLY" }, "-RRULE:FREQ=YEARLY\n+RRULE:FREQ=MONTHLY\n+SEQUENCE:1\n"},
		{"an exception more, in the form of the start", []string{"DTSTART;TZID=Europe/Berlin:20261124T090000", "RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Berlin:20261125T090000,20261126T090000"}, pim.Set(pim.FieldRecurrence),
			func(e *pim.Event) { e.Recurrence.Except = append(e.Recurrence.Except, utc("20261127T080000Z")) },
			berlin + "+EXDATE;TZID=Europe/Berlin:20261127T090000\n+SEQUENCE:1\n"},
		{"an exception less", []string{"DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY", "EXDATE:20261125T090000Z,20261126T090000Z", "EXDATE:20261127T090000Z"}, pim.Set(pim.FieldRecurrence),
			func(e *pim.Event) { e.Recurrence.Except = e.Recurrence.Except[1:2] },
			"-EXDATE:20261125T090000Z,20261126T090000Z\n-EXDATE:20261127T090000Z\n+EXDATE:20261126T090000Z\n+SEQUENCE:1\n"},
		{"no repetition", []string{"DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY", "RDATE:20261201T100000Z", "EXDATE:20261125T090000Z"}, pim.Set(pim.FieldRecurrence),
			func(e *pim.Event) { e.Recurrence = nil }, "-RRULE:FREQ=DAILY\n-RDATE:20261201T100000Z\n-EXDATE:20261125T090000Z\n+SEQUENCE:1\n"},
		{"a repetition", []string{"DTSTART:20261124T090000Z"}, pim.Set(pim.FieldRecurrence),
			func(e *pim.Event) { e.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=WEEKLY"}} }, "+RRULE:FREQ=WEEKLY\n+SEQUENCE:1\n"},
		{"a series becomes all-day with its exceptions", []string{"DTSTART;TZID=Europe/Berlin:20261124T090000", "RRULE:FREQ=DAILY", "EXDATE:20261125T080000Z"}, timed,
			func(e *pim.Event) { e.Start, e.End = day("20261123"), day("20261124") },
			"-DTSTART;TZID=Europe/Berlin:20261124T090000\n-EXDATE:20261125T080000Z\n+DTSTART;VALUE=DATE:20261123\n+EXDATE;VALUE=DATE:20261124\n+SEQUENCE:1\n"},
		{"an all-day series gets times with its exceptions", []string{"DTSTART;VALUE=DATE:20261124", "RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20261125,20261126"}, timed,
			func(e *pim.Event) { e.Start, e.End = utc("20261124T100000Z"), utc("20261124T100000Z") },
			"-DTSTART;VALUE=DATE:20261124\n-EXDATE;VALUE=DATE:20261125,20261126\n+DTSTART:20261124T100000Z\n+EXDATE:20261125T100000Z,20261126T100000Z\n+SEQUENCE:1\n"},
		{"exceptions named by their day move by days", []string{"DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20261125"}, timed,
			func(e *pim.Event) { e.Start, e.End = utc("20261125T100000Z"), utc("20261125T100000Z") },
			"-DTSTART:20261124T090000Z\n-EXDATE;VALUE=DATE:20261125\n+DTSTART:20261125T100000Z\n+EXDATE;VALUE=DATE:20261126\n+SEQUENCE:1\n"},
		{"exceptions in UTC follow the wall clock over a change of clocks", []string{"DTSTART;TZID=Europe/Berlin:20261023T090000", "RRULE:FREQ=DAILY", "EXDATE:20261026T080000Z"}, timed,
			func(e *pim.Event) { e.Start, e.End = utc("20261023T080000Z"), utc("20261023T080000Z") },
			"-DTSTART;TZID=Europe/Berlin:20261023T090000\n-EXDATE:20261026T080000Z\n+DTSTART;TZID=Europe/Berlin:20261023T100000\n+EXDATE:20261026T090000Z\n+SEQUENCE:1\n"},
		{"exceptions given with the start stay where they are", []string{"DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY", "EXDATE:20261125T090000Z"}, pim.Set(pim.FieldTime, pim.FieldRecurrence),
			func(e *pim.Event) { e.Start, e.End = utc("20261124T100000Z"), utc("20261124T100000Z") },
			"-DTSTART:20261124T090000Z\n+DTSTART:20261124T100000Z\n+SEQUENCE:1\n"},
		{"CRM fields", []string{"DTSTART:20261124T090000Z", "X-CRM-TYPE;LANGUAGE=de:Termin"}, pim.Set(pim.FieldType, pim.FieldReport),
			func(e *pim.Event) { e.CRM.Type, e.CRM.Report = "Anruf", "a\nb" },
			"-X-CRM-TYPE;LANGUAGE=de:Termin\n+X-CRM-TYPE;LANGUAGE=de:Anruf\n+X-CRM-REPORT:a\\nb\n"},
	} {
		o := object(t, "VEVENT", c.lines...)
		next := apply(t, o, c.set, func(e *pim.Event, _ *pim.Task) { c.edit(e) })
		if got := diff(o, next); got != c.want {
			t.Errorf("%s:\ngot\n%swant\n%s", c.name, got, c.want)
		}
		if c.want == "" && next != o {
			t.Errorf("%s: no change made another object", c.name)
		}
	}
}

func TestApplyWritesTasks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		lines []string
		set   pim.FieldSet
		edit  func(k *pim.Task)
		want  string
	}{
		{"due stays DURATION", []string{"DTSTART:20261124T090000Z", "DURATION:PT1H"}, pim.Set(pim.FieldDue),
			func(k *pim.Task) { k.Due = utc("20261124T110000Z") }, "-DURATION:PT1H\n+DURATION:PT2H\n+SEQUENCE:1\n"},
		{"the due time stays when the start moves", []string{"DTSTART:20261124T090000Z", "DURATION:PT1H"}, pim.Set(pim.FieldStart),
			func(k *pim.Task) { k.Start = utc("20261124T080000Z") },
			"-DTSTART:20261124T090000Z\n-DURATION:PT1H\n+DTSTART:20261124T080000Z\n+DURATION:PT2H\n+SEQUENCE:1\n"},
		{"without a start DURATION becomes DUE", []string{"DTSTART:20261124T090000Z", "DURATION:PT1H"}, pim.Set(pim.FieldStart),
			func(k *pim.Task) { k.Start = pim.When{} }, "-DTSTART:20261124T090000Z\n-DURATION:PT1H\n+DUE:20261124T100000Z\n+SEQUENCE:1\n"},
		{"no due time", []string{"DTSTART:20261124T090000Z", "DUE:20261124T100000Z"}, pim.Set(pim.FieldDue),
			func(k *pim.Task) { k.Due = pim.When{} }, "-DUE:20261124T100000Z\n+SEQUENCE:1\n"},
		{"a start beside the due time", []string{"DUE;TZID=Europe/Berlin:20261124T100000"}, pim.Set(pim.FieldStart),
			func(k *pim.Task) { k.Start = pim.At(utc("20261124T080000Z").Time, "UTC") }, "+DTSTART:20261124T080000Z\n+SEQUENCE:1\n"},
		{"done", []string{"STATUS:NEEDS-ACTION"}, pim.Set(pim.FieldStatus, pim.FieldCompleted, pim.FieldPercent),
			func(k *pim.Task) { k.Status, k.Completed, k.Percent = pim.Completed, utc("20261124T100000Z"), 100 },
			"-STATUS:NEEDS-ACTION\n+STATUS:COMPLETED\n+COMPLETED:20261124T100000Z\n+PERCENT-COMPLETE:100\n"},
		{"done by the status alone", []string{"STATUS:NEEDS-ACTION"}, pim.Set(pim.FieldStatus),
			func(k *pim.Task) { k.Status = pim.Completed }, "-STATUS:NEEDS-ACTION\n+STATUS:COMPLETED\n"},
		{"reopened", []string{"STATUS:COMPLETED", "COMPLETED:20261124T100000Z", "PERCENT-COMPLETE:100"}, pim.Set(pim.FieldStatus),
			func(k *pim.Task) { k.Status = pim.InProcess }, "-STATUS:COMPLETED\n-COMPLETED:20261124T100000Z\n-PERCENT-COMPLETE:100\n+STATUS:IN-PROCESS\n"},
		{"reopened, half done", []string{"STATUS:COMPLETED", "PERCENT-COMPLETE:50"}, pim.Set(pim.FieldStatus),
			func(k *pim.Task) { k.Status = pim.InProcess }, "-STATUS:COMPLETED\n+STATUS:IN-PROCESS\n"},
		{"reopened, but still given as done", []string{"STATUS:COMPLETED", "PERCENT-COMPLETE:100"}, pim.Set(pim.FieldStatus, pim.FieldPercent),
			func(k *pim.Task) { k.Status = pim.InProcess }, "-STATUS:COMPLETED\n+STATUS:IN-PROCESS\n"},
		{"completion by a day", []string{"COMPLETED:20261124T100000Z"}, pim.Set(pim.FieldCompleted),
			func(k *pim.Task) { k.Completed = day("20261125") }, "-COMPLETED:20261124T100000Z\n+COMPLETED;VALUE=DATE:20261125\n"},
		{"efforts", []string{"X-CRM-EFFORT:PT1H"}, pim.Set(pim.FieldEffort, pim.FieldSpent),
			func(k *pim.Task) { k.Effort, k.Spent = 0, 90*time.Minute }, "-X-CRM-EFFORT:PT1H\n+X-CRM-SPENT:PT1H30M\n"},
	} {
		o := object(t, "VTODO", c.lines...)
		next := apply(t, o, c.set, func(_ *pim.Event, k *pim.Task) { c.edit(k) })
		if got := diff(o, next); got != c.want {
			t.Errorf("%s:\ngot\n%swant\n%s", c.name, got, c.want)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	o := object(t, "VEVENT", "DTSTART:20261124T090000Z", "SUMMARY:x")
	task := object(t, "VTODO", "SUMMARY:x")
	for name, c := range map[string]struct {
		o    *ics.Object
		it   pim.Item
		kind pim.Reason
	}{
		"another kind":       {o, &pim.Task{}, pim.ErrUnsupported},
		"no start":           {o, &pim.Event{}, pim.ErrInvalid},
		"end before start":   {o, &pim.Event{Start: utc("20261124T090000Z"), End: utc("20261124T080000Z")}, pim.ErrInvalid},
		"a day of no length": {o, &pim.Event{Start: day("20261124"), End: day("20261124")}, pim.ErrInvalid},
		"date and time":      {o, &pim.Event{Start: day("20261124"), End: utc("20261125T080000Z")}, pim.ErrInvalid},
		"a rule that is none": {o, &pim.Event{Start: utc("20261124T090000Z"), Activity: pim.Activity{
			Recurrence: &pim.Recurrence{Rules: []string{"FREQ=NEVER"}}}}, pim.ErrInvalid},
		"a task's status":  {o, &pim.Event{Start: utc("20261124T090000Z"), Activity: pim.Activity{Status: pim.Completed}}, pim.ErrInvalid},
		"a priority of 10": {o, &pim.Event{Start: utc("20261124T090000Z"), Activity: pim.Activity{Priority: 10}}, pim.ErrInvalid},
		"a far reminder": {o, &pim.Event{Start: utc("20261124T090000Z"), Activity: pim.Activity{
			Reminders: []pim.Reminder{{Before: 1e6 * time.Hour}}}}, pim.ErrInvalid},
		"101 per cent":   {task, &pim.Task{Percent: 101}, pim.ErrInvalid},
		"less than none": {task, &pim.Task{Spent: -time.Hour}, pim.ErrInvalid},
		"an event's end": {task, &pim.Task{Activity: pim.Activity{Status: pim.Confirmed}}, pim.ErrInvalid},
	} {
		next, err := ics.Apply(c.o, c.it, pim.AllOf(c.it.Kind()), ics.ApplyOptions{Now: now})
		if !errors.Is(err, c.kind) || next != nil || pim.PublicText(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewZonesGetTheirDefinition(t *testing.T) {
	t.Parallel()
	o := object(t, "VEVENT", "DTSTART;VALUE=DATE:20261124", "SUMMARY:x")
	it := &pim.Event{Start: pim.At(utc("20261124T090000Z").Time, "Europe/Berlin"), End: pim.At(utc("20261124T100000Z").Time, "America/New_York")}
	next, err := ics.Apply(o, it, pim.Set(pim.FieldTime), ics.ApplyOptions{Zone: "Asia/Tokyo"})
	if err != nil {
		t.Fatal(err)
	}
	text := string(next.Bytes())
	// DTEND takes the zone of DTSTART, as people expect.
	for _, want := range []string{"\nDTSTART;TZID=Europe/Berlin:20261124T100000\n", "\nDTEND;TZID=Europe/Berlin:20261124T110000\n", "\nTZID:Europe/Berlin\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\r") || strings.Count(text, "BEGIN:VTIMEZONE") != 1 || strings.Index(text, "BEGIN:VTIMEZONE") > strings.Index(text, "BEGIN:VEVENT") {
		t.Errorf("the zone is not where and how it should be in\n%s", text)
	}
	if again, err := ics.Parse(next.Bytes(), ics.DefaultLimits()); err != nil || len(again.Validate()) > 0 {
		t.Errorf("%v %v", err, again.Validate())
	}

	it = &pim.Event{Start: utc("20261124T090000Z"), End: utc("20261124T100000Z")}
	next, err = ics.Apply(o, it, pim.Set(pim.FieldTime), ics.ApplyOptions{Zone: "Asia/Tokyo"})
	if err != nil || !strings.Contains(string(next.Bytes()), "DTSTART;TZID=Asia/Tokyo:20261124T180000") {
		t.Errorf("the user's zone is not used: %v\n%s", err, next.Bytes())
	}
}

func TestStampsAreWritten(t *testing.T) {
	t.Parallel()
	o := object(t, "VEVENT", "DTSTAMP:20200101T000000Z", "DTSTART:20261124T090000Z", "SUMMARY:x", "SEQUENCE:rubbish")
	it := pim.Clone(item(t, o)).(*pim.Event)
	it.Title = "y"
	next, err := ics.Apply(o, it, pim.Set(pim.FieldTitle), ics.ApplyOptions{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	want := "-DTSTAMP:20200101T000000Z\n-SUMMARY:x\n+DTSTAMP:20261121T120000Z\n+SUMMARY:y\n+LAST-MODIFIED:20261121T120000Z\n"
	if got := diff(o, next); got != want {
		t.Errorf("got\n%s", got)
	}
	it.Start, it.End = utc("20261125T090000Z"), utc("20261125T090000Z")
	next, err = ics.Apply(o, it, pim.Set(pim.FieldTime), ics.ApplyOptions{})
	if err != nil || next.Master().Value("SEQUENCE") != "1" {
		t.Errorf("SEQUENCE is %q: %v", next.Master().Value("SEQUENCE"), err)
	}
}

func TestOverridesGoWithTheSeries(t *testing.T) {
	t.Parallel()
	o := load(t, "testdata/exchange-series.ics")
	for name, c := range map[string]struct {
		edit func(e *pim.Event)
		left int
	}{
		"a new rule keeps them":       {func(e *pim.Event) { e.Recurrence.Rules = []string{"FREQ=DAILY"} }, 2},
		"no repetition":               {func(e *pim.Event) { e.Recurrence = nil }, 0},
		"an exception in one's place": {func(e *pim.Event) { e.Recurrence.Except = append(e.Recurrence.Except, utc("20261026T080000Z")) }, 1},
		"none wanted":                 {func(e *pim.Event) { e.Recurrence.Changed = nil }, 0},
		"one not wanted":              {func(e *pim.Event) { e.Recurrence.Changed = e.Recurrence.Changed[1:] }, 1},
		"one more": {func(e *pim.Event) {
			at := utc("20261123T080000Z")
			e.Recurrence.Changed = append(e.Recurrence.Changed, pim.Occurrence{At: at, Item: pim.OwnOccurrence(e, at)})
		}, 3},
	} {
		next := apply(t, o, pim.Set(pim.FieldRecurrence), func(e *pim.Event, _ *pim.Task) { c.edit(e) })
		if got := len(next.Overrides()); got != c.left {
			t.Errorf("%s: %d overrides are left", name, got)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := ics.NewOptions{ProdID: "x", Now: now, UID: "1"}
	for name, c := range map[string]struct {
		it   pim.Item
		opt  ics.NewOptions
		kind pim.Reason
	}{
		"a contact":      {&pim.Contact{}, good, pim.ErrUnsupported},
		"no UID":         {&pim.Task{}, ics.NewOptions{ProdID: "x", Now: now}, pim.ErrInvalid},
		"no PRODID":      {&pim.Task{}, ics.NewOptions{UID: "1", Now: now}, pim.ErrInvalid},
		"no time":        {&pim.Task{}, ics.NewOptions{UID: "1", ProdID: "x"}, pim.ErrInvalid},
		"no start":       {&pim.Event{}, good, pim.ErrInvalid},
		"ends too early": {&pim.Event{Start: utc("20261124T090000Z"), End: utc("20261124T080000Z")}, good, pim.ErrInvalid},
	} {
		if o, err := ics.New(c.it, c.opt); !errors.Is(err, c.kind) || o != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
