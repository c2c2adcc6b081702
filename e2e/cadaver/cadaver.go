// Package cadaver drives cadaver, a WebDAV client that knows nothing of calendars: what it shows is plain RFC 4918.
package cadaver

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crmbridge/e2e/plain"
	"crmbridge/e2e/script"
	"crmbridge/internal/testenv"
)

// Shell is a cadaver with a folder of its own.
type Shell struct {
	dir    string
	target plain.Target
}

// Open makes a shell. The test is skipped without cadaver.
func Open(t *testing.T, target plain.Target) *Shell {
	t.Helper()
	testenv.Need(t, "cadaver")
	s := &Shell{dir: t.TempDir(), target: target}
	base, err := url.Parse(target.Base)
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, ".netrc", 0o600, fmt.Sprintf("machine %s\nlogin %s\npassword %s\n", base.Hostname(), target.User, target.Password))
	// cadaver tells by the modification time, in seconds, whether its editor changed anything.
	s.write(t, "editor", 0o700, "#!/bin/sh\nsed -i s/Before/After/ \"$1\" && touch -d 2030-01-01 \"$1\"\n")
	return s
}

func (s *Shell) write(t *testing.T, name string, mode os.FileMode, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// Run opens a collection, gives the commands and returns what was answered to each; a command is what follows a prompt.
func (s *Shell) Run(t *testing.T, collection string, commands ...string) []string {
	t.Helper()
	out := script.Talk(t, s.dir, []string{"EDITOR=" + filepath.Join(s.dir, "editor")}, strings.Join(commands, "\n")+"\nquit\n", "cadaver", collection)
	var answers []string
	for _, part := range strings.Split(out, "\ndav:")[1:] {
		_, answer, _ := strings.Cut(part, "\n")
		answers = append(answers, answer)
	}
	// The first prompt is at the very beginning.
	if first, _, found := strings.Cut(out, "\ndav:"); found && strings.HasPrefix(first, "dav:") {
		_, answer, _ := strings.Cut(first, "\n")
		answers = append([]string{answer}, answers...)
	}
	if len(answers) < len(commands) {
		t.Fatalf("cadaver answered %d of %d commands:\n%s", len(answers), len(commands), out)
	}
	return answers
}

// Check gives cadaver's commands, and looks at what they say and at what the server holds then.
func Check(t *testing.T, target plain.Target) {
	s := Open(t, target)
	s.write(t, "a.ics", 0o600, plain.Event("a", "Before"))
	s.write(t, "a.txt", 0o600, "no calendar")
	home := target.Calendar[:strings.LastIndex(strings.TrimSuffix(target.Calendar, "/"), "/")+1]
	const good = "succeeded."
	for _, part := range []struct{ name, collection, command, want string }{
		{"make a calendar", home, "mkcol cadaver", good},
		{"list the home", home, "ls", "Coll:   cadaver"},
		{"put", home, "put a.ics cadaver/a.ics", good},
		{"list", home, "ls cadaver", "a.ics"},
		{"get", home, "get cadaver/a.ics back.ics", good},
		{"cat", home, "cat cadaver/a.ics", "SUMMARY:Before"},
		{"edit", home + "cadaver/", "edit a.ics", "Changes were made."},
		{"edited", home, "cat cadaver/a.ics", "SUMMARY:After"},
		{"all properties", home, "propget cadaver/a.ics", `DAV: getetag = "`},
		{"property names", home, "propnames cadaver/a.ics", "DAV: getetag"},
		{"set a property", home, "propset cadaver colour blue", good},
		{"read it", home, "propget cadaver colour", "Value of colour is: blue"},
		{"remove it", home, "propdel cadaver colour", good},
		{"it is gone", home, "propget cadaver colour", "404 Not Found"},
		{"move", home + "cadaver/", "move a.ics b.ics", good},
		{"moved away", home, "cat cadaver/a.ics", "404 Not Found"},
		{"move to another calendar", home, "move cadaver/b.ics " + strings.TrimPrefix(target.Calendar, home) + "c.ics", good},
		{"copy back", home, "copy " + strings.TrimPrefix(target.Calendar, home) + "c.ics cadaver/d.ics", good},
		{"no second with that UID", home + "cadaver/", "put a.ics e.ics", "failed"},
		{"nothing but calendar objects", home + "cadaver/", "put a.txt f.txt", "403 Forbidden"},
		{"no locks", home, "lock cadaver", "405 Method Not Allowed"},
		{"delete", home, "delete cadaver/d.ics", good},
		{"delete again", home, "delete cadaver/d.ics", "404 Not Found"},
		{"empty", home, "ls cadaver", "collection is empty"},
		{"remove the calendar", home, "rmcol cadaver", good},
	} {
		ok := t.Run(part.name, func(t *testing.T) {
			if got := s.Run(t, part.collection, part.command)[0]; !strings.Contains(got, part.want) {
				t.Errorf("%s: %q is not in %q", part.command, part.want, got)
			}
		})
		if !ok {
			t.Fatal("what follows builds on this one")
		}
	}
	if back, err := os.ReadFile(filepath.Join(s.dir, "back.ics")); err != nil || string(back) != plain.Event("a", "Before") {
		t.Errorf("another text came back: %v %q", err, back)
	}
	if text := target.Text(t, target.Calendar, "UID:a"); !strings.Contains(text, "SUMMARY:After") {
		t.Errorf("in the other calendar: %q", text)
	}
	for _, m := range target.Members(t, home) {
		if strings.Contains(m.URL, "cadaver") {
			t.Errorf("still there: %s", m.URL)
		}
	}
}
