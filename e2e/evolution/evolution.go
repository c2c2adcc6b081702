// Package evolution drives evolution-data-server, the service behind GNOME Calendar, GNOME Contacts and Evolution,
// through its client library. That library has no binding for Go, so driver.py, run by Debian's Python, is the other
// half; the two exchange lines of JSON.
//
// A [Session] is one D-Bus session with a throw-away home. [Check] is the whole script.
package evolution

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

//go:embed driver.py
var driver []byte

// callLimit is how long one call may take.
const callLimit = 90 * time.Second

// Session is a running evolution-data-server.
type Session struct {
	process *testenv.Process
	input   io.WriteCloser
	answers chan string
}

// Start starts a session that signs in as account; it ends with the test, which is skipped when something is not
// installed.
func Start(tb testing.TB, account plain.Account) *Session {
	tb.Helper()
	testenv.Need(tb, "dbus-run-session", "/usr/libexec/evolution-source-registry", "/usr/bin/python3",
		"/usr/lib/python3/dist-packages/gi/__init__.py", "/usr/lib/*/girepository-1.0/ECal-2.0.typelib",
		"/usr/lib/*/girepository-1.0/EBook-1.2.typelib", "/usr/lib/*/girepository-1.0/EBookContacts-1.2.typelib",
		"/usr/lib/*/girepository-1.0/EDataServer-1.2.typelib", "/usr/lib/*/girepository-1.0/ICalGLib-3.0.typelib")
	home := home(tb)
	script := filepath.Join(home, "driver.py")
	if err := os.WriteFile(script, driver, 0o600); err != nil {
		tb.Fatal(err)
	}
	bus, err := testenv.Program("dbus-run-session")
	if err != nil {
		tb.Fatal(err)
	}
	// Debian's Python, not whatever comes first in PATH: only that one has the bindings.
	cmd := exec.Command(bus, "--", "/usr/bin/python3", script)
	cmd.Dir = home
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + home, "LC_ALL=C.UTF-8", "TZ=UTC", "PYTHONDONTWRITEBYTECODE=1",
		"XDG_CONFIG_HOME=" + home + "/config", "XDG_CACHE_HOME=" + home + "/cache", "XDG_DATA_HOME=" + home + "/data",
		"XDG_RUNTIME_DIR=" + home + "/run", "GSETTINGS_BACKEND=memory", "GIO_USE_VFS=local", "GIO_USE_PROXY_RESOLVER=dummy", "NO_AT_BRIDGE=1"}
	s := &Session{answers: make(chan string)}
	if s.input, err = cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	s.process = testenv.Start(tb, "evolution-data-server", cmd)
	go func() { // ends with the process, which closes its output
		defer close(s.answers)
		in := bufio.NewReader(output)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			s.answers <- line
		}
	}()
	tb.Cleanup(func() {
		s.input.Close()
		for range s.answers { // an answer that nobody waited for must not hold up the reader
		}
	})
	s.call(tb, nil, "sign_in", account.User, account.Password)
	return s
}

// home makes a home directory. Its services may still be writing for a moment after they were killed, which is more than
// tb.TempDir takes.
func home(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "bridge-evolution-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		for range 20 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		tb.Logf("home left behind: %s", dir)
	})
	if err := os.Mkdir(filepath.Join(dir, "run"), 0o700); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// try calls one function of driver.py. The error is what the person would be told.
func (s *Session) try(tb testing.TB, result any, function string, args ...any) error {
	tb.Helper()
	line, err := json.Marshal(map[string]any{"call": function, "args": args})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := s.input.Write(append(line, '\n')); err != nil {
		tb.Fatalf("evolution: %s: %v", function, err)
	}
	var answer struct {
		Value json.RawMessage
		Error string
	}
	select {
	case text, open := <-s.answers:
		if !open {
			tb.Fatalf("evolution: %s: the session ended", function)
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			tb.Fatalf("evolution: %s: %v in %q", function, err, text)
		}
	case <-time.After(callLimit):
		s.process.Kill() // it would answer the next call with this one's value
		tb.Fatalf("evolution: %s takes longer than %s", function, callLimit)
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Value, result); err != nil {
		tb.Fatalf("evolution: %s: %v", function, err)
	}
	return nil
}

// call is try for steps that must not fail.
func (s *Session) call(tb testing.TB, result any, function string, args ...any) {
	tb.Helper()
	if err := s.try(tb, result, function, args...); err != nil {
		tb.Fatalf("evolution: %s: %v", function, err)
	}
}

// Kind is what a source holds. Events and tasks of one calendar are two sources.
type Kind string

const (
	Events   Kind = "events"
	Tasks    Kind = "tasks"
	Contacts Kind = "contacts"
)

// Found is a collection that discovery offers.
type Found struct{ Name, URL, Colour string }

// Discover looks for collections of a kind and for the user's own addresses.
func (s *Session) Discover(tb testing.TB, kind Kind, location string) (found []Found, addresses []string) {
	tb.Helper()
	var answer struct {
		Found     []Found
		Addresses []string
	}
	s.call(tb, &answer, "discover", kind, location)
	return answer.Found, answer.Addresses
}

// Child is a source that an account brought.
type Child struct {
	Name, Path string
	Kinds      []Kind
}

// Account adds an account as GNOME's settings do and returns what it found.
func (s *Session) Account(tb testing.TB, base string) (children []Child) {
	tb.Helper()
	s.call(tb, &children, "account", base)
	return children
}

// Source is an open calendar, task list or address book, with a local copy.
type Source struct {
	ReadOnly bool

	session *Session
	handle  string
}

// Open adds a collection by its URL.
func (s *Session) Open(tb testing.TB, kind Kind, collection string) *Source {
	tb.Helper()
	var answer struct {
		Handle   string
		ReadOnly bool
	}
	s.call(tb, &answer, "open", kind, collection)
	return &Source{ReadOnly: answer.ReadOnly, session: s, handle: answer.Handle}
}

// OpenFeed adds the webcal address of a feed.
func (s *Session) OpenFeed(tb testing.TB, webcal string) *Source {
	tb.Helper()
	var answer struct {
		Handle   string
		ReadOnly bool
	}
	s.call(tb, &answer, "open_feed", webcal)
	return &Source{ReadOnly: answer.ReadOnly, session: s, handle: answer.Handle}
}

// Shown is what is to be seen between two days ("2027-01-01"): plain.Shown for each occurrence, in order.
func (s *Source) Shown(tb testing.TB, from, until string) []string {
	tb.Helper()
	var found []struct{ Title, Start string }
	s.session.call(tb, &found, "shown", s.handle, from, until)
	lines := make([]string, len(found))
	for i, f := range found {
		lines[i] = plain.Shown(tb, f.Start, f.Title)
	}
	slices.Sort(lines)
	return lines
}

// await refreshes until ok returns nil.
func (s *Source) await(tb testing.TB, what string, ok func() error) {
	tb.Helper()
	var refreshed time.Time
	testenv.Until(tb, 40*time.Second, what, func() error {
		if time.Since(refreshed) > 3*time.Second {
			s.Refresh(tb)
			refreshed = time.Now()
		}
		return ok()
	})
}

// Entry is an item in a list.
type Entry struct{ UID, Title string }

// Entries lists all events or tasks, each occurrence that was changed on its own too.
func (s *Source) Entries(tb testing.TB) (entries []Entry) {
	tb.Helper()
	s.session.call(tb, &entries, "entries", s.handle)
	return entries
}

// Refresh brings changes from the server.
func (s *Source) Refresh(tb testing.TB) {
	tb.Helper()
	s.session.call(tb, nil, "refresh", s.handle)
}

// Item is an event or a task.
type Item struct{ Title, Text string }

// Item returns the item, nil when there is none.
func (s *Source) Item(tb testing.TB, uid string) (item *Item) {
	tb.Helper()
	s.session.call(tb, &item, "item", s.handle, uid)
	return item
}

// Await refreshes until the item is as ok wants it; nil is an item that is not there.
func (s *Source) Await(tb testing.TB, uid, what string, ok func(*Item) bool) *Item {
	tb.Helper()
	var item *Item
	s.await(tb, what, func() error {
		if item = s.Item(tb, uid); !ok(item) {
			return fmt.Errorf("it has %+v", item)
		}
		return nil
	})
	return item
}

// Create makes an item from iCalendar text.
func (s *Source) Create(tb testing.TB, text string) {
	tb.Helper()
	s.session.call(tb, nil, "create", s.handle, inner(text))
}

// Conflict is what a program asks for in case the server's copy has changed.
type Conflict string

const (
	// KeepLocal is what Evolution and GNOME Calendar ask for.
	KeepLocal  Conflict = "CONFLICT_KEEP_LOCAL"
	KeepServer Conflict = "CONFLICT_KEEP_SERVER"
	Fail       Conflict = "CONFLICT_FAIL"
)

// Change gives an item another title. The error is what the person would be told.
func (s *Source) Change(tb testing.TB, uid, title string, conflict Conflict) error {
	tb.Helper()
	return s.session.try(tb, nil, "change", s.handle, uid, title, conflict)
}

// Complete ticks off a task.
func (s *Source) Complete(tb testing.TB, uid string) {
	tb.Helper()
	s.session.call(tb, nil, "complete", s.handle, uid)
}

// ChangeOccurrence gives the occurrence that begins at when another title and other times, all in iCalendar form, UTC.
func (s *Source) ChangeOccurrence(tb testing.TB, uid, when, title, start, end string) {
	tb.Helper()
	s.session.call(tb, nil, "change_occurrence", s.handle, uid, when, title, start, end)
}

// Remove deletes an item.
func (s *Source) Remove(tb testing.TB, uid string) {
	tb.Helper()
	s.session.call(tb, nil, "remove", s.handle, uid)
}

// Card is a contact. Its UID here is the server's address of it.
type Card struct{ Name, Text string }

// Cards lists the address book.
func (s *Source) Cards(tb testing.TB) (cards []Card) {
	tb.Helper()
	s.session.call(tb, &cards, "cards", s.handle)
	return cards
}

// Card returns the contact with the full name, nil when there is none.
func (s *Source) Card(tb testing.TB, name string) *Card {
	tb.Helper()
	for _, card := range s.Cards(tb) {
		if card.Name == name {
			return &card
		}
	}
	return nil
}

// AwaitCard refreshes until a contact of that name is there, or is not.
func (s *Source) AwaitCard(tb testing.TB, name string, there bool) {
	tb.Helper()
	s.await(tb, fmt.Sprintf("%s to be there: %v", name, there), func() error {
		if got := s.Card(tb, name) != nil; got != there {
			return fmt.Errorf("there: %v", got)
		}
		return nil
	})
}

// AddCard makes a contact from vCard text.
func (s *Source) AddCard(tb testing.TB, text string) {
	tb.Helper()
	s.session.call(tb, nil, "add_card", s.handle, text)
}

// ChangeCard sets a field of the contact with that full name, by the library's own field names ("note", "full-name").
func (s *Source) ChangeCard(tb testing.TB, name, field, value string) error {
	tb.Helper()
	return s.session.try(tb, nil, "change_card", s.handle, name, field, value)
}

// RemoveCard deletes a contact.
func (s *Source) RemoveCard(tb testing.TB, name string) {
	tb.Helper()
	s.session.call(tb, nil, "remove_card", s.handle, name)
}
