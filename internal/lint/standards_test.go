package lint

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// states are what a row of docs/standards.md may say.
var states = []string{"done", "lenient", "n/a", "later"}

// TestStandardsAreShownByTests keeps docs/standards.md true: each test it names exists, and a rule that is done or
// deliberately not kept is shown by one.
func TestStandardsAreShownByTests(t *testing.T) {
	t.Parallel()
	known := map[string]bool{} // "dav/davxml.TestX"
	sources(t, func(path string, _ []byte, f *ast.File, _ *token.FileSet) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				known[filepath.ToSlash(filepath.Dir(path))+"."+fn.Name.Name] = true
			}
		}
	})
	text, err := os.ReadFile(filepath.Join(root(t), "docs", "standards.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z0-9/]+\\.(?:Test|Fuzz)[A-Za-z0-9]+)`")
	rows := 0
	for i, line := range strings.Split(string(text), "\n") {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if last := cells[len(cells)-1]; last == "test" {
			continue
		}
		rows++
		tests := named.FindAllStringSubmatch(line, -1)
		for _, m := range tests {
			if !known[m[1]] {
				t.Errorf("docs/standards.md:%d: there is no %s", i+1, m[1])
			}
		}
		state := stateOf(cells)
		switch {
		case state == "":
			t.Errorf("docs/standards.md:%d: none of the states %v: %s", i+1, states, line)
		case (state == "done" || state == "lenient") && len(tests) == 0:
			t.Errorf("docs/standards.md:%d: no test shows it: %s", i+1, line)
		case state != "done" && !strings.Contains(line, state+":"):
			t.Errorf("docs/standards.md:%d: no reason is given: %s", i+1, line)
		}
	}
	if rows < 100 {
		t.Errorf("only %d rows were read", rows)
	}
}

// stateOf is the state among the cells of a row: the first word of one.
func stateOf(cells []string) string {
	for _, cell := range cells {
		for _, s := range states {
			if cell == s || strings.HasPrefix(cell, s+":") {
				return s
			}
		}
	}
	return ""
}
