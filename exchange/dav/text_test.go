package dav_test

import (
	"strings"
	"testing"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/vcf"
	"crmbridge/remote"
)

const (
	eventsOf remote.CollectionID = fakeHome + "events/"
	peopleOf remote.CollectionID = fakeHome + "people/"
)

// onFake is a mailbox on a server of a manner.
func onFake(t *testing.T, m manner, settings remote.Settings) (*fake, remote.Remote) {
	t.Helper()
	f := newFake(m)
	s := remote.Settings{"url": serve(t, f)}
	for k, v := range settings {
		s[k] = v
	}
	return f, open(t, testclock.New(), s)
}

func crlf(s string) string { return strings.ReplaceAll(strings.TrimLeft(s, "\n"), "\n", "\r\n") }

var seriesText = crlf(`
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//device//EN
BEGIN:VTIMEZONE
TZID:Europe/Helsinki
BEGIN:STANDARD
DTSTART:19961027T040000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0300
TZOFFSETTO:+0200
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19970330T030000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:weekly
DTSTAMP:20260501T000000Z
DTSTART;TZID=Europe/Helsinki:20260601T100000
DTEND;TZID=Europe/Helsinki:20260601T110000
RRULE:FREQ=WEEKLY;COUNT=6
EXDATE;TZID=Europe/Helsinki:20260615T100000
SUMMARY:Weekly
X-DEVICE-COLOUR:green
X-CRM-COMPANY:Acme
X-CRM-TYPE:Meeting
BEGIN:VALARM
ACTION:EMAIL
TRIGGER:-PT1H
SUMMARY:soon
DESCRIPTION:soon
ATTENDEE:mailto:ann@example.org
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:weekly
DTSTAMP:20260501T000000Z
RECURRENCE-ID;TZID=Europe/Helsinki:20260608T100000
DTSTART;TZID=Europe/Helsinki:20260608T140000
DTEND;TZID=Europe/Helsinki:20260608T150000
SUMMARY:Weekly, later
X-DEVICE-COLOUR:red
END:VEVENT
END:VCALENDAR
`)

func itemOf(t *testing.T, text string) pim.Item {
	t.Helper()
	o, err := ics.Parse([]byte(text), ics.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	it, err := o.Item(ics.Zones{})
	if err != nil {
		t.Fatal(err)
	}
	return it
}

// A series is sent as it was written, without what is the CRM's alone, and a change of one field leaves everything else.
func TestTextsAreKept(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{}, nil)
	it := itemOf(t, seriesText)
	rec, err := m.Create(t.Context(), eventsOf, remote.Entry{UID: "weekly", Item: it, Text: []byte(seriesText)}, "key-1")
	if err != nil {
		t.Fatal(err)
	}
	path := string(rec.ID)
	want := strings.NewReplacer("X-CRM-COMPANY:Acme\r\n", "", "X-CRM-TYPE:Meeting\r\n", "").Replace(seriesText)
	if got := f.text(path); got != want {
		t.Errorf("stored:\n%s\nwant:\n%s", got, want)
	}
	e := rec.Item.(*pim.Event)
	if e.UID != "weekly" || e.Recurrence == nil || len(e.Recurrence.Rules) != 1 || len(e.Recurrence.Except) != 1 || e.CRM.Company != "" {
		t.Errorf("%+v", e)
	}
	changed := pim.Clone(it).(*pim.Event)
	changed.Location = "Room 3"
	if rec, err = m.Update(t.Context(), eventsOf, rec.Ref, remote.Entry{Item: changed}, pim.Set(pim.FieldLocation)); err != nil {
		t.Fatal(err)
	}
	got := f.text(path)
	for _, l := range strings.Split(strings.TrimSpace(want), "\r\n") {
		if !strings.Contains(got, l) {
			t.Errorf("an update of the place lost %q", l)
		}
	}
	if strings.Count(got, "LOCATION:Room 3") != 1 {
		t.Errorf("the place is not there once:\n%s", got)
	}
	// Nothing to write is no write.
	puts := f.count("PUT")
	if again, err := m.Update(t.Context(), eventsOf, rec.Ref, remote.Entry{Item: changed}, pim.Set(pim.FieldLocation)); err != nil || again.Version != rec.Version || f.count("PUT") != puts {
		t.Errorf("%v %v, %d requests to write", again.Ref, err, f.count("PUT")-puts)
	}
}

// One occurrence that moves is an override in the text; one that goes is an exception.
func TestOccurrencesGoBothWays(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{}, nil)
	f.put(string(eventsOf)+"weekly.ics", seriesText)
	recs, err := m.Fetch(t.Context(), eventsOf, []remote.ItemID{remote.ItemID(eventsOf) + "weekly.ics"})
	if err != nil || len(recs) != 1 {
		t.Fatalf("%d %v", len(recs), err)
	}
	e := recs[0].Item.(*pim.Event)
	if len(e.Recurrence.Changed) != 1 || e.Recurrence.Changed[0].Item == nil || e.Recurrence.Changed[0].Item.Summary() != "Weekly, later" {
		t.Fatalf("%+v", e.Recurrence)
	}
	next := pim.Clone(e).(*pim.Event)
	next.Recurrence.Changed[0].Item.(*pim.Event).Title = "Weekly, much later"
	if _, err := m.Update(t.Context(), eventsOf, recs[0].Ref, remote.Entry{Item: next}, pim.Set(pim.FieldRecurrence)); err != nil {
		t.Fatal(err)
	}
	text := f.text(string(recs[0].ID))
	for _, l := range []string{"SUMMARY:Weekly, much later", "SUMMARY:Weekly\r\n", "X-DEVICE-COLOUR:red", "X-CRM-COMPANY:Acme", "ACTION:EMAIL"} {
		if !strings.Contains(strings.ReplaceAll(text, `\,`, ","), l) {
			t.Errorf("%q is not in\n%s", l, text)
		}
	}
}

// A masked item has no text: the title that it may show is all that goes.
func TestWithoutATextOneIsMade(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{}, nil)
	it := itemOf(t, seriesText)
	for name, e := range map[string]remote.Entry{
		"none":         {UID: "u-1", Item: it},
		"another UID":  {UID: "u-2", Item: it, Text: []byte(seriesText)},
		"broken":       {UID: "u-3", Item: it, Text: []byte("BEGIN:VCALENDAR\r\nUID:u-3\r\n")},
		"of no series": {UID: "u-4", Item: it, Text: []byte(crlf("BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nPRODID:x\nEND:VCALENDAR\n"))},
	} {
		rec, err := m.Create(t.Context(), eventsOf, e, "key-"+e.UID)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		text := f.text(string(rec.ID))
		if !strings.Contains(text, "UID:"+e.UID+"\r\n") || strings.Contains(text, "X-DEVICE") || strings.Contains(text, "X-CRM") || strings.Contains(text, "METHOD") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

// Cards go in a version that the server takes.
func TestCardsGoInTheServersVersion(t *testing.T) {
	t.Parallel()
	card := crlf("BEGIN:VCARD\nVERSION:%\nUID:karin\nFN:Karin Håkansson\nN:Håkansson;Karin;;;\nTEL;TYPE=cell:+47 900 00 001\nX-CRM-OWNER:Olga\nX-KEPT:yes\nEND:VCARD\n")
	for _, c := range []struct {
		m          manner
		from, want string
	}{{manner{}, "3.0", "3.0"}, {manner{}, "4.0", "3.0"}, {manner{v4: true}, "3.0", "4.0"}, {manner{v4: true}, "4.0", "4.0"}, {manner{v4: true}, "", "4.0"}, {manner{}, "", "3.0"}} {
		f, m := onFake(t, c.m, nil)
		text := strings.ReplaceAll(card, "%", c.from)
		e := remote.Entry{UID: "karin", Item: &pim.Contact{FullName: "Karin Håkansson", Given: "Karin", Family: "Håkansson", Phones: []pim.Labeled{{Label: "cell", Value: "+47 900 00 001"}}, Owner: "Olga"}}
		if c.from != "" {
			e.Text = []byte(text)
		}
		rec, err := m.Create(t.Context(), peopleOf, e, "key-karin")
		if err != nil {
			t.Fatal(err)
		}
		got, err := vcf.Parse([]byte(f.text(string(rec.ID))), vcf.DefaultLimits())
		if err != nil || string(got.Version()) != c.want || got.UID() != "karin" || got.Item().Owner != "" || c.from != "" != (got.Extra("X-KEPT") == "yes") {
			t.Errorf("%s to %s: %v\n%s", c.from, c.want, err, f.text(string(rec.ID)))
		}
	}
}

// An item that cannot be read is neither listed nor taken for deleted, and keeps nothing else from being synced.
func TestUnreadableItemsAreNotGone(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{}, nil)
	f.put(string(eventsOf)+"good.ics", strings.ReplaceAll(seriesText, "UID:weekly", "UID:good"))
	f.put(string(eventsOf)+"bad.ics", crlf("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:bad\nSUMMARY:no start\nEND:VEVENT\nEND:VCALENDAR\n"))
	f.put(string(eventsOf)+"journal.ics", crlf("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VJOURNAL\nUID:j\nEND:VJOURNAL\nEND:VCALENDAR\n"))
	d, err := m.Changes(t.Context(), eventsOf, remote.Scope{}, "")
	if err != nil || len(d.Changed) != 1 || d.Changed[0].Item.ID() != "good" || len(d.Removed) != 0 {
		t.Fatalf("%+v %v", d, err)
	}
	refs, err := m.(remote.Lister).List(t.Context(), eventsOf, remote.Scope{})
	if err != nil || len(refs) != 1 {
		t.Errorf("%v %v", refs, err)
	}
	bad := remote.ItemID(eventsOf) + "bad.ics"
	recs, err := m.Fetch(t.Context(), eventsOf, []remote.ItemID{bad})
	if pim.ReasonOf(err) != pim.ErrRefused || len(recs) != 0 || !strings.Contains(pim.PublicText(err), "bad.ics") {
		t.Errorf("%v %v", recs, err)
	}
	if recs, err := m.Fetch(t.Context(), eventsOf, []remote.ItemID{remote.ItemID(eventsOf) + "journal.ics"}); err != nil || len(recs) != 0 {
		t.Errorf("%v %v", recs, err)
	}
}

// A UID that is taken by another item is told as that.
func TestTakenUID(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{}, nil)
	f.put(string(eventsOf)+"theirs.ics", seriesText)
	it := itemOf(t, strings.ReplaceAll(seriesText, "SUMMARY:Weekly", "SUMMARY:Other"))
	if _, err := m.Create(t.Context(), eventsOf, remote.Entry{UID: "weekly", Item: it}, "key-1"); pim.ReasonOf(err) != pim.ErrExists {
		t.Errorf("%v", err)
	}
}
