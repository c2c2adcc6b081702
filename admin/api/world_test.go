package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"crmbridge/auth"
	"crmbridge/internal/testclock"
	"crmbridge/internal/testenv"
	"crmbridge/manage"
	"crmbridge/secret"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const password = "correct horse battery"

// world is a server of the API with the administrator boss and the people ann and bo, who have a token each.
type world struct {
	*testing.T
	server *Server
	store  *store.Store
	office *manage.Office
	clock  *testclock.Clock
	logged *bytes.Buffer
	judge  validator.Validator
	tokens map[string]string // by account
	// From is where requests come from.
	from string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, clock: testclock.New(), logged: &bytes.Buffer{}, tokens: map[string]string{"": ""}, from: "192.0.2.1"}
	w.store = storetest.OpenWith(t, store.Config{Now: w.clock.Now})
	a, err := auth.New(auth.Options{Store: w.store, Now: w.clock.Now, Random: rand.Reader, Params: auth.Params{Memory: 64, Time: 1, Threads: 1}})
	w.must(err)
	t.Cleanup(func() { _ = a.Close(context.Background()) })
	keyFile := filepath.Join(t.TempDir(), "bridge.key")
	keeper, err := secret.Create(keyFile)
	w.must(err)
	w.office = &manage.Office{Store: w.store, Auth: a, Keeper: keeper, KeyFile: keyFile, Now: w.clock.Now, Random: rand.Reader, Address: "https://bridge.example.org"}
	for _, n := range []manage.NewAccount{{Name: "boss", Admin: true}, {Name: "ann", Zone: "Europe/Helsinki", Email: "ann@example.org"}, {Name: "bo"}} {
		n.Password = password
		_, err := w.office.AddAccount(t.Context(), n)
		w.must(err)
		w.tokens[n.Name] = w.token(manage.NewDevice{User: n.Name, Name: "report", API: true})
	}
	w.server, err = New(Options{Office: w.office, Auth: a, Log: slog.New(slog.NewTextHandler(w.logged, nil)), Secure: true,
		Address: func(*http.Request) string { return w.from }, Version: "1.2.3"})
	w.must(err)
	w.judge = judge(t, w.server)
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// token makes an app password.
func (w *world) token(n manage.NewDevice) string {
	w.Helper()
	d, err := w.office.AddDevice(w.Context(), n)
	w.must(err)
	return d.Secret
}

// judge holds answers against the description that everybody is served.
func judge(t *testing.T, s *Server) validator.Validator {
	t.Helper()
	out := httptest.NewRecorder()
	s.ServeHTTP(out, httptest.NewRequest(http.MethodGet, Description, nil))
	if out.Code != http.StatusOK {
		t.Fatalf("the description: %d", out.Code)
	}
	doc, err := libopenapi.NewDocument(out.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	t.Cleanup(v.Release)
	return v
}

// seen is what somebody was answered.
type seen struct {
	status int
	header http.Header
	text   string
}

// ask asks with a token, "" being none, and holds the answer against the description. body may be nil, a text or anything that is JSON.
func (w *world) ask(token, method, path string, body any) seen {
	w.Helper()
	r := w.request(token, method, path, body)
	out := httptest.NewRecorder()
	w.server.ServeHTTP(out, r)
	if out.Code < 300 { // what was done is what the description lets ask for
		if ok, faults := w.judge.ValidateHttpRequest(w.request(token, method, path, body)); !ok {
			for _, f := range faults {
				w.Errorf("%s %s may not be asked so: %s %s %+v", method, path, f.Message, f.Reason, f.SchemaValidationErrors)
			}
		}
	}
	text := out.Body.String()
	if ok, faults := w.judge.ValidateHttpResponse(r, out.Result()); !ok && out.Code != http.StatusMethodNotAllowed {
		for _, f := range faults {
			if f.ValidationType == "path" && out.Code == http.StatusNotFound {
				continue // there is nothing there, as it says
			}
			w.Errorf("%s %s: %d is not as described: %s %s %+v\n%s", method, path, out.Code, f.Message, f.Reason, f.SchemaValidationErrors, text)
		}
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": ""} {
		if got := out.Header().Get(name); got != want {
			w.Errorf("%s %s: %s %q", method, path, name, got)
		}
	}
	return seen{out.Code, out.Header(), text}
}

func (w *world) request(token, method, path string, body any) *http.Request {
	w.Helper()
	var in io.Reader
	if text, ok := body.(string); ok {
		in = strings.NewReader(text)
	} else if body != nil {
		b, err := json.Marshal(body)
		w.must(err)
		in = bytes.NewReader(b)
	}
	r := httptest.NewRequest(method, Prefix+path, in)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// as asks with the token of an account.
func (w *world) as(account, method, path string, body any) seen {
	w.Helper()
	return w.ask(w.tokens[account], method, path, body)
}

// told asks for what has to be there, and reads it.
func told[T any](w *world, account, method, path string, body any) (out T) {
	w.Helper()
	s := w.as(account, method, path, body)
	if s.status < 200 || s.status > 299 {
		w.Fatalf("%s %s by %s: %d %s", method, path, account, s.status, s.text)
	}
	w.must(json.Unmarshal([]byte(s.text), &out))
	return out
}
