package ews_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
)

const bob = "bob@example.org"

// invited is the meeting that Bob invites Ann to, as it is in her calendar.
func (r *rig) invited(m remote.Remote) (remote.CollectionID, remote.Record) {
	r.t.Helper()
	r.soapAs(bob, `<m:CreateItem SendMeetingInvitations="SendToAllAndSaveCopy"><m:Items><t:CalendarItem><t:Subject>Bob's meeting</t:Subject><t:ReminderIsSet>false</t:ReminderIsSet>`+
		`<t:Start>2026-06-01T08:00:00Z</t:Start><t:End>2026-06-01T09:00:00Z</t:End><t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>`+ann+`</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees>`+
		`<t:OptionalAttendees><t:Attendee><t:Mailbox><t:Name>Cy</t:Name><t:EmailAddress>cy@example.org</t:EmailAddress></t:Mailbox></t:Attendee></t:OptionalAttendees></t:CalendarItem></m:Items></m:CreateItem>`)
	cols, err := m.Collections(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	d, err := m.Changes(r.t.Context(), cols[0].ID, remote.Scope{}, "")
	if err != nil || len(d.Changed) != 1 {
		r.t.Fatalf("%d items, %v", len(d.Changed), err)
	}
	return cols[0].ID, d.Changed[0]
}

// An invitation has its organiser, everybody's answer, and takes the mailbox's own: without mail, or with when it may.
func TestAnswerInvitation(t *testing.T) {
	t.Parallel()
	for _, invitations := range []string{"nobody", "all"} {
		r := newRig(t, nil)
		m := r.open(exchange.Settings{"invitations": invitations})
		c, rec := r.invited(m)
		e := rec.Item.(*pim.Event)
		if e.Organizer.Email != bob || len(e.Attendees) != 2 || e.Status != pim.Tentative || e.Attendees[0].Answer != "" || !e.Attendees[1].Optional {
			t.Fatalf("%+v", e)
		}
		sent := len(r.sim.Mails())
		next := pim.Clone(e).(*pim.Event)
		next.Attendees[0].Answer, next.Categories = "accepted", []string{"Sales"}
		set := pim.Set(pim.FieldAttendees, pim.FieldCategories)
		told, err := m.(remote.Mailer).Mails(t.Context(), c, rec.Ref, remote.Entry{Item: next}, set)
		if err != nil || (len(told) > 0) != (invitations == "all") {
			t.Errorf("%s: it tells of mail to %v, %v", invitations, told, err)
		}
		answered, err := m.Update(t.Context(), c, rec.Ref, remote.Entry{Item: next}, set)
		if err != nil || len(answered.Notes) > 0 {
			t.Fatalf("%v, %v", err, answered.Notes)
		}
		if n := len(r.sim.Mails()) - sent; (n > 0) != (len(told) > 0) {
			t.Errorf("%s: %d messages were sent", invitations, n)
		}
		recs, err := m.Fetch(t.Context(), c, []remote.ItemID{rec.ID})
		if err != nil || len(recs) != 1 || recs[0].Version != answered.Version {
			t.Fatalf("%d, %v", len(recs), err)
		}
		got := recs[0].Item.(*pim.Event)
		if got.Attendees[0].Answer != "accepted" || got.Status != "" || len(got.Categories) != 1 || got.Organizer.Email != bob {
			t.Errorf("%s: %+v", invitations, got)
		}
	}
}

// A meeting that is declined leaves the calendar, as in Outlook: first the answer is told, then that it is gone. The organiser hears of
// it only where mail may go.
func TestDeclineInvitation(t *testing.T) {
	t.Parallel()
	for _, invitations := range []string{"nobody", "all"} {
		r := newRig(t, nil)
		m := r.open(exchange.Settings{"invitations": invitations})
		c, rec := r.invited(m)
		d, err := m.Changes(t.Context(), c, remote.Scope{}, "")
		if err != nil {
			t.Fatal(err)
		}
		sent := len(r.sim.Mails())
		next := pim.Clone(rec.Item).(*pim.Event)
		next.Attendees[0].Answer = "declined"
		set := pim.Set(pim.FieldAttendees)
		told, err := m.(remote.Mailer).Mails(t.Context(), c, rec.Ref, remote.Entry{Item: next}, set)
		if err != nil || (len(told) == 1 && told[0] == bob) != (invitations == "all") {
			t.Errorf("%s: it tells of mail to %v, %v", invitations, told, err)
		}
		answered, err := m.Update(t.Context(), c, rec.Ref, remote.Entry{Item: next}, set)
		if err != nil || len(answered.Notes) > 0 || answered.Item == nil || answered.Item.(*pim.Event).Attendees[0].Answer != "declined" {
			t.Fatalf("%v, %+v", err, answered)
		}
		if n := len(r.sim.Mails()) - sent; (n > 0) != (invitations == "all") {
			t.Errorf("%s: %d messages were sent", invitations, n)
		}
		if d, err = m.Changes(t.Context(), c, remote.Scope{}, d.Next); err != nil || len(d.Changed) != 0 || len(d.Removed) != 1 || d.Removed[0] != rec.ID {
			t.Errorf("%s: %d changed, removed %v, %v", invitations, len(d.Changed), d.Removed, err)
		}
	}
}

// An answer to one occurrence of somebody else's series is not given, and the record says so.
func TestAnswerToOneOccurrence(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	r.soapAs(bob, `<m:CreateItem SendMeetingInvitations="SendToAllAndSaveCopy"><m:Items><t:CalendarItem><t:Subject>Bob's series</t:Subject><t:Start>2026-06-01T08:00:00Z</t:Start><t:End>2026-06-01T09:00:00Z</t:End>`+
		`<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>`+ann+`</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees>`+
		`<t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NumberedRecurrence><t:StartDate>2026-06-01</t:StartDate><t:NumberOfOccurrences>5</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence></t:CalendarItem></m:Items></m:CreateItem>`)
	c := home(t, m, pim.KindEvent)
	d, err := m.Changes(t.Context(), c, remote.Scope{}, "")
	if err != nil || len(d.Changed) != 1 {
		t.Fatal(len(d.Changed), err)
	}
	rec := d.Changed[0]
	next := pim.Clone(rec.Item).(*pim.Event)
	at := pim.At(time.Date(2026, 6, 2, 8, 0, 0, 0, time.UTC), next.Start.Zone)
	one := pim.OwnOccurrence(next, at).(*pim.Event)
	one.Attendees[0].Answer = "declined"
	next.Recurrence.Changed = []pim.Occurrence{{At: at, Item: one}}
	done, err := m.Update(t.Context(), c, rec.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldRecurrence))
	if err != nil || len(done.Notes) != 1 || !strings.Contains(done.Notes[0].Says, "was not given") {
		t.Errorf("%v, notes %v", err, done.Notes)
	}
	if recs, err := m.Fetch(t.Context(), c, []remote.ItemID{rec.ID}); err != nil || len(recs) != 1 || len(pim.RecurrenceOf(recs[0].Item).Except) != 0 {
		t.Errorf("%v, %+v", err, recs)
	}
}

// What those who are invited answer is told as theirs.
func TestAnswersOfOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(exchange.Settings{"invitations": "all"})
	c := home(t, m, pim.KindEvent)
	e := weekly(t)
	e.Recurrence, e.Attendees = nil, []pim.Attendee{{Person: pim.Person{Email: bob}}}
	rec, err := m.Create(t.Context(), c, remote.Entry{Item: e}, "key-asked")
	if err != nil {
		t.Fatal(err)
	}
	found := r.soapAs(bob, `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>`)
	for object, want := range map[string]string{"TentativelyAcceptItem": "tentative", "AcceptItem": "accepted"} {
		r.soapAs(bob, fmt.Sprintf(`<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:Items><t:%s><t:ReferenceItemId Id="%s"/></t:%s></m:Items></m:CreateItem>`, object, newID.FindStringSubmatch(found)[1], object))
		recs, err := m.Fetch(t.Context(), c, []remote.ItemID{rec.ID})
		if err != nil || len(recs) != 1 || recs[0].Item.(*pim.Event).Attendees[0].Answer != want {
			t.Errorf("%s: %v, %+v", object, err, recs)
		}
	}
}

// A meeting that somebody else organises is made without its attendees, whom Exchange would invite again.
func TestOthersMeetingWithoutAttendees(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	c := home(t, m, pim.KindEvent)
	e := weekly(t)
	e.Recurrence, e.Organizer = nil, pim.Person{Email: "olga@example.org"}
	e.Attendees = []pim.Attendee{{Person: pim.Person{Email: ann}}, {Person: pim.Person{Email: "cy@example.org"}}}
	rec, err := m.Create(t.Context(), c, remote.Entry{Item: e}, "key-other")
	if err != nil || len(rec.Notes) != 1 || rec.Notes[0].Field != pim.FieldAttendees {
		t.Fatalf("%v, %v", err, rec.Notes)
	}
	recs, err := m.Fetch(t.Context(), c, []remote.ItemID{rec.ID})
	if err != nil || len(recs) != 1 || len(recs[0].Item.(*pim.Event).Attendees) != 0 || len(r.sim.Mails()) != 0 {
		t.Errorf("%v, %+v", err, recs)
	}
}

// An HTML body is read as text, and stays HTML until the notes change.
func TestHTMLBody(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	c := home(t, m, pim.KindEvent)
	made := r.soap(`<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem><t:Subject>HTML</t:Subject><t:Body BodyType="HTML">&lt;html&gt;&lt;body&gt;&lt;p&gt;A &lt;b&gt;bold&lt;/b&gt; word&lt;/p&gt;&lt;/body&gt;&lt;/html&gt;</t:Body>` +
		`<t:Start>2026-06-01T08:00:00Z</t:Start><t:End>2026-06-01T09:00:00Z</t:End></t:CalendarItem></m:Items></m:CreateItem>`)
	id := remote.ItemID(newID.FindStringSubmatch(made)[1])
	recs, err := m.Fetch(t.Context(), c, []remote.ItemID{id})
	if err != nil || len(recs) != 1 {
		t.Fatal(err)
	}
	e := recs[0].Item.(*pim.Event)
	if strings.TrimSpace(e.Notes) != "A bold word" {
		t.Errorf("notes %q", e.Notes)
	}
	html := func() bool {
		return strings.Contains(r.soap(fmt.Sprintf(`<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="item:Body"/></t:AdditionalProperties></m:ItemShape><m:ItemIds><t:ItemId Id="%s"/></m:ItemIds></m:GetItem>`, id)), "&lt;b&gt;bold&lt;/b&gt;")
	}
	e.Title, e.Reminders = "Another title", []pim.Reminder{{Before: time.Hour}}
	rec, err := m.Update(t.Context(), c, recs[0].Ref, remote.Entry{Item: e}, pim.Set(pim.FieldTitle, pim.FieldReminders))
	if err != nil || !html() {
		t.Fatalf("the body is HTML: %v, %v", html(), err)
	}
	e.Notes = "plain"
	if _, err = m.Update(t.Context(), c, rec.Ref, remote.Entry{Item: e}, pim.Set(pim.FieldNotes)); err != nil || html() {
		t.Errorf("the body is HTML: %v, %v", html(), err)
	}
}

// With invitations a meeting of the mailbox's own mails its attendees, and a change that is the mailbox's alone does not.
func TestInvitations(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(exchange.Settings{"invitations": "all"})
	c := home(t, m, pim.KindEvent)
	e := weekly(t)
	e.Recurrence, e.Attendees = nil, []pim.Attendee{{Person: pim.Person{Email: bob}}}
	mailed := func(what string, want bool, do func() error) {
		t.Helper()
		before := len(r.sim.Mails())
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n := len(r.sim.Mails()) - before; (n > 0) != want {
			t.Errorf("%s: %d messages", what, n)
		}
	}
	var rec remote.Record
	write := func(set pim.FieldSet) func() error {
		return func() (err error) {
			rec, err = m.Update(t.Context(), c, rec.Ref, remote.Entry{Item: e}, set)
			return err
		}
	}
	mailed("created", true, func() (err error) {
		rec, err = m.Create(t.Context(), c, remote.Entry{Item: e}, "key-invited")
		return err
	})
	e.Categories, e.Location = []string{"Mine"}, "Room 2"
	mailed("its category", false, write(pim.Set(pim.FieldCategories)))
	mailed("its place", true, write(pim.Set(pim.FieldLocation)))
	mailed("deleted", true, func() error { return m.Delete(t.Context(), c, rec.Ref, remote.Delete) })
}
