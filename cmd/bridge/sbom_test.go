package main

import (
	"encoding/json"
	"os"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// What a program is built of is listed whole, each module once, by the name and version that it has in the build.
func TestSBOM(t *testing.T) {
	t.Parallel()
	info := &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Path: "crmbridge"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "GOOS", Value: "linux"}},
		Deps: []*debug.Module{
			{Path: "gorm.io/gorm", Version: "v1.31.2", Sum: "h1:x="},
			{Path: "example.org/old", Version: "v1.0.0", Replace: &debug.Module{Path: "example.org/fork", Version: "v1.0.1+incompatible"}},
		}}
	b := sbomOf(info, "1.2.3")
	var refs []string
	for _, c := range b.Components {
		refs = append(refs, c.PURL)
	}
	want := []string{"pkg:golang/example.org/fork@v1.0.1%2Bincompatible", "pkg:golang/gorm.io/gorm@v1.31.2", "pkg:golang/std@1.26.0"}
	if !slices.Equal(refs, want) || !slices.Equal(b.Depends[0].On, want) {
		t.Errorf("%q", refs)
	}
	if app := b.Metadata.Component; app.PURL != "pkg:golang/crmbridge@1.2.3" || app.Type != "application" || len(app.Properties) != 1 || app.Properties[0].Value != "abc" {
		t.Errorf("%+v", app)
	}
}

// The command lists this very program: nothing that it is built of is missing, and everything is in go.sum.
func TestVersionSBOM(t *testing.T) {
	t.Parallel()
	p := &place{t: t, dir: t.TempDir()}
	var b sbom
	if err := json.Unmarshal([]byte(p.must("", "version", "--sbom")), &b); err != nil {
		t.Fatal(err)
	}
	if b.Format != "CycloneDX" || b.Metadata.Component.Name == "" {
		t.Errorf("%+v", b.Metadata)
	}
	sums, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	direct, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, c := range b.Components {
		listed[c.Name] = true
		if c.Name != "std" && !strings.Contains(string(sums), c.Name+" "+c.Version+" ") {
			t.Errorf("%s %s is not in go.sum", c.Name, c.Version)
		}
	}
	// Those that the program cannot do without; go.mod has those of tests, too.
	for _, name := range []string{"gorm.io/gorm", "modernc.org/sqlite", "github.com/jackc/pgx/v5", "golang.org/x/crypto", "github.com/riverqueue/river"} {
		if !regexp.MustCompile(`(?m)^\s+` + regexp.QuoteMeta(name) + ` v`).Match(direct) {
			t.Errorf("%s is in go.mod no more: name another", name)
		} else if !listed[name] {
			t.Errorf("%s is not listed", name)
		}
	}
}
