package relay

import (
	"encoding/json"
	"fmt"
	"maps"
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

// The bridge is installed anew with an empty database. Devices upload what they have,
// before or after the first run.
func TestRowS2InstalledAnew(t *testing.T) {
	t.Parallel()
	for name, o := range forgetful() {
		for _, uploaded := range []string{"before", "after", "half"} {
			t.Run(name+" "+uploaded, func(t *testing.T) {
				t.Parallel()
				first := newWorld(t, storetest.Open(t), "ann", o, open(rule.Ask))
				titles := []string{"one", "two", "three"}
				for _, title := range titles {
					first.put(title+".ics", event("uid-"+title, title))
				}
				first.crm.Add(event("", "there"), "")
				first.clean()
				on := func(t *testing.T, s *store.Store) {
					w := newWorld(t, s, "ann", o, open(rule.Ask))
					w.crm = first.crm
					w.engine.Remotes = fixed{first.crm.Remote()}
					upload := func(titles []string) {
						for _, title := range titles {
							if _, taken := w.objects()["uid-"+title+".ics"]; !taken { // by what the CRM remembered
								w.put(title+".ics", event("uid-"+title, title))
							}
						}
					}
					switch uploaded {
					case "before":
						upload(titles)
					case "half":
						upload(titles[:1])
						w.clean()
						upload(titles[1:])
					default:
						w.clean()
						upload(titles)
					}
					w.want(4, 4)
				}
				if uploaded == "half" {
					storetest.Each(t, on)
				} else {
					on(t, storetest.Open(t))
				}
			})
		}
	}
}

// The database is put back from a copy that is older than the CRM. What devices made
// since then they upload again, before or after the first run.
func TestRowS2AnOlderDatabase(t *testing.T) {
	t.Parallel()
	for _, uploaded := range []string{"before", "after"} {
		t.Run(uploaded, func(t *testing.T) {
			t.Parallel()
			onForgetful(t, open(rule.Ask), func(t *testing.T, w *world) {
				w.put("a.ics", event("uid-a", "one"))
				w.clean()
				w.clock.Advance(24 * time.Hour) // notes of the CRM wait until then
				w.clean()
				back := w.copyOfNow()
				w.put("b.ics", event("uid-b", "two"))
				w.crm.Add(event("", "three"), "")
				w.clean()
				w.want(3, 3)
				back()
				if uploaded == "after" {
					w.clean()
				}
				if len(w.objects()) == 1 || !slices.ContainsFunc(slices.Collect(maps.Values(w.objects())), func(o store.Object) bool { return o.UID == "uid-b" }) {
					w.put("b.ics", event("uid-b", "two"))
				}
				w.want(3, 3)
			})
		})
	}
}

// copyOfNow is a function that puts back what the database held, as far as things were
// only added since.
func (w *world) copyOfNow() (back func()) {
	w.t.Helper()
	var link store.Link
	var coll store.Collection
	var last [2]int64
	w.update(func(tx *store.Tx) (err error) { // a reading one has no SQL of its own
		if link, err = tx.Link(w.link.ID); err != nil {
			return err
		}
		if coll, err = tx.Collection(w.coll.ID); err != nil {
			return err
		}
		for i, table := range []string{"objects", "pairs"} {
			if err := tx.SQL().QueryRowContext(w.ctx, "SELECT coalesce(max(id), 0) FROM "+table).Scan(&last[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return func() {
		w.update(func(tx *store.Tx) error {
			for _, text := range []string{
				fmt.Sprintf("DELETE FROM pairs WHERE id > %d", last[1]),
				fmt.Sprintf("DELETE FROM versions WHERE object_id > %d", last[0]),
				fmt.Sprintf("DELETE FROM objects WHERE id > %d", last[0]),
				fmt.Sprintf("DELETE FROM identities WHERE user_id = %d AND uid NOT IN (SELECT uid FROM objects)", w.user.ID),
				fmt.Sprintf("UPDATE collections SET seq = %d, bytes = %d WHERE id = %d", coll.Seq, coll.Bytes, coll.ID),
			} {
				if _, err := tx.SQL().ExecContext(w.ctx, text); err != nil {
					return err
				}
			}
			return tx.UpdateLink(link, "Cursor", "LocalSeq")
		})
	}
}

// The CRM is installed anew: every record has another id and no memory.
func TestRowS2TheCRMIsInstalledAnew(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoUID: true}, open(rule.Ask), func(w *world) {
		for i := range 6 {
			w.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprintf("uid-%d", i), fmt.Sprintf("item number %d", i)))
		}
		w.clean()
		var items []pim.Item
		for _, r := range w.records() {
			items = append(items, r.Item)
		}
		w.crm.Clear(mem.Activities)
		w.crm.ExpireCursors()
		for _, it := range items {
			e := pim.Clone(it).(*pim.Event)
			if e.Title == "item number 0" {
				e.Notes = "changed there"
			}
			w.crm.Add(e, "")
		}
		w.edit("1.ics", func(e *pim.Event) { e.Location = "changed here" })
		w.want(6, 6)
		if got := w.item(w.object("0.ics")).Notes; got != "changed there" {
			t.Errorf("there: %q", got)
		}
		found := false
		for _, r := range w.records() {
			found = found || r.Item.(*pim.Event).Location == "changed here"
		}
		if !found || len(w.conflicts(true)) != 0 {
			t.Errorf("here: %v, conflicts %d", found, len(w.conflicts(true)))
		}
	})
}

// The CRM is installed anew, and what is taken for the copy of a record is another item
// with the same title and time: nothing of either may be overwritten in silence.
func TestRowS2AFalseMatchOverwritesNothing(t *testing.T) {
	t.Parallel()
	for _, policy := range []rule.Policy{rule.Ask, rule.PreferCRM} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{NoUID: true}, open(policy), func(w *world) {
				ours := event("uid-a", "Board: March")
				ours.Notes, ours.Location = "ours alone", "Room 1"
				w.put("a.ics", ours)
				w.clean()
				w.crm.Clear(mem.Activities)
				w.crm.ExpireCursors()
				others := event("", "Board: March")
				others.Notes = "of another board"
				w.crm.Add(others, "")
				if rep := w.run(); rep.Counts.Matched != 1 {
					t.Fatalf("%+v", rep.Counts)
				}
				cs := w.conflicts(true)
				if len(cs) != 1 || !strings.Contains(string(cs[0].Mine), "ours alone") || !strings.Contains(string(cs[0].Theirs), "of another board") {
					t.Errorf("conflicts: %+v", cs)
				}
				want := map[rule.Policy]string{rule.Ask: "ours alone", rule.PreferCRM: "of another board"}[policy]
				if got := w.item(w.object("a.ics")); got.Notes != want || got.Location != "Room 1" {
					t.Errorf("here: %q at %q", got.Notes, got.Location)
				}
			})
		})
	}
}

// A record that carries the UID of an item is that item, and what is different in it is a
// change like any other.
func TestRowS2ACopyWithItsUIDKeepsTheBase(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		ours := event("uid-a", "Board: March")
		ours.Notes = "as agreed"
		w.put("a.ics", ours)
		w.clean()
		was := w.record().ID
		w.crm.Clear(mem.Activities)
		w.crm.ExpireCursors()
		copied := event("uid-a", "Board: March")
		copied.Notes = "changed there"
		rec, err := w.crm.Remote().Create(w.ctx, mem.Activities, remote.Entry{UID: "uid-a", Item: copied}, "another key")
		if err != nil || rec.ID == was {
			t.Fatalf("copy %s of %s: %v", rec.ID, was, err)
		}
		w.want(1, 1)
		if got := w.item(w.object("a.ics")).Notes; got != "changed there" || len(w.conflicts(false)) != 0 {
			t.Errorf("%q, %d conflicts", got, len(w.conflicts(false)))
		}
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
