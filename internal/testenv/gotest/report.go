package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// event is one line of "go test -json" (go doc test2json).
type event struct {
	Action, Package, Test, Output string
}

// line is a piece of output; test is "" for the package's own.
type line struct{ test, text string }

// report turns events into what "go test" prints without -json, and remembers how each test ended.
type report struct {
	out     io.Writer
	verbose bool // print everything as it comes, as -v does

	packages map[string]*state
	results  []result
}

// state is a package under test.
type state struct {
	lines  []line
	order  []string          // tests as they began
	ended  map[string]string // test name -> pass, fail or skip
	parent map[string]bool   // tests that have subtests
}

// result is how one test without subtests ended.
type result struct {
	Package, Test, Status string
	Reason                string // of a skip
}

func newReport(out io.Writer, verbose bool) *report {
	return &report{out: out, verbose: verbose, packages: map[string]*state{}}
}

func (r *report) add(e event) {
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
		return
	case "build-fail", "start", "":
		return
	}
	p := r.packages[e.Package]
	if p == nil {
		p = &state{ended: map[string]string{}, parent: map[string]bool{}}
		r.packages[e.Package] = p
	}
	switch e.Action {
	case "run":
		p.order = append(p.order, e.Test)
		for at, c := range e.Test {
			if c == '/' {
				p.parent[e.Test[:at]] = true
			}
		}
	case "output":
		if r.verbose {
			fmt.Fprint(r.out, e.Output)
		}
		p.lines = append(p.lines, line{e.Test, e.Output})
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e.Package, p, e.Action)
			return
		}
		r.endTest(e, p)
	}
}

func (r *report) endTest(e event, p *state) {
	p.ended[e.Test] = e.Action
	if !p.parent[e.Test] {
		end := result{Package: e.Package, Test: e.Test, Status: e.Action}
		if e.Action == "skip" {
			end.Reason = reason(p.lines, e.Test)
		}
		r.results = append(r.results, end)
	}
	if e.Action == "fail" || strings.Contains(e.Test, "/") {
		return
	}
	// Nobody will want to read what a test that passed has said, nor its subtests.
	p.lines = slices.DeleteFunc(p.lines, func(l line) bool { return l.test == e.Test || strings.HasPrefix(l.test, e.Test+"/") })
}

// endPackage prints what go test prints at a package's end: the failed tests, each followed by what it said, and the
// package's own lines.
func (r *report) endPackage(name string, p *state, status string) {
	delete(r.packages, name)
	if r.verbose {
		return
	}
	if status == "fail" {
		r.printFailed(p, "")
	}
	for _, l := range p.lines {
		if l.test == "" && (status == "fail" || summaryLine.MatchString(l.text)) {
			fmt.Fprint(r.out, l.text)
		}
	}
}

// printFailed prints the tests below parent that did not end well, each followed by its own subtests: parallel tests
// begin in another order.
func (r *report) printFailed(p *state, parent string) {
	for _, test := range p.order {
		if ended := p.ended[test]; p.above(test) == parent && ended != "pass" && ended != "skip" {
			r.printTest(p.lines, test)
			r.printFailed(p, test)
		}
	}
}

// above is the test that test is a subtest of, "" for none. A subtest's own name may hold slashes.
func (p *state) above(test string) string {
	for at := len(test) - 1; at > 0; at-- {
		if test[at] == '/' && slices.Contains(p.order, test[:at]) {
			return test[:at]
		}
	}
	return ""
}

// printTest prints the lines of one test, the one with the verdict first, indented as deep as the test.
func (r *report) printTest(lines []line, test string) {
	indent := strings.Repeat("    ", strings.Count(test, "/"))
	for _, verdict := range []bool{true, false} {
		for _, l := range lines {
			text := strings.TrimLeft(l.text, " ")
			if l.test != test || strings.HasPrefix(text, "=== ") || strings.HasPrefix(text, "--- ") != verdict {
				continue
			}
			if verdict {
				fmt.Fprint(r.out, indent, text)
			} else {
				fmt.Fprint(r.out, indent, l.text)
			}
		}
	}
}

// close prints what is left of packages that did not come to their end.
func (r *report) close() {
	for name, p := range r.packages {
		r.endPackage(name, p, "fail")
	}
}

var (
	summaryLine = regexp.MustCompile(`^(ok|\?) +\t`)
	position    = regexp.MustCompile(`^\s*[\w.-]+\.go:\d+: `)
)

// reason is what a test said before it was skipped.
func reason(lines []line, test string) string {
	var said []string
	for _, l := range lines {
		text := strings.TrimSpace(l.text)
		if l.test == test && !strings.HasPrefix(text, "=== ") && !strings.HasPrefix(text, "--- ") {
			said = append(said, position.ReplaceAllString(text, ""))
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}

// count returns how many tests ended in each way.
func (r *report) count() (passed, failed, skipped int) {
	for _, end := range r.results {
		switch end.Status {
		case "pass":
			passed++
		case "fail":
			failed++
		default:
			skipped++
		}
	}
	return passed, failed, skipped
}
