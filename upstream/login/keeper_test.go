package login_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/upstream/login"
)

type session struct{ n int64 }

func TestKeeperSharesOneSession(t *testing.T) {
	t.Parallel()
	var logins atomic.Int64
	at := testclock.At(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC))
	k := login.NewKeeper("test: login", at.Now, func(context.Context) (*session, time.Time, error) {
		return &session{logins.Add(1)}, at.Now().Add(time.Hour), nil
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if s, err := k.Get(t.Context()); err != nil || s.n != 1 {
				t.Errorf("got %v, %v", s, err)
			}
		})
	}
	wg.Wait()
	old, err := k.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // two callers saw the same session end: one new one for both
		if s, err := k.After(t.Context(), old); err != nil || s.n != 2 {
			t.Errorf("after the first: %v, %v", s, err)
		}
	}
	at.Advance(2 * time.Hour)
	if s, err := k.Get(t.Context()); err != nil || s.n != 3 {
		t.Errorf("after its time: %v, %v", s, err)
	}
}

func TestKeeperDoesNotRepeatARefusedLogin(t *testing.T) {
	t.Parallel()
	var tries atomic.Int64
	refused := pim.Errorf("test", pim.ErrAuth, "wrong password")
	at := testclock.At(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC))
	k := login.NewKeeper("test: login", at.Now, func(context.Context) (*session, time.Time, error) {
		tries.Add(1)
		return nil, time.Time{}, refused
	})
	for range 3 {
		if _, err := k.Get(t.Context()); !errors.Is(err, refused) {
			t.Fatalf("got %v", err)
		}
	}
	if n := tries.Load(); n != 1 {
		t.Errorf("%d tries in %v", n, login.RefusedFor)
	}
	at.Advance(login.RefusedFor)
	_, _ = k.Get(t.Context())
	if err := k.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, _ = k.Get(t.Context())
	if n := tries.Load(); n != 3 {
		t.Errorf("%d tries, want one more after the wait and one after forgetting", n)
	}
}

func TestKeeperObeysTheContext(t *testing.T) {
	t.Parallel()
	begun, end := make(chan struct{}), make(chan struct{})
	k := login.NewKeeper("test: login", time.Now, func(context.Context) (*session, time.Time, error) {
		close(begun)
		<-end
		return &session{}, time.Time{}, nil
	})
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = k.Get(context.Background()) })
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Get(ctx); pim.ReasonOf(err) != pim.ErrUnavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who gave up: %v", err)
	}
	close(end)
	wg.Wait()
}
