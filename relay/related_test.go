package relay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// TestRowB7RelatedContacts: those that a chosen contact points at come along, one step far;
// what came stays, and what comes no more is not made.
func TestRowB7RelatedContacts(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{"strong": {}, "weak": {NoDeletionReport: true, Unchecked: true, NotIdempotent: true, NoUID: true, Bump: true, NoItemsInDelta: true, Stamps: time.Second, LocalIDs: true},
		"without lists": {NoDeletionReport: true, NoLister: true, PageSize: 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, o, open(rule.Ask), func(w *world) {
				l := w.withPeople(parsed(t, `{"groups":["Key accounts"]}`))
				ids := map[string]remote.ItemID{}
				for _, n := range []string{"Ann", "Boss", "Chief", "Prime", "Zoe", "Far"} {
					ids[n] = w.crm.Add(person(n, func(c *pim.Contact) {
						if n == "Ann" {
							c.Company = "Acme"
						}
					}), "")
				}
				w.crm.AddCompany(mem.Company{Name: "Acme"})
				w.crm.SetPrimary("Acme", ids["Prime"])
				w.crm.Tie(mem.Contacts, ids["Ann"], mem.RoleManager, ids["Boss"])
				w.crm.Tie(mem.Contacts, ids["Boss"], mem.RoleManager, ids["Chief"])
				w.crm.Group("Key accounts", ids["Ann"])
				step := func(want string) {
					w.t.Helper()
					w.clock.Advance(11 * time.Minute)
					w.runOf(l, RunOptions{})
					if got := w.cards(l); got != want {
						w.t.Fatalf("here are %q, want %q", got, want)
					}
				}
				step("Ann")
				w.rulesOf(l, `{"groups":["Key accounts"],"relatedContacts":true}`)
				step("Ann Boss Prime")
				if words := w.explained(l, ids["Boss"]); !strings.Contains(words, `comes along with "Ann" (Manager)`) {
					w.t.Error(words)
				}
				if words := w.explained(l, ids["Ann"]); strings.Contains(words, "along with") {
					w.t.Error(words)
				}
				if rep := w.runOf(l, RunOptions{}); rep.Counts.Done() != 0 {
					w.t.Fatalf("a run with nothing to do wrote: %+v", rep.Steps)
				}
				// Changes of what came along go both ways; no poll tells of them.
				w.crm.Edit(mem.Contacts, ids["Boss"], func(it pim.Item) { it.(*pim.Contact).FullName = "Bossy" })
				w.clock.Advance(11 * time.Minute)
				step("Ann Bossy Prime")
				// A tie that is new shows with its contact, one that its company has within a day.
				w.crm.Tie(mem.Contacts, ids["Ann"], mem.RoleAssistant, ids["Zoe"])
				step("Ann Bossy Prime Zoe")
				w.crm.SetPrimary("Acme", ids["Far"])
				step("Ann Bossy Prime Zoe")
				w.clock.Advance(25 * time.Hour)
				step("Ann Bossy Far Prime Zoe")
				// Who leaves the scope brings nobody any more, and keeps who came.
				w.crm.Ungroup("Key accounts", ids["Ann"])
				step("Ann Bossy Far Prime Zoe")
				w.crm.Tie(mem.Contacts, ids["Ann"], mem.RoleManager, ids["Chief"])
				w.clock.Advance(25 * time.Hour)
				step("Ann Bossy Far Prime Zoe")
				w.crm.Group("Key accounts", ids["Ann"])
				w.clock.Advance(25 * time.Hour)
				step("Ann Bossy Chief Far Prime Zoe")
				w.rulesOf(l, `{"groups":["Key accounts"]}`)
				w.crm.Tie(mem.Contacts, ids["Ann"], remote.RoleOwner, w.crm.Add(person("Late"), ""))
				step("Ann Bossy Chief Far Prime Zoe")
				if words := w.explained(l, ids["Boss"]); !strings.Contains(words, "a rule that is off now; it stays") {
					w.t.Error(words)
				}
			})
		})
	}
}

// TestRowB7FilterAndPerson: a filter does not keep related contacts out, a person's word does;
// who deletes one on a device keeps it in the CRM, and it does not come again.
func TestRowB7FilterAndPerson(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoDeletionReport: true}, open(rule.Ask), func(w *world) {
		const rules = `{"filter":{"field":"contactType","op":"is","value":"Customer"},"relatedContacts":true}`
		l := w.withPeople(parsed(t, rules))
		boss := w.crm.Add(person("Boss"), "")
		ann := w.crm.Add(person("Ann", func(c *pim.Contact) { c.Type = "Customer" }), "")
		other := w.crm.Add(person("Other"), "")
		w.crm.Tie(mem.Contacts, ann, mem.RoleManager, boss)
		w.crm.Tie(mem.Contacts, other, mem.RoleManager, w.crm.Add(person("Nobody"), ""))
		w.runOf(l, RunOptions{})
		if got := w.cards(l); got != "Ann Boss" {
			w.t.Fatalf("here are %q", got)
		}
		var p store.Pair
		w.view(func(tx *store.Tx) (err error) { p, err = tx.PairByRemote(l.ID, string(boss)); return err })
		w.update(func(tx *store.Tx) error {
			o, err := tx.ObjectByID(p.ObjectID)
			if err == nil {
				_, err = tx.DeleteObject(l.CollectionID, o.Name, store.Cond{}, "dav:test", 0)
			}
			return err
		})
		for range 3 {
			w.clock.Advance(25 * time.Hour)
			w.runOf(l, RunOptions{Full: true})
		}
		if got := w.cards(l); got != "Ann" || len(w.crm.Items(mem.Contacts)) != 4 {
			w.t.Errorf("here are %q, there %d", got, len(w.crm.Items(mem.Contacts)))
		}
		for _, rec := range w.crm.Items(mem.Contacts) {
			if d, err := w.crm.Remote().Changes(w.ctx, mem.Contacts, remote.Scope{}, ""); err != nil || len(d.Changed) != 4 {
				w.t.Fatalf("%s: %d contacts are the user's: %v", rec.ID, len(d.Changed), err)
			}
		}
	})
}

// TestRowB7IsBounded: contacts are asked about a hundred in a call, and a quiet run asks nothing.
func TestRowB7IsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{PageSize: 500}, open(rule.Ask))
	l := w.withPeople(parsed(t, `{"groups":["Key accounts"],"relatedContacts":true}`))
	boss := w.crm.Add(person("Boss"), "")
	for i := range 250 {
		id := w.crm.Add(person(fmt.Sprint("Contact ", i)), "")
		w.crm.Group("Key accounts", id)
		w.crm.Tie(mem.Contacts, id, mem.RoleManager, boss)
	}
	first := w.ops(l)
	if first["related"] != 3 || len(strings.Fields(w.cards(l))) != 501 {
		t.Errorf("%v, %d words", first, len(strings.Fields(w.cards(l))))
	}
	if quiet := w.ops(l); quiet["related"] != 0 || quiet["fetch"] > 1 {
		t.Errorf("a quiet run: %v", quiet)
	}
	w.clock.Advance(25 * time.Hour)
	for range 3 { // a day later a hundred a run
		if day := w.ops(l); day["related"] != 1 {
			t.Errorf("a day later: %v", day)
		}
	}
	if quiet := w.ops(l); quiet["related"] != 0 {
		t.Errorf("and then: %v", quiet)
	}
}

// TestRowB7OutlivesKills: a run that dies at any step leaves the rest to the next, and
// nothing comes twice.
func TestRowB7OutlivesKills(t *testing.T) {
	t.Parallel()
	for n := 1; n < 14; n++ {
		w := newWorld(t, storetest.Open(t), "ann", mem.Options{NotIdempotent: true}, open(rule.Ask))
		l := w.withPeople(parsed(t, `{"groups":["Key accounts"],"relatedContacts":true}`))
		ann, boss := w.crm.Add(person("Ann"), ""), w.crm.Add(person("Boss"), "")
		w.crm.Group("Key accounts", ann)
		w.crm.Tie(mem.Contacts, ann, mem.RoleManager, boss)
		w.kill(n)
		_, _ = w.engine.Run(context.Background(), l.ID, RunOptions{})
		w.restart()
		w.runOf(l, RunOptions{})
		w.runOf(l, RunOptions{})
		if got := w.cards(l); got != "Ann Boss" {
			t.Errorf("killed at step %d: here are %q", n, got)
		}
	}
}

// TestRowS9ContactsOfActivities: those that an activity is tied to come into the address book
// that is linked to the same account, by its link; not those of private ones that are
// withheld, and not the user's own.
func TestRowS9ContactsOfActivities(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{"strong": {}, "weak": {NoDeletionReport: true, Unchecked: true, NotIdempotent: true, NoUID: true, NoItemsInDelta: true, Stamps: time.Second}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, o, open(rule.Ask), func(w *world) {
				l := w.withPeople(parsed(t, `{"groups":["Nobody"]}`))
				var woken []store.LinkID
				w.engine.Wake = func(_ context.Context, _ *store.Tx, id store.LinkID) error { woken = append(woken, id); return nil }
				w.crm.Group("Nobody")
				ids := map[string]remote.ItemID{}
				for _, n := range []string{"Ann", "Bea", "Cid", "Dan", "me"} {
					ids[n] = w.crm.Add(person(n), "")
				}
				attend := func(e *pim.Event, names ...string) *pim.Event {
					for _, n := range names {
						e.Attendees = append(e.Attendees, pim.Attendee{Person: pim.Person{Name: n, Email: strings.ToLower(n) + "@example.org"}})
					}
					return e
				}
				lunch := attend(event("", "Lunch"), "Ann", "me", "Stranger")
				lunch.CRM.Contact = "Bea"
				w.crm.Add(lunch, "")
				secret := attend(event("", "Secret"), "Cid")
				secret.Class = pim.Private
				w.crm.Add(secret, "")
				w.runOf(w.link, RunOptions{})
				w.runOf(l, RunOptions{})
				if got := w.cards(l); got != "" {
					w.t.Fatalf("before the rule: %q", got)
				}
				w.rulesOf(w.link, `{"pastDays":-1,"activityContacts":true,"in":{"private":"mask"}}`)
				w.runOf(w.link, RunOptions{})
				if !slices.Contains(woken, l.ID) {
					w.t.Error("the contacts' link is not woken")
				}
				w.runOf(l, RunOptions{})
				if got := w.cards(l); got != "Ann Bea" {
					w.t.Fatalf("here are %q", got)
				}
				if words := w.explained(l, ids["Bea"]); !strings.Contains(words, `comes along with "Lunch" (Contact)`) {
					w.t.Error(words)
				}
				// One that a device makes brings its people, too, once.
				walk := event("x", "Walk")
				walk.CRM.Contact = "Dan"
				w.put("x.ics", walk)
				w.runOf(w.link, RunOptions{})
				w.runOf(w.link, RunOptions{})
				w.runOf(l, RunOptions{})
				if o.NoDeletionReport {
					w.clock.Advance(11 * time.Minute)
				}
				if rep := w.runOf(l, RunOptions{}); rep.Counts.Done() != 0 {
					w.t.Errorf("a run with nothing to do wrote: %+v", rep.Steps)
				}
				if got := w.cards(l); got != "Ann Bea Dan" {
					w.t.Errorf("here are %q", got)
				}
				// Off, nothing more comes, and what is there stays.
				w.rulesOf(w.link, `{"pastDays":-1,"in":{"private":"full"}}`)
				w.crm.Edit(mem.Activities, w.records()[0].ID, func(it pim.Item) { attend(it.(*pim.Event), "Cid") })
				w.runOf(w.link, RunOptions{Full: true})
				w.runOf(l, RunOptions{Full: true})
				if got := w.cards(l); got != "Ann Bea Dan" {
					w.t.Errorf("with the rule off: %q", got)
				}
			})
		})
	}
}

// TestRowS9AnotherAddressBook changes nothing about where contacts come.
func TestRowS9AnotherAddressBook(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		l := w.withPeople(parsed(t, `{"groups":["Nobody"]}`))
		w.crm.Group("Nobody")
		w.rulesOf(w.link, `{"activityContacts":true,"pastDays":-1}`)
		w.secondBook()
		w.crm.Add(person("Ann"), "")
		lunch := event("", "Lunch")
		lunch.CRM.Contact = "Ann"
		w.crm.Add(lunch, "")
		w.clean()
		w.runOf(l, RunOptions{})
		if got := w.cards(l); got != "Ann" {
			w.t.Errorf("here are %q", got)
		}
	})
}

// TestRowS9IsRefused where contacts have no place, with the reason.
func TestRowS9IsRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		refused := func(l store.Link, rules, because string) {
			w.t.Helper()
			_, err := w.engine.SetRules(w.ctx, l.ID, parsed(w.t, rules))
			if pim.ReasonOf(err) != pim.ErrInvalid || !strings.Contains(pim.PublicText(err), because) {
				w.t.Errorf("%s: %v", rules, err)
			}
		}
		refused(w.link, `{"activityContacts":true}`, "no address book is linked")
		refused(w.link, `{"relatedContacts":true}`, "is for links of contacts")
		l := w.withPeople(open(rule.Ask))
		refused(l, `{"activityContacts":true}`, "is for links of activities")
		refused(w.link, `{"activityContacts":true,"contactsLink":"others"}`, `no link "others" brings contacts`)
		w.rulesOf(w.link, `{"activityContacts":true,"contactsLink":"people"}`)
		w.secondBook()
		refused(w.link, `{"activityContacts":true}`, `several address books are linked to this account ("people", "second")`)
		w.engine.Remotes = fixed{struct{ remote.Remote }{w.crm.Remote()}}
		refused(l, `{"relatedContacts":true}`, "does not tell")
		none, err := mem.New(mem.Options{Now: w.clock.Now, NoRelations: true})
		if err != nil {
			w.t.Fatal(err)
		}
		w.engine.Remotes = fixed{none.Remote()}
		refused(l, `{"relatedContacts":true}`, "does not tell")
	})
}

// TestPreviewOfRelatedContacts shows what would come along, and writes nothing.
func TestPreviewOfRelatedContacts(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		l := w.withPeople(parsed(t, `{"groups":["Key accounts"]}`))
		ann, boss := w.crm.Add(person("Ann"), ""), w.crm.Add(person("Boss"), "")
		w.crm.Group("Key accounts", ann)
		w.crm.Tie(mem.Contacts, ann, mem.RoleManager, boss)
		w.runOf(l, RunOptions{})
		rules := parsed(t, `{"groups":["Key accounts"],"relatedContacts":true}`)
		p, err := w.engine.Preview(w.ctx, l.ID, PreviewOptions{Rules: &rules})
		if err != nil || len(p.Changes) != 1 || p.Changes[0].Title != "Boss" || !p.Touch.Relations {
			w.t.Fatalf("%+v %v", p, err)
		}
		if got := w.cards(l); got != "Ann" {
			w.t.Errorf("the preview made %q", got)
		}
	})
}
