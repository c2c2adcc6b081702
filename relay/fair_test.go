package relay

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

func TestGate(t *testing.T) {
	t.Parallel()
	g := newGate(4, time.Hour)
	enter := func(user store.UserID, urgent bool) (func(), time.Duration) {
		t.Helper()
		leave, later, err := g.enter(t.Context(), user, urgent, func() {})
		if err != nil {
			t.Fatal(err)
		}
		return leave, later
	}
	a1, _ := enter(1, false)
	a2, _ := enter(1, true)
	if a3, later := enter(1, true); a3 != nil || later != putOffStep {
		t.Fatalf("a third run of one user: %v", later)
	}
	var last time.Duration
	for range 100 {
		_, last = enter(1, false)
	}
	if last != putOffMost {
		t.Errorf("the 100th poll comes again after %v", last)
	}
	b1, _ := enter(2, false)
	b2, _ := enter(2, false)
	if b1 == nil || b2 == nil {
		t.Fatal("the second user has no place")
	}
	if c1, later := enter(3, false); c1 != nil || later == 0 {
		t.Fatal("a fifth run")
	}
	in := make(chan func())
	go func() {
		leave, _, err := g.enter(t.Context(), 3, true, func() {})
		if err != nil {
			t.Error(err)
		}
		in <- leave
	}()
	within(t, "the wait", func() bool { g.mu.Lock(); defer g.mu.Unlock(); return len(g.waiting) == 1 })
	// A long run gives its place back.
	g.lasts(g.running[0])
	c1 := <-in
	g.lasts(g.running[1]) // of the same user: half of the long ones is as many
	g.lasts(g.running[2])
	if n := g.count(0, true); n != 3 {
		t.Errorf("%d long runs", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, leave := range []func(){a1, a2, b1, b2, c1} {
		leave()
	}
	if _, _, err := g.enter(ctx, 1, true, func() {}); err != nil {
		t.Errorf("a free place: %v", err)
	}
	if len(g.waiting) != 0 || len(g.running) != 1 {
		t.Errorf("%d wait, %d run", len(g.waiting), len(g.running))
	}
}

func TestPriorities(t *testing.T) {
	t.Parallel()
	if a, b := priority("change", 1), priority("poll", 1); a >= b {
		t.Errorf("a change has %d, a poll %d", a, b)
	}
	if a, b := priority("poll", 1), priority("change", 200); a >= b {
		t.Errorf("somebody's poll has %d, the 200th change of another %d", a, b)
	}
	for _, trigger := range []string{"change", "poll"} {
		for n, before := 1, 0; n < 300; n++ {
			p := priority(trigger, n)
			if p < before || p < foremost || p > last {
				t.Errorf("%s %d: %d", trigger, n, p)
			}
			before = p
		}
	}
}

// byUser opens the CRM of each user.
type byUser struct {
	mu   sync.Mutex
	crms map[store.UserID]remote.Remote
}

func (b *byUser) Open(_ context.Context, l store.Link, _ store.User) (remote.Remote, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.crms[l.UserID], nil
}

// TestNobodyWaitsForAnotherUser: one user has many links to a CRM that takes for ever, and
// all of them are to be run; a change of another one arrives all the same.
func TestNobodyWaitsForAnotherUser(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, queueing(), func(t *testing.T, s *store.Store) {
		if err := MigrateJobs(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		busy := newWorld(t, s, "busy", mem.Options{Now: time.Now}, open(rule.Ask))
		w := newWorld(t, s, "ann", mem.Options{Now: time.Now}, open(rule.Ask))
		const links = 60
		busy.update(func(tx *store.Tx) error {
			for i := range links {
				c, err := tx.CreateCollection(store.Collection{UserID: busy.user.ID, Home: store.Calendars, Slug: fmt.Sprintf("c%d", i), Components: "VEVENT"})
				if err != nil {
					return err
				}
				l := busy.link
				l.ID, l.CollectionID, l.Name = 0, c.ID, c.Slug
				if _, err := tx.CreateLink(l); err != nil {
					return err
				}
			}
			return nil
		})
		var stuck atomic.Int64
		busy.crm.SetFaults(func(mem.Call) mem.Fault { stuck.Add(1); return mem.Fault{} })
		resume := busy.crm.Pause()
		defer resume()
		e := &Engine{Store: s, Remotes: &byUser{crms: map[store.UserID]remote.Remote{busy.user.ID: busy.crm.Remote(), w.user.ID: w.crm.Remote()}},
			Now: time.Now, Owner: "this", Log: slog.New(slog.DiscardHandler), Alive: func(string) bool { return true }}
		j, err := NewJobs(e, JobsOptions{Workers: 2, Sweep: 200 * time.Millisecond, Poll: 20 * time.Millisecond, LongAfter: 100 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			if err := j.Stop(ctx); err != nil {
				t.Error(err)
			}
		})
		within(t, "ann's first run", func() bool { return w.linkNow().LastSuccess != nil })
		within(t, "the crowd", func() bool {
			n := 0
			w.view(func(tx *store.Tx) (err error) { n, err = tx.WantedLinks(busy.user.ID); return err })
			return n > links/2
		})
		w.ctx = context.WithValue(w.ctx, jobsKey{}, j)
		began := time.Now()
		for i := range 5 {
			w.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprintf("uid-%d", i), "ann's"))
			within(t, "ann's change there", func() bool { return len(w.records()) == i+1 })
		}
		t.Logf("5 changes, one after another, took %v beside %d links that hang", time.Since(began), links)
		w.crm.Add(event("", "from the CRM"), "")
		w.update(func(tx *store.Tx) error { return j.Want(w.ctx, tx, w.link.ID, "poll") })
		within(t, "the poll", func() bool { return len(w.objects()) == 6 })
	})
}

func TestAWatcherIsAskedForHintsAndRunsTheLink(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, store.Config{Now: time.Now}, func(t *testing.T, s *store.Store) {
		if err := MigrateJobs(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, s, "ann", mem.Options{Now: time.Now, Watch: true}, open(rule.Ask))
		w.engine.Now = time.Now
		w.update(func(tx *store.Tx) error {
			w.link.Interval = time.Hour
			return tx.UpdateLink(w.link, "Interval")
		})
		failed := false
		w.crm.SetFaults(func(c mem.Call) mem.Fault {
			if c.Op == "watch" && !failed {
				failed = true // the connection fails once, and is made again
				return mem.Fault{Err: &pim.Error{Op: "mem", Kind: pim.ErrUnavailable, Public: "down"}}
			}
			return mem.Fault{}
		})
		j, err := NewJobs(w.engine, JobsOptions{Workers: 2, Sweep: 200 * time.Millisecond, Poll: 20 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		stopped := false
		stop := func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			if stopped {
				return
			}
			stopped = true
			if err := j.Stop(ctx); err != nil {
				t.Error(err)
			}
		}
		t.Cleanup(stop)
		within(t, "the first run", func() bool { return w.linkNow().LastSuccess != nil })
		within(t, "the watch", func() bool { return w.crm.Watched() == 1 })
		for i := range 50 {
			w.crm.Add(event("", fmt.Sprintf("made there %d", i)), "")
		}
		within(t, "the changes here", func() bool { return len(w.objects()) == 50 })
		within(t, "rest", func() bool { l := w.linkNow(); return l.WantedAt == nil && l.LeaseOwner == "" })
		w.view(func(tx *store.Tx) error {
			rs, err := tx.Runs(store.RunFilter{Link: w.link.ID, Limit: 100})
			if len(rs) > 10 {
				t.Errorf("%d runs of 50 hints", len(rs))
			}
			return err
		})
		stop()
		if n := w.crm.Watched(); n != 0 {
			t.Errorf("%d watch after the stop", n)
		}
	})
}

// TestARunIsStoppedFromAnotherProcess: it ends soon, says so, and the next one goes on.
func TestARunIsStoppedFromAnotherProcess(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		for i := range 20 {
			w.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprintf("uid-%d", i), "here"))
		}
		other := &Engine{Store: w.store, Remotes: w.engine.Remotes, Now: w.engine.Now, Log: w.engine.Log, Owner: "another process"}
		if running, err := other.StopRun(w.ctx, w.link.ID); err != nil || running {
			w.t.Fatalf("with no run under way: %v, %v", running, err)
		}
		w.engine.stopEvery = 5 * time.Millisecond
		resume := w.crm.Pause()
		defer resume()
		calls := w.crm.Calls()
		done := make(chan Report, 1)
		go func() {
			rep, _ := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
			done <- rep
		}()
		within(w.t, "the run", func() bool { return w.crm.Calls() > calls }) // it asks, and is held up there
		if running, err := other.StopRun(w.ctx, w.link.ID); err != nil || !running {
			w.t.Fatalf("%v, %v", running, err)
		}
		if rep := <-done; rep.Run.Outcome != OutcomeCancelled || w.linkNow().Failures != 0 || w.linkNow().NextRun == nil {
			w.t.Fatalf("%+v", rep.Run)
		}
		resume()
		w.clean()
		if len(w.records()) != 20 {
			w.t.Errorf("%d records", len(w.records()))
		}
	})
}
