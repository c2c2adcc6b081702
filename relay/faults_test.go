package relay

import (
	"context"
	"fmt"
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

func TestSuddenlyEmpty(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoDeletionReport: true}, open(rule.Ask), func(w *world) {
		for range 5 {
			w.crm.Add(event("", "kept"), "")
		}
		w.clean()
		w.crm.Clear(mem.Activities)
		rep := w.run()
		if rep.Run.Outcome != OutcomeHeld || len(w.objects()) != 5 {
			w.t.Fatalf("%s, %d objects", rep.Run.Outcome, len(w.objects()))
		}
		rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true, AllowDeletions: true})
		if err != nil || rep.Counts.DeletedLocal != 5 {
			w.t.Errorf("allowed: %+v, %v", rep.Counts, err)
		}
	})
}

func TestTheBrakeHoldsDeletionsOnly(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		for range 40 {
			w.crm.Add(event("", "item"), "")
		}
		w.clean()
		for _, r := range w.records()[:30] {
			w.crm.Remove(mem.Activities, r.ID)
		}
		w.put("new.ics", event("uid-new", "new"))
		rep := w.run()
		if rep.Run.Outcome != OutcomeHeld || rep.Counts.Withheld != 30 || rep.Counts.CreatedRemote != 1 || len(w.objects()) != 41 {
			w.t.Fatalf("%s %+v, %d objects", rep.Run.Outcome, rep.Counts, len(w.objects()))
		}
		w.view(func(tx *store.Tx) error {
			l, err := tx.Link(w.link.ID)
			if l.Held == "" {
				w.t.Error("the link does not say why")
			}
			return err
		})
		rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{AllowDeletions: true})
		if err != nil || rep.Counts.DeletedLocal != 30 || len(w.objects()) != 11 {
			w.t.Errorf("%+v, %v, %d objects", rep.Counts, err, len(w.objects()))
		}
	})
}

// A device that empties a calendar deletes item after item, and runs begin while it does. What they delete one by one
// counts together; what a person allowed does not, nor what is long ago.
func TestTheBrakeCountsDeletionsOfManyRuns(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	w := newWorldAt(t, storetest.OpenWith(t, store.Config{Now: clock.Now}), clock, "ann", mem.Options{}, open(rule.Ask))
	for i := range 40 {
		w.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprintf("uid-%d", i), "item"))
	}
	w.clean()
	remove := func(from, to int) (last Report) {
		for i := from; i < to; i += 2 {
			w.delete(fmt.Sprintf("%d.ics", i))
			w.delete(fmt.Sprintf("%d.ics", i+1))
			last = w.run()
		}
		return last
	}
	if rep := remove(0, 10); rep.Run.Outcome != OutcomeOK || len(w.records()) != 30 {
		w.t.Fatalf("ten of forty: %s %+v, %d records", rep.Run.Outcome, rep.Counts, len(w.records()))
	}
	if rep := remove(10, 12); rep.Run.Outcome != OutcomeHeld || rep.Counts.Withheld != 2 || len(w.records()) != 30 ||
		!strings.Contains(rep.Held, "2 of 30 items would be deleted, after 10 others in the last 10 minutes") {
		w.t.Fatalf("two more: %s %+v, %d records: %s", rep.Run.Outcome, rep.Counts, len(w.records()), rep.Held)
	}
	// What is held goes on waiting, and a person's word for it is no reason to hold others.
	w.clock.Advance(brakeSpan + time.Minute)
	if rep := w.run(); rep.Counts.Withheld != 2 {
		w.t.Fatalf("later: %+v", rep.Counts)
	}
	rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{AllowDeletions: true})
	if err != nil || rep.Counts.DeletedRemote != 2 || rep.Counts.Unasked != 0 {
		w.t.Fatalf("allowed: %+v, %v", rep.Counts, err)
	}
	if rep := remove(12, 22); rep.Run.Outcome != OutcomeOK || len(w.records()) != 18 {
		w.t.Errorf("ten others: %s %+v, %d records: %s", rep.Run.Outcome, rep.Counts, len(w.records()), rep.Held)
	}
}

// Who looks through deletions that are held answers one after another: that few are left lets none pass unseen,
// nor that some are there again. Another brake does.
func TestAnAnswerToOneDeletionLetsNoOtherPass(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		for i := range 40 {
			w.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprintf("uid-%d", i), "item"))
		}
		w.clean()
		for _, r := range w.records()[:13] {
			w.crm.Remove(mem.Activities, r.ID)
		}
		if rep := w.run(); rep.Run.Outcome != OutcomeHeld || rep.Counts.Withheld != 13 {
			w.t.Fatalf("%s %+v", rep.Run.Outcome, rep.Counts)
		}
		var uids []string
		w.view(func(tx *store.Tx) error {
			held, err := tx.PairsIn(w.link.ID, store.PairsHeld, 100, 0)
			for _, p := range held {
				uids = append(uids, p.UID)
			}
			return err
		})
		for i, uid := range uids[:4] {
			say := []func(context.Context, store.LinkID, string) (int, error){w.engine.Reject, w.engine.Approve}[i%2]
			if _, err := say(w.ctx, w.link.ID, uid); err != nil {
				w.t.Fatal(err)
			}
			rep := w.run()
			if rep.Run.Outcome != OutcomeHeld || rep.Counts.Withheld != 12-i || len(w.objects()) != 40-(i+1)/2 {
				w.t.Fatalf("after %d answers: %s %+v, %d objects", i+1, rep.Run.Outcome, rep.Counts, len(w.objects()))
			}
		}
		w.setRules(`{"pastDays":-1,"futureDays":-1,"brakeAbsolute":20}`)
		if rep := w.run(); rep.Run.Outcome != OutcomeOK || rep.Counts.DeletedLocal != 9 {
			w.t.Errorf("with another brake: %s %+v", rep.Run.Outcome, rep.Counts)
		}
	})
}

func TestLeavingTheScopeDeletesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoDeletionReport: true}, open(rule.Ask), func(w *world) {
		id := w.crm.Add(event("", "mine today"), "")
		w.clean()
		w.crm.Give(mem.Activities, id, "somebody else")
		w.clean()
		if len(w.objects()) != 1 {
			w.t.Error("an item that left the scope was deleted")
		}
		w.quiet()
	})
}

func TestWhatLeftTheScopeIsAskedForOnceADay(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.ReconcileEvery = rule.Duration(time.Second) // the clock moves that far at each look
	onBoth(t, mem.Options{NoDeletionReport: true}, rules, func(w *world) {
		var ids []remote.ItemID
		for range 30 {
			ids = append(ids, w.crm.Add(event("", "mine today"), ""))
		}
		w.clean()
		for _, id := range ids[1:] {
			w.crm.Give(mem.Activities, id, "somebody else")
		}
		fetches := 0
		w.crm.SetFaults(func(c mem.Call) mem.Fault {
			if c.Op == "fetch" {
				fetches++
			}
			return mem.Fault{}
		})
		listing := func() int {
			before := fetches
			rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
			if err != nil || rep.Counts.Done() > 1 {
				w.t.Fatalf("%+v, %v", rep.Counts, err)
			}
			return fetches - before
		}
		if first, second := listing(), listing(); first == 0 || second != 0 {
			w.t.Errorf("asked %d times, then %d", first, second)
		}
		w.crm.Give(mem.Activities, ids[1], "me")
		w.crm.Remove(mem.Activities, ids[2])
		listing()
		if n := listing(); n != 0 || len(w.objects()) != 30 {
			w.t.Errorf("asked %d times with %d objects", n, len(w.objects()))
		}
		w.clock.Advance(25 * time.Hour)
		if n := listing(); n == 0 || len(w.objects()) != 29 {
			w.t.Errorf("a day later: asked %d times with %d objects", n, len(w.objects()))
		}
		w.crm.Remove(mem.Activities, ids[1]) // listed again since
		if listing(); len(w.objects()) != 28 {
			w.t.Errorf("%d objects", len(w.objects()))
		}
	})
}

func TestOneBadItemHoldsUpNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "good"))
		series := event("uid-b", "series")
		series.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=DAILY;COUNT=3"}}
		w.put("b.ics", series)
		w.put("c.ics", event("uid-c", "refused"))
		w.crm.SetFaults(func(c mem.Call) mem.Fault { return mem.Fault{} })
		rep := w.run()
		if rep.Counts.CreatedRemote+rep.Counts.Failed != 3 || rep.Counts.CreatedRemote < 2 {
			w.t.Fatalf("%+v", rep.Counts)
		}
	})
}

func TestARefusedItemIsKeptWithItsReason(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "refused"))
		refused := pim.Errorf("mem: create", pim.ErrRefused, "meetings may not overlap")
		w.crm.SetFaults(func(c mem.Call) mem.Fault {
			if c.Op == "create" {
				return mem.Fault{Err: refused}
			}
			return mem.Fault{}
		})
		rep := w.run()
		if rep.Run.Outcome != OutcomePartial || rep.Counts.Failed != 1 {
			w.t.Fatalf("%s %+v", rep.Run.Outcome, rep.Counts)
		}
		w.view(func(tx *store.Tx) error {
			p, err := tx.PairByObject(w.link.ID, w.object("a.ics").ID)
			if p.Error != "meetings may not overlap" || p.RetryAt == nil {
				w.t.Errorf("%+v", p)
			}
			return err
		})
		before := w.crm.Calls()
		w.run()
		if c := w.crm.Calls() - before; c > 2 {
			w.t.Errorf("what was refused is tried at once again: %d calls", c)
		}
		// A change wakes it.
		w.crm.SetFaults(nil)
		w.edit("a.ics", func(e *pim.Event) { e.Title = "moved" })
		w.clean()
		if w.record().Item.(*pim.Event).Title != "moved" {
			w.t.Error("the change did not arrive")
		}
	})
}

// Tries have an end. After that only a change wakes an item, or a person.
func TestAnItemIsSetAsideAfterManyTries(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "one"))
		w.clean()
		w.engine.Waits.Tries = 3
		w.crm.SetFaults(func(c mem.Call) mem.Fault {
			if c.Write {
				return mem.Fault{Err: pim.Errorf("mem: write", pim.ErrRefused, "the quarter is closed")}
			}
			return mem.Fault{}
		})
		w.edit("a.ics", func(e *pim.Event) { e.Title = "two" })
		failed := 0
		for range 6 {
			failed += w.run().Counts.Failed
			w.clock.Advance(7 * time.Hour)
		}
		if failed != 3 {
			w.t.Errorf("tried %d times", failed)
		}
		w.view(func(tx *store.Tx) error {
			p, err := tx.PairByObject(w.link.ID, w.object("a.ics").ID)
			if p.Error != "the quarter is closed" || p.Attempts != 3 || p.RetryAt != nil || p.IgnoredAt == nil {
				w.t.Errorf("%+v", p)
			}
			return err
		})
		w.crm.SetFaults(nil)
		if err := w.engine.Retry(w.ctx, w.link.ID, "uid-a"); err != nil {
			w.t.Fatal(err)
		}
		w.clean()
		if got := w.record().Item.(*pim.Event).Title; got != "two" {
			w.t.Errorf("the CRM has %q", got)
		}
		w.quiet()
	})
}

func TestACursorDoesNotPassWhatWasNotStored(t *testing.T) {
	t.Parallel()
	for _, kind := range []pim.Reason{pim.ErrAuth, pim.ErrForbidden, pim.ErrThrottled, pim.ErrUnavailable, pim.ErrProtocol, pim.ErrTooLarge} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.Open(t), "ann", mem.Options{PageSize: 10, NoItemsInDelta: true}, open(rule.Ask))
			for range 35 {
				w.crm.Add(event("", "there"), "")
			}
			n := 0
			w.crm.SetFaults(func(c mem.Call) mem.Fault {
				if c.Op == "fetch" {
					if n++; n == 2 {
						return mem.Fault{Err: &pim.Error{Op: "mem", Kind: kind, Public: "no", After: 5 * time.Minute}}
					}
				}
				return mem.Fault{}
			})
			rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
			mustFail(t, err, kind)
			if rep.Run.Outcome != OutcomeFailed || rep.Run.Error != "no" {
				t.Errorf("%+v", rep.Run)
			}
			w.view(func(tx *store.Tx) error {
				l, err := tx.Link(w.link.ID)
				if l.LastError != "no" || l.Failures != 1 || l.NextRun == nil || l.NextRun.Sub(*l.LastRun) < 5*time.Minute {
					t.Errorf("%+v", l)
				}
				return err
			})
			w.crm.SetFaults(nil)
			w.clean()
			if len(w.objects()) != 35 {
				t.Errorf("%d objects", len(w.objects()))
			}
			w.quiet()
		})
	}
}

func TestExpiredCursorListsAgainAndDeletesWhatIsGone(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		for range 3 {
			w.crm.Add(event("", "there"), "")
		}
		w.clean()
		w.crm.Remove(mem.Activities, w.records()[0].ID)
		w.crm.ExpireCursors()
		w.clean()
		if len(w.objects()) != 2 {
			w.t.Errorf("%d objects", len(w.objects()))
		}
		w.quiet()
	})
}

func TestAStampThatMovesIsNoChange(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{Bump: true, Stamps: time.Second, NoDeletionReport: true, Unchecked: true}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "same"))
		w.clean()
		w.change(w.record().ID, func(*pim.Event) {})
		etag := w.object("a.ics").ETag
		w.quiet()
		if w.object("a.ics").ETag != etag {
			w.t.Error("the object was written")
		}
	})
}

func TestUnlinkAndLinkAgainMakesNoSecondCopy(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{"uid kept": {}, "uid forgotten": {NoUID: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, o, open(rule.Ask), func(w *world) {
				w.put("a.ics", event("uid-a", "made here"))
				w.crm.Add(event("", "made there"), "")
				w.clean()
				w.update(func(tx *store.Tx) error {
					l, err := tx.Link(w.link.ID)
					if err != nil {
						return err
					}
					if err := tx.DeleteLink(l.ID); err != nil {
						return err
					}
					l.ID, l.Cursor, l.LocalSeq, l.ListedAt = 0, "", 0, nil
					w.link, err = tx.CreateLink(l)
					return err
				})
				w.clean()
				if len(w.objects()) != 2 || len(w.records()) != 2 {
					w.t.Errorf("%d objects, %d records", len(w.objects()), len(w.records()))
				}
				w.quiet()
			})
		})
	}
}

func TestDirections(t *testing.T) {
	t.Parallel()
	for _, d := range []rule.Direction{rule.In, rule.Out} {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			rules := open(rule.Ask)
			rules.Direction = d
			w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, rules)
			w.put("a.ics", event("uid-a", "here"))
			w.crm.Add(event("uid-b", "there"), "")
			w.clean()
			objects, records := 1, 2
			if d == rule.In {
				objects, records = 2, 1
			}
			if len(w.objects()) != objects || len(w.records()) != records {
				t.Errorf("%d objects, %d records", len(w.objects()), len(w.records()))
			}
			w.quiet()
		})
	}
}
