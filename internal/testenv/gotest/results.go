package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// The results file has one line for each run, "ran GROUP EXIT PASSED FAILED SKIPPED", and one for each skipped or failed
// test, "skip GROUP TEST REASON" and "fail GROUP TEST", with tabs between the fields.

func appendResults(path, group string, r *report, code int) error {
	var text strings.Builder
	passed, failed, skipped := r.count()
	fmt.Fprintf(&text, "ran\t%s\t%d\t%d\t%d\t%d\n", group, code, passed, failed, skipped)
	for _, end := range r.results {
		switch end.Status {
		case "skip":
			fmt.Fprintf(&text, "skip\t%s\t%s.%s\t%s\n", group, end.Package, end.Test, oneLine(end.Reason))
		case "fail":
			fmt.Fprintf(&text, "fail\t%s\t%s.%s\n", group, end.Package, end.Test)
		}
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text.String()); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}

// group is the sum of a group's runs.
type group struct {
	runs, passed, failed, skipped int
	broken                        bool // a run ended badly, whatever its tests say
}

// summarise prints the sums of the wanted groups and every skipped and failed test, and reports whether all is well: each
// group ran at least one test that passed, and none failed.
func summarise(out io.Writer, results string, wanted []string) bool {
	groups := map[string]*group{}
	var notes noteList
	for line := range strings.Lines(results) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case len(fields) == 6 && fields[0] == "ran":
			addRun(groups, fields)
		case len(fields) == 4 && fields[0] == "skip":
			notes.add("skipped: "+short(fields[2]), fields[3])
		case len(fields) == 3 && fields[0] == "fail":
			notes.add("FAILED: "+fields[2], "")
		}
	}
	notes.print(out)
	well := true
	for _, name := range wanted {
		g := groups[name]
		switch {
		case g == nil:
			fmt.Fprintf(out, "%s: did not run\n", name)
			well = false
		case g.broken || g.failed > 0:
			fmt.Fprintf(out, "%s: FAILED: %d passed, %d failed, %d skipped\n", name, g.passed, g.failed, g.skipped)
			well = false
		case g.passed == 0:
			fmt.Fprintf(out, "%s: nothing ran: %d skipped\n", name, g.skipped)
			well = false
		default:
			fmt.Fprintf(out, "%s: %d passed, %d skipped\n", name, g.passed, g.skipped)
		}
	}
	return well
}

// short leaves out the middle of a subtest's name: suites skip the same step of many variants for the same reason.
func short(test string) string {
	pkg, name, _ := strings.Cut(test, ".Test")
	parts := strings.Split(name, "/")
	if len(parts) < 3 {
		return test
	}
	return pkg + ".Test" + parts[0] + "/.../" + parts[len(parts)-1]
}

// note is a line of the summary and how often it came.
type note struct {
	what, why string
	times     int
}

type noteList []note

func (l *noteList) add(what, why string) {
	for i := range *l {
		if n := &(*l)[i]; n.what == what && n.why == why {
			n.times++
			return
		}
	}
	*l = append(*l, note{what, why, 1})
}

func (l noteList) print(out io.Writer) {
	for _, n := range l {
		line := n.what
		if n.times > 1 {
			line += fmt.Sprintf(" (%d times)", n.times)
		}
		if n.why != "" {
			line += ": " + n.why
		}
		fmt.Fprintln(out, line)
	}
}

func addRun(groups map[string]*group, fields []string) {
	g := groups[fields[1]]
	if g == nil {
		g = &group{}
		groups[fields[1]] = g
	}
	numbers := [4]int{1, 0, 0, 0}
	for i := range numbers {
		n, err := strconv.Atoi(fields[2+i])
		if err != nil {
			g.broken = true
			return
		}
		numbers[i] = n
	}
	g.runs++
	g.broken = g.broken || numbers[0] != 0
	g.passed += numbers[1]
	g.failed += numbers[2]
	g.skipped += numbers[3]
}
