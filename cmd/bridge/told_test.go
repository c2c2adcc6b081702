package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/config"
)

// What is refused says what to write instead.
func TestRefusalsSayWhatToDo(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	_, srv := newCreatio(t)
	p.link(srv)
	p.must("", "feed", "add", "--user", "alice", "--name", "work")
	there := p.write("there.zip", "x")
	tomorrow := time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	for _, c := range []struct {
		want, stdin string
		args        []string
	}{
		{"--all-since with how long ago (2h, 7d), a day (2026-11-22) or a time", "", []string{"conflict", "undo"}},
		{`"soon" is no time: write how long ago (2h, 7d)`, "", []string{"conflict", "undo", "--all-since", "soon"}},
		{"--all-since is in the future", "", []string{"conflict", "undo", "--all-since", tomorrow}},
		{"--since is in the future", "", []string{"sync", "history", "--since", tomorrow}},
		{"--since is in the future", "", []string{"sync", "reread", "crm", "--since", tomorrow}},
		{"--since is in the future", "", []string{"sync", "resend", "crm", "--to", "here", "--since", tomorrow}},
		{"it was given already", "", []string{"sync", "resend", "crm", "--to", "crm", "--to", "here"}},
		{"with at least 10 more characters", "benedict12\n", []string{"user", "add", "--name", "benedict", "--password-stdin"}},
		{"--version goes with --set or --clear", "", []string{"item", "relate", "x", "--link", "crm", "--version", "zzz"}},
		{"a number from 1 up", "", []string{"item", "list", "--link", "crm", "--limit", "0"}},
		{"a number from 1 up", "", []string{"item", "list", "--link", "crm", "--limit", "-1"}},
		{"a number from 1 up", "", []string{"duplicate", "list", "--limit", "0"}},
		{"a number from 1 up", "", []string{"error", "list", "--limit", "0"}},
		{"a number from 1 up", "", []string{"sync", "show", "1", "--limit", "0"}},
		{"there is no folder " + p.path("nope"), "", []string{"backup", p.path("nope/b.zip")}},
		{"there is no folder " + p.path("nope"), "", []string{"support", p.path("nope/b.zip"), "--offline"}},
		{"is there already, and bridge support replaces nothing: choose another name", "", []string{"support", there, "--offline"}},
		{`--name "work" is that of feed 1 of alice already; give another one, or end that feed with`, "", []string{"feed", "add", "--user", "alice", "--name", "Work", "--detail", "busy"}},
	} {
		if out, code := p.cmd(c.stdin, c.args...); code != 1 || !strings.Contains(out, c.want) || strings.Contains(out, ".bridge-") {
			t.Errorf("bridge %s: %d %q, want %q", strings.Join(c.args, " "), code, out, c.want)
		}
	}
	if out := p.must("", "conflict", "undo", "--all-since", "2h"); !strings.Contains(out, "there is nothing to take back") {
		t.Errorf("nothing to undo: %q", out)
	}
	p.must("", "feed", "revoke", "1")
	p.must("", "feed", "add", "--user", "alice", "--name", "work")
	if rows := list[itemShown](p, "item", "list", "--link", "crm", "--limit", "5"); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
}

// A server whose port is taken says what to do, keeps that it did not start, and leaves no file open.
func TestServeOnATakenPort(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	out, code := p.cmd("", "serve")
	if code != 1 || !strings.Contains(out, "it is in use, perhaps by another bridge; stop that one, or choose another with server.listen") {
		t.Errorf("%d %s", code, out)
	}
	kept := p.path("bridge.db.log")
	if b, err := os.ReadFile(kept); err != nil || !strings.Contains(string(b), `"message":"not started"`) {
		t.Errorf("%s %v", b, err)
	}
	open, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range open {
		if to, err := os.Readlink(fd); err == nil && to == kept {
			t.Error("the kept log is still open")
		}
	}
	// Nothing is to be kept any more: what was kept goes, whether the server comes up or not.
	line, err := keptLine{Time: time.Now(), Level: "WARN", Message: "old"}.encode()
	if err != nil {
		t.Fatal(err)
	}
	p.write("bridge.db.log.1", string(line))
	cfg, err := os.ReadFile(p.path("config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("config.yaml", strings.Replace(string(cfg), "level: warn", "level: warn, keep: 0", 1))
	if out, code := p.cmd("", "serve"); code != 1 {
		t.Errorf("%d %s", code, out)
	}
	if left, err := filepath.Glob(kept + "*"); err != nil || len(left) != 0 {
		t.Errorf("%v %v", left, err)
	}
	if err := newKeptRing(config.Config{Database: ":memory:"}).forget(); err != nil {
		t.Error(err)
	}
	// What somebody else keeps under the name stays.
	p.write("bridge.db.log", `{"time":"2030-01-01T00:00:00Z","level":"INFO","msg":"another program's"}`)
	if err := newKeptRing(config.Config{Database: p.path("bridge.db")}).forget(); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(kept + "*"); err != nil || len(left) != 1 {
		t.Errorf("%v %v", left, err)
	}
}
