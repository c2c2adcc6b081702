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
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

type broken struct{ remote.Remote }

func (broken) Create(context.Context, remote.CollectionID, remote.Entry, string) (remote.Record, error) {
	panic("a fault in the driver")
}

func TestAPanicEndsOneItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
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

func TestAJobThatDiedWithItsProcessIsQueuedAgain(t *testing.T) {
	t.Parallel()
	for name, died := range map[string]func(*world, *store.Tx) error{
		"before its run": func(w *world, tx *store.Tx) error {
			_, err := tx.SetWanted(w.link.ID)
			return err
		},
		"in its run": func(w *world, tx *store.Tx) error {
			_, err := tx.AcquireLease(w.link.ID, "dead#1", time.Now().Add(time.Hour), nil)
			return err
		},
		"in its run, while another job waited": func(w *world, tx *store.Tx) error {
			if _, err := tx.AcquireLease(w.link.ID, "dead#1", time.Now().Add(time.Hour), nil); err != nil {
				return err
			}
			_, err := tx.SetWanted(w.link.ID)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queued(t, time.Hour, func(w *world, first *Jobs) {
				within(w.t, "the first run", func() bool { return w.linkNow().LastSuccess != nil })
				if err := first.Stop(w.ctx); err != nil {
					w.t.Fatal(err)
				}
				w.ctx = w.t.Context() // the job is gone with its process
				w.put("a.ics", event("uid-a", "one"))
				w.update(func(tx *store.Tx) error { return died(w, tx) })
				again, err := NewJobs(w.engine, JobsOptions{Workers: 1, Poll: 20 * time.Millisecond})
				if err != nil {
					w.t.Fatal(err)
				}
				if err := again.Start(w.ctx); err != nil {
					w.t.Fatal(err)
				}
				defer func() {
					if err := again.Stop(w.ctx); err != nil {
						w.t.Error(err)
					}
				}()
				within(w.t, "the run", func() bool { return len(w.records()) == 1 })
			})
		})
	}
}

func TestATransactionThatIsBegunAgainPassesOverNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, "ann", mem.Options{}, open(rule.Ask))
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
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
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
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
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
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	ctx, cancel := context.WithCancel(w.ctx)
	w.engine.pause = func(string) error { cancel(); return ctx.Err() }
	rep, err := w.engine.Run(ctx, w.link.ID, RunOptions{})
	if l := w.linkNow(); err == nil || rep.Run.Outcome != OutcomeCancelled || l.Failures != 0 || l.LastError != "" {
		t.Errorf("%v, %s, %+v", err, rep.Run.Outcome, l)
	}
}

func TestRunsBesideWritersDoNotDeadlock(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if !s.Postgres() {
			return // has one writer at a time
		}
		w := newWorld(t, s, "ann", mem.Options{}, open(rule.Ask))
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
