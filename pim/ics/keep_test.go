package ics_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
)

// full is an event that says, beside every field, what no field can hold.
const full = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:u
DTSTAMP:20260101T000000Z
DTSTART;X-A=1;TZID=Europe/Berlin:20260110T100000
DURATION;X-A=1:PT1H
RRULE;X-A=1:FREQ=WEEKLY;X-FOO=1
RDATE;VALUE=PERIOD:20260201T100000Z/PT8H
RDATE;TZID=Europe/Berlin;X-A=1:20260118T100000,20260119T100000
EXDATE;TZID=Europe/Berlin;X-A=1:20260117T100000,20260124T100000
SUMMARY;LANGUAGE=de:s
DESCRIPTION;LANGUAGE=de;ALTREP="http://example.org/x":d
X-ALT-DESC;FMTTYPE=text/html:<p>d</p>
LOCATION;LANGUAGE=de:l
GEO:1;2
URL;X-A=1:https://example.org/
CATEGORIES;LANGUAGE=de:a,b
CATEGORIES;X-A=1:c
PRIORITY;X-A=1:1
CLASS:X-SECRET
STATUS:X-FOO
TRANSP;X-A=1:OPAQUE
X-MICROSOFT-CDO-BUSYSTATUS:OOF
ORGANIZER;CN=O;SENT-BY="mailto:x@example.org":mailto:o@example.org
ATTENDEE;CN=A;ROLE=CHAIR;RSVP=TRUE;X-A=1:mailto:a@example.org
ATTENDEE;CN=B;CUTYPE=ROOM:mailto:b@example.org
X-CRM-OWNER;X-A=1:Bo
X-CRM-TYPE;LANGUAGE=de:Besuch
X-CRM-FOO:1
COLOR:red
ATTACH:https://example.org/x
ATTACH;VALUE=BINARY;ENCODING=BASE64;FILENAME=x;X-A=1:eA==
BEGIN:VALARM
ACTION:AUDIO
TRIGGER:-PT5M
X-A:1
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:x
TRIGGER:-PT10M
X-A:1
END:VALARM
END:VEVENT
END:VCALENDAR
`

// owns are the properties that a field may change; all others keep their bytes.
func owns(id pim.FieldID) []string {
	switch id {
	case pim.FieldTitle:
		return []string{"SUMMARY"}
	case pim.FieldNotes:
		return []string{"DESCRIPTION", "X-ALT-DESC"}
	case pim.FieldLocation:
		return []string{"LOCATION", "GEO"}
	case pim.FieldURL:
		return []string{"URL"}
	case pim.FieldCategories:
		return []string{"CATEGORIES"}
	case pim.FieldPriority:
		return []string{"PRIORITY"}
	case pim.FieldClass:
		return []string{"CLASS"}
	case pim.FieldStatus:
		return []string{"STATUS"}
	case pim.FieldReminders:
		return []string{"BEGIN", "END", "ACTION", "TRIGGER", "X-A", "DESCRIPTION"}
	case pim.FieldOrganizer:
		return []string{"ORGANIZER"}
	case pim.FieldAttachments:
		return []string{"ATTACH"}
	case pim.FieldAttendees:
		return []string{"ATTENDEE"}
	case pim.FieldRecurrence:
		return []string{"RRULE", "RDATE", "EXDATE"}
	case pim.FieldTime:
		return []string{"DTSTART", "DURATION", "EXDATE"}
	case pim.FieldFree:
		return []string{"TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS"}
	}
	return []string{"X-CRM-" + strings.ToUpper(string(id))}
}

// A change of one field leaves alone what the others show, and with it what their fields cannot hold.
func TestApplyTouchesOneFieldAlone(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(full, "\n", "\r\n")
	o, err := ics.Parse([]byte(text), ics.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	have, err := o.Item(ics.Zones{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 10, 11, 0, 0, 0, time.UTC)
	other := &pim.Event{Start: pim.At(at, ""), End: pim.At(at.Add(time.Hour), ""), Free: true, Activity: pim.Activity{
		Title: "x", Notes: "x", Location: "x", URL: "https://example.org/x", Categories: []string{"x"}, Priority: 5, Class: pim.Confidential, Status: pim.Tentative,
		Reminders: []pim.Reminder{{Before: time.Hour}}, Organizer: pim.Person{Email: "x@example.org"},
		Attendees:   []pim.Attendee{{Person: pim.Person{Email: "x@example.org"}}},
		Attachments: []pim.Attachment{pim.NewAttachment("y", "", []byte("y"))},
		Recurrence:  &pim.Recurrence{Rules: []string{"FREQ=DAILY"}},
		CRM:         pim.Relations{Type: "x", Number: "x", Company: "x", Contact: "x", Project: "x", Owner: "x", Result: "x", Report: "x"},
	}}
	none := &pim.Event{Start: have.(*pim.Event).Start, End: have.(*pim.Event).Start}
	all := pim.AllOf(pim.KindEvent)
	for _, f := range pim.Fields(pim.KindEvent) {
		for name, from := range map[string]*pim.Event{"set": other, "cleared": none} {
			want := pim.Clone(have)
			f.Copy(want, from)
			set := all
			if f.ID == pim.FieldTime {
				set = pim.Set(pim.FieldTime) // EXDATE moves along
			}
			got, err := ics.Apply(o, want, set, ics.ApplyOptions{Now: at})
			if err != nil {
				t.Errorf("%s %s: %v", f.ID, name, err)
				continue
			}
			if it, err := got.Item(ics.Zones{}); err != nil || !f.Equal(it, want) {
				t.Errorf("%s %s: shows %q, not %q: %v", f.ID, name, f.Text(it), f.Text(want), err)
			}
			may := append(owns(f.ID), "DTSTAMP", "LAST-MODIFIED", "SEQUENCE")
			if have, was := others(string(got.Bytes()), may), others(text, may); !slices.Equal(have, was) {
				t.Errorf("%s %s:\nhave %q\nwas  %q", f.ID, name, have, was)
			}
		}
	}
}

// others are the unfolded lines but for those of some properties.
func others(text string, names []string) []string {
	var out []string
	for l := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n ", ""), "\r\n") {
		if !slices.Contains(names, l[:max(strings.IndexAny(l, ":;"), 0)]) {
			out = append(out, l)
		}
	}
	return out
}

// Of what one field changes, the rest stays as it is written.
func TestApplyKeepsTheRestOfAProperty(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(full, "\n", "\r\n")
	for name, c := range map[string]struct {
		edit func(*pim.Event)
		want []string
	}{
		"category": {func(e *pim.Event) { e.Categories = append(e.Categories, "d") }, []string{"CATEGORIES;LANGUAGE=de:a,b", "CATEGORIES;X-A=1:c,d"}},
		"an hour longer": {
			func(e *pim.Event) { e.End = pim.At(e.End.Time.Add(time.Hour), e.End.Zone) },
			[]string{"DTSTART;X-A=1;TZID=Europe/Berlin:20260110T100000", "DURATION;X-A=1:PT2H"},
		},
		"another exception": {
			func(e *pim.Event) {
				e.Recurrence.Except = append(e.Recurrence.Except, pim.At(time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC), "Europe/Berlin"))
			},
			[]string{
				"RDATE;VALUE=PERIOD:20260201T100000Z/PT8H", "RDATE;TZID=Europe/Berlin;X-A=1:20260118T100000,20260119T100000",
				"EXDATE;TZID=Europe/Berlin;X-A=1:20260117T100000,20260124T100000", "EXDATE;TZID=Europe/Berlin:20260131T100000",
			},
		},
		"answer": {
			func(e *pim.Event) { e.Attendees[0].Answer = "declined" },
			[]string{"ATTENDEE;CN=A;ROLE=CHAIR;RSVP=TRUE;X-A=1;PARTSTAT=DECLINED:mailto:a@example.org", "ATTENDEE;CN=B;CUTYPE=ROOM:mailto:b@example.org"},
		},
	} {
		o, err := ics.Parse([]byte(text), ics.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		want, err := o.Item(ics.Zones{})
		if err != nil {
			t.Fatal(err)
		}
		c.edit(want.(*pim.Event))
		got, err := ics.Apply(o, want, pim.AllOf(pim.KindEvent), ics.ApplyOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		names := map[string]bool{}
		for _, l := range c.want {
			names[l[:strings.IndexAny(l, ":;")]] = true
		}
		var have []string
		for _, l := range others(string(got.Bytes()), nil) {
			if names[l[:max(strings.IndexAny(l, ":;"), 0)]] {
				have = append(have, l)
			}
		}
		if !slices.Equal(have, c.want) {
			t.Errorf("%s:\nhave %q\nwant %q", name, have, c.want)
		}
	}
}
