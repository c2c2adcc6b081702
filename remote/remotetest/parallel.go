package remotetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// calls are all methods that do I/O, on an item that exists.
func (a *account) calls(k pim.Kind, rec remote.Record) map[string]func(context.Context) error {
	c := a.homes[k]
	m := map[string]func(context.Context) error{
		"collections": func(ctx context.Context) error { _, err := a.Remote.Collections(ctx); return err },
		"changes": func(ctx context.Context) error {
			_, err := a.Remote.Changes(ctx, c, remote.Scope{}, "")
			return err
		},
		"fetch": func(ctx context.Context) error {
			_, err := a.Remote.Fetch(ctx, c, []remote.ItemID{rec.ID})
			return err
		},
		"create": func(ctx context.Context) error {
			_, err := a.Remote.Create(ctx, c, a.entry(a.sample(k, 1)), fresh())
			return err
		},
		"update": func(ctx context.Context) error {
			_, err := a.Remote.Update(ctx, c, remote.Ref{ID: rec.ID}, a.entry(a.sample(k, 2)), a.traits.Carries[k])
			return err
		},
		"delete": func(ctx context.Context) error {
			return a.Remote.Delete(ctx, c, remote.Ref{ID: rec.ID}, remote.Delete)
		},
	}
	if l, ok := a.Remote.(remote.Lister); ok {
		m["list"] = func(ctx context.Context) error { _, err := l.List(ctx, c, remote.Scope{}); return err }
	}
	return m
}

// cancelled: a method returns within a second after its context ended, with the
// context's own error inside.
func cancelled(a *account) {
	k := a.kinds[0]
	rec := a.create(k, a.sample(k, 1))
	dead, cancel := context.WithCancel(a.ctx)
	cancel()
	for name, call := range a.calls(k, rec) {
		if name == "collections" {
			continue // may be answered from what is known
		}
		a.ends(name, call, dead, context.Canceled)
	}
	a.must(a.homes[k], rec.ID)
	if a.Faults == nil {
		a.skip("the harness cannot inject faults: only contexts that were dead before")
	}
	clear := a.Faults.Inject(Fault{What: Hang})
	defer clear()
	var wg sync.WaitGroup
	for name, call := range a.calls(k, rec) {
		if name == "collections" {
			continue
		}
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(a.ctx, 100*time.Millisecond)
			defer cancel()
			a.ends(name, call, ctx, context.DeadlineExceeded)
		})
	}
	wg.Wait()
}

func (a *account) ends(name string, call func(context.Context) error, ctx context.Context, want error) {
	a.t.Helper()
	start := time.Now()
	err := call(ctx)
	if took := time.Since(start); took > time.Second {
		a.t.Errorf("%s took %v although its context had ended", name, took)
	}
	if !errors.Is(err, want) || pim.ReasonOf(err) != pim.ErrUnavailable {
		a.t.Errorf("%s: %v, want ErrUnavailable with %v inside", name, err, want)
	}
}

// callers work on one remote at once.
const callers = 16

// manyCallers: 16 goroutines work on one remote, each on items of its own.
func manyCallers(a *account) {
	rounds := 3
	if testing.Short() || a.h.Slow {
		rounds = 1
	}
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() {
			k := a.kinds[n%len(a.kinds)]
			for range rounds {
				if err := a.life(k, n); err != nil {
					a.t.Errorf("caller %d: %v", n, err)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, k := range a.kinds {
		if n := len(a.everything(a.homes[k], remote.Scope{Kinds: pim.Kinds(k)})); n != 0 {
			a.t.Errorf("%d items of kind %s are left", n, k)
		}
	}
}

// life is an item's way from its creation to its deletion.
func (a *account) life(k pim.Kind, n int) error {
	c := a.homes[k]
	rec, err := a.Remote.Create(a.ctx, c, a.entry(a.sample(k, n)), fresh())
	if err != nil {
		return err
	}
	if _, err := a.Remote.Changes(a.ctx, c, remote.Scope{Kinds: pim.Kinds(k)}, ""); err != nil {
		return err
	}
	if rec, err = a.Remote.Update(a.ctx, c, rec.Ref, a.entry(a.sample(k, n+1)), a.traits.Carries[k]); err != nil {
		return err
	}
	recs, err := a.Remote.Fetch(a.ctx, c, []remote.ItemID{rec.ID})
	if err != nil {
		return err
	}
	if len(recs) != 1 || !pim.Equal(recs[0].Item, a.expect(a.sample(k, n+1)), a.traits.Carries[k].Minus(a.traits.ReadOnly)) {
		return errors.New("the item is not what this caller wrote")
	}
	return a.Remote.Delete(a.ctx, c, recs[0].Ref, remote.Delete)
}
