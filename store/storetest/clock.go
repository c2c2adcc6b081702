package storetest

import (
	"context"
	"sync"
	"testing"
	"time"
)

// Clock is a clock for tests: it begins at 2026-01-05 09:00 UTC and moves on by one
// second at each look, so that no two times are the same. Safe for concurrent use.
type Clock struct {
	mu    sync.Mutex
	since time.Duration
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since += time.Second
	return time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC).Add(c.since)
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since += d
}

// background is a context for cleanups, when that of the test is cancelled already.
func background(tb testing.TB) context.Context {
	return context.WithoutCancel(tb.Context())
}
