package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// programDirs are looked into after PATH: Debian keeps the servers' own programs out of it.
func programDirs() []string {
	dirs := []string{"/usr/lib/thunderbird", "/usr/local/bin", "/usr/sbin", "/sbin", "/usr/libexec"}
	pg, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	sort.Sort(sort.Reverse(sort.StringSlice(pg))) // the newest release first
	return append(dirs, pg...)
}

// Program returns the path of an installed program.
func Program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return filepath.Abs(path)
	}
	for _, dir := range programDirs() {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("testenv: %s is not installed", name)
}

// Missing returns those of names that are not there. A name that holds a slash is a file pattern (filepath.Glob), any
// other is a program.
func Missing(names ...string) []string {
	var missing []string
	for _, name := range names {
		if strings.Contains(name, "/") {
			if found, _ := filepath.Glob(name); len(found) == 0 {
				missing = append(missing, name)
			}
			continue
		}
		if _, err := Program(name); err != nil {
			missing = append(missing, name)
		}
	}
	return missing
}

// Need skips the test, saying how to run it, unless every name is there (see Missing). Package gotest collects the
// reasons of all skipped tests, so that a run of the whole says at its end what did not run.
func Need(tb testing.TB, names ...string) {
	tb.Helper()
	if missing := Missing(names...); len(missing) > 0 {
		tb.Skip(strings.Join(missing, ", ") + " not installed: run scripts/deps.sh as root")
	}
}
