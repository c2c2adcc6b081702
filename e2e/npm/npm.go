// Package npm installs JavaScript libraries for scripts that drive them, as npm delivers them.
package npm

import (
	"context"
	"embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/testenv"
)

// Install puts files into a folder of their own, with the libraries that package.json and package-lock.json among them
// name, and returns the folder. The lock file names versions and checksums and no place to download from, which is for
// npm's own settings to say. The test is skipped without node, npm or a registry.
func Install(t *testing.T, files embed.FS) (dir string) {
	t.Helper()
	testenv.Need(t, "node", "npm")
	dir = t.TempDir()
	entries, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := files.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), text, 0o600); err != nil {
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
		t.Skipf("npm could not install its packages, is there a registry? %v\n%s", err, out)
	}
	return dir
}

// Node is where the program is that runs scripts.
func Node(t *testing.T) string {
	t.Helper()
	program, err := testenv.Program("node")
	if err != nil {
		t.Fatal(err)
	}
	return program
}
