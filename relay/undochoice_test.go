package relay

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// A choice that is taken back leaves both sides as they were, before a run carried it and
// after, and another choice works as the first did.
func TestRowB12AChoiceIsTakenBack(t *testing.T) {
	t.Parallel()
	for take, settled := range choices {
		for _, runs := range []int{0, 2} {
			t.Run(fmt.Sprintf("%s after %d runs", take, runs), func(t *testing.T) {
				t.Parallel()
				inTurn(t, mem.Options{}, open(rule.Ask), func(w *world) {
					id := w.collision()
					before := w.both()
					for range 2 { // taken back twice
						w.choose(id, take)
						for range runs {
							w.clean()
						}
						if s := w.sides(); runs > 0 && s != settled {
							w.t.Fatalf("settled as %s: %s", take, s)
						}
						w.takeBack(id)
						w.openAgain(id, before)
						mustFail(w.t, w.engine.Undo(w.ctx, id, "ann"), pim.ErrInvalid)
					}
					for other, want := range choices {
						if other == take || other == "both" {
							continue
						}
						w.choose(id, other)
						w.clean()
						w.quiet()
						if s := w.sides(); s != want || len(w.conflicts(false)) != 0 {
							w.t.Errorf("then %s: %s, %d open", other, s, len(w.conflicts(false)))
						}
						w.takeBack(id)
						w.openAgain(id, before)
					}
				})
			})
		}
	}
}

// Killed at any step, the undo is finished by whoever comes next: a run, or who asks again.
func TestRowB12TakingBackIsKilledAnywhere(t *testing.T) {
	t.Parallel()
	for take := range choices {
		for _, next := range []string{"run", "undo"} {
			t.Run(take+", then "+next, func(t *testing.T) {
				t.Parallel()
				storetest.InTurn(t, func(t *testing.T, s *store.Store) {
					killed := 0
					for step := 1; ; step++ {
						w := newWorld(t, s, fmt.Sprintf("ann%d", step), mem.Options{}, open(rule.Ask))
						id := w.collision()
						before := w.both()
						w.choose(id, take)
						w.clean()
						w.clean()
						w.kill(step)
						err := w.engine.Undo(w.ctx, id, "ann")
						if err == nil {
							break
						}
						if !errors.Is(err, errKilled) {
							t.Fatal(err)
						}
						killed++
						w.restart()
						if next == "run" && !w.pending() {
							t.Fatalf("killed at step %d, nothing is known of it", step)
						}
						if next == "run" {
							w.clean()
						} else {
							w.takeBack(id)
						}
						w.openAgain(id, before)
					}
					if want := take != "theirs"; (killed > 0) != want {
						t.Errorf("killed %d times", killed)
					}
				})
			})
		}
	}
}

// What a rule settled can be taken back, too: then a person decides, until the rule changes.
func TestRowB12WhatARuleSettledIsTakenBack(t *testing.T) {
	t.Parallel()
	for policy, want := range map[rule.Policy]string{rule.PreferCRM: "theirs@their place | theirs@their place", rule.PreferClient: "mine@my place | mine@my place"} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(policy), func(w *world) {
				w.changeBoth(func(e *pim.Event) { e.Title, e.Location, e.Notes = "mine", "my place", "note" },
					func(e *pim.Event) { e.Title, e.Location = "theirs", "their place" })
				w.clean()
				w.quiet()
				if s := w.sides(); s != want {
					w.t.Fatal(s)
				}
				id := w.conflicts(true)[0].ID
				w.takeBack(id)
				asked := "mine@my place | theirs@their place"
				for range 3 {
					if s := w.sides(); s != asked || len(w.conflicts(false)) != 1 || len(w.conflicts(true)) != 1 {
						w.t.Fatalf("%s, %d open", s, len(w.conflicts(false)))
					}
					w.clean()
				}
				w.quiet()
				// Whatever else changes meanwhile, the policy has no say in it.
				w.change(w.record().ID, func(e *pim.Event) { e.Title = "theirs again" })
				w.clean()
				if s := w.sides(); s != "mine@my place | theirs again@their place" {
					w.t.Error(s)
				}
				w.choose(id, "title=mine,location=theirs")
				w.clean()
				if s := w.sides(); s != "mine@their place | mine@their place" {
					w.t.Error(s)
				}
				w.takeBack(id)
				w.clean()
				other := rule.PreferCRM
				if policy == other {
					other = rule.PreferClient
				}
				rules := open(other)
				if _, err := w.engine.SetRules(w.ctx, w.link.ID, rules); err != nil {
					w.t.Fatal(err)
				}
				w.clean()
				if s := w.sides(); other == rule.PreferCRM && s != "theirs again@their place | theirs again@their place" ||
					other == rule.PreferClient && s != "mine@my place | mine@my place" || len(w.conflicts(false)) != 0 {
					w.t.Errorf("by another policy: %s, %d open", s, len(w.conflicts(false)))
				}
				w.quiet()
			})
		})
	}
}

// A deletion that was chosen is taken back: the item is there again, with its record.
func TestRowB12AChosenDeletionIsTakenBack(t *testing.T) {
	t.Parallel()
	for _, gone := range []string{"here", "there"} {
		for _, runs := range []int{0, 2} {
			t.Run(fmt.Sprintf("%s, %d runs", gone, runs), func(t *testing.T) {
				t.Parallel()
				onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
					w.put("a.ics", event("uid-a", "base"))
					w.clean()
					deletion := "theirs"
					if gone == "here" {
						deletion = "mine"
						w.delete("a.ics")
						w.change(w.record().ID, func(e *pim.Event) { e.Title = "changed" })
					} else {
						w.crm.Remove(mem.Activities, w.record().ID)
						w.edit(w.only().Name, func(e *pim.Event) { e.Title = "changed" })
					}
					w.clean()
					w.quiet()
					id := w.conflicts(false)[0].ID
					for range 2 {
						w.choose(id, deletion)
						for range runs {
							if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true, AllowDeletions: true}); err != nil {
								w.t.Fatal(err)
							}
						}
						if n := len(w.objects()) + len(w.records()); runs > 0 && n != 0 {
							w.t.Fatalf("%d are left of the deletion", n)
						}
						w.takeBack(id)
						w.clean()
						w.quiet()
						if w.item(w.only()).Title != "changed" || w.record().Item.Summary() != "changed" || len(w.conflicts(false)) != 1 || len(w.conflicts(true)) != 1 {
							w.t.Fatalf("%s, %d open of %d", w.both(), len(w.conflicts(false)), len(w.conflicts(true)))
						}
					}
					w.choose(id, map[string]string{"mine": "theirs", "theirs": "mine"}[deletion])
					w.clean()
					w.takeBack(id) // of a choice that changed nothing
					if len(w.conflicts(false)) != 1 || len(w.objects()) != 1 {
						w.t.Error(w.both())
					}
				})
			})
		}
	}
}

// What each side last agreed on is known for every field of a report, also of one that came to
// it later.
func TestRowB12EachFieldHasItsOwnBase(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.changeBoth(func(e *pim.Event) { e.Title = "mine" }, func(e *pim.Event) { e.Title = "theirs" })
		w.clean()
		w.edit("a.ics", func(e *pim.Event) { e.Location = "agreed" })
		w.clean()
		// One goes back to what it was when the report was made.
		w.edit("a.ics", func(e *pim.Event) { e.Location = "" })
		w.change(w.record().ID, func(e *pim.Event) { e.Location = "there" })
		w.clean()
		c := w.conflicts(false)[0]
		if c.Fields != `["title","location"]` || !strings.Contains(string(c.Base), "SUMMARY:base") || !strings.Contains(string(c.Base), "LOCATION:agreed") {
			w.t.Fatalf("%s\n%s", c.Fields, c.Base)
		}
		before := w.both()
		w.choose(c.ID, "theirs")
		w.clean()
		w.takeBack(c.ID)
		w.openAgain(c.ID, before)
	})
}

// A remote that keeps values in another form than they are sent in is no change of anybody's.
func TestRowB12TakingBackFromARemoteThatRounds(t *testing.T) {
	t.Parallel()
	for name, o := range machineWeaknesses() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, o, open(rule.Ask), func(w *world) {
				id := w.collision()
				before := w.both()
				for _, take := range []string{"mine", "theirs", "both"} {
					w.choose(id, take)
					w.clean()
					w.clean()
					w.takeBack(id)
					w.openAgain(id, before)
				}
			})
		})
	}
}

// The undo is told: a run with its step, and the item's history.
func TestRowB12TakingBackIsRecorded(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		id := w.collision()
		w.choose(id, "mine")
		w.clean()
		w.takeBack(id)
		w.view(func(tx *store.Tx) error {
			steps, err := tx.RemoteSteps(w.link.ID, "uid-a")
			if err != nil || len(steps) == 0 {
				w.t.Fatal(err)
			}
			last := steps[len(steps)-1]
			r, err := tx.Run(last.RunID)
			h, herr := w.engine.History(w.ctx, w.link.CollectionID, "uid-a")
			if herr != nil {
				w.t.Fatal(herr)
			}
			told := h.Events[len(h.Events)-1]
			for _, e := range h.Events {
				if e.Remote {
					told = e
				}
			}
			if len(told.Fields) != 2 || told.Fields[0].Field != pim.FieldTitle || told.Fields[0].Before == told.Fields[0].After || !strings.HasPrefix(told.Fields[0].After, "theirs") {
				w.t.Errorf("the history tells %+v", told)
			}
			if last.Outcome != "done" || last.Fields != "title, location" && last.Fields != "title,location" || r.Trigger != "undo" || r.Outcome != OutcomeOK {
				w.t.Errorf("%+v %+v", last, r)
			}
			return err
		})
		w.change(remote.ItemID(w.record().ID), func(e *pim.Event) { e.Title = "theirs, newer" })
		w.clean()
		w.choose(id, "theirs")
		w.clean()
		if s := w.sides(); s != "theirs, newer@their place | theirs, newer@their place" {
			w.t.Error(s)
		}
	})
}

// One occurrence of a series, on a remote that keeps none, goes back alone.
func TestRowB12AChoiceAboutAnOccurrenceIsTakenBack(t *testing.T) {
	t.Parallel()
	for _, take := range []string{"mine", "theirs", "both"} {
		t.Run(take, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{NoSeries: true}, expanding(), func(w *world) {
				w.put("s.ics", dailySeries("s", "Stand-up", 2))
				w.clean()
				w.edit("s.ics", func(e *pim.Event) { e.Title = "Mine" })
				w.change(w.recordAt(9).ID, func(e *pim.Event) { e.Title = "Theirs" })
				w.run()
				here, there := w.here(), w.there()
				id := w.conflicts(false)[0].ID
				for range 2 {
					w.choose(id, take)
					w.clean()
					w.clean()
					w.takeBack(id)
					for range 2 {
						if h, r := w.here(), w.there(); !slices.Equal(h, here) || !slices.Equal(r, there) || len(w.conflicts(false)) != 1 {
							w.t.Fatalf("%v, want %v; %v, want %v; %d open", h, here, r, there, len(w.conflicts(false)))
						}
						w.clean()
					}
				}
				w.choose(id, "theirs")
				w.clean()
				w.same("08 09:00 Mine", "09 09:00 Theirs")
				w.quiet()
			})
		})
	}
}
