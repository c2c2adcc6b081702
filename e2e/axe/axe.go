// Package axe judges pages by axe-core, Deque's rules of accessibility (WCAG 2 and good practice), from npm.
package axe

import (
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"crmbridge/e2e/browser"
	"crmbridge/e2e/npm"
)

//go:embed package.json package-lock.json
var files embed.FS

// Judge is axe-core, ready to be used in windows.
type Judge struct{ script string }

// Install fetches it; the test is skipped without npm.
func Install(t *testing.T) Judge {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(npm.Install(t, files), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return Judge{string(text)}
}

// finding is what axe-core says is wrong.
type finding struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Where  []string `json:"where"`
}

// Look fails the test for every serious or critical finding on the page that a window shows.
func (j Judge) Look(t *testing.T, w *browser.Window, page string) {
	t.Helper()
	for _, f := range j.Serious(t, w) {
		t.Errorf("%s: %s", page, f)
	}
}

// Serious are the serious and critical findings on the page that a window shows.
func (j Judge) Serious(t *testing.T, w *browser.Window) (out []string) {
	t.Helper()
	browser.Eval[bool](w, j.script+"\n;typeof axe == 'object'")
	text := browser.Await[string](w, `axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, where: v.nodes.slice(0, 3).map(n => n.html)}))))`)
	var found []finding
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Impact == "serious" || f.Impact == "critical" {
			out = append(out, fmt.Sprintf("%s (%s): %s\n%q", f.ID, f.Impact, f.Help, f.Where))
		}
	}
	return out
}
