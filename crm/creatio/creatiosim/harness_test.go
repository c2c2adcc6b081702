package creatiosim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/internal/testclock"
)

// newClock is that of the simulated server.
func newClock() *testclock.Clock {
	return testclock.At(time.Date(2026, 11, 21, 10, 0, 0, 123_456_700, time.UTC))
}

const testPassword = "correct horse"

// rig is a simulator behind a real socket with one client that is logged in.
type rig struct {
	t     testing.TB
	sim   *Sim
	srv   *httptest.Server
	clock *testclock.Clock
	c     *client
}

func testUsers() []User {
	return []User{
		{Login: "Supervisor", Password: testPassword, Name: "Sue Pervisor", Email: "sue@example.org", FullRights: true},
		{Login: "plain", Password: testPassword, Name: "Pia Plain", Email: "pia@example.org"},
	}
}

func newRig(t testing.TB, change func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, clock: newClock()}
	n := 0
	var mu sync.Mutex
	opt := Options{Now: r.clock.Now, Users: testUsers(), ControlToken: "control", NewID: func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprintf("00000000-0000-4000-8000-%012x", n)
	}}
	if change != nil {
		change(&opt)
	}
	sim, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	r.sim = sim
	r.srv = httptest.NewServer(sim)
	t.Cleanup(func() {
		r.srv.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	r.c = r.client()
	r.c.login("Supervisor")
	return r
}

// client is one HTTP client with cookies. It sends what the vendor documents, unless a test says otherwise.
type client struct {
	r      *rig
	http   *http.Client
	base   string // "/0/odata/"
	header http.Header
}

func (r *rig) client() *client {
	r.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	base := "/0/odata/"
	if r.sim.opt.Site == Core {
		base = "/odata/"
	}
	header := http.Header{}
	header.Set("ForceUseSession", "true")
	header.Set("Accept", "application/json")
	return &client{r: r, base: base, header: header,
		http: &http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: 30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (c *client) login(user string) {
	c.r.t.Helper()
	res := c.do("POST", loginPath, map[string]string{"UserName": user, "UserPassword": testPassword})
	if res.status != 200 || !strings.Contains(res.text(), `"Code":0`) {
		c.r.t.Fatalf("login: %d %s", res.status, res.text())
	}
	c.copyCSRF()
}

func (c *client) copyCSRF() {
	u, err := url.Parse(c.r.srv.URL)
	if err != nil {
		c.r.t.Fatal(err)
	}
	for _, k := range c.http.Jar.Cookies(u) {
		if k.Name == "BPMCSRF" {
			c.header.Set("BPMCSRF", k.Value)
		}
	}
}

type response struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (r response) text() string { return string(r.body) }

// value is the rows of a list.
func (r response) value(t testing.TB) []map[string]any {
	t.Helper()
	var v struct {
		Value []map[string]any `json:"value"`
	}
	if r.status != 200 {
		t.Fatalf("status %d: %s", r.status, r.text())
	}
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("%v: %s", err, r.text())
	}
	return v.Value
}

func (r response) object(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("status %d: %v: %s", r.status, err, r.text())
	}
	return v
}

// errorText is what an error answer says.
func (r response) errorText() string {
	var v struct {
		Message string
		Error   struct{ Message string }
	}
	if json.Unmarshal(r.body, &v) != nil {
		return r.text()
	}
	return v.Message + v.Error.Message
}

// do sends one request. path is absolute or below the service; body is bytes, or a value sent as JSON.
func (c *client) do(method, path string, body any, header ...string) response {
	c.r.t.Helper()
	if !strings.HasPrefix(path, "/") {
		path = c.base + path
	}
	var rd io.Reader
	contentType := ""
	switch b := body.(type) {
	case nil:
	case []byte:
		rd, contentType = bytes.NewReader(b), typBytes
	case string:
		rd, contentType = strings.NewReader(b), "application/json; charset=utf-8; IEEE754Compatible=true"
	default:
		text, err := json.Marshal(b)
		if err != nil {
			c.r.t.Fatal(err)
		}
		rd, contentType = bytes.NewReader(text), "application/json; charset=utf-8"
	}
	req, err := http.NewRequest(method, c.r.srv.URL+path, rd)
	if err != nil {
		c.r.t.Fatal(err)
	}
	for name, v := range c.header {
		req.Header[name] = v
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for _, h := range header {
		name, v, _ := strings.Cut(h, ": ")
		req.Header.Set(name, v)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return response{err: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return response{res.StatusCode, res.Header, text, err}
}

func (c *client) get(path string, header ...string) response {
	c.r.t.Helper()
	return c.do("GET", path, nil, header...)
}

// query asks for a list with the option values escaped.
func (c *client) query(entity string, options ...string) response {
	c.r.t.Helper()
	var parts []string
	for i := 0; i < len(options); i += 2 {
		parts = append(parts, options[i]+"="+url.QueryEscape(options[i+1]))
	}
	return c.get(entity + "?" + strings.Join(parts, "&"))
}

func (r *rig) add(entity string, f Fields) string {
	r.t.Helper()
	id, err := r.sim.Add(entity, f)
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

// meeting is a minimal activity of the Supervisor.
func (r *rig) meeting(title string, start time.Time) string {
	r.t.Helper()
	return r.add("Activity", Fields{"Title": title, "ActivityCategory": "Meeting", "StartDate": start,
		"DueDate": start.Add(time.Hour), "ShowInScheduler": true})
}

func (r *rig) record(entity, id string) Record {
	r.t.Helper()
	rec, ok := r.sim.Record(entity, id)
	if !ok {
		r.t.Fatalf("no %s(%s)", entity, id)
	}
	return rec
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
