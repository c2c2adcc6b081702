package ews_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"crmbridge/exchange"
	"crmbridge/exchange/ews"
	"crmbridge/exchange/ews/ewssim"
	"crmbridge/pim"
	"crmbridge/remote"
)

func probe(t *testing.T, m remote.Remote) []remote.Check {
	t.Helper()
	p, ok := m.(remote.Prober)
	if !ok {
		t.Fatal("no Prober")
	}
	return p.Probe(t.Context())
}

// Each missing right is named at its own step, and the steps after it are not run.
func TestProbeNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings exchange.Settings
		change   func(*ewssim.Options)
		step     string
		kind     pim.Reason
		says     string
	}{
		"all is well":      {step: "contacts"},
		"service account":  {settings: exchange.Settings{"user": service, "mailbox": ann}, step: "contacts"},
		"wrong password":   {settings: exchange.Settings{"password": "x"}, step: "login", kind: pim.ErrAuth, says: "refused the login"},
		"no basic":         {change: func(o *ewssim.Options) { o.NoBasic = true }, step: "login", kind: pim.ErrAuth, says: "it offers: "},
		"outside of scope": {settings: exchange.Settings{"user": service, "mailbox": "bob@example.org"}, step: "mailbox", kind: pim.ErrForbidden, says: "ApplicationImpersonation"},
		"without the role": {settings: exchange.Settings{"user": "bob@example.org", "mailbox": ann}, step: "mailbox", kind: pim.ErrForbidden, says: "ApplicationImpersonation"},
		"delegate of nothing": {settings: exchange.Settings{"user": service, "mailbox": "bob@example.org", "impersonate": "no"}, step: "mailbox", kind: pim.ErrForbidden,
			says: "has no rights in any folder of bob@example.org: give Editor on its folders"},
		"no such mailbox":    {settings: exchange.Settings{"user": service, "mailbox": "nobody@example.org"}, change: everybody, step: "mailbox", kind: pim.ErrForbidden, says: "no mailbox"},
		"nobody listens":     {settings: exchange.Settings{"url": "http://127.0.0.1:1"}, step: "server", kind: pim.ErrUnavailable, says: "nothing listens"},
		"not to be reached":  {settings: exchange.Settings{"url": "10.1.2.3"}, step: "server", kind: pim.ErrForbidden, says: "inside a private network"},
		"not Exchange there": {settings: exchange.Settings{"url": "URL/elsewhere/here"}, step: "server", kind: pim.ErrProtocol, says: "no Exchange Web Services at this address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, c.change)
			s := exchange.Settings{}
			for k, v := range c.settings {
				s[k] = strings.ReplaceAll(v, "URL", r.url)
			}
			checks := probe(t, r.open(s))
			last := checks[len(checks)-1]
			if last.Name != c.step || pim.ReasonOf(last.Err) != c.kind || !strings.Contains(pim.PublicText(last.Err), c.says) {
				t.Errorf("the last step is %q with %v: %q", last.Name, last.Err, pim.PublicText(last.Err))
			}
			for _, x := range checks[:len(checks)-1] {
				if x.Err != nil {
					t.Errorf("step %q: %v", x.Name, x.Err)
				}
			}
		})
	}
}

// A folder in which a right is missing is named, with the right and what it is for; the others are tested all the same.
func TestProbeNamesTheRightInAFolder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, says string }{
		"may not make": {`CreateContents>true<`, `CreateContents>false<`, "in the folder Tasks the right is missing to: create items"},
		"may not read": {`Read>true<`, `Read>false<`, "in the folder Tasks the right is missing to: read items"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				q.Header.Del("Accept-Encoding")
				rec := httptest.NewRecorder()
				r.sim.ServeHTTP(rec, q)
				before, tasks, is := strings.Cut(rec.Body.String(), "<t:TasksFolder>")
				if is {
					before += "<t:TasksFolder>" + strings.Replace(tasks, c.from, c.to, 1)
				}
				w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
				w.WriteHeader(rec.Code)
				_, _ = w.Write([]byte(before))
			}))
			t.Cleanup(srv.Close)
			for _, check := range probe(t, r.open(exchange.Settings{"url": srv.URL})) {
				if text := pim.PublicText(check.Err); (check.Err != nil) != (check.Name == "tasks") || check.Err != nil && (!strings.Contains(text, c.says) || !check.Kinds.Has(pim.KindTask)) {
					t.Errorf("step %q: %v", check.Name, check.Err)
				}
			}
		})
	}
}

func everybody(o *ewssim.Options) { o.Accounts[0].Impersonates = []string{"*"} }

// A service account sees the mailbox it acts for, and nothing else.
func TestImpersonation(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	own, acting := r.open(nil), r.open(exchange.Settings{"user": service, "mailbox": ann})
	c := home(t, own, pim.KindTask)
	if got := home(t, acting, pim.KindTask); got != c {
		t.Errorf("the service account sees %s, the owner %s", got, c)
	}
	rec, err := acting.Create(t.Context(), c, remote.Entry{Item: &pim.Task{Activity: pim.Activity{Title: "For Ann"}}}, "key-acting")
	if err != nil {
		t.Fatal(err)
	}
	if recs, err := own.Fetch(t.Context(), c, []remote.ItemID{rec.ID}); err != nil || len(recs) != 1 || recs[0].Item.Summary() != "For Ann" {
		t.Errorf("%d, %v", len(recs), err)
	}
	for _, q := range r.sim.Requests() {
		if !strings.EqualFold(q.Anchor, ann) {
			t.Errorf("%s by %s goes to the server of %q", q.Op, q.Login, q.Anchor)
		}
	}
}

// A delegate opens the mailbox with the login's own rights, and gets that mailbox, not the own one.
func TestDelegate(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *ewssim.Options) { o.Accounts[0].Delegate = []string{ann} })
	own, opened := r.open(nil), r.open(exchange.Settings{"user": service, "mailbox": ann, "impersonate": "no"})
	want, err := own.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := opened.Collections(t.Context())
	if err != nil || len(got) < 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Fatalf("%v, %v", got, err)
	}
	if _, ok := opened.(remote.Watcher); ok {
		t.Error("a delegate watches, which Exchange does not let him")
	}
	if _, err := own.Create(t.Context(), got[1].ID, remote.Entry{Item: &pim.Task{Activity: pim.Activity{Title: "Seen by the delegate"}}}, "key-delegate"); err != nil {
		t.Fatal(err)
	}
	d, err := opened.Changes(t.Context(), got[1].ID, remote.Scope{}, "")
	if err != nil || len(d.Changed) != 1 {
		t.Errorf("%d, %v", len(d.Changed), err)
	}
	if _, err := r.open(exchange.Settings{"mailbox": bob, "impersonate": "no"}).Collections(t.Context()); err == nil {
		t.Error("a mailbox was opened without rights")
	}
}

// A token is got once and again when it is refused; a wrong secret is a refused login.
func TestOAuth(t *testing.T) {
	t.Parallel()
	var given atomic.Int32
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/tenant/token" || q.FormValue("client_id") != "bridge" || q.FormValue("client_secret") != "right" || q.FormValue("grant_type") != "client_credentials" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		token := "stale"
		if given.Add(1) > 1 {
			token = "fresh"
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "expires_in": 3600})
	}))
	t.Cleanup(tokens.Close)
	r := newRig(t, func(o *ewssim.Options) { o.BearerTokens = map[string]string{"fresh": service}; o.NoBasic = true })
	s := exchange.Settings{"auth": "oauth", "token_url": tokens.URL + "/tenant/token", "client_id": "bridge", "client_secret": "right", "mailbox": ann, "user": "", "password": ""}
	m := r.open(s)
	for range 3 {
		if _, err := m.Collections(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := given.Load(); n != 2 {
		t.Errorf("%d tokens were got, want 2", n)
	}
	s["client_secret"] = "wrong"
	if _, err := r.open(s).Collections(t.Context()); pim.ReasonOf(err) != pim.ErrAuth {
		t.Errorf("a wrong secret: %v", err)
	}
}

// Microsoft's servers are refused where the settings are checked, with the reason.
func TestOnlineRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []exchange.Settings{
		{"url": "outlook.office365.com"}, {"url": "https://OUTLOOK.office365.com/EWS/Exchange.asmx"}, {"url": "eur01.outlook.office365.com."}, {"url": "webmail.apps.mil"},
		{"mailbox": "ann@outlook.com"}, {"url": "https://partner.outlook.cn/ews"},
	} {
		_, err := ews.Driver().Complete(s)
		if err == nil || !strings.Contains(err.Error(), "Microsoft 365") {
			t.Errorf("%v: %v", s, err)
		}
	}
	for _, s := range []exchange.Settings{{"url": "mail.example.org"}, {"url": "office365.example.org"}, {"mailbox": "ann@office365.example.org"}} {
		if _, err := ews.Driver().Complete(s); err != nil {
			t.Errorf("%v: %v", s, err)
		}
	}
}

// Settings that mean nothing together are told before anything is asked.
func TestSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		settings exchange.Settings
		says     string
	}{
		{exchange.Settings{}, "user is missing"},
		{exchange.Settings{"user": "ann", "password": "x"}, "url or mailbox is missing"},
		{exchange.Settings{"user": "ann", "password": "x", "url": "mail.example.org", "impersonate": "yes"}, "for whom is the login to act?"},
		{exchange.Settings{"auth": "oauth", "url": "mail.example.org"}, "client_secret is missing"},
		{exchange.Settings{"user": "ann", "password": "x", "mailbox": "ann"}, "must be an e-mail address"},
		{exchange.Settings{"user": "ann", "password": "x", "url": "ftp://x"}, "https://"},
		{exchange.Settings{"user": "ann", "password": "x", "url": "x", "page_size": "1000"}, "from 1 to 512"},
	} {
		_, err := ews.Driver().Open(t.Context(), exchange.Env{}, c.settings)
		if pim.ReasonOf(err) != pim.ErrInvalid || !strings.Contains(pim.PublicText(err), c.says) {
			t.Errorf("%v: %v", c.settings, err)
		}
	}
}
