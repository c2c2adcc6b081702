package graphsim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/testclock"
)

// bench is a simulator behind a server, and an application that is signed in.
type bench struct {
	t     *testing.T
	sim   *Sim
	url   string
	token string
	clock *testclock.Clock
}

const ann = "/users/ann@example.org"

func everything() []string {
	return []string{CalendarsReadWrite, ContactsReadWrite, TasksReadWriteAll, MailReadWrite, MailSend, MailboxSettingsRead, UserReadAll}
}

// newBench starts a simulator with two people and one application.
func newBench(t *testing.T, change ...func(*Options)) *bench {
	t.Helper()
	c := testclock.At(time.Date(2026, 10, 1, 8, 30, 0, 0, time.UTC))
	opt := Options{Now: c.Now, Users: []User{{Name: "ann@example.org", FullName: "Ann Example", Zone: "Europe/Berlin"}, {Name: "bob@example.org"}},
		Apps: []App{{ID: "app", Secret: "sesame", Permissions: everything()}}, Calm: true, NotifyRetry: time.Millisecond}
	for _, f := range change {
		f(&opt)
	}
	sim, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim)
	t.Cleanup(func() { srv.Close(); sim.Close() })
	b := &bench{t: t, sim: sim, url: srv.URL, clock: c}
	b.token = b.signIn("app", "sesame")
	return b
}

func (b *bench) signIn(app, secret string) string {
	b.t.Helper()
	_, o := b.form(url.Values{"grant_type": {"client_credentials"}, "client_id": {app}, "client_secret": {secret},
		"scope": {"https://graph.microsoft.com/.default"}})
	if text(o["access_token"]) == "" {
		b.t.Fatalf("no token: %v", o)
	}
	return text(o["access_token"])
}

// form posts to the token endpoint.
func (b *bench) form(form url.Values) (int, object) {
	b.t.Helper()
	resp, err := http.PostForm(b.url+"/"+b.sim.Tenant()+tokenPath, form)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, b.read(resp.Body)
}

func (b *bench) read(r io.Reader) object {
	b.t.Helper()
	all, err := io.ReadAll(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if len(all) == 0 {
		return nil
	}
	var o object
	if err := json.Unmarshal(all, &o); err != nil {
		b.t.Fatalf("%v: %.300s", err, all)
	}
	return o
}

// send does a request; headers are "Name: value". The path may be a whole URL.
func (b *bench) send(method, path string, body any, headers ...string) *http.Response {
	b.t.Helper()
	var r io.Reader
	switch v := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(v)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			b.t.Fatal(err)
		}
		r = bytes.NewReader(text)
	}
	if !strings.HasPrefix(path, "http") {
		path = b.url + "/v1.0" + strings.ReplaceAll(path, " ", "%20")
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, path, r)
	if err != nil {
		b.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if b.token != "" {
		req.Header.Set("Authorization", "Bearer "+b.token)
	}
	for _, h := range headers {
		name, v, _ := strings.Cut(h, ": ")
		if name == "Prefer" {
			req.Header.Add(name, v)
		} else {
			req.Header.Set(name, v)
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// want does a request that has to be answered with a status, and returns the body.
func (b *bench) want(status int, method, path string, body any, headers ...string) object {
	b.t.Helper()
	resp := b.send(method, path, body, headers...)
	o := b.read(resp.Body)
	if resp.StatusCode != status {
		b.t.Fatalf("%s %s: %d, want %d: %v", method, path, resp.StatusCode, status, o)
	}
	return o
}

// refused does a request that has to fail with a status and a code, and returns the message.
func (b *bench) refused(status int, code, method, path string, body any, headers ...string) string {
	b.t.Helper()
	o := b.want(status, method, path, body, headers...)
	e := sub(o, "error")
	if e["code"] != code {
		b.t.Fatalf("%s %s: code %v, want %s: %v", method, path, e["code"], code, e["message"])
	}
	if text(sub(e, "innerError")["request-id"]) == "" {
		b.t.Errorf("%s %s: error without request-id: %v", method, path, o)
	}
	return text(e["message"])
}

func at2(day, clock string) object {
	return object{"dateTime": day + "T" + clock, "timeZone": "Europe/Berlin"}
}

// event makes an event and returns it as the service shows it.
func (b *bench) event(more object, headers ...string) object {
	b.t.Helper()
	body := overlay(object{"subject": "Visit", "start": at2("2026-10-05", "10:00:00"), "end": at2("2026-10-05", "11:00:00")}, more)
	return b.want(201, "POST", ann+"/events", body, headers...)
}

// values are a property of all rows of a list.
func values(o object, path ...string) []any {
	out := []any{}
	for _, v := range list(o, "value") {
		out = append(out, member(v, path))
	}
	return out
}

func eventPath(o object) string { return ann + "/events/" + text(o["id"]) }

const immutable = `Prefer: IdType="ImmutableId"`
