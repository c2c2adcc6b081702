package lint

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxLines is the most a Go file may have; 400 is the rule, and what is over it is
// worth a look.
const maxLines = 900

// clocks may read the time of day: programs, a simulated server among them, and tests.
var clocks = []string{"cmd/", "internal/", "e2e/", "bench/", "crm/creatio/creatiosim/", "exchange/graph/graphsim/", "exchange/ews/ewssim/"}

// sources calls do for every Go file of ours.
func sources(t *testing.T, do func(path string, content []byte, f *ast.File, fset *token.FileSet)) {
	t.Helper()
	dir := root(t)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") && path != dir {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, content, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		do(filepath.ToSlash(rel), content, f, fset)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	sources(t, func(path string, content []byte, _ *ast.File, _ *token.FileSet) {
		if n := strings.Count(string(content), "\n"); n > maxLines {
			t.Errorf("%s has %d lines, at most %d are allowed", path, n, maxLines)
		}
	})
}

func TestNoInit(t *testing.T) {
	t.Parallel()
	sources(t, func(path string, _ []byte, f *ast.File, _ *token.FileSet) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", path)
			}
		}
	})
}

// TestTimeIsAParameter keeps the clock out of everything that decides.
func TestTimeIsAParameter(t *testing.T) {
	t.Parallel()
	sources(t, func(path string, _ []byte, f *ast.File, fset *token.FileSet) {
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/") {
			return
		}
		for _, c := range clocks {
			if strings.HasPrefix(path, c) {
				return
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Now" {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" {
				t.Errorf("%s: time.Now; take the time as a parameter", fset.Position(n.Pos()))
			}
			return true
		})
	})
}

// outbound are ways to reach another machine, by package and name.
var outbound = []string{
	"net.Dial", "net.DialTimeout", "net.DialTCP", "net.Dialer", "tls.Dial", "tls.DialWithDialer", "tls.Dialer",
	"http.Get", "http.Head", "http.Post", "http.PostForm", "http.Client", "http.DefaultClient", "http.Transport", "http.DefaultTransport",
	"smtp.SendMail", "smtp.Dial",
}

// TestOneWayOut keeps everything that the program asks of other machines in package upstream, which refuses addresses of the
// inner network: nothing that people store (photos, attachments, subscriptions) makes the server ask for it. Tests, their
// helpers and measurements ask the servers that they start; the program of a simulated service calls back as that would.
func TestOneWayOut(t *testing.T) {
	t.Parallel()
	found := 0
	sources(t, func(path string, _ []byte, f *ast.File, fset *token.FileSet) {
		ours := strings.HasPrefix(path, "upstream/")
		for _, other := range []string{"e2e/", "bench/", "internal/testenv/", "exchange/graph/graphsim/cmd/"} {
			if strings.HasPrefix(path, other) {
				return
			}
		}
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			switch out := slices.Contains(outbound, x.Name+"."+sel.Sel.Name); {
			case out && ours:
				found++
			case out:
				t.Errorf("%s: %s.%s; only package upstream reaches other machines", fset.Position(n.Pos()), x.Name, sel.Sel.Name)
			}
			return true
		})
	})
	if found < 3 {
		t.Errorf("only %d ways out in package upstream: this test looks for the wrong names", found)
	}
}

// TestPanicsAreJustified asks for a comment wherever the program panics, on the line or the one before it, or in the words about the
// function: what comes from outside is an error.
func TestPanicsAreJustified(t *testing.T) {
	t.Parallel()
	sources(t, func(path string, _ []byte, f *ast.File, fset *token.FileSet) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		said := map[int]bool{} // lines on which a comment ends
		for _, c := range f.Comments {
			said[fset.Position(c.End()).Line] = true
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && strings.Contains(fn.Doc.Text(), "panic") {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "panic" {
					if line := fset.Position(call.Pos()).Line; !said[line] && !said[line-1] {
						t.Errorf("%s: a panic without a reason", fset.Position(call.Pos()))
					}
				}
				return true
			})
		}
	})
}

// What is built is not kept with what it is built of. A working copy may have programs where .gitignore says so: only what git knows counts.
func TestNoProgramIsKept(t *testing.T) {
	t.Parallel()
	dir := root(t)
	out, err := exec.Command("git", "-C", dir, "ls-files", "-z").Output()
	if err != nil {
		t.Skip("not a checkout of git: which files are kept is not known")
	}
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		f, err := os.Open(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed, and not yet said so
		}
		if err != nil {
			t.Fatal(err)
		}
		magic := make([]byte, 4)
		n, _ := io.ReadFull(f, magic)
		_ = f.Close()
		if string(magic[:n]) == "\x7fELF" {
			t.Errorf("%s is a program", name)
		}
	}
}
