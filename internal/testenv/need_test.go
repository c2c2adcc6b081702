package testenv

import (
	"slices"
	"testing"
)

func TestMissing(t *testing.T) {
	t.Parallel()
	got := Missing("bash", "no-such-program", "/bin/*sh", "/nowhere/*.typelib")
	if want := []string{"no-such-program", "/nowhere/*.typelib"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// skipped records a skip that must not show among this package's own.
type skipped struct {
	testing.TB
	why []any
}

func (s *skipped) Helper()          {}
func (s *skipped) Skip(args ...any) { s.why = args }

func TestNeed(t *testing.T) {
	t.Parallel()
	tb := &skipped{TB: t}
	Need(tb, "bash")
	if tb.why != nil {
		t.Errorf("skipped although bash is there: %v", tb.why)
	}
	Need(tb, "bash", "no-such-program", "/nowhere/*.typelib")
	const want = "no-such-program, /nowhere/*.typelib not installed: run scripts/deps.sh as root"
	if len(tb.why) != 1 || tb.why[0] != want {
		t.Errorf("skipped with %q", tb.why)
	}
}
