package testenv

import (
	"runtime"
	"testing"
	"time"
)

// Waiting is no work, and work is.
func TestWork(t *testing.T) {
	t.Parallel()
	if took := Work(t, func() { time.Sleep(300 * time.Millisecond) }); took > 200*time.Millisecond && runtime.GOOS == "linux" {
		t.Errorf("to sleep took %v", took)
	}
	const turns = 20_000_000
	sum := uint64(1)
	if took := Work(t, func() {
		for i := range uint64(turns) {
			sum = sum*6364136223846793005 + i
		}
	}); took < turns*time.Nanosecond/20 || sum == 0 {
		t.Errorf("%d turns took %v", turns, took)
	}
}
