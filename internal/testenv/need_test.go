package testenv

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
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
func (s *skipped) Name() string     { return "TestOther" }
func (s *skipped) Skip(args ...any) { s.why = args }

func TestSkipIsNoted(t *testing.T) {
	notes := filepath.Join(t.TempDir(), "skipped")
	t.Setenv("BRIDGE_SKIPPED", notes)
	const want = "no-such-program not installed: run scripts/deps.sh as root"
	for range 2 {
		tb := &skipped{TB: t}
		Need(tb, "bash")
		if tb.why != nil {
			t.Errorf("skipped although bash is there: %v", tb.why)
		}
		Need(tb, "no-such-program")
		if len(tb.why) != 1 || tb.why[0] != want {
			t.Errorf("skipped with %q", tb.why)
		}
	}
	got, err := os.ReadFile(notes)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != strings.Repeat("TestOther: "+want+"\n", 2) {
		t.Errorf("noted %q", got)
	}
}
