package testenv

import (
	"os"
	"path/filepath"
	"testing"
)

// Shared are the files of this pattern among what tests use but the repository does not hold: real calendars and cards of other programs
// (corpus/ics, corpus/vcf), published descriptions of services (schemas). They are in $BRIDGE_SHARED, else in the folder "shared" beside
// the repository. Without any the test is skipped.
func Shared(tb testing.TB, pattern string) []string {
	tb.Helper()
	files := SharedIfThere(tb, pattern)
	if len(files) == 0 {
		tb.Skipf("SKIPPED: there is no %s in %s; set BRIDGE_SHARED", pattern, sharedFolder(tb))
	}
	return files
}

// SharedIfThere is Shared for tests that have something to do without.
func SharedIfThere(tb testing.TB, pattern string) []string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(sharedFolder(tb), filepath.FromSlash(pattern)))
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

func sharedFolder(tb testing.TB) string {
	tb.Helper()
	if dir := os.Getenv("BRIDGE_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd() // tests run in the folder of their package
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(filepath.Dir(dir), "shared")
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatal("testenv: no go.mod above the folder of the test")
		}
		dir = up
	}
}
