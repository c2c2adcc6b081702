package dav_test

import (
	"bytes"
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
	clock := new(storetest.Clock)
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

// node is parsed XML.
type node struct {
	Name     xml.Name
	Attrs    []xml.Attr
	Children []*node
	Text     string
}

func parseXML(t testing.TB, b []byte) *node {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(b))
	var stack []*node
	for {
		tok, err := d.Token()
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, b)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &node{Name: tok.Name}
			for _, a := range tok.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					n.Attrs = append(n.Attrs, a)
				}
			}
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.Children = append(top.Children, n)
			}
			stack = append(stack, n)
		case xml.EndElement:
			if len(stack) == 1 {
				return stack[0]
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].Text += string(tok)
			}
		}
	}
}

func (n *node) child(space, local string) *node {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Name.Space == space && c.Name.Local == local {
			return c
		}
	}
	return nil
}

func (n *node) all(space, local string) []*node {
	var out []*node
	for _, c := range n.Children {
		if c.Name.Space == space && c.Name.Local == local {
			out = append(out, c)
		}
	}
	return out
}

// names are the local names of the children.
func (n *node) names() []string {
	var out []string
	for _, c := range n.Children {
		out = append(out, c.Name.Local)
	}
	return out
}

const (
	nsD    = "DAV:"
	nsC    = "urn:ietf:params:xml:ns:caldav"
	nsCR   = "urn:ietf:params:xml:ns:carddav"
	nsCS   = "http://calendarserver.org/ns/"
	nsICAL = "http://apple.com/ns/ical/"
)

// multi is a parsed multistatus.
type multi struct {
	t         testing.TB
	responses map[string]*response
	order     []string
	token     string
}

type response struct {
	href   string
	status string // of the whole; "" with propstats
	first  string // the first status inside
	found  map[string]*node
	gone   []string // asked for and not there
	errors []string
}

func (r *reply) multi() *multi {
	r.t.Helper()
	r.want(207)
	root := parseXML(r.t, r.Body)
	m := &multi{t: r.t, responses: map[string]*response{}}
	for _, el := range root.all(nsD, "response") {
		res := &response{href: el.child(nsD, "href").Text, found: map[string]*node{}}
		if st := el.child(nsD, "status"); st != nil {
			res.status, res.first = st.Text, st.Text
		}
		for _, ps := range el.all(nsD, "propstat") {
			status := ps.child(nsD, "status").Text
			if res.first == "" {
				res.first = status
			}
			for _, p := range ps.child(nsD, "prop").Children {
				if status == "HTTP/1.1 200 OK" {
					res.found[p.Name.Local] = p
				} else {
					res.gone = append(res.gone, p.Name.Local)
				}
			}
		}
		if e := el.child(nsD, "error"); e != nil {
			res.errors = e.names()
		}
		if m.responses[res.href] != nil {
			r.t.Fatalf("%s: %s twice", r.what, res.href)
		}
		m.responses[res.href] = res
		m.order = append(m.order, res.href)
	}
	if tok := root.child(nsD, "sync-token"); tok != nil {
		m.token = tok.Text
	}
	return m
}

// at is the response of an href.
func (m *multi) at(href string) *response {
	m.t.Helper()
	r := m.responses[href]
	if r == nil {
		m.t.Fatalf("no response for %s among %v", href, m.order)
	}
	return r
}

// text is the value of a property that must be there.
func (m *multi) text(href, local string) string {
	m.t.Helper()
	n := m.at(href).found[local]
	if n == nil {
		m.t.Fatalf("%s has no %s: %v", href, local, m.at(href))
	}
	return n.Text
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

// event is a calendar object; extra are whole lines.
func event(uid, title string, extra ...string) string {
	return crlf("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//test//EN", "BEGIN:VEVENT", "UID:"+uid, "DTSTAMP:20260101T000000Z",
		"DTSTART:20260110T100000Z", "DTEND:20260110T110000Z", "SUMMARY:"+title, strings.Join(extra, "\r\n"), "END:VEVENT", "END:VCALENDAR")
}

func todo(uid, title string, extra ...string) string {
	return crlf("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//test//EN", "BEGIN:VTODO", "UID:"+uid, "DTSTAMP:20260101T000000Z",
		"SUMMARY:"+title, strings.Join(extra, "\r\n"), "END:VTODO", "END:VCALENDAR")
}

func card(uid, name string, extra ...string) string {
	given, family, _ := strings.Cut(name, " ")
	return crlf("BEGIN:VCARD", "VERSION:3.0", "UID:"+uid, "FN:"+name, "N:"+family+";"+given+";;;", strings.Join(extra, "\r\n"), "END:VCARD")
}

func crlf(lines ...string) string {
	lines = slices.DeleteFunc(lines, func(l string) bool { return l == "" })
	return strings.Join(lines, "\r\n") + "\r\n"
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
