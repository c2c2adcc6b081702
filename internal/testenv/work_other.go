//go:build !linux

package testenv

import (
	"testing"
	"time"
)

// Work runs f and returns the time that passed: other systems do not tell the processor time of one thread.
func Work(tb testing.TB, f func()) time.Duration {
	tb.Helper()
	began := time.Now()
	f()
	return time.Since(began)
}
