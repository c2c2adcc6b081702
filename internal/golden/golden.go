// Package golden compares what tests make with files that somebody has looked over. `go test PACKAGE -update` writes the files anew;
// look at the difference before it is committed. For tests only: the flag is theirs.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Compare reports where got is not what file holds, to the letter. With -update it writes the file instead, and its folder.
func Compare[T string | []byte](t testing.TB, file string, got T) {
	t.Helper()
	compare(t, file, string(got), *update)
}

func compare(t testing.TB, file, got string, update bool) {
	t.Helper()
	if update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: run with -update and look at the difference; got\n%s", file, got)
	}
}
