// Package vdirsyncer drives vdirsyncer: a two-way sync between folders of files and a DAV server.
//
// A [Home] is one throw-away installation: configuration, status and local folders. [Check] is the whole script; other
// tests use the parts (Discover, Sync, Item, …) for their own ends.
package vdirsyncer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

// Policy is what vdirsyncer does about an item that changed on both sides.
type Policy string

const (
	// Report leaves both sides alone, says so and fails.
	Report Policy = "null"
	// ClientWins takes the file, ServerWins what the server has.
	ClientWins Policy = `"a wins"`
	ServerWins Policy = `"b wins"`
)

// Kind is one of the two pairs that a Home syncs.
type Kind string

const (
	Calendars Kind = "cal"
	Books     Kind = "card"
)

func (k Kind) extension() string {
	if k == Books {
		return ".vcf"
	}
	return ".ics"
}

// Home is one installation with one account, or with one feed.
type Home struct {
	dir     string
	account plain.Account
	feed    string
}

// New makes an installation for account; it is removed when the test ends. The test is skipped without vdirsyncer.
func New(tb testing.TB, account plain.Account) *Home {
	tb.Helper()
	testenv.Need(tb, "vdirsyncer")
	return &Home{dir: tb.TempDir(), account: account}
}

// Follow makes an installation that reads a feed into the folder of the collection "".
func Follow(tb testing.TB, feed string) *Home {
	tb.Helper()
	h := New(tb, plain.Account{})
	h.feed = feed
	if err := h.Discover(tb); err != nil {
		tb.Fatal(err)
	}
	return h
}

// Dir is the folder of one collection, by its name on the server.
func (h *Home) Dir(kind Kind, collection string) string {
	return filepath.Join(h.dir, string(kind), collection)
}

// Discover finds the account's collections and makes, on the server, those of extra that are only here.
func (h *Home) Discover(tb testing.TB, extra ...string) error {
	tb.Helper()
	return h.run(tb, Report, extra, "discover")
}

// Metasync carries names and colours of calendars.
func (h *Home) Metasync(tb testing.TB, extra ...string) error {
	tb.Helper()
	return h.run(tb, Report, extra, "metasync", string(Calendars))
}

// Sync syncs everything that Discover found. An error is vdirsyncer's exit status with its output.
func (h *Home) Sync(tb testing.TB, policy Policy, extra ...string) error {
	tb.Helper()
	return h.run(tb, policy, extra, "sync")
}

// MustSync fails the test when Sync fails.
func (h *Home) MustSync(tb testing.TB) {
	tb.Helper()
	if err := h.Sync(tb, Report); err != nil {
		tb.Fatal(err)
	}
}

// Collections names the collections that are here.
func (h *Home) Collections(tb testing.TB, kind Kind) (names []string) {
	tb.Helper()
	entries, err := os.ReadDir(filepath.Join(h.dir, string(kind)))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		tb.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names
}

// Items returns the unfolded text of every item of a collection by its file.
func (h *Home) Items(tb testing.TB, kind Kind, collection string) map[string]string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(h.Dir(kind, collection), "*"+kind.extension()))
	if err != nil {
		tb.Fatal(err)
	}
	items := map[string]string{}
	for _, file := range files {
		item, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		items[file] = plain.Unfold(string(item))
	}
	return items
}

// Write makes or replaces an item.
func (h *Home) Write(tb testing.TB, kind Kind, collection, name, text string) {
	tb.Helper()
	file := filepath.Join(h.Dir(kind, collection), name+kind.extension())
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		tb.Fatal(err)
	}
	h.store(tb, file, text)
}

// Find returns file and unfolded text of the first item that holds text; the file is "" when there is none.
func (h *Home) Find(tb testing.TB, kind Kind, collection, text string) (file, item string) {
	tb.Helper()
	for file, item := range h.Items(tb, kind, collection) {
		if strings.Contains(item, text) {
			return file, item
		}
	}
	return "", ""
}

// Replace edits the item that holds old.
func (h *Home) Replace(tb testing.TB, kind Kind, collection, old, replacement string) {
	tb.Helper()
	file, item := h.Find(tb, kind, collection, old)
	if file == "" {
		tb.Fatalf("no item in %s holds %q", collection, old)
	}
	h.store(tb, file, strings.ReplaceAll(item, old, replacement))
}

// Remove deletes the item that holds text.
func (h *Home) Remove(tb testing.TB, kind Kind, collection, text string) {
	tb.Helper()
	file, _ := h.Find(tb, kind, collection, text)
	if file == "" {
		tb.Fatalf("no item in %s holds %q", collection, text)
	}
	if err := os.Remove(file); err != nil {
		tb.Fatal(err)
	}
}

// Count is the number of items in a collection's folder.
func (h *Home) Count(tb testing.TB, kind Kind, collection string) int {
	tb.Helper()
	return len(h.Items(tb, kind, collection))
}

// store writes a file so that vdirsyncer, which tells changes by inode and modification time, cannot miss it.
func (h *Home) store(tb testing.TB, file, text string) {
	tb.Helper()
	fresh := file + ".tmp"
	if err := os.WriteFile(fresh, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(fresh, file); err != nil {
		tb.Fatal(err)
	}
}

func (h *Home) run(tb testing.TB, policy Policy, extra []string, args ...string) error {
	tb.Helper()
	config := filepath.Join(h.dir, "config")
	h.store(tb, config, h.config(policy, extra))
	program, err := testenv.Program("vdirsyncer")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(tb.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"-c", config, "-v", "WARNING"}, args...)...)
	cmd.Dir = h.dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + h.dir, "LC_ALL=C.UTF-8", "TZ=UTC", "PYTHONDONTWRITEBYTECODE=1"}
	// It asks before it makes a collection on either side.
	cmd.Stdin = strings.NewReader(strings.Repeat("y\n", 1000))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("vdirsyncer %s: %w\n%s", args[0], errors.Join(err, ctx.Err()), out)
	}
	return nil
}

func (h *Home) config(policy Policy, extra []string) string {
	collections := []string{`"from b"`}
	for _, name := range extra {
		collections = append(collections, `"`+name+`"`)
	}
	text := fmt.Sprintf("[general]\nstatus_path = %q\n", filepath.Join(h.dir, "status"))
	if h.feed != "" {
		return text + fmt.Sprintf("[pair %[1]s]\na = \"here\"\nb = \"there\"\ncollections = null\n", Calendars) +
			fmt.Sprintf("[storage here]\ntype = \"filesystem\"\npath = %q\nfileext = %q\n", h.Dir(Calendars, ""), Calendars.extension()) +
			fmt.Sprintf("[storage there]\ntype = \"http\"\nurl = %q\n", h.feed)
	}
	for _, kind := range []Kind{Calendars, Books} {
		wanted, remote, metadata := `"from b"`, "carddav", ""
		if kind == Calendars {
			wanted, remote, metadata = strings.Join(collections, ", "), "caldav", "metadata = [\"displayname\", \"color\"]\n"
		}
		text += fmt.Sprintf("[pair %[1]s]\na = \"%[1]s_here\"\nb = \"%[1]s_there\"\ncollections = [%[2]s]\nconflict_resolution = %[3]s\n%[4]s",
			kind, wanted, policy, metadata)
		text += fmt.Sprintf("[storage %s_here]\ntype = \"filesystem\"\npath = %q\nfileext = %q\n",
			kind, filepath.Join(h.dir, string(kind)), kind.extension())
		text += fmt.Sprintf("[storage %s_there]\ntype = %q\nurl = %q\nusername = %q\npassword = %q\n",
			kind, remote, h.account.Base, h.account.User, h.account.Password)
	}
	return text
}

// Name is a collection's name as vdirsyncer knows it: the last part of its URL.
func Name(collection string) string { return path.Base(strings.TrimSuffix(collection, "/")) }
