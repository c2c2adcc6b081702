package relay

import (
	"context"
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store/storetest"
)

// weak are CRMs that remember more or less of what was made there.

func weak() []mem.Options {
	return []mem.Options{{}, {NoUID: true}, {NoFinder: true}, {NoUID: true, NoFinder: true}, {NotIdempotent: true}}
}

func TestAnItemMadeAnewIsNotTakenForTheDeletedOne(t *testing.T) {
	t.Parallel()
	for _, o := range weak() {
		for _, between := range []bool{false, true} {
			w := newWorld(t, storetest.Open(t), "ann", o, open(rule.Ask))
			w.put("a.ics", event("uid-a", "one"))
			w.clean()
			w.delete("a.ics")
			if between {
				w.clean()
			}
			w.put("b.ics", event("uid-a", "again"))
			w.clean()
			w.quiet()
			if got := w.item(w.only()).Title; got != "again" || w.record().Item.(*pim.Event).Title != got {
				t.Errorf("%+v, a run between: %v: %q here, %q there", o, between, got, w.record().Item.(*pim.Event).Title)
			}
		}
	}
}

// While the deletion of its record waits for a person, an item that is made anew under its UID has come back: the
// record is its own again, and there is none beside it.
func TestAnItemMadeAnewHasItsRecordThatWasKept(t *testing.T) {
	t.Parallel()
	for _, o := range weak() {
		rules := open(rule.Ask)
		rules.Approve = true
		w := newWorld(t, storetest.Open(t), "ann", o, rules)
		w.put("a.ics", event("uid-a", "one"))
		w.clean()
		old := w.record().ID
		w.delete("a.ics")
		if rep := w.run(); rep.Run.Outcome != OutcomeHeld || rep.Counts.Withheld != 1 {
			t.Fatalf("%+v: %s %+v", o, rep.Run.Outcome, rep.Counts)
		}
		w.change(old, func(e *pim.Event) { e.Notes = "changed there" })
		w.put("b.ics", event("uid-a", "again"))
		w.clean()
		w.quiet()
		here, there := w.item(w.only()), w.record()
		if is := there.Item.(*pim.Event); there.ID != old || here.Title != "again" || is.Title != "again" || is.Notes != "changed there" || here.Notes != is.Notes {
			t.Errorf("%+v: %q %q here, %q %q there, the same record: %v", o, here.Title, here.Notes, is.Title, is.Notes, there.ID == old)
		}
	}
}

// The deleted item's record was changed meanwhile and comes back: it is the same item
// again, or, when that has a record of its own already, another one beside it.
func TestAnItemMadeAnewMeetsTheChangeOfTheDeletedOne(t *testing.T) {
	t.Parallel()
	for _, o := range weak() {
		for _, made := range []bool{false, true} {
			w := newWorld(t, storetest.Open(t), "ann", o, open(rule.Ask))
			w.put("a.ics", event("uid-a", "one"))
			w.clean()
			old := w.record().ID
			w.delete("a.ics")
			w.put("b.ics", event("uid-a", "again"))
			if made { // the create comes first, by a run that does not see the change
				w.engine.pause = func(step string) error {
					if step == "remote written" {
						w.engine.pause = nil
						w.change(old, func(e *pim.Event) { e.Notes = "changed there" })
					}
					return nil
				}
			} else {
				w.change(old, func(e *pim.Event) { e.Notes = "changed there" })
			}
			w.clean()
			w.clean()
			w.quiet()
			if len(w.objects()) != len(w.records()) {
				t.Errorf("%+v, made first: %v: %d objects, %d records", o, made, len(w.objects()), len(w.records()))
			}
			var here []string
			for _, x := range w.objects() {
				here = append(here, w.item(x).Title+"/"+w.item(x).Notes)
			}
			if said := strings.Join(here, " "); !strings.Contains(said, "again") || !strings.Contains(said, "changed there") {
				t.Errorf("%+v, made first: %v: %v", o, made, here)
			}
		}
	}
}

func TestTheSameItemComesFromBothSidesAtOnce(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"read hub", "act"} {
		w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
		e := remote.Entry{UID: "uid-a", Item: event("uid-a", "same")}
		if _, err := w.crm.Remote().Create(w.ctx, mem.Activities, e, "by another way"); err != nil {
			t.Fatal(err)
		}
		w.engine.pause = func(s string) error {
			if s == step {
				w.engine.pause = nil
				w.put("a.ics", event("uid-a", "same"))
			}
			return nil
		}
		w.clean()
		w.clean()
		w.quiet()
		w.only()
		w.record()
	}
}

func TestWhatWasRefusedWaits(t *testing.T) {
	t.Parallel()
	for op, act := range map[string]func(*world){
		"update": func(w *world) { w.edit("a.ics", func(e *pim.Event) { e.Title = "two" }) },
		"delete": func(w *world) { w.delete("a.ics") },
	} {
		w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
		w.put("a.ics", event("uid-a", "one"))
		w.clean()
		act(w)
		tries := 0
		w.crm.SetFaults(func(c mem.Call) mem.Fault {
			if c.Op != op {
				return mem.Fault{}
			}
			tries++
			return mem.Fault{Err: pim.Errorf("mem: "+op, pim.ErrRefused, "the quarter is closed")}
		})
		for range 3 {
			w.run()
		}
		if tries != 1 {
			t.Errorf("a refused %s was tried %d times in 3 runs", op, tries)
		}
	}
}

// partly makes an item and then fails with a part of it.

type partly struct {
	remote.Remote
	remote.Finder
	bad bool
}

func (p *partly) Create(ctx context.Context, c remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	bare := e
	if p.bad {
		bare.Item = pim.Clone(e.Item)
		bare.Item.(*pim.Event).Location = ""
	}
	rec, err := p.Remote.Create(ctx, c, bare, key)
	if err == nil && p.bad {
		return remote.Record{}, pim.Errorf("test: create", pim.ErrRefused, "rooms may not be booked")
	}
	return rec, err
}

func TestAnItemMadeInPartIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	for _, noUID := range []bool{false, true} {
		w := newWorld(t, storetest.Open(t), "ann", mem.Options{NoUID: noUID}, open(rule.Ask))
		r := w.crm.Remote()
		p := &partly{Remote: r, Finder: r.(remote.Finder), bad: true}
		w.engine.Remotes = fixed{p}
		e := event("uid-a", "one")
		e.Location = "room 1"
		w.put("a.ics", e)
		if rep := w.run(); rep.Counts.Failed != 1 {
			t.Errorf("the failure is not reported: %+v", rep.Counts)
		}
		p.bad = false
		w.clean()
		w.edit("a.ics", func(e *pim.Event) { e.Title = "two" })
		w.clean()
		w.quiet()
		w.only()
		if got := w.record().Item.(*pim.Event); got.Location != "room 1" || got.Title != "two" {
			t.Errorf("there: %q at %q", got.Title, got.Location)
		}
	}
}

// broken panics.

// silent panics when it is read.

type silent struct{ remote.Remote }

func (silent) Changes(context.Context, remote.CollectionID, remote.Scope, remote.Cursor) (remote.Delta, error) {
	panic("another fault in the driver")
}

func TestALookUpThatIsRefusedDoublesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{NoUID: true}, open(rule.Ask))
	w.put("a.ics", event("uid-a", "one"))
	w.crm.LoseAnswers(1)
	w.run()
	w.crm.LoseAnswers(0)
	w.crm.SetFaults(func(c mem.Call) mem.Fault {
		if c.Op == "find" {
			return mem.Fault{Err: pim.Errorf("mem: find", pim.ErrRefused, "not now")}
		}
		return mem.Fault{}
	})
	_, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
	mustFail(t, err, pim.ErrRefused)
	w.crm.SetFaults(nil)
	w.clean()
	w.quiet()
	w.only()
	w.record()
}

func TestADeletionDuringAWriteStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	w.put("a.ics", event("uid-a", "one"))
	w.clean()
	w.edit("a.ics", func(e *pim.Event) { e.Title = "two" })
	w.engine.pause = func(s string) error {
		if s == "remote written" {
			w.engine.pause = nil
			w.delete("a.ics")
		}
		return nil
	}
	w.clean()
	w.clean()
	if len(w.objects()) != 0 || len(w.records()) != 0 {
		t.Errorf("%d objects and %d records are left", len(w.objects()), len(w.records()))
	}
}

// fragile has a fault of ours in some calls.

// Runs and clients lock a link and its collection in the same order.

func TestAChangeThatBeatADeletionIsReported(t *testing.T) {
	t.Parallel()
	for _, here := range []bool{true, false} { // where it was deleted
		for take, left := range map[Take]int{Mine: 0, Theirs: 1} {
			if !here {
				left = 1 - left
			}
			w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
			w.put("a.ics", event("uid-a", "one"))
			w.clean()
			if here {
				w.delete("a.ics")
				w.change(w.records()[0].ID, func(e *pim.Event) { e.Title = "two" })
			} else {
				w.crm.Remove(mem.Activities, w.records()[0].ID)
				w.edit("a.ics", func(e *pim.Event) { e.Title = "two" })
			}
			rep := w.clean()
			cs := w.conflicts(false)
			if len(cs) != 1 || rep.Counts.Conflicts != 1 || (cs[0].Mine == nil) != here || (cs[0].Theirs == nil) == here || cs[0].Base == nil {
				t.Fatalf("deleted here: %v: %+v", here, cs)
			}
			if err := w.engine.Settle(w.ctx, cs[0].ID, Choice{All: take}, "ann"); err != nil {
				t.Fatal(err)
			}
			w.clean()
			w.quiet()
			if len(w.objects()) != left || len(w.records()) != left {
				t.Errorf("deleted here: %v, %s: %d objects, %d records", here, take, len(w.objects()), len(w.records()))
			}
		}
	}
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Newest))
	w.put("a.ics", event("uid-a", "one"))
	w.clean()
	w.delete("a.ics")
	w.change(w.records()[0].ID, func(e *pim.Event) { e.Title = "two" })
	w.clean()
	if len(w.conflicts(false)) != 0 || len(w.conflicts(true)) != 1 {
		t.Error("a policy leaves an open report, or none at all")
	}
}

// dazed commits a create and answers nothing, and then shows nothing of it for a while.

// What was doubled before is made one again.

// busy is a CRM in which somebody else changes a record just after we wrote it.

// An object whose create failed meets a record of the same UID that somebody else made:
// what was to be sent was never agreed, so both values stay, the one in a report.
func TestAFailedCreateIsNoAgreement(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.PreferCRM), func(w *world) {
		w.put("a.ics", event("uid-a", "written here"))
		w.crm.FailCall(3, &pim.Error{Op: "mem", Kind: pim.ErrRefused, Public: "no"})
		if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true}); err != nil {
			w.t.Fatal(err)
		}
		if n := len(w.records()); n != 0 {
			w.t.Fatalf("%d records: the create did not fail", n)
		}
		e := remote.Entry{UID: "uid-a", Item: event("uid-a", "written there")}
		if _, err := w.crm.Remote().Create(w.ctx, mem.Activities, e, "by another way"); err != nil {
			w.t.Fatal(err)
		}
		w.clock.Advance(10 * leaseTime)
		w.clean()
		cs := w.conflicts(true)
		if got := w.item(w.only()).Title; got != "written there" || len(cs) != 1 || !strings.Contains(string(cs[0].Mine), "written here") {
			w.t.Errorf("%q here, %d reports", got, len(cs))
		}
	})
}
