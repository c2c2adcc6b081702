package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/internal/testenv"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/upstream"
)

// twoApps are two processes' parts on one database, of both kinds.
func twoApps(t *testing.T, do func(t *testing.T, a, b *app)) {
	t.Helper()
	for name, extra := range map[string]func(*testing.T) string{
		"sqlite":   func(*testing.T) string { return "" },
		"postgres": func(t *testing.T) string { return "database: {url: '" + testenv.Postgres(t) + "'}\n" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, extra(t))
			p.alice()
			var apps []*app
			for range 2 {
				cfg, err := (&program{config: p.path("config.yaml"), env: map[string]string{}}).load()
				if err != nil {
					t.Fatal(err)
				}
				apps = append(apps, opened(t, cfg))
			}
			do(t, apps[0], apps[1])
		})
	}
}

// What one process does alone no other does meanwhile; one that was killed doing it holds up nobody.
func TestAloneAcrossProcesses(t *testing.T) {
	t.Parallel()
	twoApps(t, func(t *testing.T, a, b *app) {
		dead := whereabouts() + "/4194305/1#x" // no process has this number
		err := a.store.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.TakeLatch("alone make", dead, tx.Now().Add(time.Hour), nil)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		var inside, times atomic.Int32
		for _, one := range []*app{a, b} {
			for range 3 {
				all.Go(func() {
					err := one.alone(t.Context(), "make", func(context.Context) error {
						if inside.Add(1) > 1 {
							t.Error("two at once")
						}
						time.Sleep(5 * time.Millisecond)
						inside.Add(-1)
						times.Add(1)
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		if times.Load() != 6 {
			t.Errorf("done %d times", times.Load())
		}
		// Another thing waits for nobody, and a failure is passed on.
		broken := errors.New("broken")
		err = a.alone(t.Context(), "make", func(ctx context.Context) error {
			return b.alone(ctx, "else", func(context.Context) error { return broken })
		})
		if !errors.Is(err, broken) {
			t.Error(err)
		}
	})
}

// The pause that a remote asked one process for, all heed: those that serve within a second or so, commands from their start.
func TestPausesAcrossProcesses(t *testing.T) {
	t.Parallel()
	twoApps(t, func(t *testing.T, a, b *app) {
		var calls atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if calls.Add(1) == 1 {
				w.Header().Set("Retry-After", "600")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		t.Cleanup(srv.Close)
		ask := func(a *app) error {
			env, err := a.env(store.Link{ID: 1, Driver: "creatio"}, store.User{ID: 1}, remote.Settings{"url": srv.URL})
			if err != nil {
				t.Fatal(err)
			}
			_, err = env.HTTP.Do(t.Context(), upstream.Request{Op: "test", Method: http.MethodPost})
			return err
		}
		stop := b.keepHeeding(t.Context())
		defer stop()
		if err := ask(a); !errors.Is(err, pim.ErrThrottled) && !errors.Is(err, pim.ErrUnavailable) {
			t.Fatal(err)
		}
		// Nothing but the first answer asks for a pause.
		until(t, "the other process heeds it", func() bool { return pim.RetryAfter(ask(b)) > 5*time.Minute })
		command := opened(t, a.cfg)
		before := calls.Load()
		if err := ask(command); err == nil || calls.Load() != before {
			t.Errorf("a command: %v, %d calls", err, calls.Load()-before)
		}
	})
}
