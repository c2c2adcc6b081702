// Package tsdav drives tsdav, the JavaScript library under n8n, Twenty and many others, as npm delivers it.
package tsdav

import (
	"context"
	"embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/plain"
	"crmbridge/e2e/script"
	"crmbridge/internal/testenv"
)

// files are what the library is installed by. The lock file names versions and checksums and no place to download from,
// which is for npm's own settings to say.
//
//go:embed check.mjs package.json package-lock.json
var files embed.FS

// Check runs check.mjs against the target. The test is skipped without node, npm or a registry.
func Check(t *testing.T, target plain.Target) {
	testenv.Need(t, "node", "npm")
	dir := install(t)
	program, err := testenv.Program("node")
	if err != nil {
		t.Fatal(err)
	}
	script.Run(t, dir, script.Variables(target), program, filepath.Join(dir, "check.mjs"))
}

// install puts the script and the library into a folder of their own.
func install(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"check.mjs", "package.json", "package-lock.json"} {
		text, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program, err := testenv.Program("npm")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline",
		"--fetch-retries=1", "--fetch-timeout=20000")
	cmd.Dir = dir // with the person's own npm settings: they know the registry
	if out, err := cmd.CombinedOutput(); err != nil {
		// A lock file that does not fit is our fault, and no reason to skip.
		if strings.Contains(string(out), "EINTEGRITY") || strings.Contains(string(out), "EUSAGE") {
			t.Fatalf("npm: %v\n%s", err, out)
		}
		t.Skipf("npm could not install tsdav, is there a registry? %v\n%s", err, out)
	}
	return dir
}
