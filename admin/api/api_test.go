package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crmbridge/manage"
	"crmbridge/store"
)

// The description is OpenAPI, by the word of another library.
func TestTheDescriptionIsOpenAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if ok, faults := w.judge.ValidateDocument(); !ok {
		for _, f := range faults {
			t.Errorf("%s: %s %+v", f.Message, f.Reason, f.SchemaValidationErrors)
		}
	}
	var d struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID, Summary string
			Parameters           []struct{ Name string }
		}
	}
	if err := json.Unmarshal(w.server.description, &d); err != nil || d.OpenAPI != "3.1.0" {
		t.Fatalf("%s %v", d.OpenAPI, err)
	}
	ids := map[string]bool{}
	for _, r := range routes() {
		op, ok := d.Paths[r.path][strings.ToLower(r.method)]
		if !ok || op.Summary == "" || ids[op.OperationID] {
			t.Errorf("%s %s is described as %+v", r.method, r.path, op)
		}
		ids[op.OperationID] = true
		for _, p := range op.Parameters {
			if r.who == person && p.Name == userParam {
				t.Errorf("%s %s lets a person name an account", r.method, r.path)
			}
		}
	}
}

// Each operation is asked by nobody, by a person and by an administrator; the table alone says who may.
func TestEveryOperationAsksWho(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	device, reader := w.token(manage.NewDevice{User: "boss", Name: "phone"}), w.token(manage.NewDevice{User: "boss", Name: "reader", API: true, ReadOnly: true})
	for _, r := range routes() {
		path := strings.NewReplacer("{id}", "999", "{link}", "999", "{name}", "nobody").Replace(r.path)
		ask := func(token string) seen { return w.ask(token, r.method, path, nil) }
		s := ask("")
		if s.status != http.StatusUnauthorized || s.header.Get("WWW-Authenticate") != `Bearer realm="bridge"` || strings.Contains(s.text, "boss") {
			t.Errorf("%s %s by nobody: %d %s", r.method, r.path, s.status, s.text)
		}
		w.from = "192.0.2.2" // so that the next try does not wait for all those before
		w.clock.Advance(2 * 3600e9)
		s = ask(device)
		if s.status != http.StatusUnauthorized || !strings.Contains(s.header.Get("WWW-Authenticate"), "invalid_token") {
			t.Errorf("%s %s with an app password: %d %s", r.method, r.path, s.status, s.text)
		}
		s = ask(w.tokens["ann"])
		if forbidden := s.status == http.StatusForbidden; forbidden != (r.who == administrator) || s.status == http.StatusUnauthorized || s.status >= 500 {
			t.Errorf("%s %s by a person: %d %s", r.method, r.path, s.status, s.text)
		}
		s = ask(w.tokens["boss"])
		if s.status == http.StatusForbidden || s.status == http.StatusUnauthorized || s.status >= 500 {
			t.Errorf("%s %s by an administrator: %d %s", r.method, r.path, s.status, s.text)
		}
		if s = ask(reader); (s.status == http.StatusForbidden) != (r.method != http.MethodGet) {
			t.Errorf("%s %s with a token that may only read: %d %s", r.method, r.path, s.status, s.text)
		}
		if s = w.ask(w.tokens["ann"], r.method, path+"?user=bo", nil); s.status < 400 {
			t.Errorf("%s %s by a person who names another: %d %s", r.method, r.path, s.status, s.text)
		}
	}
}

// The account and its password open no API.
func TestPasswordsOpenNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodGet, Prefix+"/me", nil)
	r.SetBasicAuth("ann", password)
	out := httptest.NewRecorder()
	w.server.ServeHTTP(out, r)
	if out.Code != http.StatusUnauthorized {
		t.Errorf("Basic: %d", out.Code)
	}
	if s := w.ask(password, http.MethodGet, "/me", nil); s.status != http.StatusUnauthorized {
		t.Errorf("as a token: %d", s.status)
	}
	var last seen
	for range 10 {
		last = w.ask("guess", http.MethodGet, "/me", nil)
	}
	if last.status != http.StatusServiceUnavailable || last.header.Get("Retry-After") == "" {
		t.Errorf("who guesses: %d %v", last.status, last.header)
	}
}

// Where there is nothing, that is said as a problem, too.
func TestNothingThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if s := w.as("ann", http.MethodGet, "/nothing", nil); s.status != http.StatusNotFound || s.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v %s", s.status, s.header, s.text)
	}
	if s := w.as("ann", http.MethodPatch, "/me", nil); s.status != http.StatusMethodNotAllowed || s.header.Get("Allow") != "GET" {
		t.Errorf("%d %v %s", s.status, s.header, s.text)
	}
	r := httptest.NewRequest(http.MethodPost, Prefix+"/me/devices", strings.NewReader("name=phone"))
	r.Header.Set("Authorization", "Bearer "+w.tokens["ann"])
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	out := httptest.NewRecorder()
	if w.server.ServeHTTP(out, r); out.Code != http.StatusUnsupportedMediaType {
		t.Errorf("a form: %d %s", out.Code, out.Body)
	}
	r = httptest.NewRequest(http.MethodOptions, Prefix+"/me", nil)
	r.Header.Set("Origin", "https://other.example.org")
	r.Header.Set("Access-Control-Request-Method", "GET")
	out = httptest.NewRecorder()
	if w.server.ServeHTTP(out, r); out.Code < 400 || out.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a page of another site asks whether it may: %d %v", out.Code, out.Header())
	}
	if s := w.as("ann", http.MethodGet, "/me?usr=bo", nil); s.status != http.StatusBadRequest || !strings.Contains(s.text, "usr") {
		t.Errorf("a parameter that there is not: %d %s", s.status, s.text)
	}
}

func TestMe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if a := told[manage.Account](w, "ann", http.MethodGet, "/me", nil); a.Name != "ann" || a.Email != "ann@example.org" || a.Admin {
		t.Errorf("%+v", a)
	}
	if a := told[manage.Account](w, "boss", http.MethodGet, "/me", nil); a.Name != "boss" || !a.Admin {
		t.Errorf("%+v", a)
	}
}

// What goes wrong inside is told to the log, and to nobody else.
func TestFaultsOfOursStayInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone, err := store.Open(t.Context(), store.Config{URL: t.TempDir() + "/gone.db", Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)})
	w.must(err)
	w.must(gone.Close())
	w.office.Store = gone
	s := w.as("ann", http.MethodGet, "/me", nil)
	if s.status < 500 || strings.Contains(s.text, "sql") || strings.Contains(s.text, "closed") || !strings.Contains(s.text, "urn:bridge:") {
		t.Errorf("%d %s", s.status, s.text)
	}
	if logged := w.logged.String(); s.status == http.StatusInternalServerError && !strings.Contains(logged, "closed") {
		t.Errorf("the log: %s", logged)
	}
}
