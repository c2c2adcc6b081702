package login

import (
	"context"
	"sync"
	"time"

	"crmbridge/pim"
)

// RefusedFor is how long a refused login is not tried again: services block users after a few wrong passwords, and many
// callers would be many tries.
const RefusedFor = 5 * time.Minute

// Keeper holds the one session of a connection. It is safe for concurrent use.
type Keeper[S any] struct {
	op   string
	now  func() time.Time
	open func(ctx context.Context) (*S, time.Time, error)

	gate  chan struct{} // a lock that obeys contexts
	cur   *S
	until time.Time

	mu        sync.Mutex
	refusal   error
	refusedAt time.Time
}

// NewKeeper makes one without a session. open logs in; the time it returns is when the session ends, zero when that is not
// known. op is what errors of waiting name.
func NewKeeper[S any](op string, now func() time.Time, open func(ctx context.Context) (*S, time.Time, error)) *Keeper[S] {
	return &Keeper[S]{op: op, now: now, open: open, gate: make(chan struct{}, 1)}
}

// Get is the current session, or a new one.
func (k *Keeper[S]) Get(ctx context.Context) (*S, error) { return k.After(ctx, nil) }

// After is a session that is not old: a new one, unless somebody else already made it. A login that was refused
// (pim.ErrAuth) is answered with the same error for RefusedFor.
func (k *Keeper[S]) After(ctx context.Context, old *S) (*S, error) {
	if err := k.enter(ctx); err != nil {
		return nil, err
	}
	defer k.leave()
	if k.cur != nil && k.cur != old && (k.until.IsZero() || k.now().Before(k.until)) {
		return k.cur, nil
	}
	if err := k.refused(); err != nil {
		return nil, err
	}
	next, until, err := k.open(ctx)
	if err != nil {
		k.note(err)
		return nil, err
	}
	k.cur, k.until = next, until
	return next, nil
}

// Forget lets the next call log in again even if the last login was refused: a person is testing the connection.
func (k *Keeper[S]) Forget(ctx context.Context) error {
	if err := k.enter(ctx); err != nil {
		return err
	}
	defer k.leave()
	k.cur = nil
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refusal = nil
	return nil
}

func (k *Keeper[S]) enter(ctx context.Context) error {
	select {
	case k.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return pim.Wrap(k.op, pim.ErrUnavailable, ctx.Err())
	}
}

func (k *Keeper[S]) leave() { <-k.gate }

func (k *Keeper[S]) refused() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refusal != nil && k.now().Sub(k.refusedAt) < RefusedFor {
		return k.refusal
	}
	return nil
}

func (k *Keeper[S]) note(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if pim.ReasonOf(err) == pim.ErrAuth {
		k.refusal, k.refusedAt = err, k.now()
	}
}
