package storetest

import (
	"context"
	"testing"
	"time"

	"crmbridge/internal/testclock"
)

// NewClock returns a clock that begins at 2026-01-05 09:00 UTC and goes on by one second at each look, so that no two times in a
// store are the same.
func NewClock() *testclock.Clock {
	return testclock.Ticking(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), time.Second)
}

// background is a context for cleanups, when that of the test is cancelled already.
func background(tb testing.TB) context.Context {
	return context.WithoutCancel(tb.Context())
}
