package relay

import (
	"context"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store/storetest"
)

func guest(name string) pim.Attendee {
	return pim.Attendee{Person: pim.Person{Name: name, Email: name + "@example.org"}}
}

func invited(uid, title string, names ...string) *pim.Event {
	e := event(uid, title)
	for _, n := range names {
		e.Attendees = append(e.Attendees, guest(n))
	}
	return e
}

// parsed are rules without a window from their text.
func parsed(t testing.TB, text string) rule.Rules {
	t.Helper()
	r, err := rule.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if r.Since == "" && r.In.Since == "" && r.Out.Since == "" {
		r.PastDays = -1
	}
	r.FutureDays = -1
	return r
}

func (w *world) setRules(text string) {
	w.t.Helper()
	if _, err := w.engine.SetRules(w.ctx, w.link.ID, parsed(w.t, text)); err != nil {
		w.t.Fatal(err)
	}
}

// TestNoWriteMailsAnybody: a CRM that mails the attendees of what is written gets the
// items without them; they are kept here, and go once the rule lets them. Every world of
// these tests watches its CRM for mail.
func TestNoWriteMailsAnybody(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", invited("uid-a", "plan", "bo", "cy"))
		w.clean()
		if as := w.record().Item.(*pim.Event).Attendees; len(as) != 0 {
			w.t.Fatalf("sent with %v", as)
		}
		w.quiet()
		w.edit("a.ics", func(e *pim.Event) { e.Title, e.Attendees = "plan B", append(e.Attendees, guest("di")) })
		w.clean()
		if e := w.record().Item.(*pim.Event); e.Title != "plan B" || len(e.Attendees) != 0 {
			w.t.Fatalf("%+v", e)
		}
		if got := w.item(w.only()).Attendees; len(got) != 3 {
			w.t.Fatalf("here are left %v", got)
		}
		w.mayMail = true
		w.setRules(`{"mail":"allow"}`)
		w.clean()
		if as := w.record().Item.(*pim.Event).Attendees; len(as) != 3 || len(w.crm.Mails()) != 3 {
			w.t.Errorf("allowed: %v, mails %+v", as, w.crm.Mails())
		}
		w.quiet()
	})
}

// TestWhatWouldMailWaits: a record that has attendees there can be changed or deleted only
// with mail, so it is not; nothing of it is lost.
func TestWhatWouldMailWaits(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.crm.Add(invited("", "theirs", "bo"), "")
		w.crm.Add(invited("", "theirs too", "bo"), "")
		w.clean()
		names := map[string]string{}
		for name, o := range w.objects() {
			names[w.item(o).Title] = name
		}
		w.edit(names["theirs"], func(e *pim.Event) { e.Notes = "bring the plans" })
		w.delete(names["theirs too"])
		w.clean()
		w.change(w.records()[0].ID, func(e *pim.Event) { e.Location = "Oslo" })
		w.clean()
		if e := w.item(w.object(names["theirs"])); e.Location != "Oslo" || e.Notes != "bring the plans" {
			w.t.Errorf("their change did not come: %+v", e)
		}
		if len(w.records()) != 2 || len(w.objects()) != 1 {
			w.t.Fatalf("%d records, %d objects", len(w.records()), len(w.objects()))
		}
		x, err := w.engine.Explain(w.ctx, w.link.ID, w.object(names["theirs"]).UID)
		if err != nil || x[0].Out.Carry || x[0].Out.Reasons[len(x[0].Out.Reasons)-1].Rule == "" {
			w.t.Errorf("%+v, %v", x, err)
		}
		w.mayMail = true
		w.setRules(`{"mail":"allow"}`)
		w.clean()
		if r := w.record().Item.(*pim.Event); r.Notes != "bring the plans" {
			w.t.Errorf("allowed: %+v", r)
		}
		w.quiet()
	})
}

// What was deleted here, while its record is there still, and comes back under its UID is that item again, whatever kept the
// deletion: a second record would be a double, and the first one would go without anybody's word.
func TestWhatComesBackBeforeItWasDeletedThereIsOne(t *testing.T) {
	t.Parallel()
	for name, guests := range map[string]string{"would mail": "bo", "not yet": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				meeting := invited("", "theirs", "bo")
				if guests == "" {
					meeting = event("", "theirs")
				}
				id := w.crm.Add(meeting, "")
				w.clean()
				o := w.only()
				w.delete(o.Name)
				if guests != "" {
					w.clean()
					if len(w.records()) != 1 {
						w.t.Fatal("it was deleted, with mail")
					}
				}
				it := w.item(o)
				it.Location = "Oslo"
				w.put(o.Name, it)
				w.run()
				w.run()
				if rs := w.records(); len(rs) != 1 || rs[0].ID != id || len(w.objects()) != 1 {
					w.t.Fatalf("%d records, %d objects", len(rs), len(w.objects()))
				}
				xs, err := w.engine.Explain(w.ctx, w.link.ID, o.UID)
				if err != nil || len(xs) != 1 {
					w.t.Errorf("%+v, %v", xs, err)
				}
			})
		})
	}
}

// TestAttendeesAreKept on each side where the rules say so, in either direction, and
// deletions are carried all the same.
func TestAttendeesAreKept(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, parsed(t, `{"mail":"allow","in":{"attendees":"keep"},"out":{"attendees":"keep"}}`), func(w *world) {
		w.mayMail = true
		w.put("a.ics", invited("uid-a", "here", "bo"))
		id := w.crm.Add(invited("uid-b", "there", "cy"), "")
		w.clean()
		for _, r := range w.records() {
			if e := r.Item.(*pim.Event); len(e.Attendees) != map[string]int{"there": 1}[e.Title] {
				w.t.Errorf("there: %s with %v", e.Title, e.Attendees)
			}
		}
		for _, o := range w.objects() {
			if e := w.item(o); len(e.Attendees) != map[string]int{"here": 1}[e.Title] {
				w.t.Errorf("here: %s with %v", e.Title, e.Attendees)
			}
		}
		w.change(id, func(e *pim.Event) { e.Attendees, e.Notes = append(e.Attendees, guest("di")), "noted" })
		w.clean()
		w.quiet()
		for _, r := range w.records() {
			w.crm.Remove(mem.Activities, r.ID)
		}
		w.clean()
		if len(w.objects()) != 0 || len(w.conflicts(false)) != 0 {
			w.t.Errorf("%d objects are left, conflicts %+v", len(w.objects()), w.conflicts(false))
		}
	})
}

func TestAttendeesGoOnceTheRuleLetsThem(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, parsed(t, `{"mail":"allow","in":{"attendees":"keep"}}`), func(w *world) {
		w.mayMail = true
		w.crm.Add(invited("uid-b", "there", "cy"), "")
		w.clean()
		w.setRules(`{"mail":"allow"}`)
		w.clean()
		if as := w.item(w.only()).Attendees; len(as) != 1 || as[0].Email != "cy@example.org" {
			w.t.Errorf("%v", as)
		}
		w.quiet()
	})
}

// mailer is a CRM that mails only about times, and says so.
type mailer struct {
	remote.Remote
	asked *int
}

func (m mailer) Traits() remote.Traits {
	t := m.Remote.Traits()
	t.MailsAttendees = false
	return t
}

func (m mailer) Mails(_ context.Context, _ remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) ([]string, error) {
	*m.asked++
	if old.ID == "" || e.Item != nil && !changed.Has(pim.FieldTime) {
		return nil, nil
	}
	return []string{"bo@example.org"}, nil
}

func TestARemoteIsAskedWhomAWriteWouldMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	w.mayMail = true // this CRM counts every write
	asked := 0
	w.engine.Remotes = fixed{mailer{w.engine.Remotes.(fixed).r, &asked}}
	w.put("b.ics", event("uid-b", "alone"))
	w.clean()
	w.edit("b.ics", func(e *pim.Event) { e.Title = "alone still" })
	w.clean()
	if asked != 0 {
		t.Errorf("asked %d times about items without attendees", asked)
	}
	if one, two := persons(1), persons(2); one != "one person" || two != "2 people" {
		t.Error(one, two)
	}
	w.delete("b.ics")
	w.clean()
	w.put("a.ics", invited("uid-a", "plan", "bo"))
	w.clean()
	w.edit("a.ics", func(e *pim.Event) { e.Title = "plan B" })
	w.clean()
	w.edit("a.ics", func(e *pim.Event) { e.End = pim.At(e.End.Time.Add(time.Hour), "") })
	if rep := w.run(); rep.Counts.Failed != 1 || rep.Run.Outcome != OutcomePartial {
		t.Fatalf("%+v", rep)
	}
	w.delete("a.ics")
	if rep := w.run(); rep.Counts.Failed != 1 || len(w.records()) != 1 {
		t.Fatalf("%+v", rep)
	}
	w.setRules(`{"mail":"allow"}`)
	w.clean()
	if len(w.records()) != 0 {
		t.Error("allowed, and not deleted")
	}
}
