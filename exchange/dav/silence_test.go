package dav_test

import (
	"slices"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/remote"
)

const me = "ann@example.org"

func meetingText(organizer, more string) string {
	return crlf("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//web//EN\nBEGIN:VEVENT\nUID:meeting\nDTSTAMP:20260501T000000Z\nDTSTART:20260601T100000Z\nDTEND:20260601T110000Z\nSUMMARY:Meeting\n" +
		"ORGANIZER:mailto:" + organizer + "\nATTENDEE;PARTSTAT=ACCEPTED:mailto:" + organizer + "\n" + more + "END:VEVENT\nEND:VCALENDAR\n")
}

// What is made from here on a scheduling server is silent, as are all changes of it; a text that is sent is marked in every component.
func TestWhatIsMadeHereIsSilent(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{mine: me}, nil)
	text := meetingText(me, "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bo@example.org\nATTENDEE;SCHEDULE-AGENT=NONE:mailto:cleo@example.org\n")
	it := itemOf(t, text).(*pim.Event)
	rec, err := m.Create(t.Context(), eventsOf, remote.Entry{UID: "meeting", Item: it, Text: []byte(text)}, "key-1")
	if err != nil {
		t.Fatal(err)
	}
	stored := f.text(string(rec.ID))
	if strings.Count(stored, "SCHEDULE-AGENT=CLIENT") != 3 || strings.Count(stored, "SCHEDULE-AGENT=NONE") != 1 {
		t.Errorf("%s", stored)
	}
	next := pim.Clone(it).(*pim.Event)
	next.Title, next.Attendees = "Another", append(next.Attendees, pim.Attendee{Person: pim.Person{Email: "dana@example.org"}})
	if who := mails(t, m, rec.Ref, next, pim.Set(pim.FieldTitle, pim.FieldAttendees)); len(who) != 0 {
		t.Errorf("%v would be mailed", who)
	}
	if rec, err = m.Update(t.Context(), eventsOf, rec.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldTitle, pim.FieldAttendees)); err != nil {
		t.Fatal(err)
	}
	if err := m.Delete(t.Context(), eventsOf, rec.Ref, remote.Delete); err != nil {
		t.Fatal(err)
	}
	if sent := f.sent(); len(sent) != 0 {
		t.Errorf("mailed: %v", sent)
	}
}

func mails(t *testing.T, m remote.Remote, old remote.Ref, it pim.Item, set pim.FieldSet) []string {
	t.Helper()
	who, err := m.(remote.Mailer).Mails(t.Context(), eventsOf, old, remote.Entry{Item: it}, set)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// A meeting to which a person has invited others there is the server's to mail about: that is told beforehand, and to the letter.
func TestTheServersOwnMeetingsAreTold(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{mine: me}, nil)
	path := string(eventsOf) + "meeting.ics"
	f.put(path, meetingText(me, "ATTENDEE:mailto:Bo@example.org\nATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:cleo@example.org\n"))
	rec := fetchOne(t, m, remote.ItemID(path))
	next := pim.Clone(rec.Item).(*pim.Event)
	next.Title = "Another"
	if who := mails(t, m, rec.Ref, next, pim.Set(pim.FieldTitle)); !slices.Equal(who, []string{"bo@example.org"}) {
		t.Errorf("%v would be mailed", who)
	}
	next.Reminders = []pim.Reminder{{Before: 600_000_000_000}}
	if who := mails(t, m, rec.Ref, next, pim.Set(pim.FieldReminders)); len(who) != 0 {
		t.Errorf("%v would be mailed about a reminder", who)
	}
	if who := mails(t, m, rec.Ref, nil, pim.FieldSet{}); !slices.Equal(who, []string{"bo@example.org"}) {
		t.Errorf("%v would be mailed about the deletion", who)
	}
	if _, err := m.Update(t.Context(), eventsOf, rec.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldTitle)); err != nil {
		t.Fatal(err)
	}
	if sent := f.sent(); !slices.Equal(sent, []string{"update bo@example.org"}) {
		t.Errorf("mailed: %v", sent)
	}
	if _, err := m.(remote.Mailer).Mails(t.Context(), eventsOf, remote.Ref{ID: remote.ItemID(eventsOf) + "gone.ics"}, remote.Entry{Item: next}, pim.Set(pim.FieldTitle)); pim.ReasonOf(err) != pim.ErrNotFound {
		t.Errorf("an item that is gone: %v", err)
	}
}

func fetchOne(t *testing.T, m remote.Remote, id remote.ItemID) remote.Record {
	t.Helper()
	recs, err := m.Fetch(t.Context(), eventsOf, []remote.ItemID{id})
	if err != nil || len(recs) != 1 {
		t.Fatalf("%d %v", len(recs), err)
	}
	return recs[0]
}

// To a meeting of somebody else's the server answers for the user when the answer changes; a deletion says nothing.
func TestInvitationsAreAnsweredKnowingly(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{mine: me}, nil)
	path := string(eventsOf) + "meeting.ics"
	f.put(path, meetingText("bo@example.org", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:"+me+"\n"))
	rec := fetchOne(t, m, remote.ItemID(path))
	next := pim.Clone(rec.Item).(*pim.Event)
	next.Categories = []string{"Mine"}
	if who := mails(t, m, rec.Ref, next, pim.Set(pim.FieldCategories, pim.FieldAttendees)); len(who) != 0 {
		t.Errorf("%v would be mailed about a category", who)
	}
	for i, a := range next.Attendees {
		if a.Email == me {
			next.Attendees[i].Answer = "accepted"
		}
	}
	if who := mails(t, m, rec.Ref, next, pim.Set(pim.FieldAttendees)); !slices.Equal(who, []string{"bo@example.org"}) {
		t.Errorf("%v would be mailed about the answer", who)
	}
	if who := mails(t, m, rec.Ref, nil, pim.FieldSet{}); len(who) != 0 {
		t.Errorf("%v would be mailed about the deletion", who)
	}
	if err := m.Delete(t.Context(), eventsOf, rec.Ref, remote.Delete); err != nil {
		t.Fatal(err)
	}
	if sent := f.sent(); len(sent) != 0 {
		t.Errorf("mailed: %v", sent)
	}
}

// On a server that mails nobody texts are sent as they are, and nobody is asked.
func TestPlainServersAreNotMarked(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{}, nil)
	text := meetingText(me, "ATTENDEE:mailto:bo@example.org\n")
	it := itemOf(t, text)
	rec, err := m.Create(t.Context(), eventsOf, remote.Entry{UID: "meeting", Item: it, Text: []byte(text)}, "key-1")
	if err != nil || f.text(string(rec.ID)) != text {
		t.Fatalf("%v\n%s", err, f.text(string(rec.ID)))
	}
	gets := f.count("GET")
	if who := mails(t, m, rec.Ref, it, pim.Set(pim.FieldTitle)); len(who) != 0 || f.count("GET") != gets {
		t.Errorf("%v, %d requests", who, f.count("GET")-gets)
	}
}
