package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/testenv"
	"crmbridge/manage"
)

// elsewhere is another place with a database of its own, and the key of this one.
func (p *place) elsewhere(database string) *place {
	p.t.Helper()
	extra := ""
	if database != "" {
		extra = "database: {url: '" + database + "'}\n"
	}
	q := newPlace(p.t, extra)
	key, err := os.ReadFile(p.path("bridge.key"))
	if err != nil {
		p.t.Fatal(err)
	}
	q.write("bridge.key", string(key))
	return q
}

// meetings are the names in alice's calendar, as a client lists them.
func (p *place) meetings() string {
	p.t.Helper()
	status, body := p.request("PROPFIND", "/dav/calendars/alice/calendar/", `<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>`, map[string]string{"Depth": "1"})
	if status != http.StatusMultiStatus {
		p.t.Fatalf("%d %s", status, body)
	}
	return body
}

// A backup of a running server is put back elsewhere, on both databases, and the links run there.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	p.link(srv)
	addMeeting(t, sim, "from the CRM")
	s := p.serve()
	if status, body := p.request("PUT", "/dav/calendars/alice/calendar/a.ics", meeting("uid-a", "kept"), nil); status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	file := p.path("x.bridge-backup")
	if out := p.must("", "backup", file); !strings.Contains(out, "1 accounts, 1 links") || !strings.Contains(out, "key file") {
		t.Errorf("%s", out)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if out, code := p.cmd("", "backup", file); code == 0 || !strings.Contains(out, "replaces nothing") {
		t.Errorf("twice: %s", out)
	}
	if left, _ := filepath.Glob(p.path(".bridge-backup-*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if out, code := p.cmd("", "restore", file, "--replace"); code == 0 || !strings.Contains(out, "stop it first") {
		t.Errorf("beside a server: %s", out)
	}
	if status, body := p.request("PUT", "/dav/calendars/alice/calendar/late.ics", meeting("uid-late", "after the backup"), nil); status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	s.stop()
	if out, code := p.cmd("", "restore", file); code == 0 || !strings.Contains(out, "--replace") {
		t.Errorf("over what is there: %s", out)
	}
	for name, q := range map[string]*place{"sqlite": p.elsewhere(""), "postgres": p.elsewhere(testenv.Postgres(t))} {
		t.Run(name, func(t *testing.T) {
			if out := q.must("", "restore", file, "--check"); !strings.Contains(out, "is whole") {
				t.Errorf("%s", out)
			}
			d, code := jsonOf[restoredShown](q, "restore", file)
			if code != 0 || !d.Restored || d.Rows["users"] != 1 || len(d.Sealed) != 0 {
				t.Errorf("%d %+v", code, d)
			}
			if out := q.must("", "migrate"); !strings.Contains(out, "consistent") {
				t.Errorf("%s", out)
			}
			s := q.serve()
			defer s.stop()
			if body := q.meetings(); !strings.Contains(body, "a.ics") || strings.Contains(body, "late.ics") {
				t.Errorf("%s", body)
			}
			q.within("a run of the link", func() bool {
				rows := list[manage.Status](q, "sync", "status")
				return len(rows) == 1 && rows[0].LastRun != nil && rows[0].LastRun.After(d.Made) && rows[0].State == "ok"
			})
		})
	}
}

// within waits for what has to come.
func (p *place) within(what string, f func() bool) {
	p.t.Helper()
	for range 600 {
		if f() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.t.Fatalf("%s does not come", what)
}

// Without the key file of its time a backup is put back only by who asks for it; its links are paused then, and everything else works.
func TestRestoreWithoutTheKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	_, srv := newCreatio(t)
	p.link(srv)
	file := p.path("backup")
	p.must("", "backup", file)
	content, err := os.ReadFile(file)
	if err != nil || bytes.Contains(content, []byte("crm secret")) {
		t.Errorf("the password is in it: %v", err)
	}
	for _, key := range []string{"", "other"} {
		q := newPlace(t, "")
		if key != "" {
			q.must("", "user", "list") // makes a key of its own
		}
		if out, code := q.cmd("", "restore", file); code == 0 || !strings.Contains(out, "--without-credentials") || !strings.Contains(out, "nothing was changed") {
			t.Errorf("%s", out)
		}
		if out := q.must("", "restore", file, "--without-credentials"); !strings.Contains(out, "link 1 is paused") {
			t.Errorf("%s", out)
		}
		if rows := list[manage.Link](q, "link", "list"); len(rows) != 1 || !rows[0].Paused || !strings.Contains(rows[0].LastError, "password is lost") {
			t.Errorf("%+v", rows)
		}
		q.must("", "secret", "rotate")
		q.must("", "link", "remove", "1")
		q.link(srv)
	}
}

// A file that is not whole changes nothing.
func TestRestoreOfABrokenFile(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	file := p.path("backup")
	p.must("", "backup", file)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	q := p.elsewhere("")
	for name, b := range map[string][]byte{"cut": content[:len(content)-20], "flipped": flip(content), "nothing": nil, "text": []byte("hello")} {
		if out, code := q.cmd("", "restore", q.write(name, string(b))); code == 0 || !strings.Contains(out, "backup") {
			t.Errorf("%s: %s", name, out)
		}
	}
	if _, err := os.Stat(q.path("bridge.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a database was made: %v", err)
	}
}

func flip(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)/2] ^= 4
	return b
}

// A restore that is killed has changed nothing, or everything.
func TestRestoreKilled(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	for _, n := range []string{"new1", "new2"} {
		p.must("secret\n", "user", "add", "--name", n, "--password-stdin", "--allow-weak-password")
	}
	file := p.path("backup")
	p.must("", "backup", file)
	q := p.elsewhere("")
	q.must("secret\n", "user", "add", "--name", "old", "--password-stdin", "--allow-weak-password")
	before, after := 0, 0
	for range 12 {
		c := child(t, "restore", file, "--replace", "--config", q.path("config.yaml"))
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(400)) * time.Millisecond) // wherever that is
		_ = c.Process.Kill()
		_ = c.Wait()
		q.must("", "migrate")
		var names []string
		for _, u := range list[manage.Account](q, "user", "list") {
			names = append(names, u.Name)
		}
		switch strings.Join(names, " ") {
		case "old":
			before++
		case "alice new1 new2":
			after++
			q.must("", "restore", q.oldState(), "--replace")
		default:
			t.Fatalf("half of it: %v", names)
		}
	}
	t.Logf("%d times the old state, %d times the new", before, after)
}

// oldState is a backup of a database with one account.
func (p *place) oldState() string {
	p.t.Helper()
	name := p.path("old-state")
	if _, err := os.Stat(name); err == nil {
		return name
	}
	q := p.elsewhere("")
	q.must("secret\n", "user", "add", "--name", "old", "--password-stdin", "--allow-weak-password")
	q.must("", "backup", name)
	return name
}
