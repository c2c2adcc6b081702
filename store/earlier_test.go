package store

import "testing"

// After a search that could not free enough, the next one waits until there is something new to free.
func TestAVainSearchIsNotRepeated(t *testing.T) {
	t.Parallel()
	var e earlier
	const u, step = UserID(7), 100
	worth := func(want bool) {
		t.Helper()
		if got := e.worth(u, step); got != want {
			t.Errorf("with %d bytes: %t", e.of(u), got)
		}
	}
	worth(true)
	e.add(u, 1000)
	worth(true)
	e.keeps(u, 1000)
	worth(false)
	e.add(u, 99)
	worth(false)
	e.add(u, 1)
	worth(true)
	e.keeps(u, 1100)
	worth(false)
	e.add(u, -500) // counted anew, or deleted with their objects
	worth(true)
	if !e.worth(u+1, step) {
		t.Error("of another user")
	}
}
