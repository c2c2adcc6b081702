package relay

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"crmbridge/relay/rule"
)

// TestDecisionTableIsTrue compares the table that people read with Decide, and wants
// every rule told.
func TestDecisionTableIsTrue(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "docs", "sync.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (absent|same|changed|gone) \| (absent|same|changed|gone) \| (.*) \|$`).FindAllStringSubmatch(string(text), -1) {
		told[row[1]+" "+row[2]] = row[3]
	}
	for _, local := range []State{Absent, Same, Changed, Gone} {
		for _, remote := range []State{Absent, Same, Changed, Gone} {
			states := local.String() + " " + remote.String()
			if got := Decide(local, remote, false).String(); told[states] != got {
				t.Errorf("%s: the document says %q, Decide %q", states, told[states], got)
			}
		}
	}
	quiet := map[string]bool{"reconcileEvery": true, "annotateAfter": true, "in": true, "out": true}
	for i := range reflect.TypeFor[rule.Rules]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[rule.Rules]().Field(i).Tag.Get("json"), ",")
		if !quiet[name] && !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("the rule %s is not told of", name)
		}
	}
}
