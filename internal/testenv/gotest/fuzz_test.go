package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestFuzz(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module sample\n\ngo 1.21\n",
		"good/good_test.go": `package good
import "testing"
func FuzzFine(f *testing.F) { f.Add("a"); f.Fuzz(func(t *testing.T, s string) {}) }
`,
		"bad/bad_test.go": `package bad
import "testing"
func FuzzFine(f *testing.F) { f.Fuzz(func(t *testing.T, s string) {}) }
func FuzzSkips(f *testing.F) { f.Skip("no reason") }
func FuzzyLogic() {}
`,
		"finds/finds_test.go": `package finds
import "testing"
func FuzzFinds(f *testing.F) { f.Add([]byte("a")); f.Fuzz(func(t *testing.T, b []byte) { if string(b) != "a" { t.Error("found") } }) }
`,
		"bad/testdata/no_test.go":  "package no\nfunc FuzzNo(f *testing.F) {}\n",
		"broken/broken_test.go":    "package broken\nfunc FuzzBroken() { return 1 }\n",
		"good/deep/plain_test.go":  "package deep\n",
		"good/not_a_test_files.go": "package good\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	t.Setenv("GOFLAGS", "-mod=mod")
	var out, errors, summary bytes.Buffer
	for _, c := range []struct {
		group, each, folder string
		code                int
	}{
		{"good", "100ms", "good", 0}, {"bad", "100ms", "bad", 1}, {"broken", "100ms", "./broken/", 1},
		{"finds", "5m", "finds", 1}, // which ends when it has found it
	} {
		if code := run([]string{"-results", "results", "-group", c.group, "-fuzz", c.each, c.folder}, &out, &errors); code != c.code {
			t.Errorf("%s: exit status %d: %s%s", c.folder, code, &out, &errors)
		}
	}
	if code := run([]string{"-results", "results", "-summary", "good,bad,broken,finds"}, &summary, &errors); code != 1 {
		t.Errorf("summary: exit status %d", code)
	}
	const want = "FAILED: .FuzzBroken\nFAILED: sample/bad.FuzzSkips\nFAILED: sample/finds.FuzzFinds\n" +
		"bad: FAILED: 1 passed, 1 failed, 0 skipped\nbroken: FAILED: 0 passed, 1 failed, 0 skipped\n" +
		"finds: FAILED: 0 passed, 1 failed, 0 skipped\ngood: 1 passed, 0 skipped\n"
	if got := sorted(summary.String()); got != want {
		t.Errorf("summary\n%s\nof\n%s", got, out.String())
	}
	if found, _ := filepath.Glob("finds/testdata/fuzz/FuzzFinds/*"); len(found) != 1 || !strings.Contains(out.String(), "found") {
		t.Errorf("the input that fails is kept in %q: %s", found, out.String())
	}
	if !regexp.MustCompile(`ok  \tsample/bad\tFuzzFine\t\d+\.\ds, \d+ executions\n`).MatchString(out.String()) {
		t.Error(out.String())
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	all := []target{{dir: "a", name: "1"}, {dir: "a", name: "2"}, {dir: "b", name: "1"}, {dir: "c", name: "1"}}
	for text, want := range map[string]string{"": "a1a2b1c1", "0/2": "a1a2c1", "1/2": "b1", "5/2": "b1", "0/1": "a1a2b1c1", "7/9": ""} {
		its, err := parseTurn(text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, x := range its.among(all) {
			got += x.dir + x.name
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"x", "1", "1/0", "-1/2"} {
		if _, err := parseTurn(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
