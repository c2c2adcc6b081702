package lint

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "crmbridge"

// allowed says which packages of ours a package may import (tests excepted). A
// pattern ending in "/..." covers the folder and all below it. The first row that
// names a package counts.
var allowed = []struct {
	pkg string
	may []string
}{
	{"cmd/...", []string{"..."}},
	{"bench/...", []string{"..."}},
	{"e2e/...", []string{"..."}},
	{"internal/lint", nil},
	{"internal/testenv/...", []string{"internal/testenv/..."}},
	{"internal/golden", nil},
	{"internal/simkit", nil},
	{"internal/testclock", nil},
	{"internal/...", []string{"internal/..."}},

	{"pim/tz/...", []string{"pim/tz/..."}},
	{"pim/rrule", []string{"pim/tz"}},
	{"pim/line", []string{"pim"}},
	{"pim/ics", []string{"pim", "pim/line", "pim/tz", "pim/rrule"}},
	{"pim/vcf", []string{"pim", "pim/line", "pim/tz"}},
	{"pim/likeness", []string{"pim"}},
	{"pim", []string{"pim/tz", "pim/rrule"}},

	{"upstream/login", []string{"pim", "upstream"}},
	{"upstream", []string{"pim"}},
	{"remote/remotetest", []string{"internal/testclock", "internal/testenv", "pim", "pim/rrule", "remote", "upstream"}},
	{"remote/memory/memorytest", []string{"pim", "internal/testclock", "remote", "remote/memory", "remote/remotetest"}},
	{"remote/memory", []string{"pim", "remote"}},
	{"remote/several", []string{"pim", "remote"}},
	{"remote", []string{"pim", "upstream"}},
	{"secret", []string{"pim"}},
	{"store/storetest", []string{"pim", "store", "internal/..."}},
	{"store", []string{"pim"}},
	{"auth/openid", []string{"pim", "upstream"}},
	{"auth", []string{"pim", "store"}},
	{"birthday", []string{"pim", "pim/line", "pim/ics", "pim/vcf", "store"}},

	{"crm/creatio/creatiosim/...", []string{"crm/creatio/creatiosim", "internal/simkit"}},
	{"crm/crmtest", []string{"pim", "remote", "crm", "remote/remotetest"}},
	{"crm/mem", []string{"remote", "crm", "remote/memory"}},
	{"crm", []string{"pim", "remote"}},
	{"crm/...", []string{"pim/...", "remote", "crm", "upstream/..."}}, // one driver never imports another
	{"exchange/exchangetest", []string{"pim", "remote", "exchange", "remote/remotetest"}},
	{"exchange/series", []string{"pim", "pim/rrule", "pim/tz"}},
	{"exchange/mem", []string{"pim", "remote", "exchange", "remote/memory"}},
	{"exchange", []string{"pim", "remote"}},
	{"exchange/ews/ewssim/...", []string{"exchange/ews/ewssim", "pim/tz", "internal/simkit"}},
	{"exchange/graph/graphsim/...", []string{"exchange/graph/graphsim", "pim/tz", "internal/simkit"}},
	{"exchange/...", []string{"pim/...", "remote", "exchange", "exchange/series", "upstream/..."}},

	{"dav/davxml", nil},
	{"dav", []string{"pim/...", "store", "dav/davxml", "birthday", "internal/accept"}},
	{"feed", []string{"pim/...", "store", "auth", "birthday", "internal/accept"}},
	{"relay/rule", []string{"pim", "remote"}},
	{"relay", []string{"pim/...", "remote", "remote/several", "store", "relay/rule"}},
	{"review", []string{"pim", "store", "relay", "relay/rule"}},
	{"manage", []string{"pim/...", "remote", "remote/several", "store", "secret", "auth", "dav", "feed", "exchange", "relay/...", "review", "upstream"}},
	{"admin/words", nil},
	{"admin/api", []string{"pim", "relay", "relay/rule", "remote", "review", "store", "auth", "manage"}},
	{"admin/...", []string{"pim/...", "remote", "store", "relay/...", "review", "auth", "auth/openid", "manage", "admin/words", "internal/..."}},
}

type listed struct {
	ImportPath string
	Dir        string
	Doc        string
	Imports    []string
	GoFiles    []string
}

func matches(pattern, pkg string) bool {
	if pattern == "..." {
		return true
	}
	if root, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == root || strings.HasPrefix(pkg, root+"/")
	}
	return pkg == pattern
}

// packages lists ours, with the files that the e2e tag adds.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-tags", "e2e", "-json=ImportPath,Dir,Doc,Imports,GoFiles", module+"/...")
	cmd.Dir = root(t)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var ps []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
	if len(ps) < 10 {
		t.Fatalf("only %d packages listed", len(ps))
	}
	return ps
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestImportDirection(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		i := slices.IndexFunc(allowed, func(r struct {
			pkg string
			may []string
		}) bool {
			return matches(r.pkg, name)
		})
		if i < 0 {
			t.Errorf("%s stands in no row of the import table; add one, and to docs/architecture.md", name)
			continue
		}
		for _, imp := range p.Imports {
			ours, ok := strings.CutPrefix(imp, module+"/")
			if !ok || slices.ContainsFunc(allowed[i].may, func(pattern string) bool { return matches(pattern, ours) }) {
				continue
			}
			t.Errorf("%s may not import %s (row %q)", name, ours, allowed[i].pkg)
		}
	}
}

func TestEachPackageHasADoc(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package doc", p.ImportPath)
		}
	}
}
