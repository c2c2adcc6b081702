package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// What processes on one database tell each other beyond runs and their leases: that one of them alone does a thing, and that a remote
// asked to be left alone.

const (
	// aloneLease is how long one may do a thing alone, aloneUse how long it may take: less, so that it has ended when another may begin.
	aloneLease = 90 * time.Second
	aloneUse   = time.Minute
	// aloneAsk is how often one asks whether it is its turn.
	aloneAsk = 50 * time.Millisecond
)

// alone implements remote.Env.Alone by a latch in the store.
func (a *app) alone(ctx context.Context, name string, do func(context.Context) error) error {
	name, owner := "alone "+name, processName()+"#"+rand.Text()
	if err := a.turnAlone(ctx, name, owner); err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := a.store.Update(ctx, func(tx *store.Tx) error { return tx.DropLatch(name, owner) }); err != nil {
			a.log.WarnContext(ctx, "others wait until the time is over", "for", name, "err", err)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, aloneUse)
	defer cancel()
	return do(ctx)
}

func (a *app) turnAlone(ctx context.Context, name, owner string) error {
	t := time.NewTicker(aloneAsk)
	defer t.Stop()
	for {
		ok := false
		err := a.store.Update(ctx, func(tx *store.Tx) (err error) {
			ok, err = tx.TakeLatch(name, owner, tx.Now().Add(aloneLease), processGone)
			return err
		})
		if err != nil || ok {
			return err
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return pim.Wrap("alone", pim.ErrUnavailable, ctx.Err())
		}
	}
}

// pauseLatch begins the names of pauses.
const pauseLatch = "pause "

// tellPause lets the other processes know what a remote asked of this one. They find out by themselves if it fails.
func (a *app) tellPause(key string, until time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := a.store.Update(ctx, func(tx *store.Tx) error { return tx.HoldLatch(pauseLatch+key, until) }); err != nil {
		a.log.WarnContext(ctx, "a pause is not told of", "err", err)
	}
}

// heedPauses takes over what remotes asked of other processes.
func (a *app) heedPauses(ctx context.Context) error {
	var held []store.Latch
	err := a.store.View(ctx, func(tx *store.Tx) (err error) {
		held, err = tx.Latches()
		return err
	})
	for _, l := range held {
		if key, ok := strings.CutPrefix(l.Name, pauseLatch); ok {
			a.pauses.Heed(key, l.Until)
		}
	}
	return err
}

// heedEvery is how soon this process heeds what another was asked for.
const heedEvery = time.Second

// keepHeeding heeds the pauses of others until the returned function is called, which waits for its end.
func (a *app) keepHeeding(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { // owner: serve; ends with ctx
		defer close(done)
		t := time.NewTicker(heedEvery)
		defer t.Stop()
		for failed := false; ; {
			err := a.heedSafely(ctx)
			if err != nil && !failed && ctx.Err() == nil {
				a.log.WarnContext(ctx, "pauses of other processes are not known", "err", err)
			}
			failed = err != nil
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}

// heedSafely is heedPauses without panics.
func (a *app) heedSafely(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = pim.Wrap("pauses", pim.ErrInternal, errors.New(fmt.Sprint("panic: ", v)))
		}
	}()
	return a.heedPauses(ctx)
}
