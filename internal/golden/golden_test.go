package golden

import (
	"path/filepath"
	"testing"
)

// told keeps what a test is told instead of failing.
type told struct {
	testing.TB
	errors int
}

func (t *told) Errorf(string, ...any) { t.errors++ }
func (t *told) Helper()               {}

func TestCompare(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "a.txt")
	compare(t, file, "one\n", true)
	Compare(t, file, "one\n")
	Compare(t, file, []byte("one\n"))
	other := &told{TB: t}
	if Compare(other, file, "one"); other.errors != 1 {
		t.Errorf("another text was told %d times", other.errors)
	}
}
