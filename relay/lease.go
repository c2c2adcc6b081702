package relay

import (
	"context"
	"errors"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// lease takes the link for owner and keeps it until release; when it cannot
// be renewed, stop ends the run.
func (e *Engine) lease(ctx context.Context, stop context.CancelFunc, id store.LinkID, owner string) (release func(), err error) {
	var ok bool
	err = e.Store.Update(ctx, func(tx *store.Tx) error {
		if ok, err = tx.AcquireLease(id, owner, e.Now().Add(leaseTime), e.dead); err != nil || !ok {
			return err
		}
		return tx.CutRuns(id, OutcomeCancelled, "it was cut short, as the program ended or lost the link; the run after it finishes what was begun")
	})
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrBusy
	}
	until := e.Now().Add(leaseTime)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() { // owner: Run; ends with release
		defer close(ended)
		t := time.NewTicker(leaseTime / 3)
		defer t.Stop()
		asked := time.NewTicker(orDuration(e.stopEvery, 500*time.Millisecond))
		defer asked.Stop()
		for {
			select {
			case <-done:
				return
			case <-asked.C:
				if e.stopAsked(ctx, id, owner) {
					stop()
					return
				}
			case <-t.C:
				err := e.guarded("lease", func() error { return e.renew(ctx, id, owner) })
				switch {
				case err == nil:
					until = e.Now().Add(leaseTime)
				case errors.Is(err, pim.ErrConflict), !e.Now().Before(until.Add(-leaseTime / 3)):
					// Another process may have the link before the next try.
					e.Log.WarnContext(ctx, "lease lost", "link", id, "err", err)
					stop()
					return
				}
			}
		}
	}()
	return func() {
		close(done)
		<-ended
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err := e.Store.Update(ctx, func(tx *store.Tx) error { return tx.ReleaseLease(id, owner) })
		if err != nil {
			e.Log.WarnContext(ctx, "lease not released", "link", id, "err", err)
		}
	}, nil
}

// dead reports that the process of a lease is known to have ended.
func (e *Engine) dead(owner string) bool {
	process, _, _ := strings.Cut(owner, "#")
	return e.Alive != nil && process != e.Owner && !e.Alive(process)
}

func (e *Engine) renew(ctx context.Context, id store.LinkID, owner string) error {
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.RenewLease(id, owner, e.Now().Add(leaseTime))
	})
}
