package tryton

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

var record = flag.Bool("record", false, "write testdata/wire anew from a live Tryton")

// exchange is one recorded request and its answer.
type exchange struct {
	path    string
	request string // normalised
	status  int
	typ     string
	answer  string
	used    bool
}

// normal is a JSON text without what differs from run to run and is no part of the
// meaning: the order of members, and who logs in.
func normal(body []byte) string {
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		return string(body)
	}
	if m["method"] == "common.db.login" {
		delete(m, "params")
	}
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return string(body)
	}
	return string(b)
}

var secretToken = regexp.MustCompile(`("result":\s*\[\d+,\s*")[^"]+(")`)

// redact takes the session out of the answer to a login.
func redact(method string, answer []byte) string {
	if method != "common.db.login" {
		return string(answer)
	}
	return secretToken.ReplaceAllString(string(answer), "${1}TOKEN${2}")
}

// recorder is a proxy that keeps what passes through it.
type recorder struct {
	target string
	mu     sync.Mutex
	seen   []exchange
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out, err := http.NewRequestWithContext(req.Context(), req.Method, r.target+req.URL.Path, bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out.Header = req.Header.Clone()
	res, err := http.DefaultClient.Do(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.mu.Lock()
	r.seen = append(r.seen, exchange{
		path: req.URL.Path, request: normal(body), status: res.StatusCode,
		typ: res.Header.Get("Content-Type"), answer: redact(methodOf(body), answer),
	})
	r.mu.Unlock()
	w.Header().Set("Content-Type", res.Header.Get("Content-Type"))
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(answer)
}

// write stores what was seen.
func (r *recorder) write(t *testing.T, name, version string) {
	t.Helper()
	a := &txtar.Archive{Comment: fmt.Appendf(nil, "Tryton %s, recorded %s.\nMade by go test -record; not edited by hand.\n", version, time.Now().UTC().Format(time.DateOnly))}
	for i, x := range r.seen {
		a.Files = append(a.Files,
			txtar.File{Name: fmt.Sprintf("%03d POST %s", i+1, x.path), Data: []byte(x.request + "\n")},
			txtar.File{Name: fmt.Sprintf("%03d %d %s", i+1, x.status, x.typ), Data: []byte(x.answer + "\n")})
	}
	if err := os.MkdirAll(filepath.Dir(wireFile(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(wireFile(name), txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

func wireFile(name string) string { return filepath.Join("testdata", "wire", name+".txtar") }

// player answers as recorded.
type player struct {
	t     *testing.T
	mu    sync.Mutex
	known []exchange
}

func play(t *testing.T, name string) *player {
	t.Helper()
	a, err := txtar.ParseFile(wireFile(name))
	if err != nil {
		t.Fatal(err)
	}
	p := &player{t: t}
	for i := 0; i+1 < len(a.Files); i += 2 {
		x := exchange{request: strings.TrimSuffix(string(a.Files[i].Data), "\n"), answer: strings.TrimSuffix(string(a.Files[i+1].Data), "\n")}
		var n, m int
		if _, err := fmt.Sscanf(a.Files[i].Name, "%d POST %s", &n, &x.path); err != nil {
			t.Fatalf("%s: %v", a.Files[i].Name, err)
		}
		if _, err := fmt.Sscanf(a.Files[i+1].Name, "%d %d", &m, &x.status); err != nil || n != m {
			t.Fatalf("%s: %v", a.Files[i+1].Name, err)
		}
		_, x.typ, _ = strings.Cut(a.Files[i+1].Name[4:], " ")
		p.known = append(p.known, x)
	}
	return p
}

func (p *player) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if methodOf(body) == "common.db.logout" { // comes after the story's end
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":1,"result":null}`)
		return
	}
	asked := normal(body)
	for i := range p.known {
		x := &p.known[i]
		if x.used || x.path != req.URL.Path || x.request != asked {
			continue
		}
		x.used = true
		w.Header().Set("Content-Type", x.typ)
		w.WriteHeader(x.status)
		_, _ = io.WriteString(w, x.answer)
		return
	}
	p.t.Errorf("nothing is recorded for %s %s; has the driver changed? go test -record", req.URL.Path, asked)
	w.WriteHeader(http.StatusTeapot)
}

// finished reports what was recorded and not asked for.
func (p *player) finished() {
	for _, x := range p.known {
		if !x.used {
			p.t.Errorf("recorded, but not asked: %s %s", x.path, x.request)
		}
	}
}

// TestWire plays every scenario on recorded answers, with or without a Tryton.
func TestWire(t *testing.T) {
	t.Parallel()
	if *record {
		t.Skip("left out: recording")
	}
	for name, s := range scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := play(t, name)
			srv := httptest.NewServer(p)
			t.Cleanup(srv.Close)
			s.run(t, func(more map[string]string) *connector { return openScenario(t, srv.URL, more) })
			if !t.Failed() {
				p.finished()
			}
		})
	}
}

// TestScenarios plays them on the live server and, with -record, writes them down.
func TestScenarios(t *testing.T) {
	t.Parallel()
	l := startLive(t)
	var version string
	if err := l.admin.public(t.Context(), "test", "common.server.version", &version); err != nil {
		t.Fatal(err)
	}
	for name, s := range scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			login := l.user(t)
			if s.setup != nil {
				s.setup(t, l, login)
			}
			r := &recorder{target: l.url}
			srv := httptest.NewServer(r)
			t.Cleanup(srv.Close)
			s.run(t, func(more map[string]string) *connector {
				all := map[string]string{"username": login, "password": livePassword}
				for k, v := range more {
					all[k] = v
				}
				return openScenario(t, srv.URL, all)
			})
			if *record && !t.Failed() {
				r.write(t, name, version)
			}
		})
	}
}

// noon is the clock of all scenarios: cursors hold it.
func noon() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

func openScenario(t *testing.T, base string, more map[string]string) *connector {
	t.Helper()
	all := map[string]string{"username": "somebody", "password": "something"}
	for k, v := range more {
		all[k] = v
	}
	return openRemote(t, noon, base, all).(*connector)
}

// TestWiresHoldNoSecrets greps all recordings.
func TestWiresHoldNoSecrets(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "wire", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	address := regexp.MustCompile(`[\w.+-]+@[\w-]+(\.[\w-]+)+`)
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		for _, word := range []string{livePassword, "Authorization", "Set-Cookie", "session_id", `"password":`} {
			if strings.Contains(text, word) {
				t.Errorf("%s holds %q", file, word)
			}
		}
		for _, a := range address.FindAllString(text, -1) {
			if !strings.HasSuffix(a, "example.org") {
				t.Errorf("%s holds the address %s", file, a)
			}
		}
		for _, token := range regexp.MustCompile(`[0-9a-f]{32,}`).FindAllString(text, -1) {
			t.Errorf("%s holds what looks like a token: %s", file, token)
		}
		if !regexp.MustCompile(`(?m)^Tryton \d+\.\d+.*recorded \d{4}-\d\d-\d\d`).MatchString(text) {
			t.Errorf("%s does not say of which version and day it is", file)
		}
	}
}
