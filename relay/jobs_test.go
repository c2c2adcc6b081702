package relay

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// jobsKey is where a world's context holds its queue. The stores of both databases
// share one configuration and run side by side, so their OnChange cannot hold it.
type jobsKey struct{}

// queueing is a store whose changes queue runs, in the queue of their context.
func queueing() store.Config {
	return store.Config{Now: time.Now, OnChange: func(ctx context.Context, tx *store.Tx, c store.CollectionID, except store.LinkID) error {
		if j, ok := ctx.Value(jobsKey{}).(*Jobs); ok {
			return j.Changed(ctx, tx, c, except)
		}
		return nil
	}}
}

// queued is a world with a queue, as cmd/bridge wires it.
func queued(t *testing.T, interval time.Duration, f func(*world, *Jobs)) {
	t.Helper()
	storetest.EachWith(t, queueing(), func(t *testing.T, s *store.Store) {
		if err := MigrateJobs(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, s, "ann", mem.Options{Now: time.Now}, open(rule.Ask))
		w.engine.Now = time.Now
		w.update(func(tx *store.Tx) error {
			w.link.Interval = interval
			return tx.UpdateLink(w.link, "Interval")
		})
		j, err := NewJobs(w.engine, JobsOptions{Workers: 2, Sweep: 200 * time.Millisecond, Poll: 20 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		w.engine.Wake = func(ctx context.Context, tx *store.Tx, id store.LinkID) error { return j.Want(ctx, tx, id, "change") }
		w.ctx = context.WithValue(w.ctx, jobsKey{}, j)
		if err := j.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := j.Stop(ctx); err != nil {
				t.Error(err)
			}
		})
		f(w, j)
	})
}

func within(t testing.TB, what string, check func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if check() {
			return
		}
	}
	t.Fatalf("%s did not happen", what)
}

func TestAChangeByAClientRunsAtOnce(t *testing.T) {
	t.Parallel()
	queued(t, time.Hour, func(w *world, _ *Jobs) {
		within(w.t, "the first run", func() bool { l := w.linkNow(); return l.LastSuccess != nil })
		began := time.Now()
		for i := range 20 {
			w.put(string(rune('a'+i))+".ics", event("uid-"+string(rune('a'+i)), "made here"))
		}
		w.t.Cleanup(func() {
			if w.t.Failed() {
				w.t.Logf("%d records, link %+v", len(w.records()), w.linkNow())
			}
		})
		within(w.t, "the change there", func() bool { return len(w.records()) == 20 })
		w.t.Logf("20 changes were there after %v", time.Since(began))
		within(w.t, "rest", func() bool { l := w.linkNow(); return l.WantedAt == nil && l.LeaseOwner == "" })
		w.view(func(tx *store.Tx) error {
			rs, err := tx.Runs(store.RunFilter{Link: w.link.ID})
			if len(rs) > 21 {
				w.t.Errorf("%d runs for 20 changes: they were not gathered", len(rs))
			}
			return err
		})
	})
}

func (w *world) linkNow() (l store.Link) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		var err error
		l, err = tx.Link(w.link.ID)
		return err
	})
	return l
}

func TestPollsByInterval(t *testing.T) {
	t.Parallel()
	queued(t, 300*time.Millisecond, func(w *world, _ *Jobs) {
		within(w.t, "the first run", func() bool { return w.linkNow().LastSuccess != nil })
		w.crm.Add(event("", "made there"), "")
		within(w.t, "the poll", func() bool { return len(w.objects()) == 1 })
	})
}

func TestAFailingLinkBacksOffAndRecovers(t *testing.T) {
	t.Parallel()
	queued(t, 100*time.Millisecond, func(w *world, _ *Jobs) {
		var down atomic.Bool
		down.Store(true)
		w.crm.SetFaults(func(mem.Call) mem.Fault {
			if down.Load() {
				return mem.Fault{Err: &pim.Error{Op: "mem", Kind: pim.ErrUnavailable, Public: "the CRM is down"}}
			}
			return mem.Fault{}
		})
		within(w.t, "two failures", func() bool { return w.linkNow().Failures >= 2 })
		if l := w.linkNow(); l.LastError != "the CRM is down" {
			w.t.Errorf("the reason is %q", l.LastError)
		}
		down.Store(false)
		within(w.t, "recovery", func() bool { return w.linkNow().Failures == 0 })
	})
}

func TestSettlingAConflictRunsTheLink(t *testing.T) {
	t.Parallel()
	queued(t, time.Hour, func(w *world, _ *Jobs) {
		within(w.t, "the first run", func() bool { return w.linkNow().LastSuccess != nil })
		w.put("a.ics", event("uid-a", "base"))
		within(w.t, "creation", func() bool { return len(w.records()) == 1 })
		within(w.t, "rest", func() bool { l := w.linkNow(); return l.WantedAt == nil && l.LeaseOwner == "" })
		w.change(w.record().ID, func(e *pim.Event) { e.Title = "theirs" })
		w.edit("a.ics", func(e *pim.Event) { e.Title = "mine" })
		within(w.t, "the conflict", func() bool { return len(w.conflicts(false)) == 1 })
		if err := w.engine.Settle(w.ctx, w.conflicts(false)[0].ID, Choice{All: Mine}, "ann"); err != nil {
			w.t.Fatal(err)
		}
		within(w.t, "the choice there", func() bool { return w.record().Item.(*pim.Event).Title == "mine" })
	})
}

func TestLeasesOfTheDeadAreTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	w.update(func(tx *store.Tx) error {
		_, err := tx.AcquireLease(w.link.ID, "dead", w.clock.Now().Add(time.Hour), nil)
		return err
	})
	w.engine.Alive = nil
	if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{}); !errors.Is(err, ErrBusy) {
		t.Fatalf("a lease that may be alive: %v", err)
	}
	w.engine.Alive = func(owner string) bool { return owner != "dead" }
	w.clean()
}

func TestTheQueueIsQuietAboutAStop(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	var stopping atomic.Bool
	log := slog.New(quiet{slog.NewTextHandler(&out, nil), &stopping})
	log.Info("started")
	if out.Len() > 0 {
		t.Errorf("told: %s", out.String())
	}
	log.With("part", "a").Error("fetching", "err", errors.New("the disk is full"))
	if !strings.Contains(out.String(), "the disk is full") {
		t.Error("a fault was kept back")
	}
	out.Reset()
	stopping.Store(true)
	log.WithGroup("b").Error("fetching", "error", "sql: transaction has already been committed or rolled back")
	if out.Len() > 0 {
		t.Errorf("its own stop is told of: %s", out.String())
	}
}
