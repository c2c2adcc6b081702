package relay

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// relink removes the link, as a person does, and links the collection c to the same
// CRM again. A removed link takes its pairs along.
func (w *world) relink(c store.Collection) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error { return tx.DeleteLink(w.link.ID) })
	w.linkTo(c)
}

func (w *world) linkTo(c store.Collection) {
	w.t.Helper()
	raw, err := json.Marshal(open(rule.Ask))
	if err != nil {
		w.t.Fatal(err)
	}
	w.update(func(tx *store.Tx) error {
		w.link, err = tx.CreateLink(store.Link{UserID: w.user.ID, CollectionID: c.ID, Side: store.CRM, Name: fmt.Sprintf("crm %d", c.ID),
			Driver: "mem", Remote: string(mem.Activities), Rules: raw, Interval: time.Minute})
		return err
	})
	w.coll = c
}

func (w *world) another(slug string) (c store.Collection) {
	w.t.Helper()
	w.update(func(tx *store.Tx) (err error) {
		c, err = tx.CreateCollection(store.Collection{UserID: w.user.ID, Home: store.Calendars, Slug: slug, Components: "VEVENT"})
		return err
	})
	return c
}

// want counts both sides and wants nothing left to do.
func (w *world) want(objects, records int) {
	w.t.Helper()
	w.clean()
	w.quiet()
	if o, r := len(w.objects()), len(w.records()); o != objects || r != records {
		w.t.Errorf("%d objects and %d records, want %d and %d", o, r, objects, records)
	}
}

// forgetful are CRMs by what they remember of the items that were made there.
func forgetful() map[string]mem.Options {
	return map[string]mem.Options{"all": {}, "no UID": {NoUID: true}, "no key": {NotIdempotent: true}, "nothing": {NoUID: true, NotIdempotent: true}}
}

// onForgetful runs a test with each CRM that forgets, and with one of them on both
// databases.
func onForgetful(t *testing.T, rules rule.Rules, f func(t *testing.T, w *world)) {
	t.Helper()
	for name, o := range forgetful() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "no UID" {
				storetest.Each(t, func(t *testing.T, s *store.Store) { f(t, newWorld(t, s, "ann", o, rules)) })
				return
			}
			f(t, newWorld(t, storetest.Open(t), "ann", o, rules))
		})
	}
}

// fill makes one item here, one there, and two records with one UID.
func (w *world) fill() {
	w.t.Helper()
	w.put("a.ics", event("uid-a", "here"))
	w.crm.Add(event("", "there"), "")
	w.clean()
	for _, key := range []string{"x", "y"} {
		e := event("uid-twice", "twice "+key)
		if _, err := w.crm.Remote().Create(w.ctx, mem.Activities, remote.Entry{UID: e.UID, Item: e}, key); err != nil {
			w.t.Fatal(err)
		}
		w.clean()
	}
	w.want(4, 4)
}

func TestRowS2UnpairAndPairAgain(t *testing.T) {
	t.Parallel()
	onForgetful(t, open(rule.Ask), func(t *testing.T, w *world) {
		w.fill()
		w.relink(w.coll)
		w.want(4, 4)
		// With changes on both sides meanwhile, and the older first.
		w.update(func(tx *store.Tx) error { return tx.DeleteLink(w.link.ID) })
		w.edit("a.ics", func(e *pim.Event) { e.Notes = "changed here" })
		for _, r := range w.records() {
			w.change(r.ID, func(e *pim.Event) { e.Location = "changed there" })
		}
		w.linkTo(w.coll)
		w.want(4, 4)
		if got := w.item(w.object("a.ics")); got.Notes != "changed here" || got.Location != "changed there" {
			t.Errorf("what was changed meanwhile: %+v", got)
		}
	})
}

func TestRowS2PairAgainWithoutTheLocalCopy(t *testing.T) {
	t.Parallel()
	onForgetful(t, open(rule.Ask), func(t *testing.T, w *world) {
		w.fill()
		uids := map[string]bool{}
		for _, o := range w.objects() {
			uids[o.UID] = true
		}
		w.update(func(tx *store.Tx) error { return tx.DeleteCollection(w.coll.ID) })
		w.linkTo(w.another("calendar"))
		w.want(4, 4)
		for _, o := range w.objects() {
			if !uids[o.UID] {
				t.Errorf("%s has another UID", o.UID)
			}
		}
	})
}

func TestRowS2PairAnotherCollection(t *testing.T) {
	t.Parallel()
	onForgetful(t, open(rule.Ask), func(t *testing.T, w *world) {
		w.fill()
		w.put("own.ics", event("uid-own", "kept back")) // never went over: it is no item of the link
		old, fresh := w.coll, w.another("work")
		w.put("x.ics", event("uid-x", "only here"))
		w.relink(fresh)
		w.put("a.ics", event("uid-other", "under a taken name"))
		w.want(5, 5)
		if got := w.item(w.object("a.ics")).Title; got != "under a taken name" {
			t.Errorf("%q", got)
		}
		w.coll = old
		if left := w.objects(); len(left) != 2 {
			t.Errorf("left where it was: %v", left)
		}
	})
}

// A collection that is still linked elsewhere keeps its items.
func TestRowS2WhatIsLinkedElsewhereStays(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoUID: true}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "here"))
		w.clean()
		crm := w.crm
		second := w.join(mem.Options{}, open(rule.Ask))
		if _, err := w.engine.Run(w.ctx, second.link.ID, RunOptions{}); err != nil {
			w.t.Fatal(err)
		}
		old := w.coll
		w.engine.Remotes = fixed{crm.Remote()}
		w.relink(w.another("work"))
		w.want(1, 1)
		w.coll = old
		w.only()
	})
}

// Both sides are full and know nothing of each other.
func TestRowS2TheFirstSyncMatches(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoUID: true}, open(rule.Ask), func(w *world) {
		notes := event("uid-a", "Board: March")
		notes.Notes = "bring the numbers"
		w.put("a.ics", notes)
		place := event("", "board march")
		place.Location, place.Notes = "Room 1", "other notes"
		w.crm.Add(place, "")
		// Alike, but not sure: made on both sides, and suggested.
		w.put("b.ics", event("uid-b", "Review of the budget"))
		w.crm.Add(event("", "Review of budget"), "")
		// Two that are as good as each other are not guessed.
		w.put("c.ics", event("uid-c", "Lunch"))
		for _, in := range []string{"Hall", "Garden"} {
			lunch := event("", "Lunch")
			lunch.Location = in
			w.crm.Add(lunch, "")
		}
		rep := w.clean()
		if rep.Counts.Matched != 1 || rep.Counts.Duplicates == 0 {
			w.t.Errorf("%+v", rep.Counts)
		}
		w.quiet()
		if o, r := len(w.objects()), len(w.records()); o != 6 || r != 6 {
			w.t.Errorf("%d objects, %d records", o, r)
		}
		if got := w.item(w.object("a.ics")); got.Location != "Room 1" || got.Notes != "bring the numbers" {
			w.t.Errorf("merged: %+v", got)
		}
		if cs := w.conflicts(false); len(cs) != 1 || cs[0].UID != "uid-a" {
			w.t.Errorf("what both sides wrote differently: %+v", cs)
		}
	})
}

// The matching is killed at any step.
func TestRowS2AMatchThatIsKilled(t *testing.T) {
	t.Parallel()
	for n := 1; n < 30; n++ {
		w := newWorld(t, storetest.Open(t), "ann", mem.Options{NoUID: true}, open(rule.Ask))
		for i := range 3 {
			title := fmt.Sprintf("item number %d", i)
			w.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprintf("uid-%d", i), title))
			w.crm.Add(event("", title), "")
		}
		w.kill(n)
		_, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
		w.restart()
		w.want(3, 3)
		if err == nil {
			return
		}
	}
	t.Error("no run came to its end")
}

// A contact goes from a device, the CRM keeps it without an owner, and it is added again.
func TestRowS2AddedAgainAfterUnassigning(t *testing.T) {
	t.Parallel()
	for _, how := range []rule.Removal{rule.RemoveUnassign, rule.RemoveKeep} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			rules := open(rule.Ask)
			rules.Remove = map[pim.Kind]rule.Removal{pim.KindEvent: how}
			onForgetful(t, rules, func(t *testing.T, w *world) {
				w.put("a.ics", event("uid-a", "one"))
				w.clean()
				w.delete("a.ics")
				w.clean()
				w.record()
				again := event("uid-a", "one")
				again.Notes = "with notes"
				w.put("b.ics", again)
				w.want(1, 1)
				if got := w.record().Item.(*pim.Event).Notes; got != "with notes" {
					t.Errorf("%q", got)
				}
			})
		})
	}
}

// An item moves between two linked collections of one user.
func TestRowS2MovedBetweenLinkedCollections(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"from", "to"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			onForgetful(t, open(rule.Ask), func(t *testing.T, w *world) {
				w.put("a.ics", event("uid-a", "one"))
				w.clean()
				from, fromLink, fromCRM := w.coll, w.link, w.crm
				other, err := mem.New(mem.Options{Now: w.clock.Now, Place: "two", NoUID: true})
				if err != nil {
					t.Fatal(err)
				}
				to := w.another("work")
				w.linkTo(to)
				toLink := w.link
				run := func(link store.Link, crm *mem.CRM) {
					w.engine.Remotes = fixed{crm.Remote()}
					w.link, w.crm = link, crm
					w.clean()
				}
				run(toLink, other)
				w.update(func(tx *store.Tx) error {
					_, err := tx.MoveObject(store.Move{From: from.ID, Name: "a.ics", To: to.ID, NewName: "a.ics", By: "dav:test"})
					return err
				})
				if first == "to" {
					run(toLink, other)
				}
				run(fromLink, fromCRM)
				run(toLink, other)
				if a, b := len(fromCRM.Items(mem.Activities)), len(other.Items(mem.Activities)); a != 0 || b != 1 {
					t.Errorf("%d where it was, %d where it is", a, b)
				}
			})
		})
	}
}
