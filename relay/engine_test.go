package relay

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

func TestHubToRemoteAndBack(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "made here"))
		if c := w.clean().Counts; c.CreatedRemote != 1 {
			w.t.Fatalf("%+v", c)
		}
		w.quiet()
		w.edit("a.ics", func(e *pim.Event) { e.Title = "renamed here" })
		w.clean()
		if got := w.record().Item.(*pim.Event).Title; got != "renamed here" {
			w.t.Errorf("the CRM has %q", got)
		}
		w.change(w.record().ID, func(e *pim.Event) { e.Location = "room 1" })
		w.clean()
		if got := w.item(w.object("a.ics")); got.Location != "room 1" || got.Title != "renamed here" {
			w.t.Errorf("the hub has %+v", got)
		}
		w.quiet()
		w.delete("a.ics")
		w.clean()
		if n := len(w.records()); n != 0 {
			w.t.Errorf("%d records after the deletion", n)
		}
		w.quiet()
	})
}

func TestRemoteToHub(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoUID: true, NoItemsInDelta: true}, open(Ask), func(w *world) {
		for range 120 { // more than a batch
			w.crm.Add(event("", "made there"), "")
		}
		if c := w.clean().Counts; c.CreatedLocal != 120 {
			w.t.Fatalf("%+v", c)
		}
		w.quiet()
		rec := w.records()[0]
		w.change(rec.ID, func(e *pim.Event) { e.Title = "renamed there" })
		w.clean()
		found := 0
		for _, o := range w.objects() {
			if w.item(o).Title == "renamed there" {
				found++
			}
		}
		if found != 1 {
			w.t.Errorf("%d objects were renamed", found)
		}
		w.crm.Remove(mem.Activities, rec.ID)
		w.clean()
		if n := len(w.objects()); n != 119 {
			w.t.Errorf("%d objects after the deletion", n)
		}
		w.quiet()
	})
}

func TestWhatTheRemoteKnowsNothingAboutSurvives(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{Carries: map[pim.Kind]pim.FieldSet{pim.KindEvent: pim.Set(pim.FieldTitle, pim.FieldTime)}}, open(Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "title"))
		o := w.object("a.ics")
		wr, err := newCodec(w.clock.Now(), "").index(o.Kind, []byte(strings.Replace(string(o.Text), "END:VEVENT",
			"X-MOZ-LASTACK:20260101T000000Z\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT7M\r\nEND:VALARM\r\nEND:VEVENT", 1)))
		if err != nil {
			w.t.Fatal(err)
		}
		w.putText("a.ics", o.UID, wr)
		w.clean()
		w.change(w.record().ID, func(e *pim.Event) { e.Title = "their title" })
		w.clean()
		text := string(w.object("a.ics").Text)
		for _, want := range []string{"SUMMARY:their title", "X-MOZ-LASTACK:20260101T000000Z", "TRIGGER:-PT7M"} {
			if !strings.Contains(text, want) {
				w.t.Errorf("%q is gone from\n%s", want, text)
			}
		}
	})
}

// changeBoth makes one agreed item and then changes both sides.
func (w *world) changeBoth(mine, theirs func(*pim.Event)) {
	w.t.Helper()
	w.put("a.ics", event("uid-a", "base"))
	w.clean()
	w.edit("a.ics", mine)
	w.change(w.record().ID, theirs)
}

func TestDifferentFieldsMerge(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(Ask), func(w *world) {
		w.changeBoth(func(e *pim.Event) { e.Title = "mine" }, func(e *pim.Event) { e.Location = "theirs" })
		if c := w.clean().Counts; c.Merged != 1 || c.Conflicts != 0 {
			w.t.Errorf("%+v", c)
		}
		hub, crm := w.item(w.object("a.ics")), w.record().Item.(*pim.Event)
		for _, e := range []*pim.Event{hub, crm} {
			if e.Title != "mine" || e.Location != "theirs" {
				w.t.Errorf("%+v", e)
			}
		}
		w.quiet()
	})
}

func TestSameFieldIsAskedAndSettled(t *testing.T) {
	t.Parallel()
	for _, take := range []string{"mine", "theirs", "title=theirs"} {
		t.Run(take, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(Ask), func(w *world) {
				w.changeBoth(func(e *pim.Event) { e.Title, e.Notes = "mine", "note" }, func(e *pim.Event) { e.Title = "theirs" })
				w.clean()
				w.quiet()
				cs := w.conflicts(false)
				if len(cs) != 1 || cs[0].Fields != `["title"]` || cs[0].Cause != store.CauseRelay {
					w.t.Fatalf("%+v", cs)
				}
				for side, text := range map[string][]byte{"SUMMARY:base": cs[0].Base, "SUMMARY:mine": cs[0].Mine, "SUMMARY:theirs": cs[0].Theirs} {
					if !strings.Contains(string(text), side) {
						w.t.Errorf("%s is not in full in its side of the report", side)
					}
				}
				if hub, crm := w.item(w.object("a.ics")).Title, w.record().Item.(*pim.Event); hub != "mine" || crm.Title != "theirs" || crm.Notes != "note" {
					w.t.Errorf("before the decision: %q here, %+v there", hub, crm)
				}
				// Another field changes meanwhile; the open one stays open.
				w.edit("a.ics", func(e *pim.Event) { e.Location = "room" })
				w.clean()
				if crm := w.record().Item.(*pim.Event); crm.Title != "theirs" || crm.Location != "room" {
					w.t.Errorf("an open field was written: %+v", crm)
				}
				ch, err := ParseChoice(take)
				if err != nil {
					w.t.Fatal(err)
				}
				if err := w.engine.Settle(w.ctx, cs[0].ID, ch, "ann"); err != nil {
					w.t.Fatal(err)
				}
				w.clean()
				want := strings.TrimPrefix(take, "title=")
				if hub, crm := w.item(w.object("a.ics")).Title, w.record().Item.(*pim.Event).Title; hub != want || crm != want {
					w.t.Errorf("settled as %s: %q here, %q there", take, hub, crm)
				}
				w.quiet()
				if len(w.conflicts(false)) != 0 {
					w.t.Error("the report is still open")
				}
				mustFail(w.t, w.engine.Settle(w.ctx, cs[0].ID, ch, "ann"), pim.ErrExists)
			})
		})
	}
}

func TestPoliciesDecideAndKeepTheLoser(t *testing.T) {
	t.Parallel()
	for policy, want := range map[Policy]string{PreferCRM: "theirs", PreferClient: "mine", Newest: "theirs"} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			clock := &storetest.Clock{}
			w := newWorldAt(t, storetest.OpenWith(t, store.Config{Now: clock.Now}), clock, "ann", mem.Options{}, open(policy))
			w.changeBoth(func(e *pim.Event) { e.Title = "mine" }, func(e *pim.Event) { e.Title = "theirs" })
			w.clock.Advance(time.Hour)
			w.change(w.record().ID, func(e *pim.Event) { e.Title = "theirs" })
			w.clean()
			if hub, crm := w.item(w.object("a.ics")).Title, w.record().Item.(*pim.Event).Title; hub != want || crm != want {
				t.Errorf("%q here, %q there, want %q", hub, crm, want)
			}
			cs := w.conflicts(true)
			if len(cs) != 1 || cs[0].ResolvedAt == nil || !strings.Contains(string(cs[0].Mine), "mine") || !strings.Contains(string(cs[0].Theirs), "theirs") {
				t.Errorf("the losing value is not kept: %+v", cs)
			}
			w.quiet()
		})
	}
}

func TestAChangeBeatsADeletion(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "base"))
		w.clean()
		w.delete("a.ics")
		w.change(w.record().ID, func(e *pim.Event) { e.Title = "still needed" })
		w.clean()
		if got := w.item(w.only()).Title; got != "still needed" {
			w.t.Errorf("the hub has %q", got)
		}
		w.quiet()

		w.crm.Remove(mem.Activities, w.record().ID)
		w.edit(w.only().Name, func(e *pim.Event) { e.Title = "needed here" })
		w.clean()
		if got := w.record().Item.(*pim.Event).Title; got != "needed here" {
			w.t.Errorf("the CRM has %q", got)
		}
		w.quiet()
	})
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(Ask), func(w *world) {
		step := func(what string, do func(), check func() bool) {
			w.t.Helper()
			do()
			w.crm.LoseAnswers(1)
			if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{}); err != nil && !errors.Is(err, pim.ErrUnavailable) {
				w.t.Fatalf("%s: %v", what, err)
			}
			w.clock.Advance(time.Hour)
			w.restart()
			w.clean()
			if !check() {
				w.t.Errorf("%s: %+v", what, w.records())
			}
			w.clock.Advance(time.Hour)
			w.quiet()
			if len(w.conflicts(true)) != 0 {
				w.t.Errorf("%s: our own write was taken for somebody else's", what)
			}
		}
		step("create", func() { w.put("a.ics", event("uid-a", "one")) }, func() bool { return len(w.records()) == 1 && len(w.objects()) == 1 })
		step("update", func() { w.edit("a.ics", func(e *pim.Event) { e.Title = "two" }) },
			func() bool { return w.record().Item.(*pim.Event).Title == "two" && len(w.objects()) == 1 })
		step("delete", func() { w.delete("a.ics") }, func() bool { return len(w.records()) == 0 && len(w.objects()) == 0 })
	})
}

// TestKilledAnywhere ends the process at every step of a run that has one of each
// kind of work, and wants the next run to find and finish everything.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	for n := 1; ; n++ {
		w := newWorld(t, s, "ann"+strings.Repeat("x", n), mem.Options{}, open(Ask))
		for _, u := range []string{"edit", "delete", "merge", "theirs"} {
			w.put(u+".ics", event("uid-"+u, u))
		}
		w.clean()
		by := map[string]int{}
		for i, r := range w.records() {
			by[r.Item.(*pim.Event).Title] = i
		}
		rs := w.records()
		w.put("new.ics", event("uid-new", "new"))
		w.edit("edit.ics", func(e *pim.Event) { e.Title = "edited" })
		w.delete("delete.ics")
		w.edit("merge.ics", func(e *pim.Event) { e.Title = "merged here" })
		w.change(rs[by["merge"]].ID, func(e *pim.Event) { e.Location = "merged there" })
		w.change(rs[by["theirs"]].ID, func(e *pim.Event) { e.Title = "theirs edited" })
		w.crm.Add(event("", "new there"), "")
		w.kill(n)
		_, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true})
		w.restart()
		if err == nil {
			if n < 15 {
				t.Fatalf("only %d steps: the test does not reach far", n)
			}
			break
		}
		if !errors.Is(err, errKilled) {
			t.Fatalf("step %d: %v", n, err)
		}
		w.clean()
		w.quiet()
		want := map[string]string{"new": "", "edited": "", "merged here": "merged there", "theirs edited": "", "new there": ""}
		hub, crm := map[string]string{}, map[string]string{}
		for _, o := range w.objects() {
			e := w.item(o)
			hub[e.Title] += e.Location
		}
		for _, r := range w.records() {
			e := r.Item.(*pim.Event)
			crm[e.Title] += e.Location
		}
		for _, side := range []map[string]string{hub, crm} {
			if len(side) != len(want) {
				t.Errorf("killed at step %d: %v", n, side)
			}
			for title, location := range want {
				if got, ok := side[title]; !ok || got != location {
					t.Errorf("killed at step %d: %q is %q, %v", n, title, got, ok)
				}
			}
		}
		if len(w.objects()) != len(want) || len(w.records()) != len(want) {
			t.Errorf("killed at step %d: %d objects, %d records", n, len(w.objects()), len(w.records()))
		}
	}
}

func TestSuddenlyEmpty(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoDeletionReport: true}, open(Ask), func(w *world) {
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
	onBoth(t, mem.Options{}, open(Ask), func(w *world) {
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

func TestLeavingTheScopeDeletesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoDeletionReport: true}, open(Ask), func(w *world) {
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

func TestOneBadItemHoldsUpNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(Ask), func(w *world) {
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
	onBoth(t, mem.Options{}, open(Ask), func(w *world) {
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

func TestACursorDoesNotPassWhatWasNotStored(t *testing.T) {
	t.Parallel()
	for _, kind := range []pim.Reason{pim.ErrAuth, pim.ErrForbidden, pim.ErrThrottled, pim.ErrUnavailable, pim.ErrProtocol, pim.ErrTooLarge} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.Open(t), "ann", mem.Options{PageSize: 10, NoItemsInDelta: true}, open(Ask))
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
	onBoth(t, mem.Options{}, open(Ask), func(w *world) {
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
	onBoth(t, mem.Options{Bump: true, Stamps: time.Second, NoDeletionReport: true, Unchecked: true}, open(Ask), func(w *world) {
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
			onBoth(t, o, open(Ask), func(w *world) {
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

func TestOneRunAtATime(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(Ask), func(w *world) {
		resume := w.crm.Pause()
		done := make(chan error, 1)
		go func() {
			_, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
			done <- err
		}()
		for w.crm.Calls() == 0 {
			time.Sleep(time.Millisecond)
		}
		if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{}); !errors.Is(err, ErrBusy) {
			w.t.Errorf("a second run in the same process: %v", err)
		}
		other := &Engine{Store: w.store, Remotes: w.engine.Remotes, Now: w.engine.Now, Log: w.engine.Log,
			Owner: "another process", Alive: func(string) bool { return true }}
		if _, err := other.Run(w.ctx, w.link.ID, RunOptions{}); !errors.Is(err, ErrBusy) {
			w.t.Errorf("a second run: %v", err)
		}
		resume()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
		if _, err := other.Run(w.ctx, w.link.ID, RunOptions{}); err != nil {
			w.t.Errorf("after the first: %v", err)
		}
	})
}

func TestDirections(t *testing.T) {
	t.Parallel()
	for _, d := range []Direction{In, Out} {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			rules := open(Ask)
			rules.Direction = d
			w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, rules)
			w.put("a.ics", event("uid-a", "here"))
			w.crm.Add(event("uid-b", "there"), "")
			w.clean()
			objects, records := 1, 2
			if d == In {
				objects, records = 2, 1
			}
			if len(w.objects()) != objects || len(w.records()) != records {
				t.Errorf("%d objects, %d records", len(w.objects()), len(w.records()))
			}
			w.quiet()
		})
	}
}
