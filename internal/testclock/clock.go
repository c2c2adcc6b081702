// Package testclock is the time of day in tests: it goes on when it is told to, or a little at each look, and whoever sleeps on it
// is back at once. For tests and the helpers of tests only.
package testclock

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Clock is a clock that tests move. It may be used concurrently.
type Clock struct {
	mu    sync.Mutex
	t     time.Time
	step  time.Duration
	slept []time.Duration
}

// New is a clock that stands still on a Wednesday in May, at half past nine in the morning UTC.
func New() *Clock { return At(time.Date(2026, 5, 20, 9, 30, 0, 0, time.UTC)) }

// At is a clock that stands still at t.
func At(t time.Time) *Clock { return &Clock{t: t} }

// Ticking is a clock that goes on by step before each look, so that no two looks show the same time.
func Ticking(t time.Time, step time.Duration) *Clock { return &Clock{t: t, step: step} }

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(c.step)
	return c.t
}

// Advance lets the clock go on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// Sleep lets the clock go on instead of waiting, and keeps how long it was asked to wait. It fails as ctx does.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
	c.slept = append(c.slept, d)
	return ctx.Err()
}

// Slept is how long each Sleep was asked to wait, in order.
func (c *Clock) Slept() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.slept)
}
