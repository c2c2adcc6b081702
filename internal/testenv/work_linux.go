package testenv

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

// Work runs f and returns the processor time that f took, without what it left to other goroutines. Unlike the time that
// passed it does not grow when tests share their machine, so a test may compare it with a limit.
func Work(tb testing.TB, f func()) time.Duration {
	tb.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := threadTime(tb)
	f()
	return threadTime(tb) - before
}

func threadTime(tb testing.TB) time.Duration {
	tb.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &used); err != nil {
		tb.Fatalf("testenv: processor time: %v", err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
