package testenv

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The one account of every Tryton database made here.
const (
	trytonDatabase = "crm"
	trytonUser     = "admin"
	trytonPassword = "tryton-test-password"
)

// trytonModules are activated with what they depend on (company, product, timesheet and so on).
var trytonModules = []string{"party", "party_relationship", "project", "timesheet", "sample_fields"}

// ownTrytonModules are modules of ours, as companies add them to their Tryton: sample_fields gives parties and works
// columns of every kind.
//
//go:embed all:trytonmodules
var ownTrytonModules embed.FS

// TrytonServer is a running Tryton with one database. Embedded is its process, for tests that stop or freeze it.
type TrytonServer struct {
	*Process
	// URL is the server's root without a final slash; the database's JSON-RPC address is URL + "/" + Database + "/".
	URL                      string
	Database, User, Password string
}

// Tryton serves a fresh database, with parties, relationships, projects, timesheets and the columns of sample_fields
// activated and nothing else in it, until the test ends. The test is skipped when Tryton is not installed.
func Tryton(tb testing.TB) *TrytonServer {
	tb.Helper()
	Need(tb, "trytond", "trytond-admin", "/usr/lib/python3/dist-packages/trytond/modules/party_relationship",
		"/usr/lib/python3/dist-packages/trytond/modules/project")
	process.trytonOnce.Do(func() { process.tryton, process.trytonErr = trytonTemplate() })
	if process.trytonErr != nil {
		tb.Fatal(process.trytonErr)
	}
	template, err := os.ReadFile(process.tryton)
	if err != nil {
		tb.Fatalf("testenv: tryton: %v", err)
	}
	dir := tb.TempDir()
	if err := os.WriteFile(filepath.Join(dir, trytonDatabase+".sqlite"), template, 0o600); err != nil {
		tb.Fatalf("testenv: tryton: %v", err)
	}
	for range 3 { // the chosen port may be taken by the time the server binds it
		if s := startTryton(tb, dir); s != nil {
			return s
		}
	}
	tb.Fatal("testenv: tryton does not start")
	return nil
}

// startTryton returns nil when the server ended by itself.
func startTryton(tb testing.TB, dir string) *TrytonServer {
	tb.Helper()
	port := FreePort(tb)
	conf, err := trytonConfig(dir, port)
	if err != nil {
		tb.Fatal(err)
	}
	s := &TrytonServer{
		Process: Start(tb, "trytond", trytonCommand("trytond", dir, "-c", conf)),
		URL:     "http://127.0.0.1:" + strconv.Itoa(port), Database: trytonDatabase, User: trytonUser, Password: trytonPassword,
	}
	// The first login also makes the server load the database, which is better done before a test counts seconds.
	err = wait(60*time.Second, func() error {
		if s.Exited() {
			return nil
		}
		return s.login()
	})
	if err != nil {
		tb.Fatalf("testenv: tryton does not answer: %v\n%s", err, s.Output())
	}
	if s.Exited() {
		tb.Logf("testenv: tryton ended:\n%s", s.Output())
		return nil
	}
	return s
}

func (s *TrytonServer) login() error {
	body, err := json.Marshal(map[string]any{"id": 1, "method": "common.db.login",
		"params": []any{s.User, map[string]string{"password": s.Password}, "en"}})
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 30 * time.Second}
	answer, err := client.Post(s.URL+"/"+s.Database+"/", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var reply struct{ Result []any }
	if err := json.NewDecoder(answer.Body).Decode(&reply); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK || len(reply.Result) != 2 {
		return fmt.Errorf("login refused: %s", answer.Status)
	}
	return nil
}

// trytonConfig makes what Tryton needs in a directory: its configuration, and our modules.
func trytonConfig(dir string, port int) (string, error) {
	own, err := fs.Sub(ownTrytonModules, "trytonmodules")
	if err == nil {
		err = os.CopyFS(ownModulesIn(dir), own)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) { // the second try to start in the same directory
		return "", err
	}
	path := filepath.Join(dir, "trytond.conf")
	text := fmt.Sprintf("[web]\nlisten = 127.0.0.1:%d\n[database]\nuri = sqlite://\npath = %s\n", port, dir)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

func ownModulesIn(dir string) string { return filepath.Join(dir, "modules") }

func trytonCommand(program, dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	// Debian's Tryton belongs to Debian's Python, whatever "python3" is in PATH.
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", "HOME=" + dir, "PYTHONDONTWRITEBYTECODE=1",
		"PYTHONPATH=" + ownModulesIn(dir)}
	return cmd
}

// trytonTemplate returns a prepared database file. It takes ten to twenty seconds to make, so it is kept among the
// user's caches, one per combination of installed packages.
func trytonTemplate() (string, error) {
	dir, err := trytonCache()
	if err != nil {
		return "", err
	}
	version, err := exec.Command("dpkg-query", "-W", "tryton-server", "tryton-modules-*").Output()
	if err != nil { // not Debian
		if version, err = exec.Command("trytond", "--version").Output(); err != nil {
			return "", fmt.Errorf("testenv: tryton's version: %w", err)
		}
	}
	sum := sha256.New()
	fmt.Fprint(sum, string(version), strings.Join(trytonModules, " "), trytonPassword) // a hash never fails to be written to
	err = fs.WalkDir(ownTrytonModules, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := ownTrytonModules.ReadFile(path)
		fmt.Fprintf(sum, "\x00%s\x00%s", path, text)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("testenv: %w", err)
	}
	path := filepath.Join(dir, fmt.Sprintf("tryton-%x.sqlite", sum.Sum(nil)[:8]))

	unlock, err := lockFile(path + ".lock") // test processes of other packages want it too
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return path, err
	}
	return path, makeTryton(path)
}

func trytonCache() (string, error) {
	if base, err := os.UserCacheDir(); err == nil {
		dir := filepath.Join(base, "crmbridge-test")
		if err := os.MkdirAll(dir, 0o700); err == nil {
			return dir, nil
		}
	}
	return tempDir("bridge-tryton-", 0o700)
}

func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("testenv: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("testenv: lock %s: %w", path, err)
	}
	return func() { f.Close() }, nil
}

// makeTryton makes the database in a directory of its own and moves it to path when it is whole.
func makeTryton(path string) error {
	dir, err := os.MkdirTemp(filepath.Dir(path), "make-")
	if err != nil {
		return fmt.Errorf("testenv: %w", err)
	}
	defer os.RemoveAll(dir)
	conf, err := trytonConfig(dir, 0)
	if err != nil {
		return err
	}
	made := filepath.Join(dir, trytonDatabase+".sqlite")
	password := filepath.Join(dir, "password")
	for file, text := range map[string]string{made: "", password: trytonPassword} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return fmt.Errorf("testenv: %w", err)
		}
	}
	for _, args := range [][]string{
		{"--all", "--email", "admin@example.org"},
		append([]string{"--activate-dependencies", "-u"}, trytonModules...),
	} {
		cmd := trytonCommand("trytond-admin", dir, append([]string{"-c", conf, "-d", trytonDatabase}, args...)...)
		cmd.Env = append(cmd.Env, "TRYTONPASSFILE="+password)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("testenv: trytond-admin %s: %w\n%s", args[0], err, out)
		}
	}
	if err := os.Rename(made, path); err != nil {
		return fmt.Errorf("testenv: %w", err)
	}
	return nil
}
