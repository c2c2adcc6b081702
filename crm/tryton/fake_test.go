package tryton

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// fake answers what a live Tryton cannot be brought to answer when wanted. It knows
// one party with a phone.
type fake struct {
	mu    sync.Mutex
	calls []string
	// answer may answer a call itself; "" leaves it to the fake.
	answer func(n int, method, params string) string
	status func(method string) (code int, typ, body string)
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	var call struct {
		Method string
		Params json.RawMessage
	}
	if err := json.Unmarshal(body, &call); err != nil {
		panic(http.ErrAbortHandler)
	}
	f.mu.Lock()
	f.calls = append(f.calls, call.Method+" "+string(call.Params))
	n := len(f.calls)
	f.mu.Unlock()
	if f.status != nil {
		if code, typ, text := f.status(call.Method); code != 0 {
			w.Header().Set("Content-Type", typ)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, text)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if f.answer != nil {
		if s := f.answer(n, call.Method, string(call.Params)); s != "" {
			_, _ = io.WriteString(w, s)
			return
		}
	}
	_, _ = fmt.Fprintf(w, `{"id":1,"result":%s}`, usual(call.Method))
}

func usual(method string) string {
	switch method {
	case "common.db.login":
		return `[1,"token"]`
	case "common.server.version":
		return `"6.0.29"`
	case "model.res.user.get_preferences":
		return `{"language":"en"}`
	case "model.ir.model.search_read":
		return `[{"id":1,"model":"party.party"}]`
	case "model.ir.model.access.get_access":
		return `{"party.party":{"read":true,"write":true,"create":true,"delete":true}}`
	case "model.party.party.search_read":
		return `[{"id":7,"name":"Ann Example","active":1,"create_date":{"__class__":"datetime","year":2026,"month":1,"day":1,"hour":0,"minute":0,"second":0,"microsecond":0},"write_date":null,
			"_timestamp":"1.5","categories.":[],"addresses.":[],"contact_mechanisms.":[{"id":8,"type":"phone","value":"+47 22","active":1,"_timestamp":"2.5"}]}]`
	case "model.ir.model.field.search_read", "common.db.list":
		return `[]`
	}
	return `null`
}

// made returns the calls of a method.
func (f *fake) made(method string) (out []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if strings.HasPrefix(c, method+" ") {
			out = append(out, c)
		}
	}
	return out
}

// serve is the address of a fake.
func serve(t *testing.T, f *fake) string {
	t.Helper()
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return srv.URL
}

func openFake(t *testing.T, f *fake) *connector {
	t.Helper()
	return openScenario(t, serve(t, f), nil)
}

const refusal = `{"id":1,"error":["UserError",["It is used.","",null]]}`

// What Tryton does not let go is archived: a phone in use, a whole party.
func TestRefusedDeletionsArchive(t *testing.T) {
	t.Parallel()
	f := &fake{answer: func(_ int, method, params string) string {
		if method == "model.party.party.delete" || method == "model.party.party.write" && strings.Contains(params, `"delete"`) {
			return refusal
		}
		return ""
	}}
	c := openFake(t, f)
	must(c.Update(t.Context(), Parties, remote.Ref{ID: "7"}, entry(&pim.Contact{}), pim.Set(pim.FieldPhones)))(t)
	writes := f.made("model.party.party.write")
	if len(writes) != 2 || !strings.Contains(writes[1], `["write",[8],{"active":false}]`) || !strings.Contains(writes[1], `"party.contact_mechanism,8":"2.5"`) {
		t.Errorf("writes %q", writes)
	}
	ok(t, c.Delete(t.Context(), Parties, remote.Ref{ID: "7"}, remote.Delete))
	writes = f.made("model.party.party.write")
	if len(writes) != 3 || !strings.Contains(writes[2], `[7],{"active":false}`) {
		t.Errorf("writes %q", writes)
	}
}

func TestRefusalsAreTold(t *testing.T) {
	t.Parallel()
	for _, s := range []struct {
		name   string
		answer func(n int, method, params string) string
		want   pim.Reason
	}{
		{"a rule", func(_ int, method, _ string) string {
			if method == "model.party.party.write" {
				return refusal
			}
			return ""
		}, pim.ErrRefused},
		{"a right that was taken away", func(n int, method, _ string) string {
			switch {
			case method == "model.party.party.write":
				return refusal
			case method == "model.ir.model.access.get_access" && n > 6:
				return `{"id":1,"result":{"party.party":{"read":1,"write":0,"create":0,"delete":0}}}`
			}
			return ""
		}, pim.ErrForbidden},
		{"a party that went meanwhile", func(n int, method, _ string) string {
			switch {
			case method == "model.party.party.write":
				return refusal
			case method == "model.party.party.search_read" && n > 6:
				return `{"id":1,"result":[]}`
			}
			return ""
		}, pim.ErrNotFound},
		{"somebody else's write", func(_ int, method, _ string) string {
			if method == "model.party.party.write" {
				return `{"id":1,"error":["ConcurrencyException","Records were modified in the meanwhile"]}`
			}
			return ""
		}, pim.ErrConflict},
		{"a warning", func(_ int, method, _ string) string {
			if method == "model.party.party.write" {
				return `{"id":1,"error":["UserWarning",["w","Are you sure?",""]]}`
			}
			return ""
		}, pim.ErrRefused},
		{"a locked database", func(_ int, method, _ string) string {
			if method == "model.party.party.write" {
				return `{"id":1,"error":["database is locked",""]}`
			}
			return ""
		}, pim.ErrUnavailable},
	} {
		_, err := openFake(t, &fake{answer: s.answer}).Update(t.Context(), Parties, remote.Ref{ID: "7"}, entry(&pim.Contact{FullName: "New Name"}), pim.Set(pim.FieldFullName))
		wantReason(t, s.name, err, s.want)
	}
}

// An ended session is renewed once; a login that is refused then is an error.
func TestSessionIsRenewed(t *testing.T) {
	t.Parallel()
	ended := 0
	f := &fake{}
	f.status = func(method string) (int, string, string) {
		if method == "model.party.party.search_read" && ended < 1 {
			ended++
			return http.StatusUnauthorized, "text/html", "<html>"
		}
		return 0, "", ""
	}
	c := openFake(t, f)
	if recs := must(c.Fetch(t.Context(), Parties, []remote.ItemID{"7"}))(t); len(recs) != 1 {
		t.Errorf("%+v", recs)
	}
	if n := len(f.made("common.db.login")); n != 2 {
		t.Errorf("%d logins", n)
	}
	ok(t, c.Close())
	if n := len(f.made("common.db.logout")); n != 1 {
		t.Errorf("%d logouts", n)
	}
}

func TestLoginFailures(t *testing.T) {
	t.Parallel()
	page := "<!DOCTYPE html><html><body>Hello</body></html>"
	for _, s := range []struct {
		name string
		code int
		body string
		want pim.Reason
		says string
	}{
		{"second factor", 200, `{"id":1,"error":["LoginException",["sms_code","Code","char"]]}`, pim.ErrAuth, "more than a password"},
		{"no such database, SQLite", 200, `{"id":1,"error":["Database '/x.sqlite' doesn't exist!",""]}`, pim.ErrAuth, "no database"},
		{"no such database, PostgreSQL", 404, page, pim.ErrAuth, "no database"},
		{"wrong password", 401, page, pim.ErrAuth, "password"},
		{"too many tries", 429, page, pim.ErrThrottled, ""},
		{"a web page", 200, page, pim.ErrProtocol, "web page"},
		{"some other JSON", 200, `{"id":1,"result":"welcome"}`, pim.ErrProtocol, "not Tryton"},
		{"half an answer", 200, `{"id":1,"res`, pim.ErrProtocol, ""},
		{"refused", 403, page, pim.ErrForbidden, ""},
		{"no method", 405, page, pim.ErrProtocol, "no Tryton"},
		{"down", 503, page, pim.ErrUnavailable, ""},
	} {
		f := &fake{status: func(method string) (int, string, string) {
			if method != "common.db.login" {
				return 0, "", ""
			}
			typ := "application/json"
			if strings.HasPrefix(s.body, "<") {
				typ = "text/html"
			}
			return s.code, typ, s.body
		}}
		c := openFake(t, f)
		_, err := c.Changes(t.Context(), Parties, remote.Scope{}, "")
		wantReason(t, s.name, err, s.want)
		if !strings.Contains(pim.PublicText(err), s.says) {
			t.Errorf("%s: %q", s.name, pim.PublicText(err))
		}
		checks := c.Probe(t.Context())
		if last := checks[len(checks)-1]; last.Name != "login" || last.Err == nil {
			t.Errorf("%s: the probe ended at %q with %v", s.name, last.Name, last.Err)
		}
	}
}

func TestProbeTellsOldReleases(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]pim.Reason{"5.0.12": pim.ErrUnsupported, "6.0.29": "", "7.0.1": ""} {
		f := &fake{answer: func(_ int, method, _ string) string {
			if method == "common.server.version" {
				return `{"id":1,"result":"` + version + `"}`
			}
			return ""
		}}
		wantReason(t, version, openFake(t, f).Probe(t.Context())[0].Err, want)
	}
}

// Facts are asked again after a while.
func TestFactsGrowOld(t *testing.T) {
	t.Parallel()
	f := &fake{}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	clock := &passingClock{}
	c := openRemote(t, clock.now, srv.URL, map[string]string{"username": "u", "password": "p"})
	for _, want := range []int{1, 1, 2} {
		must(c.Changes(t.Context(), Parties, remote.Scope{}, ""))(t)
		if n := len(f.made("model.res.user.get_preferences")); n != want {
			t.Errorf("asked %d times, want %d", n, want)
		}
		if want == 1 {
			clock.pass(factsLast*2/3 + time.Second)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	d := Driver()
	good := remote.Settings{"url": "crm.example.org", "database": "crm", "username": "u", "password": "p"}
	if _, err := d.Complete(good); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{"url": "ftp://x", "database": "a/b", "username": "a:b", "password": "", "web_url": "https://u:p@x"} {
		s := remote.Settings{}
		for k, v := range good {
			s[k] = v
		}
		s[name] = bad
		if _, err := d.Complete(s); err == nil {
			t.Errorf("%s = %q was accepted", name, bad)
		}
	}
	for _, o := range d.Options {
		if o.Secret != (o.Name == "password") {
			t.Errorf("%s: secret is %v", o.Name, o.Secret)
		}
	}
	if _, err := d.Open(t.Context(), remote.Env{}, good); pim.ReasonOf(err) != pim.ErrInternal {
		t.Errorf("opened without a client: %v", err)
	}
}
