// Package pythoncaldav drives python-caldav, the library under many Python programs (Home Assistant, calendar-cli,
// plann): a second opinion on queries, expansion and synchronisation.
package pythoncaldav

import (
	_ "embed"
	"os"
	"path/filepath"
	"testing"

	"crmbridge/e2e/plain"
	"crmbridge/e2e/script"
	"crmbridge/internal/testenv"
)

//go:embed check.py
var program []byte

// python is Debian's: its packages are not those of another Python.
const python = "/usr/bin/python3"

// Check runs check.py against the target's calendar. The test is skipped without the library.
func Check(t *testing.T, target plain.Target) {
	testenv.Need(t, python, "/usr/lib/python3/dist-packages/caldav/__init__.py")
	file := filepath.Join(t.TempDir(), "check.py")
	if err := os.WriteFile(file, program, 0o600); err != nil {
		t.Fatal(err)
	}
	script.Run(t, filepath.Dir(file), script.Variables(target), python, file)
}
