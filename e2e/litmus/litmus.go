// Package litmus runs litmus, the test suite of RFC 4918 servers, and knows which of its checks do not apply to a server
// that holds calendars and nothing else, and why.
//
// litmus stores files of its own and makes collections inside collections. Where it lets the file be chosen it gets a
// calendar object. Its suite for properties sets them on a file, where the bridge keeps them for collections only: that
// suite runs a second time through a go-between that points the property requests of the file at its collection.
package litmus

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

// exemption is a check that does not apply. Number and name are litmus's.
type exemption struct{ check, why string }

const (
	anyFile    = "stores text that is no calendar object: RFC 4791 5.3.2.1 forbids that in a calendar"
	noNesting  = "makes a collection in a calendar: RFC 4791 4.2 forbids that"
	twiceUID   = "needs two objects with one UID in a calendar: RFC 4791 5.3.2.1 forbids that"
	noLocks    = "warns that there is no class 2: locking is not offered, and not advertised"
	ofObjects  = "sets dead properties on an object: they are kept for collections, principals and homes; run through the go-between instead"
	consequent = "was skipped by litmus itself, as one above does not apply"
)

// exempt are the suites and their checks that do not apply; all others have to pass without a warning.
var exempt = map[string][]exemption{
	"basic": {
		{"2 options", noLocks}, {"3 put_get", anyFile}, {"4 put_get_utf8_segment", anyFile}, {"6 mkcol_over_plain", consequent},
		{"7 delete", consequent}, {"9 delete_fragment", noNesting}, {"10 mkcol", noNesting}, {"11 mkcol_again", consequent},
		{"12 delete_coll", consequent},
	},
	"copymove": {
		{"2 copy_init", noNesting}, {"3 copy_simple", consequent}, {"4 copy_overwrite", consequent}, {"5 copy_nodestcoll", consequent},
		{"7 copy_coll", noNesting}, {"8 copy_shallow", noNesting}, {"9 move", twiceUID}, {"10 move_coll", noNesting},
	},
	"props": {
		{"6 propset", ofObjects}, {"7 propget", consequent}, {"9 propmove", consequent}, {"10 propget", consequent},
		{"11 propdeletes", consequent}, {"12 propget", consequent}, {"13 propreplace", consequent}, {"14 propget", consequent},
		{"15 propnullns", consequent}, {"16 propget", consequent}, {"17 prophighunicode", consequent}, {"18 propget", consequent},
		{"19 propremoveset", consequent}, {"20 propget", consequent}, {"21 propsetremove", consequent}, {"22 propget", consequent},
		{"23 propvalnspace", consequent}, {"26 propmanyns", ofObjects}, {"27 propget", consequent},
	},
	"http":  {},
	"locks": {{"2 options", noLocks}, {"3 precond", "needs locks, and litmus leaves the rest of the suite out"}},
}

// throughGoBetween are the checks of props that do not apply even so.
var throughGoBetween = []exemption{{"25 propinit", twiceUID}}

// Check runs the suites against the home of the target's calendar. The test is skipped without litmus.
func Check(t *testing.T, target plain.Target) {
	testenv.Need(t, "litmus")
	home := target.Calendar[:strings.LastIndex(strings.TrimSuffix(target.Calendar, "/"), "/")+1]
	for _, suite := range []string{"basic", "copymove", "props", "http", "locks"} {
		t.Run(suite, func(t *testing.T) { judge(t, run(t, target.Account, home, suite), exempt[suite]) })
	}
	t.Run("props on a collection", func(t *testing.T) {
		between := httptest.NewServer(goBetween(t, target.Base, "litmus"))
		defer between.Close()
		account := target.Account
		account.Base = between.URL + "/"
		judge(t, run(t, account, account.Base+strings.TrimPrefix(home, target.Base), "props"), throughGoBetween)
	})
}

// outcome is what litmus says of one check: "pass", "FAIL" or "SKIPPED", and the reason or the warnings.
type outcome struct{ check, verdict, said string }

// run runs one suite in a collection of its own that it makes in home.
func run(t *testing.T, account plain.Account, home, suite string) []outcome {
	t.Helper()
	dir := t.TempDir()
	file := plain.Event("litmus", "Stored by litmus")
	if err := os.WriteFile(filepath.Join(dir, "foo"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := testenv.Program("litmus")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-k", home, account.User, account.Password)
	cmd.Dir = dir // it leaves debug.log there
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "LC_ALL=C.UTF-8", "HTDOCS=" + dir, "TESTS=" + suite}
	out, err := cmd.CombinedOutput()
	if err := errors.Join(err, ctx.Err()); err != nil {
		t.Fatalf("litmus: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "summary for `"+suite+"'") {
		t.Fatalf("litmus did not get to its end:\n%s", out)
	}
	return parse(string(out))
}

var (
	checkLine = regexp.MustCompile(`^\s*(\d+)\. (\w+)\.+ (pass|FAIL|SKIPPED)(.*)$`)
	warnLine  = regexp.MustCompile(`^\s*(\d+)\. (\w+)\.+ (WARNING: .*)$`)
	thenLine  = regexp.MustCompile(`^\s*\.{5,} (pass|FAIL|SKIPPED)(.*)$`)
)

// parse reads litmus's report. It writes a line twice, the second time over the first, and a reason may hold bytes that are
// anything, line ends too.
func parse(out string) (found []outcome) {
	warned := outcome{}
	for line := range strings.FieldsFuncSeq(out, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if m := warnLine.FindStringSubmatch(line); m != nil {
			warned = outcome{check: m[1] + " " + m[2], said: m[3]}
		} else if m := thenLine.FindStringSubmatch(line); m != nil && warned.check != "" {
			warned.verdict = m[1]
			found, warned = append(found, warned), outcome{}
		} else if m := checkLine.FindStringSubmatch(line); m != nil {
			found = append(found, outcome{m[1] + " " + m[2], m[3], strings.TrimSpace(m[4])})
		}
	}
	return found
}

// judge compares the outcomes with the table. A check that is exempt and passes makes the table wrong.
func judge(t *testing.T, found []outcome, exempt []exemption) {
	t.Helper()
	why := map[string]string{}
	for _, e := range exempt {
		why[e.check] = e.why
	}
	for _, o := range found {
		reason, excused := why[o.check]
		delete(why, o.check)
		well := o.verdict == "pass" && o.said == ""
		switch {
		case well && excused:
			t.Errorf("%s passes: take it out of the table (%s)", o.check, reason)
		case !well && !excused:
			t.Errorf("%s: %s %q", o.check, o.verdict, o.said)
		case excused:
			t.Logf("%s does not apply: it %s", o.check, reason)
		}
	}
	for check := range why {
		t.Errorf("%s was not run: take it out of the table", check)
	}
	if t.Failed() {
		t.Logf("%q", found)
	}
}
