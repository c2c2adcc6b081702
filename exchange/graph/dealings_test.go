package graph_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/pim"
	"crmbridge/remote"
)

func meeting(organizer string) *pim.Event {
	e := &pim.Event{Start: at(10, 12, 10), End: at(10, 12, 11)}
	e.Title = "Planning"
	e.Organizer = pim.Person{Email: organizer}
	e.Attendees = []pim.Attendee{{Person: pim.Person{Name: "Bob Example", Email: "bob@example.org"}}, {Person: pim.Person{Email: "carol@example.org"}, Optional: true}}
	return e
}

func mails(t *testing.T, m exchange.Mailbox, old remote.Ref, it pim.Item, set pim.FieldSet) []string {
	t.Helper()
	who, err := m.(remote.Mailer).Mails(t.Context(), home(t, m, pim.KindEvent), old, remote.Entry{Item: it}, set)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// Somebody else's meeting is mirrored without attendees: Graph would invite them in the name of this mailbox.
func TestMirroredMeetingsMailNobody(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	col := home(t, m, pim.KindEvent)
	theirs := meeting("olga@elsewhere.example.org")
	if who := mails(t, m, remote.Ref{}, theirs, pim.AllOf(pim.KindEvent)); len(who) != 0 {
		t.Errorf("it would mail %v", who)
	}
	rec := create(t, m, theirs, "a mirrored meeting")
	if got := fetch(t, m, pim.KindEvent, rec.ID).Item.(*pim.Event); len(got.Attendees) != 0 {
		t.Errorf("it has %d attendees", len(got.Attendees))
	}
	changed := pim.Clone(theirs).(*pim.Event)
	changed.Title = "Other"
	rec, err := m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: changed}, pim.Set(pim.FieldTitle))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Delete(t.Context(), col, rec.Ref, remote.Delete); err != nil {
		t.Fatal(err)
	}
	if n := r.sim.MailCount(); n != 0 {
		t.Errorf("%d mails", n)
	}
}

// A meeting that the mailbox was invited to is not the mailbox's to mail about.
func TestMeetingsOfOthersMailNobody(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	col := home(t, m, pim.KindEvent)
	got, err := r.sim.Receive(ann, "bob@example.org", graphsim.Fields{"subject": "Invited",
		"start": graphsim.Fields{"dateTime": "2026-10-12T10:00:00", "timeZone": "UTC"}, "end": graphsim.Fields{"dateTime": "2026-10-12T11:00:00", "timeZone": "UTC"},
		"attendees": []any{graphsim.Fields{"type": "required", "emailAddress": graphsim.Fields{"address": ann, "name": "Ann Example"}}}})
	if err != nil {
		t.Fatal(err)
	}
	r.sim.ResetStats()
	rec := fetch(t, m, pim.KindEvent, remote.ItemID(got["id"].(string)))
	it := pim.Clone(rec.Item).(*pim.Event)
	if it.Organizer.Email != "bob@example.org" {
		t.Errorf("the organiser is %v", it.Organizer)
	}
	it.Reminders = []pim.Reminder{{Before: time.Hour}}
	it.Attendees = append(it.Attendees, pim.Attendee{Person: pim.Person{Email: "carol@example.org"}})
	set := pim.Set(pim.FieldReminders, pim.FieldAttendees)
	if who := mails(t, m, rec.Ref, it, set); len(who) != 0 {
		t.Errorf("it would mail %v", who)
	}
	if rec, err = m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: it}, set); err != nil {
		t.Fatal(err)
	}
	if err := m.Delete(t.Context(), col, rec.Ref, remote.Delete); err != nil {
		t.Fatal(err)
	}
	if n := r.sim.MailCount(); n != 0 {
		t.Errorf("%d mails: %v", n, r.sim.Mails())
	}
}

// Its own meetings do mail, and the driver says whom.
func TestOwnMeetingsMail(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	own := meeting(ann)
	if who := strings.Join(mails(t, m, remote.Ref{}, own, pim.AllOf(pim.KindEvent)), " "); who != "bob@example.org carol@example.org" {
		t.Errorf("it would mail %q", who)
	}
	rec := create(t, m, own, "an own meeting")
	if n := r.sim.MailCount(); n != 2 {
		t.Errorf("%d mails for an invitation of two", n)
	}
	if who := mails(t, m, rec.Ref, own, pim.Set(pim.FieldURL, pim.FieldProject)); len(who) != 0 {
		t.Errorf("a change of what Graph has not got would mail %v", who)
	}
	if who := mails(t, m, rec.Ref, own, pim.FieldSet{}); len(who) != 2 {
		t.Errorf("a write that nobody sees would mail %v", who)
	}
	if _, err := m.(remote.Marker).Mark(t.Context(), home(t, m, pim.KindEvent), rec.Ref, "another"); pim.ReasonOf(err) != pim.ErrRefused {
		t.Errorf("marking it: %v", err)
	}
	if n := r.sim.MailCount(); n != 2 {
		t.Errorf("marking it mailed %d times", n-2)
	}
}

// An unchanged text is not sent: it would take the layout out of a body in HTML. The text of an online meeting is left alone.
func TestBodiesInHTML(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	col := home(t, m, pim.KindEvent)
	body := func(id remote.ItemID) string {
		return r.do("GET", "/events/"+string(id), nil)["body"].(graphsim.Fields)["content"].(string)
	}
	for _, online := range []bool{false, true} {
		made := r.do("POST", "/events", graphsim.Fields{"subject": "Letter", "body": graphsim.Fields{"contentType": "html", "content": "<p>one <b>two</b></p>"}, "isOnlineMeeting": online,
			"start": graphsim.Fields{"dateTime": "2026-10-12T10:00:00", "timeZone": "UTC"}, "end": graphsim.Fields{"dateTime": "2026-10-12T11:00:00", "timeZone": "UTC"}})
		id := remote.ItemID(made["id"].(string))
		before := body(id)
		rec := fetch(t, m, pim.KindEvent, id)
		it := pim.Clone(rec.Item).(*pim.Event)
		if !strings.Contains(it.Notes, "one two") || strings.Contains(it.Notes, "<") {
			t.Fatalf("the text is %q", it.Notes)
		}
		it.Title = "Another"
		rec, err := m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: it}, pim.Set(pim.FieldTitle))
		if err != nil {
			t.Fatal(err)
		}
		if body(id) != before {
			t.Errorf("the body became %q", body(id))
		}
		it.Notes = "mine"
		if rec, err = m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: it}, pim.Set(pim.FieldNotes)); err != nil {
			t.Fatal(err)
		}
		if kept := body(id) == before; kept != online || online != (len(rec.Notes) == 1) {
			t.Errorf("online %v: the body is kept: %v, notes %v", online, kept, rec.Notes)
		}
	}
}

// What left the window of a calendar is not deleted, and a token that has expired asks for a new start.
func TestDeltasThatMislead(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	col := home(t, m, pim.KindEvent)
	s := remote.Scope{From: at(10, 1, 0).Time, Until: at(11, 1, 0).Time}
	e := &pim.Event{Activity: pim.Activity{Title: "Here"}, Start: at(10, 12, 10), End: at(10, 12, 11)}
	leaves, stays := create(t, m, e, "one that leaves"), create(t, m, e, "one that stays")
	_, _, cur := follow(t, m, col, s, "")

	away := graphsim.Fields{"dateTime": "2027-06-01T10:00:00", "timeZone": "UTC"}
	r.do("PATCH", "/events/"+string(leaves.ID), graphsim.Fields{"start": away, "end": away})
	outside := r.do("POST", "/events", graphsim.Fields{"subject": "Far away", "start": away, "end": away})
	changed, gone, cur := follow(t, m, col, s, cur)
	if len(gone) != 0 {
		t.Errorf("%v gone", gone)
	}
	for _, id := range []remote.ItemID{leaves.ID, remote.ItemID(outside["id"].(string))} {
		if _, listed := changed[id]; listed {
			t.Errorf("%s is outside of the window and listed", id)
		}
	}

	for _, status := range []int{http.StatusGone, http.StatusBadRequest} {
		r.sim.ExpireDelta(ann, status)
		_, err := m.Changes(t.Context(), col, s, cur)
		if pim.ReasonOf(err) != pim.ErrCursorGone {
			t.Fatalf("an expired token (%d): %v", status, err)
		}
		all, gone, next := follow(t, m, col, s, "")
		if len(all) != 1 || len(gone) != 0 || all[stays.ID].ID == "" {
			t.Errorf("from the beginning there are %d, %v gone", len(all), gone)
		}
		cur = next
	}

	// A cursor of another cloud's leads nowhere.
	other := r.open(exchange.Settings{"graph_url": strings.Replace(r.url, "127.0.0.1", "localhost", 1)})
	if _, err := other.Changes(t.Context(), col, s, cur); pim.ReasonOf(err) != pim.ErrCursorGone {
		t.Errorf("a cursor with another address: %v", err)
	}
}

// Contacts, tasks and messages whose token has expired are listed anew, whichever way the service says so, and none is said to be gone.
func TestExpiredTokensReconcile(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	letters := inMail(t, m, "Inbox")
	r.deliver(letters, &pim.Message{Subject: "letter", From: pim.Person{Email: "fay@example.org"}, Text: "x", Sent: pim.At(r.clock.Now(), "")}, nil)
	for _, it := range []pim.Item{&pim.Contact{FullName: "Somebody"}, &pim.Task{Activity: pim.Activity{Title: "Something"}}} {
		create(t, m, it, "a "+it.Kind().String())
	}
	for _, k := range []pim.Kind{pim.KindContact, pim.KindTask, pim.KindMessage} {
		col := letters
		if k != pim.KindMessage {
			col = home(t, m, k)
		}
		for _, status := range []int{http.StatusGone, http.StatusBadRequest, http.StatusNotFound} {
			_, _, cur := follow(t, m, col, remote.Scope{}, "")
			r.sim.ExpireDelta(ann, status)
			if d, err := m.Changes(t.Context(), col, remote.Scope{}, cur); pim.ReasonOf(err) != pim.ErrCursorGone || len(d.Removed) != 0 {
				t.Errorf("%s, %d: %v, %d removed", k, status, err, len(d.Removed))
			}
			if all, gone, _ := follow(t, m, col, remote.Scope{}, ""); len(all) != 1 || len(gone) != 0 {
				t.Errorf("%s, %d: from the beginning there are %d, %v gone", k, status, len(all), gone)
			}
		}
	}
}

// The window goes on with the clock: what comes into it is told, what was deleted meanwhile is not lost.
func TestWindowRolls(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *graphsim.Options) { o.Calm = true }) // requests are counted
	m := r.open(exchange.Settings{"days_back": "7", "days_ahead": "14"})
	col := home(t, m, pim.KindEvent)
	on := func(days int, key string) remote.Record {
		start := pim.At(r.clock.Now().AddDate(0, 0, days), "")
		return create(t, m, &pim.Event{Activity: pim.Activity{Title: key}, Start: start, End: pim.At(start.Time.Add(time.Hour), "")}, key)
	}
	soon, later := on(3, "soon"), on(40, "later")
	all, _, cur := follow(t, m, col, remote.Scope{}, "")
	if len(all) != 1 || all[soon.ID].ID == "" {
		t.Fatalf("%d items are in the window", len(all))
	}
	r.do("DELETE", "/events/"+string(soon.ID), nil)
	r.clock.Advance(30 * 24 * time.Hour)
	changed, gone, cur := follow(t, m, col, remote.Scope{}, cur)
	if len(gone) != 1 || gone[0] != soon.ID || len(changed) != 1 || changed[later.ID].ID == "" {
		t.Errorf("a month later %d are told and %v gone", len(changed), gone)
	}
	r.sim.ResetStats()
	if changed, _, _ = follow(t, m, col, remote.Scope{}, cur); len(changed) != 0 {
		t.Errorf("nothing has happened, and %d changed", len(changed))
	}
	for what, n := range r.sim.Counts() {
		if what == "all" && n > 2 {
			t.Errorf("a quiet run took %d requests: %v", n, r.sim.Counts())
		}
	}
}

// Exchange says 412 in passing although nobody else wrote: once that is tried again. A change by others is a conflict.
func TestConflictsInPassing(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	col := home(t, m, pim.KindEvent)
	rec := create(t, m, &pim.Event{Activity: pim.Activity{Title: "One"}, Start: at(10, 12, 10), End: at(10, 12, 11)}, "an event")
	next := pim.Clone(rec.Item).(*pim.Event)
	next.Title = "Two"
	fault, err := r.sim.AddFault(graphsim.Fault{Kind: graphsim.FaultConflict, Method: "PATCH", Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	if rec, err = m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldTitle)); err != nil || r.sim.Struck(fault) != 1 {
		t.Fatalf("%v after %d refusals", err, r.sim.Struck(fault))
	}
	if _, err := r.sim.AddFault(graphsim.Fault{Kind: graphsim.FaultConflict, Method: "PATCH"}); err != nil {
		t.Fatal(err)
	}
	if _, err = m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldLocation, pim.FieldNotes)); pim.ReasonOf(err) != pim.ErrConflict {
		t.Errorf("one that stays: %v", err)
	}
	r.sim.ClearFaults()
	r.do("PATCH", "/events/"+string(rec.ID), graphsim.Fields{"subject": "Theirs"})
	if _, err = m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldTitle)); pim.ReasonOf(err) != pim.ErrConflict {
		t.Errorf("a change by others: %v", err)
	}
}

// Throttled requests in a batch are sent again, and one whose transaction is known makes no second event.
func TestLoad(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	col := home(t, m, pim.KindEvent)
	var ids []remote.ItemID
	for n := range 30 {
		e := &pim.Event{Activity: pim.Activity{Title: "Many"}, Start: at(10, 1+n%28, 10), End: at(10, 1+n%28, 11)}
		ids = append(ids, create(t, m, e, strings.Repeat("k", n+1)).ID)
	}
	if _, err := r.sim.AddFault(graphsim.Fault{Kind: graphsim.FaultThrottled, Entity: "events", Method: "GET", Count: 7, RetryAfter: 5}); err != nil {
		t.Fatal(err)
	}
	began := r.clock.Now()
	recs, err := m.Fetch(t.Context(), col, ids)
	if err != nil || len(recs) != 30 {
		t.Fatalf("%d records, %v", len(recs), err)
	}
	if r.clock.Now().Sub(began) < 5*time.Second {
		t.Error("nobody waited")
	}
	if _, err := r.sim.AddFault(graphsim.Fault{Kind: graphsim.FaultLost, Method: "POST", Count: 1, Path: "/events"}); err != nil {
		t.Fatal(err)
	}
	create(t, m, &pim.Event{Activity: pim.Activity{Title: "Once"}, Start: at(11, 3, 10), End: at(11, 3, 11)}, "once")
	all, _, _ := follow(t, m, col, remote.Scope{}, "")
	if len(all) != 31 {
		t.Errorf("%d events after a lost answer, want 31", len(all))
	}
}

// A key makes one event. After that was deleted it makes none.
func TestSameKeyTwice(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	e := &pim.Event{Activity: pim.Activity{Title: "Once"}, Start: at(10, 12, 10), End: at(10, 12, 11)}
	first := create(t, m, e, "one key")
	e.Title = "Twice" // Graph takes another body with the same transaction for a mistake
	if again := create(t, m, e, "one key"); again.ID != first.ID {
		t.Errorf("the key made %s and %s", first.ID, again.ID)
	}
	if err := m.Delete(t.Context(), home(t, m, pim.KindEvent), first.Ref, remote.Delete); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Create(t.Context(), home(t, m, pim.KindEvent), remote.Entry{Item: e}, "one key"); pim.ReasonOf(err) != pim.ErrNotFound {
		t.Errorf("after its deletion: %v", err)
	}
}
