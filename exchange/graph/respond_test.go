package graph_test

import (
	"strings"
	"testing"

	"crmbridge/exchange"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/pim"
	"crmbridge/remote"
)

const bob = "bob@example.org"

// invite is a meeting that Bob invites Ann to, as it is in her calendar.
func (r *rig) invite(t *testing.T, m exchange.Mailbox, more graphsim.Fields) remote.Record {
	t.Helper()
	e := graphsim.Fields{"subject": "Bob's meeting",
		"start": graphsim.Fields{"dateTime": "2026-06-01T08:00:00", "timeZone": "UTC"}, "end": graphsim.Fields{"dateTime": "2026-06-01T09:00:00", "timeZone": "UTC"},
		"attendees": []any{graphsim.Fields{"type": "required", "emailAddress": graphsim.Fields{"address": "Ann@Example.org", "name": "Ann Example"}},
			graphsim.Fields{"type": "optional", "emailAddress": graphsim.Fields{"address": "cy@example.org", "name": "Cy"}}}}
	for k, v := range more {
		e[k] = v
	}
	made, err := r.sim.Receive(ann, bob, e)
	if err != nil {
		t.Fatal(err)
	}
	r.sim.ResetStats()
	return fetch(t, m, pim.KindEvent, remote.ItemID(made["id"].(string)))
}

func answers(it pim.Item) string {
	var all []string
	for _, a := range it.(*pim.Event).Attendees {
		all = append(all, a.Answer)
	}
	return strings.Join(all, ",")
}

// An invitation takes the mailbox's own answer, and whatever else was changed with it; its organiser hears of it only where the settings say
// so, and that is told beforehand.
func TestAnswerInvitation(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"silent", "mail"} {
		for _, answer := range []string{"accepted", "tentative"} {
			t.Run(how+" "+answer, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, nil)
				m := r.open(exchange.Settings{"answers": how})
				rec := r.invite(t, m, nil)
				if got := answers(rec.Item); got != "," {
					t.Fatalf("the answers are %q", got)
				}
				next := pim.Clone(rec.Item).(*pim.Event)
				next.Attendees[0].Answer, next.Categories = answer, []string{"Sales"}
				set := pim.Set(pim.FieldAttendees, pim.FieldCategories)
				if told := mails(t, m, rec.Ref, next, set); strings.Join(told, " ") != map[string]string{"mail": bob}[how] {
					t.Errorf("it tells of mail to %v", told)
				}
				done, err := m.Update(t.Context(), home(t, m, pim.KindEvent), rec.Ref, remote.Entry{Item: next}, set)
				if err != nil || len(done.Notes) > 0 || answers(done.Item) != answer+"," {
					t.Fatalf("%v, %+v", err, done)
				}
				if n := r.sim.MailCount(); (n == 1) != (how == "mail") {
					t.Errorf("%d mails", n)
				}
				now := fetch(t, m, pim.KindEvent, rec.ID)
				if e := now.Item.(*pim.Event); now.Version != done.Version || answers(e) != answer+"," || len(e.Categories) != 1 || e.Organizer.Email != bob {
					t.Errorf("%+v", now)
				}
				// The same answer again is none, and what others answer is not ours to say.
				next = pim.Clone(now.Item).(*pim.Event)
				next.Attendees[1].Answer = "declined"
				if told := mails(t, m, now.Ref, next, set); len(told) != 0 {
					t.Errorf("without another answer it tells of mail to %v", told)
				}
				if again, err := m.Update(t.Context(), home(t, m, pim.KindEvent), now.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldAttendees)); err != nil || again.Version != now.Version {
					t.Errorf("%v, %+v", err, again)
				}
				next.Attendees[0].Answer = ""
				taken, err := m.Update(t.Context(), home(t, m, pim.KindEvent), now.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldAttendees))
				if err != nil || len(taken.Notes) != 1 || !strings.Contains(taken.Notes[0].Says, "cannot forget") {
					t.Errorf("taken back: %v, %+v", err, taken)
				}
			})
		}
	}
}

// A meeting that is declined leaves the calendar, as in Outlook: first the answer is told, then that it is gone.
func TestDeclineInvitation(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"silent", "mail"} {
		r := newRig(t, nil)
		m := r.open(exchange.Settings{"answers": how})
		rec := r.invite(t, m, nil)
		col := home(t, m, pim.KindEvent)
		_, _, since := follow(t, m, col, remote.Scope{}, "")
		next := pim.Clone(rec.Item).(*pim.Event)
		next.Attendees[0].Answer = "declined"
		done, err := m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldAttendees))
		if err != nil || done.ID != rec.ID || answers(done.Item) != "declined," {
			t.Fatalf("%v, %+v", err, done)
		}
		if n := r.sim.MailCount(); (n == 1) != (how == "mail") {
			t.Errorf("%s: %d mails", how, n)
		}
		if changed, gone, _ := follow(t, m, col, remote.Scope{}, since); len(changed) != 0 || len(gone) != 1 {
			t.Errorf("%s: %d changed, gone %v", how, len(changed), gone)
		}
	}
}

// A process that has just begun knows who is meant, also where the mailbox is named in another way than it is invited.
func TestWhoIsInvited(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	rec := r.invite(t, r.open(nil), nil)
	r.do("POST", "/events/"+string(rec.ID)+"/accept", graphsim.Fields{"sendResponse": false})
	who, err := r.sim.Do("GET", "/users/"+ann, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := r.open(exchange.Settings{"mailbox": who["id"].(string)})
	recs, err := m.Fetch(t.Context(), remote.CollectionID("calendar:"+r.do("GET", "/calendar", nil)["id"].(string)), []remote.ItemID{rec.ID})
	if err != nil || len(recs) != 1 {
		t.Fatal(recs, err)
	}
	got := recs[0]
	if answers(got.Item) != "accepted," {
		t.Errorf("the answers are %q", answers(got.Item))
	}
}

// An answer to one occurrence of somebody else's series is not given, and the record says so; the series takes one.
func TestAnswerToASeries(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	rec := r.invite(t, m, graphsim.Fields{"recurrence": graphsim.Fields{
		"pattern": graphsim.Fields{"type": "daily", "interval": 1}, "range": graphsim.Fields{"type": "numbered", "startDate": "2026-06-01", "numberOfOccurrences": 5}}})
	col := home(t, m, pim.KindEvent)
	next := pim.Clone(rec.Item).(*pim.Event)
	at := pim.At(next.Start.Time.AddDate(0, 0, 1), next.Start.Zone)
	one := pim.OwnOccurrence(next, at).(*pim.Event)
	one.Attendees[0].Answer = "declined"
	next.Recurrence.Changed = []pim.Occurrence{{At: at, Item: one}}
	done, err := m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldRecurrence))
	if err != nil || len(done.Notes) != 1 || !strings.Contains(done.Notes[0].Says, "single occurrence was not given") {
		t.Fatalf("%v, notes %v", err, done.Notes)
	}
	next = pim.Clone(done.Item).(*pim.Event)
	next.Attendees[0].Answer = "accepted"
	if done, err = m.Update(t.Context(), col, done.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldAttendees)); err != nil || answers(done.Item) != "accepted," || done.Item.(*pim.Event).Recurrence == nil {
		t.Errorf("%v, %+v", err, done)
	}
	if n := r.sim.MailCount(); n != 0 {
		t.Errorf("%d mails", n)
	}
}
