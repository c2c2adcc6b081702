package dav_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"crmbridge/dav"
)

// namedTest is a test as documents name it: `folder.TestName` or `folder.TestName/subtest`.
var namedTest = regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz|Benchmark)\\w+)(?:/([^`]+))?`")

// TestClientsDocumentNamesTests looks for every test that the document of clients names, so that it promises nothing that
// is not there. (docs/standards.md has its own, in internal/lint.)
func TestClientsDocumentNamesTests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "docs", "clients.md"))
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	for _, m := range namedTest.FindAllStringSubmatch(string(text), -1) {
		folder, test, sub := m[1], m[2], m[3]
		if sources[folder] == "" {
			sources[folder] = testSources(t, folder)
		}
		if !strings.Contains(sources[folder], "\nfunc "+test+"(") {
			t.Errorf("there is no %s in %s", test, folder)
		} else if sub != "" && !hasSubtest(sources[folder], test, sub) {
			t.Errorf("%s has no subtest %s", test, sub)
		}
	}
	if len(sources) < 2 {
		t.Errorf("the document names tests of %d folders only", len(sources))
	}
}

// testSources is the text of all tests of a folder, whatever their build tags.
func testSources(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString("\n" + string(text))
	}
	return all.String()
}

// hasSubtest looks for a transcript, or for the names of the subtest as strings of their own.
func hasSubtest(source, test, sub string) bool {
	if test == "TestTranscripts" {
		_, err := os.Stat(filepath.Join("testdata", "transcripts", sub+".txtar"))
		return err == nil
	}
	for name := range strings.SplitSeq(sub, "/") {
		if !strings.Contains(source, `"`+name+`"`) {
			return false
		}
	}
	return true
}

// TestClientsDocument: the document of clients forgets no transcript and no row of the table of quirks.
func TestClientsDocument(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile(filepath.Join("..", "docs", "clients.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/transcripts/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := "TestTranscripts/" + strings.TrimSuffix(filepath.Base(file), ".txtar"); !strings.Contains(string(document), name+"`") {
			t.Errorf("%s is not mentioned", name)
		}
	}
	// As people know the programs that the table knows by a part of their User-Agent.
	known := map[string]string{"DAVx5": "DAVx⁵", "CalDavSynchronizer": "Outlook CalDav Synchronizer"}
	for _, family := range dav.QuirkFamilies() {
		name := family
		if other, ok := known[family]; ok {
			name = other
		}
		if !strings.Contains(string(document), name) {
			t.Errorf("%s is not mentioned", name)
		}
	}
}
