package dav_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/dav"
	"crmbridge/pim"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// server is a handler over an empty store with the users ann and bob, both with the collections of every account.
type server struct {
	t       testing.TB
	h       *dav.Handler
	store   *store.Store
	auth    *doorman
	metrics *counters
}

// counters notes what the handler counts.
type counters struct {
	panics, conflicts, merges, throttled atomic.Int64
}

func (c *counters) Request(string, int, time.Duration) {}
func (c *counters) Panic()                             { c.panics.Add(1) }
func (c *counters) Conflict(store.Cause)               { c.conflicts.Add(1) }
func (c *counters) Merge()                             { c.merges.Add(1) }
func (c *counters) Throttled(string)                   { c.throttled.Add(1) }

// doorman lets in whoever's password is "pw", as the device that follows a "+": "ann+phone".
type doorman struct {
	users    map[string]store.User
	readOnly bool
	throttle bool
}

func (d *doorman) Authenticate(_ context.Context, user, password, _, _ string) (dav.Caller, error) {
	if d.throttle {
		return dav.Caller{}, &pim.Error{Op: "test", Kind: pim.ErrThrottled, After: 7 * time.Second}
	}
	name, device, _ := strings.Cut(user, "+")
	u, ok := d.users[name]
	if !ok || password != "pw" {
		return dav.Caller{}, &pim.Error{Op: "test", Kind: pim.ErrAuth, Err: errors.New("wrong password")}
	}
	c := dav.Caller{User: u, Device: fmt.Sprintf("user:%d", u.ID), ReadOnly: d.readOnly}
	if device != "" {
		c.Device = "token:" + device
	}
	return c, nil
}

// steps is a source of randomness that is the same in every run.
type steps struct{ n byte }

func (s *steps) Read(p []byte) (int, error) {
	for i := range p {
		s.n++
		p[i] = s.n
	}
	return len(p), nil
}

func newServer(t testing.TB, limits ...dav.Limits) *server {
	t.Helper()
	clock := storetest.NewClock()
	return serverOn(t, storetest.OpenWith(t, store.Config{Rand: &steps{}, Now: clock.Now}), limits...)
}

func serverOn(t testing.TB, st *store.Store, limits ...dav.Limits) *server {
	t.Helper()
	s := &server{t: t, store: st, auth: &doorman{users: map[string]store.User{}}, metrics: &counters{}}
	err := st.Update(t.Context(), func(tx *store.Tx) error {
		for _, u := range []store.User{
			{Name: "ann", Email: "ann@example.org", DisplayName: "Ann Example", Zone: "Europe/Berlin"},
			{Name: "bob", Email: "bob@example.org", DisplayName: "Bob Example"},
		} {
			made, err := tx.CreateUser(u)
			if err != nil {
				return err
			}
			s.auth.users[made.Name] = made
			if err := dav.Provision(t.Context(), tx, made); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o := dav.Options{
		Store: st, Auth: s.auth, Now: func() time.Time { return time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC) },
		Metrics: s.metrics, PublicURL: "https://dav.example.org/",
	}
	if len(limits) > 0 {
		o.Limits = limits[0]
	}
	s.h = dav.New(o)
	t.Cleanup(func() {
		if err := s.h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if n := s.metrics.panics.Load(); n != 0 {
			t.Errorf("%d panics", n)
		}
	})
	return s
}

// reply is an answer.
type reply struct {
	t      testing.TB
	what   string
	Status int
	Header http.Header
	Body   []byte
}

// call sends a request as ann. headers are "Name: value" lines; "User: bob" logs in as somebody else, "User:" not at
// all.
func (s *server) call(method, path, body string, headers ...string) *reply {
	s.t.Helper()
	r := httptest.NewRequest(method, "http://dav.test"+path, strings.NewReader(body))
	user := "ann"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		if name == "User" {
			user = strings.TrimSpace(value)
			continue
		}
		r.Header.Add(name, strings.TrimSpace(value))
	}
	if user != "" {
		r.SetBasicAuth(user, "pw")
	}
	return s.serve(r)
}

func (s *server) serve(r *http.Request) *reply {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	res := w.Result()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return &reply{t: s.t, what: r.Method + " " + r.URL.Path, Status: res.StatusCode, Header: res.Header, Body: body}
}

// want fails unless the status is one of those.
func (r *reply) want(status ...int) *reply {
	r.t.Helper()
	if !slices.Contains(status, r.Status) {
		r.t.Fatalf("%s: status %d, want %v\n%v\n%s", r.what, r.Status, status, r.Header, r.Body)
	}
	return r
}

// condition fails unless the body is a DAV:error with that condition, and returns it.
func (r *reply) condition(space, local string) *node {
	r.t.Helper()
	root := parseXML(r.t, r.Body)
	if root.Name != (xml.Name{Space: "DAV:", Local: "error"}) {
		r.t.Fatalf("%s: %d: not a DAV:error: %s", r.what, r.Status, r.Body)
	}
	c := root.child(space, local)
	if c == nil {
		r.t.Fatalf("%s: %d: no {%s}%s in %s", r.what, r.Status, space, local, r.Body)
	}
	return c
}

func (r *reply) etag() string {
	r.t.Helper()
	tag := r.Header.Get("ETag")
	if len(tag) < 3 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		r.t.Fatalf("%s: no strong ETag: %q", r.what, tag)
	}
	return tag
}

// propfind asks for properties by prefixed names.
func (s *server) propfind(path string, depth int, names ...string) *multi {
	s.t.Helper()
	return s.call("PROPFIND", path, ask("D:propfind", names...), fmt.Sprintf("Depth: %d", depth)).multi()
}

const declarations = ` xmlns:D="DAV:" xmlns:C="` + nsC + `" xmlns:CR="` + nsCR + `" xmlns:CS="` + nsCS + `" xmlns:I="` + nsICAL + `" xmlns:X="urn:example"`

// ask is <root><D:prop>names</D:prop></root>.
func ask(root string, names ...string) string { return askMore(root, "", names...) }

func askMore(root, more string, names ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><` + root + declarations + `><D:prop>`)
	for _, n := range names {
		b.WriteString("<" + n + "/>")
	}
	b.WriteString(`</D:prop>` + more + `</` + root + `>`)
	return b.String()
}

func syncBody(token string, names ...string) string {
	return askMore("D:sync-collection", "<D:sync-token>"+token+"</D:sync-token><D:sync-level>1</D:sync-level>", names...)
}

const (
	annCal   = "/dav/calendars/ann/calendar/"
	annTasks = "/dav/calendars/ann/tasks/"
	annBook  = "/dav/addressbooks/ann/contacts/"
	calHome  = "/dav/calendars/ann/"
	bookHome = "/dav/addressbooks/ann/"
)

// put stores an object and returns its ETag.
func (s *server) put(path, text string, headers ...string) string {
	s.t.Helper()
	kind := "text/calendar; charset=utf-8"
	if strings.HasPrefix(text, "BEGIN:VCARD") {
		kind = "text/vcard; charset=utf-8"
	}
	return s.call("PUT", path, text, append(headers, "Content-Type: "+kind)...).want(201, 204).etag()
}

// conflicts are the reports of ann.
func (s *server) conflicts() []store.Conflict {
	s.t.Helper()
	var out []store.Conflict
	err := s.store.View(s.t.Context(), func(tx *store.Tx) (err error) {
		out, err = tx.Conflicts(store.ConflictFilter{User: s.auth.users["ann"].ID})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// setReadOnly makes a collection of ann's read-only, as a link to a CRM can.
func (s *server) setReadOnly(path string) {
	s.t.Helper()
	parts := strings.Split(strings.Trim(path, "/"), "/")
	err := s.store.Update(s.t.Context(), func(tx *store.Tx) error {
		c, err := tx.CollectionBySlug(s.auth.users["ann"].ID, store.Home(parts[1]), parts[3])
		if err != nil {
			return err
		}
		c.ReadOnly = true
		_, err = tx.UpdateCollection(c)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}
