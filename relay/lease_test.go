package relay

import (
	"errors"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

func TestAProcessThatLostItsLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"read remote", "page read", "read hub", "act", "item"} {
		w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
		w.crm.Add(event("", "there"), "")
		w.put("a.ics", event("uid-a", "here"))
		asleep := false
		w.engine.pause = func(s string) error {
			if s != step || asleep {
				return nil
			}
			asleep = true
			w.update(func(tx *store.Tx) error { // as after leaseTime
				_, err := tx.AcquireLease(w.link.ID, "another", w.clock.Now().Add(time.Minute), func(string) bool { return true })
				return err
			})
			return nil
		}
		_, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
		mustFail(t, err, pim.ErrConflict)
		w.view(func(tx *store.Tx) error {
			l, err := tx.Link(w.link.ID)
			if l.Failures != 0 || l.LeaseOwner != "another" || len(w.objects()) != 1 || len(w.records()) != 1 {
				t.Errorf("%s: %+v, %d objects, %d records", step, l, len(w.objects()), len(w.records()))
			}
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.ReleaseLease(w.link.ID, "another") })
		w.engine.pause = nil
		w.clean()
		w.quiet()
		if len(w.objects()) != 2 || len(w.records()) != 2 {
			t.Errorf("%s: %d objects, %d records", step, len(w.objects()), len(w.records()))
		}
	}
}

func TestABatchThatIsBegunAgainIsCountedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	for _, uid := range []string{"uid-1", "uid-2", "uid-3"} {
		w.crm.Add(event("", uid), "")
	}
	w.engine.pause = func(s string) error {
		if s == "item" { // of the batch: its last item has become something else
			w.engine.pause = nil
			w.update(func(tx *store.Tx) error {
				return tx.EachPair(w.link.ID, func(p *store.Pair) error {
					if p.RemoteID != string(w.records()[2].ID) {
						return nil
					}
					clean(p)
					p.RemoteGone = true
					return tx.SavePair(p)
				})
			})
		}
		return nil
	}
	rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
	if err != nil || rep.Counts.CreatedLocal != len(w.objects()) || len(rep.Steps) != len(w.objects()) {
		t.Errorf("%+v with %d objects: %+v, %v", rep.Counts, len(w.objects()), rep.Steps, err)
	}
}

func TestOneRunAtATime(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
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
