package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// module is a small module with every kind of ending.
var module = map[string]string{
	"go.mod": "module sample\n\ngo 1.21\n",
	"good/good_test.go": `package good
import ("fmt"; "testing")
func TestPass(t *testing.T) { fmt.Println("chatter"); t.Log("more chatter") }
func TestSkip(t *testing.T) { t.Skip("no\nserver") }
func TestSubs(t *testing.T) {
	t.Run("a", func(t *testing.T) { t.Log("quiet") })
	t.Run("b/c", func(t *testing.T) { t.SkipNow() })
}
`,
	"bad/bad_test.go": `package bad
import "testing"
func TestFine(t *testing.T) { t.Log("must not show") }
func TestFails(t *testing.T) {
	t.Run("one", func(t *testing.T) { t.Log("context"); t.Error("broken") })
	t.Run("two", func(t *testing.T) { t.Log("must not show either") })
}
`,
	"broken/broken_test.go": "package broken\nfunc x() { return 1 }\n",
	"none/none.go":          "package none\n",
}

func TestPrintsWhatGoTestPrints(t *testing.T) {
	dir := t.TempDir()
	for name, text := range module {
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
	want, _ := exec.Command("go", "test", "./...").Output() // fails, as it should
	if !bytes.Contains(want, []byte("--- FAIL: TestFails/one")) {
		t.Fatalf("go test did not run: %s", want)
	}

	results := filepath.Join(dir, "results")
	var got, errors bytes.Buffer
	if code := run([]string{"-results", results, "-group", "all", "--", "./..."}, &got, &errors); code != 1 {
		t.Errorf("exit status %d: %s", code, &errors)
	}
	// Build errors go to another stream; times and the order of packages differ.
	if got, want := sorted(comparable(got.String())), sorted(comparable(string(want))); got != want {
		t.Errorf("printed\n%s\ngo test prints\n%s", got, want)
	}

	var summary bytes.Buffer
	if code := run([]string{"-results", results, "-summary", "all,other"}, &summary, &errors); code != 1 {
		t.Errorf("summary: exit status %d", code)
	}
	const wantSummary = "FAILED: sample/bad.TestFails/one\n" +
		"skipped: sample/good.TestSkip: no server\n" +
		"skipped: sample/good.TestSubs/.../c: no reason given\n" +
		"all: FAILED: 4 passed, 1 failed, 2 skipped\n" +
		"other: did not run\n"
	if got := sorted(summary.String()); got != sorted(wantSummary) {
		t.Errorf("summary\n%s", summary.String())
	}
}

var (
	times  = regexp.MustCompile(`\d+\.\d+s|\(cached\)`)
	builds = regexp.MustCompile(`(?m)^(# |broken/|\t(have|want) ).*\n`)
)

func comparable(text string) string {
	return times.ReplaceAllString(builds.ReplaceAllString(text, ""), "TIME")
}

// sorted is for lines whose order follows from that of packages, which run at the same time.
func sorted(text string) string {
	lines := strings.SplitAfter(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// Subtests of parallel tests begin in any order; they are printed below their parents all the same.
func TestFailuresArePrintedAsATree(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := newReport(&out, false)
	for _, test := range []string{"TestA", "TestAB", "TestA/x", "TestAB/y", "TestA/x/b/c", "TestA/z"} {
		r.add(event{Action: "run", Package: "p", Test: test})
		r.add(event{Action: "output", Package: "p", Test: test, Output: "=== RUN " + test + "\n"})
		r.add(event{Action: "output", Package: "p", Test: test, Output: "    a_test.go:1: wrong\n"})
		r.add(event{Action: "output", Package: "p", Test: test, Output: "--- FAIL: " + test + " (0.00s)\n"})
		r.add(event{Action: "fail", Package: "p", Test: test})
	}
	r.add(event{Action: "fail", Package: "p"})
	var order []string
	for line := range strings.Lines(out.String()) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "--- FAIL: "); ok {
			order = append(order, strings.Fields(name)[0])
		}
	}
	want := []string{"TestA", "TestA/x", "TestA/x/b/c", "TestA/z", "TestAB", "TestAB/y"}
	if !slices.Equal(order, want) {
		t.Errorf("printed %q, want %q", order, want)
	}
}

func TestSummarise(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, results string
		well          bool
		want          string
	}{
		{"well", "ran\tunit\t0\t3\t0\t1\nskip\tunit\tp.TestX\tno server\nran\tunit\t0\t4\t0\t0\n", true, "skipped: p.TestX: no server\nunit: 7 passed, 1 skipped\n"},
		{"often", "ran\tunit\t0\t3\t0\t3\nskip\tunit\tp.TestX/a/z\tweak\nskip\tunit\tp.TestX/b/c/z\tweak\nskip\tunit\tp.TestX/b/z\tother\n", true,
			"skipped: p.TestX/.../z (2 times): weak\nskipped: p.TestX/.../z: other\nunit: 3 passed, 3 skipped\n"},
		{"nothing ran", "ran\tunit\t0\t0\t0\t2\n", false, "unit: nothing ran: 2 skipped\n"},
		{"did not build", "ran\tunit\t1\t5\t0\t0\n", false, "unit: FAILED: 5 passed, 0 failed, 0 skipped\n"},
		{"damaged", "ran\tunit\tx\t5\t0\t0\n", false, "unit: FAILED: 0 passed, 0 failed, 0 skipped\n"},
		{"missing", "", false, "unit: did not run\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if got := summarise(&out, test.results, []string{"unit"}); got != test.well || out.String() != test.want {
				t.Errorf("%v\n%s", got, out.String())
			}
		})
	}
}
