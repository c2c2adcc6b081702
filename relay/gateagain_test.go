package relay

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"crmbridge/crm/mem"
	"crmbridge/relay/rule"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// TestAJobThatDoesNotGetInComesAgain: neither a stop while it waits nor a long queue has it
// thrown away, or its link queued a second time.
func TestAJobThatDoesNotGetInComesAgain(t *testing.T) {
	t.Parallel()
	for _, trigger := range []string{"change", "poll"} {
		t.Run(trigger, func(t *testing.T) {
			t.Parallel()
			clock := storetest.NewClock()
			s := storetest.OpenWith(t, store.Config{Now: clock.Now})
			w := newWorldAt(t, s, clock, "ann", mem.Options{}, open(rule.Ask))
			g := newGate(2, time.Hour)
			for user := range store.UserID(2) {
				if _, _, err := g.enter(t.Context(), 1000+user, true, func() {}); err != nil {
					t.Fatal(err)
				}
			}
			j := &Jobs{engine: w.engine, log: w.engine.Log, gate: g}
			w.update(func(tx *store.Tx) error { _, err := tx.SetWanted(w.link.ID); return err })
			clock.Advance(90 * time.Second)
			ctx, stop := context.WithCancel(w.ctx)
			stop()
			job := &river.Job[runArgs]{Args: runArgs{Link: w.link.ID, User: w.user.ID, Trigger: trigger}}
			err := (&runWorker{jobs: j}).Work(ctx, job)
			var snooze *river.JobSnoozeError
			if !errors.As(err, &snooze) {
				t.Fatalf("the job ends with %v", err)
			}
			clock.Advance(90 * time.Second)
			w.update(func(tx *store.Tx) error {
				if first, err := tx.SetWanted(w.link.ID); first || err != nil {
					t.Errorf("queued a second time, %v", err)
				}
				return nil
			})
		})
	}
}

// TestAJobThatWaitsLongIsQueuedOnce: waiting for a place, for longer than a queued run is believed to begin, it says that it does.
func TestAJobThatWaitsLongIsQueuedOnce(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	s := storetest.OpenWith(t, store.Config{Now: clock.Now})
	w := newWorldAt(t, s, clock, "ann", mem.Options{}, open(rule.Ask))
	g := newGate(2, time.Hour)
	g.tellEvery = time.Millisecond
	for user := range store.UserID(2) {
		if _, _, err := g.enter(t.Context(), 1000+user, true, func() {}); err != nil {
			t.Fatal(err)
		}
	}
	w.update(func(tx *store.Tx) error { _, err := tx.SetWanted(w.link.ID); return err })
	ctx, stop := context.WithCancel(w.ctx)
	job := &river.Job[runArgs]{Args: runArgs{Link: w.link.ID, User: w.user.ID, Trigger: "change"}}
	ended := make(chan error)
	go func() {
		ended <- (&runWorker{jobs: &Jobs{engine: w.engine, log: w.engine.Log, gate: g}}).Work(ctx, job)
	}()
	for range 4 {
		clock.Advance(90 * time.Second)
		var since time.Time
		within(t, "it says that it waits", func() bool {
			w.view(func(tx *store.Tx) error {
				l, err := tx.Link(w.link.ID)
				since = *l.WantedAt
				return err
			})
			return clock.Now().Sub(since) < time.Minute
		})
		w.update(func(tx *store.Tx) error {
			if first, err := tx.SetWanted(w.link.ID); first || err != nil {
				t.Errorf("queued a second time, %v", err)
			}
			return nil
		})
	}
	stop()
	<-ended
}

// TestOneUsersWaitingJobsLeaveSlots: what waits for a place holds a slot of the queue.
func TestOneUsersWaitingJobsLeaveSlots(t *testing.T) {
	t.Parallel()
	g := newGate(4, time.Hour)
	for user := range store.UserID(2) {
		for range 2 {
			if leave, _, err := g.enter(t.Context(), 1000+user, true, func() {}); leave == nil || err != nil {
				t.Fatal(err)
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan time.Duration, 20)
	for range cap(ended) {
		go func() {
			_, later, _ := g.enter(ctx, 1, true, func() {})
			ended <- later
		}()
	}
	for range cap(ended) - 2 {
		if later := <-ended; later != putOffStep {
			t.Errorf("sent back for %v", later)
		}
	}
	g.mu.Lock()
	n := len(g.waiting)
	g.mu.Unlock()
	if n != 2 {
		t.Errorf("%d wait", n)
	}
}
