package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
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
			w := newWorld(t, storetest.Open(t), "ann", o, open(Ask))
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

func TestTheSameItemComesFromBothSidesAtOnce(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"read hub", "act"} {
		w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(Ask))
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
		w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(Ask))
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
		w := newWorld(t, storetest.Open(t), "ann", mem.Options{NoUID: noUID}, open(Ask))
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
type broken struct{ remote.Remote }

func (broken) Create(context.Context, remote.CollectionID, remote.Entry, string) (remote.Record, error) {
	panic("a fault in the driver")
}

func TestAPanicEndsOneItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(Ask))
	w.engine.Remotes = fixed{broken{w.crm.Remote()}}
	w.put("a.ics", event("uid-a", "one"))
	w.crm.Add(event("", "there"), "")
	rep := w.run()
	if rep.Run.Outcome != OutcomePartial || rep.Counts.Failed != 1 || rep.Counts.CreatedLocal != 1 {
		t.Errorf("%s %+v", rep.Run.Outcome, rep.Counts)
	}
	w.engine.Remotes = fixed{silent{w.crm.Remote()}}
	rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
	mustFail(t, err, pim.ErrInternal)
	if rep.Run.Outcome != OutcomeFailed {
		t.Errorf("%s", rep.Run.Outcome)
	}
}

// silent panics when it is read.
type silent struct{ remote.Remote }

func (silent) Changes(context.Context, remote.CollectionID, remote.Scope, remote.Cursor) (remote.Delta, error) {
	panic("another fault in the driver")
}

func TestALookUpThatIsRefusedDoublesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{NoUID: true}, open(Ask))
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

func TestAJobThatDiedWithItsProcessIsQueuedAgain(t *testing.T) {
	t.Parallel()
	queued(t, time.Hour, func(w *world, _ *Jobs) {
		within(w.t, "the first run", func() bool { return w.linkNow().LastSuccess != nil })
		within(w.t, "rest", func() bool { return w.linkNow().WantedAt == nil })
		// The process took the job up and died before its run had begun.
		w.update(func(tx *store.Tx) error { _, err := tx.SetWanted(w.link.ID); return err })
		w.put("a.ics", event("uid-a", "one"))
		other := &Engine{Store: w.store, Remotes: w.engine.Remotes, Now: time.Now, Log: w.engine.Log, Owner: "later", Alive: w.engine.Alive}
		j, err := NewJobs(other, JobsOptions{Workers: 1, Poll: 20 * time.Millisecond})
		if err != nil {
			w.t.Fatal(err)
		}
		if err := j.Start(w.ctx); err != nil {
			w.t.Fatal(err)
		}
		defer func() {
			if err := j.Stop(w.ctx); err != nil {
				w.t.Error(err)
			}
		}()
		within(w.t, "the run", func() bool { return len(w.records()) == 1 })
	})
}

func TestATransactionThatIsBegunAgainPassesOverNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, "ann", mem.Options{}, open(Ask))
		for i := range 3 {
			w.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprintf("uid-%d", i), "there"))
		}
		r := &run{Engine: w.engine, owner: "x"} // whose lease is another's: nothing is committed
		r.link, r.coll, r.kinds = w.link, w.coll, pim.Kinds(pim.KindEvent)
		mustFail(t, r.readHub(w.ctx), pim.ErrConflict)
		if r.link.LocalSeq != 0 {
			t.Errorf("stands at change %d of what was rolled back", r.link.LocalSeq)
		}
	})
}

func TestADeletionDuringAWriteStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(Ask))
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
type fragile struct {
	remote.Remote
	fetch bool
}

func (f *fragile) Fetch(ctx context.Context, c remote.CollectionID, ids []remote.ItemID) ([]remote.Record, error) {
	if f.fetch {
		panic("in fetch")
	}
	return f.Remote.Fetch(ctx, c, ids)
}

func (f *fragile) Update(context.Context, remote.CollectionID, remote.Ref, remote.Entry, pim.FieldSet) (remote.Record, error) {
	return remote.Record{}, pim.Errorf("test: update", pim.ErrConflict, "changed meanwhile")
}

func TestAPanicWhileAnItemIsReadAgainEndsOneItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(Ask))
	w.put("a.ics", event("uid-a", "one"))
	w.clean()
	w.engine.Remotes = fixed{&fragile{Remote: w.crm.Remote(), fetch: true}}
	panics := 0
	w.engine.Panicked = func() { panics++ }
	w.edit("a.ics", func(e *pim.Event) { e.Title = "two" })
	w.put("b.ics", event("uid-b", "another"))
	rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
	if err != nil || rep.Counts.Failed != 1 || rep.Counts.CreatedRemote != 1 || panics == 0 {
		t.Errorf("%+v, %d panics, %v", rep.Counts, panics, err)
	}
}

func TestARunThatCannotBeginSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(Ask))
	w.update(func(tx *store.Tx) error {
		l, err := tx.Link(w.link.ID)
		l.Rules = []byte(`{"directoin":"in"}`)
		return errors.Join(err, tx.UpdateLink(l, "Rules"))
	})
	rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
	mustFail(t, err, pim.ErrInvalid)
	l := w.linkNow()
	if rep.Run.Outcome != OutcomeFailed || l.Failures != 1 || !strings.Contains(l.LastError, "directoin") || l.NextRun == nil {
		t.Errorf("%s, %+v", rep.Run.Outcome, l)
	}
}

func TestAStoppedRunIsNoFailureOfTheLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(Ask))
	ctx, cancel := context.WithCancel(w.ctx)
	w.engine.pause = func(string) error { cancel(); return ctx.Err() }
	rep, err := w.engine.Run(ctx, w.link.ID, RunOptions{})
	if l := w.linkNow(); err == nil || rep.Run.Outcome != OutcomeCancelled || l.Failures != 0 || l.LastError != "" {
		t.Errorf("%v, %s, %+v", err, rep.Run.Outcome, l)
	}
}

// Runs and clients lock a link and its collection in the same order.
func TestRunsBesideWritersDoNotDeadlock(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if !s.Postgres() {
			return // has one writer at a time
		}
		w := newWorld(t, s, "ann", mem.Options{}, open(Ask))
		before := deadlocks(t, s)
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range 60 {
				w.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprintf("uid-%d", i), "there"))
				w.update(func(tx *store.Tx) error { // as a client's write does that queues a run
					if _, err := tx.Collection(w.coll.ID); err != nil {
						return err
					}
					_, err := tx.SetWanted(w.link.ID)
					return err
				})
			}
		})
		for range 12 {
			w.run()
		}
		wg.Wait()
		w.clean()
		if n := deadlocks(t, s) - before; n > 0 {
			t.Errorf("%d deadlocks", n)
		}
	})
}

func deadlocks(t *testing.T, s *store.Store) (n int) {
	t.Helper()
	if err := s.Writer().QueryRowContext(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAChangeThatBeatADeletionIsReported(t *testing.T) {
	t.Parallel()
	for _, here := range []bool{true, false} { // where it was deleted
		for take, left := range map[Take]int{Mine: 0, Theirs: 1} {
			if !here {
				left = 1 - left
			}
			w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(Ask))
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
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(Newest))
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
type dazed struct {
	remote.Remote
	remote.Finder
	on bool
}

func (d *dazed) Create(ctx context.Context, c remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	rec, err := d.Remote.Create(ctx, c, e, key)
	if err == nil && d.on {
		return remote.Record{}, pim.Errorf("test: create", pim.ErrUnavailable, "it is not found")
	}
	return rec, err
}

func (d *dazed) Find(ctx context.Context, c remote.CollectionID, key string, e remote.Entry) (remote.Record, bool, error) {
	if d.on {
		return remote.Record{}, false, nil
	}
	return d.Finder.Find(ctx, c, key, e)
}

func (d *dazed) Changes(ctx context.Context, c remote.CollectionID, s remote.Scope, since remote.Cursor) (remote.Delta, error) {
	if d.on {
		return remote.Delta{Next: since}, nil
	}
	return d.Remote.Changes(ctx, c, s, since)
}

func TestARecordThatShowsLateIsNotDoubled(t *testing.T) {
	t.Parallel()
	for _, o := range []mem.Options{{}, {NoUID: true}} {
		for _, changed := range []bool{false, true} {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				w := newWorld(t, s, "ann", o, open(Ask))
				r := w.crm.Remote()
				d := &dazed{Remote: r, Finder: r.(remote.Finder)}
				w.engine.Remotes = fixed{d}
				w.clean()
				d.on = true
				w.put("a.ics", event("uid-a", "one"))
				for range 3 {
					w.clock.Advance(time.Hour)
					w.run()
				}
				if d.on = false; changed {
					w.change(w.records()[0].ID, func(e *pim.Event) { e.Location = "there" })
				}
				w.clock.Advance(time.Hour)
				w.clean()
				w.clean()
				w.quiet()
				w.record()
				if e := w.item(w.only()); e.Title != "one" || changed && e.Location != "there" {
					t.Errorf("%+v: %+v", o, e)
				}
			})
		}
	}
}

// What was doubled before is made one again.
func TestADoubleIsMadeOneAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, "ann", mem.Options{NoUID: true}, open(Ask))
		w.put("a.ics", event("uid-a", "one"))
		w.clean()
		w.update(func(tx *store.Tx) error { // as if the record had been taken for somebody else's
			p, err := tx.PairByObject(w.link.ID, w.object("a.ics").ID)
			if err != nil {
				return err
			}
			p.RemoteID, p.TheirItem, p.TheirPrint, p.RemotePrint, p.RemoteItem, p.LocalPrint, p.LocalItem = "", nil, "", "", nil, "", nil
			wake(&p)
			if err := tx.SavePair(&p); err != nil {
				return err
			}
			l, err := tx.Link(w.link.ID)
			l.Cursor = ""
			return errors.Join(err, tx.SaveIdentity(store.Identity{UserID: w.user.ID, Driver: "mem", Place: w.crm.Remote().Traits().Place, RemoteID: string(w.records()[0].ID), UID: "uid-other"}), tx.UpdateLink(l, "Cursor"))
		})
		w.run()
		w.clean()
		w.quiet()
		w.only()
		w.record()
	})
}

// busy is a CRM in which somebody else changes a record just after we wrote it.
type busy struct {
	remote.Remote
	then func(id remote.ItemID)
}

func (b *busy) Update(ctx context.Context, c remote.CollectionID, old remote.Ref, e remote.Entry, set pim.FieldSet) (remote.Record, error) {
	rec, err := b.Remote.Update(ctx, c, old, e, set)
	if err != nil || b.then == nil {
		return rec, err
	}
	b.then(rec.ID)
	b.then = nil
	got, err := b.Fetch(ctx, c, []remote.ItemID{rec.ID})
	if err != nil {
		return rec, err
	}
	return got[0], nil
}

func TestAChangeJustAfterOursIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	for _, merge := range []bool{false, true} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			w := newWorld(t, s, "ann", mem.Options{}, open(Ask))
			b := &busy{Remote: w.crm.Remote()}
			w.engine.Remotes = fixed{b}
			w.put("a.ics", event("uid-a", "one"))
			w.clean()
			w.edit("a.ics", func(e *pim.Event) { e.Title = "two" })
			if merge {
				w.change(w.record().ID, func(e *pim.Event) { e.Notes = "theirs" })
			}
			b.then = func(id remote.ItemID) { w.change(id, func(e *pim.Event) { e.Location = "there" }) }
			w.clean()
			w.clean()
			w.quiet()
			for _, e := range []*pim.Event{w.item(w.only()), w.record().Item.(*pim.Event)} {
				if e.Title != "two" || e.Location != "there" || merge && e.Notes != "theirs" {
					t.Errorf("%+v", e)
				}
			}
		})
	}
}
