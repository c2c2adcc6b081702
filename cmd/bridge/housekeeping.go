package main

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"crmbridge/dav"
	"crmbridge/pim"
	"crmbridge/store"
)

// housekeep prunes old versions, conflicts, merges, runs and entries of the audit log, once an hour. The returned function waits
// for its end, after ctx has ended or the function is called.
func (a *app) housekeep(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { // owner: serve; ends with ctx
		defer close(done)
		t := time.NewTicker(time.Hour)
		defer t.Stop()
		for {
			if err := a.pruneSafely(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("pruning failed", "err", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}

// stepsPerMerge is for how many steps of runs the record of a merge counts, which keeps three
// texts: database.keep_steps bounds both.
const stepsPerMerge = 50

// pruneSafely is prune without panics: old versions are no reason to stop serving.
func (a *app) pruneSafely(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			a.log.Error("panic", "at", "pruning", "panic", pim.PanicWords(v), "stack", string(debug.Stack()))
			err = pim.Wrap("pruning", pim.ErrInternal, errors.New("panic"))
		}
	}()
	return errors.Join(a.kept.tidy(a.now()), a.prune(ctx))
}

func (a *app) prune(ctx context.Context) error {
	var after store.ObjectID
	for {
		// In small steps, so that writers do not wait.
		err := a.store.Update(ctx, func(tx *store.Tx) error {
			next, _, err := tx.PruneVersions(after, 500)
			after = next
			return err
		})
		if err != nil {
			return err
		}
		if after == 0 {
			break
		}
	}
	if err := a.pruneEarlier(ctx); err != nil {
		return err
	}
	now := a.now()
	for _, some := range []func(tx *store.Tx) (int64, error){
		func(tx *store.Tx) (n int64, err error) {
			more, err := tx.ForgetDevices(now.Add(-a.cfg.KeepDevices), 2000)
			if more {
				n = 1
			}
			return n, err
		},
		func(tx *store.Tx) (int64, error) {
			n, err := tx.PruneConflicts(now.Add(-a.cfg.KeepConflicts))
			return int64(n), err
		},
		func(tx *store.Tx) (int64, error) {
			return tx.PruneDuplicates(now.Add(-a.cfg.KeepRuns), (a.cfg.KeepSteps+stepsPerMerge-1)/stepsPerMerge)
		},
		func(tx *store.Tx) (int64, error) { return tx.PruneRuns(now.Add(-a.cfg.KeepRuns), a.cfg.KeepSteps) },
		func(tx *store.Tx) (int64, error) { return tx.PruneDeeds(now.Add(-a.cfg.KeepAudit)) },
		func(tx *store.Tx) (int64, error) { return 0, tx.ForgetExpired() },
	} {
		for again := true; again; {
			err := a.store.Update(ctx, func(tx *store.Tx) error {
				n, err := some(tx)
				again = n > 0
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return a.pruneWords(ctx)
}

// pruneEarlier makes earlier versions go of those who have more than limits.storage with them.
func (a *app) pruneEarlier(ctx context.Context) error {
	var users []store.User
	err := a.store.View(ctx, func(tx *store.Tx) (err error) {
		users, err = tx.Users()
		return err
	})
	if err != nil {
		return err
	}
	for _, u := range users {
		for more := true; more; {
			err := a.store.Update(ctx, func(tx *store.Tx) (err error) {
				more, err = tx.PruneEarlier(u.ID, a.cfg.MaxStorage)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// pruneWords takes what was deleted out of the index of words, in which it else stays until the next search.
func (a *app) pruneWords(ctx context.Context) error {
	var behind []store.CollectionID
	err := a.store.View(ctx, func(tx *store.Tx) (err error) {
		behind, err = tx.WordsBehind()
		return err
	})
	if err != nil {
		return err
	}
	maker := dav.WordMaker(a.davLimits())
	var failed error // of one address book must not keep what was deleted in the others
	for _, c := range behind {
		for more := true; more; {
			if more, err = a.store.IndexWords(ctx, c, maker); err != nil {
				if ctx.Err() != nil {
					return err
				}
				failed = errors.Join(failed, err)
			}
		}
	}
	return failed
}
