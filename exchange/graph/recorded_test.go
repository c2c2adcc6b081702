package graph_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// operation is a request that the driver makes: its method, if it is no GET, and its path as far as that stands in the source.
	operation = regexp.MustCompile(`request\{op: [^{}]*?(?:method: (?:"([A-Z]+)"|http\.Method([A-Z][a-z]+)), )?path: ([^{}\n]*?)(?:, (?:query|prefer|body|match|again):|\})`)
	literal   = regexp.MustCompile(`"(/[^"]*)"`)
)

// There is a recorded request of every operation that the driver can make: of each method with each path that ends in a word.
func TestEveryOperationIsRecorded(t *testing.T) {
	t.Parallel()
	recorded := map[string][]string{}
	files, err := filepath.Glob("testdata/requests/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, m := range regexp.MustCompile(`(?m)^(GET|POST|PATCH|PUT|DELETE) (\S+)`).FindAllStringSubmatch(text(t, file), -1) {
			recorded[m[1]] = append(recorded[m[1]], m[2])
		}
		for _, m := range regexp.MustCompile(`"url": "([^"]+)"`).FindAllStringSubmatch(text(t, file), -1) {
			recorded["GET"] = append(recorded["GET"], m[1])
		}
	}
	files, err = filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range operation.FindAllStringSubmatch(text(t, file), -1) {
			found++
			method := m[1] + strings.ToUpper(m[2])
			if method == "" {
				method = "GET"
			}
			words := []string{""}
			for _, l := range literal.FindAllStringSubmatch(m[3], -1) {
				words = append(words, l[1])
			}
			if !sentAs(recorded[method], words) {
				t.Errorf("%s: no %s of %s is recorded", file, method, m[3])
			}
		}
	}
	for _, action := range []string{"/accept", "/tentativelyAccept", "/decline"} {
		if !sentAs(recorded["POST"], []string{action}) {
			t.Errorf("no answer by %s is recorded", action)
		}
	}
	if found < 35 {
		t.Errorf("%d operations were found", found)
	}
}

// sentAs reports a request with all the words in its path.
func sentAs(paths, words []string) bool {
	for _, p := range paths {
		rest, all := p, true
		for _, w := range words {
			_, after, ok := strings.Cut(rest, w)
			rest, all = after, all && ok
		}
		if all {
			return true
		}
	}
	return false
}

func text(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
