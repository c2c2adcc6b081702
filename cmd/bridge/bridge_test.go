package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"crmbridge/manage"
)

// TestMain is the program itself when a test starts it as a child.
func TestMain(m *testing.M) {
	if os.Getenv("BRIDGE_AS_PROGRAM") == "1" {
		main()
	}
	os.Exit(m.Run())
}

// place is a folder with a configuration, and the program run in it.
type place struct {
	t    testing.TB
	dir  string
	addr string
}

func newPlace(t testing.TB, extra string) *place {
	t.Helper()
	p := &place{t: t, dir: t.TempDir(), addr: freeAddr(t)}
	p.write("config.yaml", fmt.Sprintf("server:\n  listen: %q\nlog: {level: warn}\nauth: {hash_memory: 8, hash_time: 1}\nrelay: {sweep: 200ms}\noutbound: {allow: [\"127.0.0.0/8\"]}\n%s", p.addr, extra))
	return p
}

func (p *place) path(name string) string { return filepath.Join(p.dir, name) }

func (p *place) write(name, text string) string {
	p.t.Helper()
	if err := os.WriteFile(p.path(name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return p.path(name)
}

// cmd runs a command in this process and returns what it printed.
func (p *place) cmd(stdin string, args ...string) (out string, code int) {
	p.t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), append(args, "--config", p.path("config.yaml")),
		streams{in: strings.NewReader(stdin), out: &o, err: &e}, map[string]string{})
	if code != 0 {
		return o.String() + e.String(), code
	}
	return o.String(), code
}

// must is cmd that has to succeed.
func (p *place) must(stdin string, args ...string) string {
	p.t.Helper()
	out, code := p.cmd(stdin, args...)
	if code != 0 {
		p.t.Fatalf("bridge %s: %s", strings.Join(args, " "), out)
	}
	return out
}

// list is a command with --json, decoded.
func list[T any](p *place, args ...string) []T {
	p.t.Helper()
	var rows []T
	if err := json.Unmarshal([]byte(p.must("", append(args, "--json")...)), &rows); err != nil {
		p.t.Fatal(err)
	}
	return rows
}

// jsonOf is the one JSON document that a command with --json prints.
func jsonOf[T any](p *place, args ...string) (v T, code int) {
	p.t.Helper()
	var o, e bytes.Buffer
	// Who asks for a password gets one.
	code = run(context.Background(), append(args, "--json", "--config", p.path("config.yaml")), streams{in: strings.NewReader("secret\n"), out: &o, err: &e}, map[string]string{})
	d := json.NewDecoder(&o)
	if err := d.Decode(&v); err != nil {
		p.t.Fatalf("bridge %s: %v\n%s", strings.Join(args, " "), err, e.String())
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		p.t.Fatalf("bridge %s prints more than one document: %v", strings.Join(args, " "), err)
	}
	return v, code
}

// server is a running child.
type server struct {
	p    *place
	cmd  *exec.Cmd
	done chan error
	log  *bytes.Buffer
}

// child is the program as a process of its own, which ends with the test.
func child(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), "BRIDGE_AS_PROGRAM=1")
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

// serve starts the program as a process of its own and waits until it is ready.
func (p *place) serve() *server {
	p.t.Helper()
	s := &server{p: p, log: &bytes.Buffer{}, done: make(chan error, 1)}
	s.cmd = child(p.t, "serve", "--config", p.path("config.yaml"))
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() { s.done <- s.cmd.Wait() }()
	for range 600 {
		if status, _ := p.get("/readyz"); status == http.StatusOK {
			return s
		}
		select {
		case err := <-s.done:
			p.t.Fatalf("serve ended: %v\n%s", err, s.log)
		case <-time.After(50 * time.Millisecond):
		}
	}
	s.kill()
	p.t.Fatalf("serve is not ready\n%s", s.log)
	return nil
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// stop asks it to end and wants a clean end.
func (s *server) stop() {
	s.p.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.p.t.Fatal(err)
	}
	select {
	case err := <-s.done:
		if err != nil {
			s.p.t.Errorf("serve ended badly: %v\n%s", err, s.log)
		}
		if strings.Contains(s.log.String(), "level=ERROR") {
			s.p.t.Errorf("an error in the log of a clean stop:\n%s", s.log)
		}
	case <-time.After(30 * time.Second):
		s.kill()
		s.p.t.Fatalf("serve does not stop\n%s", s.log)
	}
}

var client = &http.Client{Timeout: 30 * time.Second}

func (p *place) get(path string) (int, string) { return p.request("GET", path, "", nil) }

// request is one request as alice; status 0 is no answer.
func (p *place) request(method, path, body string, header map[string]string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequest(method, "http://"+p.addr+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.SetBasicAuth("alice", "secret")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, ""
	}
	return res.StatusCode, string(b)
}

func (p *place) alice() {
	p.t.Helper()
	p.must("secret\n", "user", "add", "--name", "alice", "--email", "alice@example.org", "--password-stdin", "--allow-weak-password")
}

func meeting(uid, title string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:" +
		time.Now().UTC().AddDate(0, 0, 3).Format("20060102") + "T100000Z" + "\r\nDURATION:PT1H\r\nSUMMARY:" + title + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

func TestServeAndCommands(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	if out, code := p.cmd("short\n", "user", "add", "--name", "alice", "--password-stdin"); code == 0 || !strings.Contains(out, "at least 10") {
		t.Errorf("a weak password: %d %s", code, out)
	}
	if out, code := p.cmd("x\n", "user", "add", "--name", "../x", "--password-stdin"); code == 0 || !strings.Contains(out, "--name") {
		t.Errorf("a bad name: %d %s", code, out)
	}
	p.alice()
	if out, code := p.cmd("secret\n", "user", "add", "--name", "alice", "--password-stdin", "--allow-weak-password"); code == 0 {
		t.Errorf("the same name twice: %s", out)
	}
	if us := list[manage.Account](p, "user", "list"); len(us) != 1 || us[0].Name != "alice" || us[0].Email != "alice@example.org" {
		t.Errorf("%+v", us)
	}
	s := p.serve()
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if status, _ := p.get(path); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, body := p.request("PUT", "/dav/calendars/alice/calendar/a.ics", meeting("uid-a", "one"), nil); status != http.StatusCreated {
		t.Fatalf("PUT: %d %s", status, body)
	}
	// A refused change becomes a report; the commands work beside the server.
	if status, _ := p.request("PUT", "/dav/calendars/alice/calendar/a.ics", meeting("uid-a", "two"), map[string]string{"If-Match": `"old"`}); status != http.StatusPreconditionFailed {
		t.Fatalf("PUT with an old ETag: %d", status)
	}
	cs := list[manage.Conflict](p, "conflict", "list")
	if len(cs) != 1 || cs[0].Cause != "precondition" {
		t.Fatalf("%+v", cs)
	}
	id := fmt.Sprint(cs[0].ID)
	if out := p.must("", "conflict", "show", id); !strings.Contains(out, "one") || !strings.Contains(out, "two") {
		t.Errorf("conflict show: %s", out)
	}
	p.must("", "conflict", "resolve", id, "--take", "mine")
	if _, body := p.get("/dav/calendars/alice/calendar/a.ics"); !strings.Contains(body, "SUMMARY:two") {
		t.Errorf("after taking mine: %s", body)
	}
	p.must("", "conflict", "undo", id)
	if _, body := p.get("/dav/calendars/alice/calendar/a.ics"); !strings.Contains(body, "SUMMARY:one") || len(list[manage.Conflict](p, "conflict", "list")) != 1 {
		t.Errorf("after taking the choice back: %s", body)
	}
	p.must("", "conflict", "resolve", id, "--take", "both")
	if text := p.calendar(); strings.Count(text, "SUMMARY:one") != 1 || strings.Count(text, "SUMMARY:two") != 1 {
		t.Errorf("after keeping both: %s", text)
	}
	p.tokens()
	p.must("", "user", "disable", "--name", "alice")
	if status, _ := p.get("/dav/calendars/alice/calendar/a.ics"); status != http.StatusUnauthorized {
		t.Errorf("a disabled account reads: %d", status)
	}
	p.must("", "user", "disable", "--name", "alice", "--undo")
	p.must("another one\n", "user", "passwd", "--name", "alice", "--password-stdin")
	if status, _ := p.get("/dav/calendars/alice/calendar/a.ics"); status != http.StatusUnauthorized {
		t.Errorf("the old password still works: %d", status)
	}
	s.stop()
	p.must("", "migrate")
	if out := p.must("", "doctor"); strings.Contains(out, "failed") {
		t.Error(out)
	}
}

// tokens checks that an app password is shown once, works, and ends.
func (p *place) tokens() {
	p.t.Helper()
	var made manage.Device
	if err := json.Unmarshal([]byte(p.must("", "token", "add", "--user", "alice", "--name", "phone", "--json")), &made); err != nil || made.Secret == "" {
		p.t.Fatalf("token add: %v %+v", err, made)
	}
	use := func() int {
		req, err := http.NewRequest("GET", "http://"+p.addr+"/dav/calendars/alice/calendar/a.ics", nil)
		if err != nil {
			p.t.Fatal(err)
		}
		req.SetBasicAuth("alice", made.Secret)
		res, err := client.Do(req)
		if err != nil {
			p.t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	if status := use(); status != http.StatusOK {
		p.t.Errorf("the app password: %d", status)
	}
	if out := p.must("", "token", "list", "--json"); strings.Contains(out, made.Secret) {
		p.t.Error("token list shows the secret")
	}
	p.must("", "token", "revoke", fmt.Sprint(made.ID))
	if status := use(); status != http.StatusUnauthorized {
		p.t.Errorf("a revoked app password: %d", status)
	}
}

func TestWrongConfigurationIsToldWhole(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "nonsense: 1\nlimits: {object: huge}\n")
	out, code := p.cmd("", "serve")
	if code == 0 || !strings.Contains(out, "nonsense") || !strings.Contains(out, "limits.object") {
		t.Errorf("%d %s", code, out)
	}
}

func TestUnknownThings(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	for _, args := range [][]string{
		{"link", "remove", "7"}, {"sync", "run", "nothing"}, {"conflict", "show", "1"}, {"conflict", "resolve", "1", "--take", "both"},
		{"token", "revoke", "9"}, {"token", "add", "--user", "bob", "--name", "x"}, {"user", "passwd", "--name", "bob", "--password-stdin"}, {"link", "drivers", "siebel"},
	} {
		if out, code := p.cmd("a long password\n", args...); code == 0 || !strings.HasPrefix(out, "bridge: ") || strings.Contains(out, "goroutine") {
			t.Errorf("bridge %s: %d %s", strings.Join(args, " "), code, out)
		}
	}
}
