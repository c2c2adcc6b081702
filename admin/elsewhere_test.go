package admin

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"crmbridge/auth/openid"
	"crmbridge/manage"
	"crmbridge/upstream"
)

// organisation is a service where whoever is named in who signs in. Package openid has a stricter one.
type organisation struct {
	*httptest.Server
	who   map[string]any
	codes map[string]url.Values
}

func (w *world) organisation(t *testing.T) *organisation {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	o := &organisation{codes: map[string]url.Values{}}
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": o.URL, "authorization_endpoint": o.URL + "/authorize", "token_endpoint": o.URL + "/token", "jwks_uri": o.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "one", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": "AQAB"}}})
	})
	mux.HandleFunc("POST /token", func(rw http.ResponseWriter, r *http.Request) {
		q, known := o.codes[r.FormValue("code")]
		delete(o.codes, r.FormValue("code"))
		if !known {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		c := map[string]any{"iss": o.URL, "aud": "bridge", "exp": w.clock.Now().Add(time.Minute).Unix(), "nonce": q.Get("nonce")}
		for k, v := range o.who {
			c[k] = v
		}
		if q.Get("max_age") == "0" {
			c["auth_time"] = w.clock.Now().Unix()
		}
		text, _ := json.Marshal(c)
		answer(rw, map[string]any{"access_token": "access", "token_type": "Bearer", "id_token": oidctest.SignIDToken(key, "one", "RS256", string(text))})
	})
	o.Server = httptest.NewServer(mux)
	t.Cleanup(o.Close)
	client, err := upstream.New(upstream.Options{Now: w.clock.Now, Retries: -1, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	w.pages().Elsewhere = openid.New(openid.Options{Issuer: o.URL, ClientID: "bridge", Secret: "s", Redirect: w.URL + "/web/sign-in/back", Label: "Example Ltd", HTTP: client,
		Now: w.clock.Now, Random: rand.Reader})
	return o
}

func (w *world) pages() *Server { return w.Config.Handler.(*Server) }

// send is the person who signs in where they are sent to: the path that they are sent back to.
func (o *organisation) send(t *testing.T, to string) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, o.URL+"/authorize?") {
		t.Fatalf("sent to %q", to)
	}
	code := rand.Text()
	o.codes[code] = u.Query()
	return "/web/sign-in/back?" + url.Values{"code": {code}, "state": {u.Query().Get("state")}}.Encode()
}

// signIn is a sign-in from the first page on.
func (o *organisation) signIn(t *testing.T, b *browser, next string) seen {
	t.Helper()
	s := b.get(t, "/web/sign-in/elsewhere?next="+url.QueryEscape(next))
	if s.status != http.StatusSeeOther {
		t.Fatalf("not sent away: %d %s", s.status, s.text)
	}
	return b.get(t, o.send(t, s.to))
}

func TestSigningInElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	if s := b.get(t, "/web/sign-in/elsewhere"); s.status != http.StatusNotFound || strings.Contains(b.get(t, "/web/sign-in").text, "elsewhere") {
		t.Errorf("without a service: %d", s.status)
	}
	o := w.organisation(t)
	o.who = map[string]any{"sub": "1", "preferred_username": "Ann"}
	if s := b.get(t, "/web/sign-in"); !strings.Contains(s.text, "Sign in with Example Ltd") {
		t.Error("nobody is told of the service")
	}
	if s := o.signIn(t, b, "//evil.example.org/"); s.to != "/web/" {
		t.Errorf("sent on to %q", s.to)
	}
	if s := b.get(t, "/web/me"); !strings.Contains(s.text, "You are signed in as ann.") || !strings.Contains(s.text, "Sign in with Example Ltd") {
		t.Errorf("signed in: %d", s.status)
	}
	// From now on the number counts, and not the name.
	o.who = map[string]any{"sub": "1", "preferred_username": "boss"}
	if s := o.signIn(t, w.browser(t), "/web/me"); s.to != "/web/me" {
		t.Errorf("under another name: %d", s.status)
	}
	for name, who := range map[string]map[string]any{
		"somebody else of the same name": {"sub": "2", "preferred_username": "ann"},
		"nobody's name":                  {"sub": "3", "preferred_username": "eve"},
		"no name":                        {"sub": "4"},
	} {
		o.who = who
		if s := o.signIn(t, w.browser(t), "/web/"); s.status != http.StatusUnprocessableEntity || !strings.Contains(s.text, "you have no account here") {
			t.Errorf("%s: %d to %q", name, s.status, s.to)
		}
	}
	// SECURITY 8: the account's password works at the pages only.
	if _, err := w.office.Auth.Authenticate(t.Context(), "ann", annPassword, "192.0.2.1", "test"); err == nil {
		t.Error("the password lets a device in")
	}
	w.signedIn(t, "ann", annPassword)
	if _, err := w.office.SetDisabled(t.Context(), "ann", true); err != nil {
		t.Fatal(err)
	}
	o.who = map[string]any{"sub": "1"}
	if s := o.signIn(t, w.browser(t), "/web/"); s.status != http.StatusUnprocessableEntity {
		t.Errorf("disabled: %d to %q", s.status, s.to)
	}
}

func TestWhoIsRecognisedByAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.organisation(t)
	if _, err := w.office.AddAccount(t.Context(), manage.NewAccount{Name: "cy", Email: "cy@example.org", Password: annPassword}); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		verified any
		in       bool
	}{{false, false}, {nil, false}, {true, true}} {
		o.who = map[string]any{"sub": fmt.Sprint(i), "email": "CY@example.org", "email_verified": c.verified}
		if s := o.signIn(t, w.browser(t), "/web/"); (s.to == "/web/") != c.in {
			t.Errorf("vouched for: %v: %d to %q", c.verified, s.status, s.to)
		}
	}
}

func TestAccountsAreMadeWhereThatIsWanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.organisation(t)
	w.pages().MayJoin = true
	for name, who := range map[string]map[string]any{
		"a name that is no login": {"sub": "9", "preferred_username": "../x"},
		"no name at all":          {"sub": "8"},
	} {
		o.who = who
		if s := o.signIn(t, w.browser(t), "/web/"); s.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d to %q", name, s.status, s.to)
		}
	}
	o.who = map[string]any{"sub": "7", "preferred_username": "dee", "name": "Dee <b>", "email": "dee@example.org", "email_verified": true}
	b := w.browser(t)
	if s := o.signIn(t, b, "/web/me"); s.to != "/web/me" {
		t.Fatalf("not made: %d %s", s.status, s.text)
	}
	if a, err := w.office.Account(t.Context(), "dee"); err != nil || a.Admin || a.Email != "dee@example.org" {
		t.Errorf("%+v, %v", a, err)
	}
	if s := w.browser(t).signIn(t, "dee", ""); s.status != http.StatusUnprocessableEntity {
		t.Errorf("without a password: %d to %q", s.status, s.to)
	}
	// What needs proof asks the service for it.
	w.clock.Advance(freshFor + 1)
	if s := b.post(t, "/web/me", "/web/me/devices", "name", "phone"); !strings.HasPrefix(s.to, "/web/confirm") {
		t.Fatalf("a device without proof: %d", s.status)
	}
	if s := b.get(t, "/web/confirm"); strings.Contains(s.text, `name="password"`) || !strings.Contains(s.text, "Sign in with Example Ltd") {
		t.Error("asked for a password that there is not")
	}
	who := o.who
	o.who = map[string]any{"sub": "6", "preferred_username": "ann"}
	if s := o.signIn(t, b, "/web/me"); s.status != http.StatusUnprocessableEntity {
		t.Errorf("proof by another: %d to %q", s.status, s.to)
	}
	o.who = who
	if s := o.signIn(t, b, "/web/me"); s.to != "/web/me" {
		t.Errorf("proof: %d %s", s.status, s.text)
	}
	if s := b.post(t, "/web/me", "/web/me/devices", "name", "phone"); s.status != http.StatusOK {
		t.Errorf("a device after proof: %d", s.status)
	}
}

// A session that the service began without asking the person is good for what needs no proof.
func TestTheServiceSaysWhenItAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.organisation(t)
	for name, c := range map[string]struct {
		at    any
		fresh bool
	}{"it does not say": {nil, false}, "an hour ago": {w.clock.Now().Add(-time.Hour).Unix(), false}, "just now": {w.clock.Now().Unix(), true}} {
		o.who = map[string]any{"sub": "1", "preferred_username": "ann", "auth_time": c.at}
		b := w.browser(t)
		o.signIn(t, b, "/web/")
		if s := b.get(t, "/web/me/codes"); (s.status == http.StatusOK) != c.fresh {
			t.Errorf("%s: %d to %q", name, s.status, s.to)
		}
	}
}

func TestWhatComesBackToThePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.organisation(t)
	o.who = map[string]any{"sub": "1", "preferred_username": "ann"}
	refused := func(name string, s seen) {
		t.Helper()
		if s.status != http.StatusUnprocessableEntity || !strings.Contains(s.text, "did not let you in") {
			t.Errorf("%s: %d to %q", name, s.status, s.to)
		}
	}
	b := w.browser(t)
	refused("nobody was sent away", b.get(t, "/web/sign-in/back?code=x&state=y"))
	path := o.send(t, b.get(t, "/web/sign-in/elsewhere").to)
	refused("in another browser", w.browser(t).get(t, path))
	jar, _ := url.Parse(b.base)
	kept := b.Jar.Cookies(jar)
	if s := b.get(t, path); s.to != "/web/" {
		t.Fatalf("its own: %d", s.status)
	}
	refused("a second time", w.browser(t).get(t, path))
	again := w.browser(t)
	again.Jar.SetCookies(jar, []*http.Cookie{{Name: kept[len(kept)-1].Name, Value: kept[len(kept)-1].Value, Path: "/", Secure: true}})
	refused("a second time, with what the browser kept", again.get(t, path))
	late := w.browser(t)
	path = o.send(t, late.get(t, "/web/sign-in/elsewhere").to)
	w.clock.Advance(errandLasts)
	refused("after ten minutes", late.get(t, path))
	o.Close()
	w.clock.Advance(time.Hour) // what it said of itself is asked for again
	if s := w.browser(t).get(t, "/web/sign-in/elsewhere"); s.status != http.StatusUnprocessableEntity || !strings.Contains(s.text, "does not answer now") {
		t.Errorf("a service that is away: %d", s.status)
	}
}

// Codes are asked for whichever way somebody comes, and nobody is tied before.
func TestCodesAfterSigningInElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.organisation(t)
	o.who = map[string]any{"sub": "1", "preferred_username": "ann"}
	key, _ := w.withCodes(t, w.signedIn(t, "ann", annPassword))
	b := w.browser(t)
	s := o.signIn(t, b, "/web/me")
	m := wayField.FindStringSubmatch(s.text)
	if s.status != http.StatusOK || m == nil {
		t.Fatalf("no code is asked for: %d to %q", s.status, s.to)
	}
	tied := func() bool { ok, err := w.office.Tied(t.Context(), "ann"); return ok && err == nil }
	if tied() {
		t.Error("tied without a code")
	}
	if s := b.sendCode(t, m[1], code(t, key, w.clock.Now())); s.to != "/web/me" || !tied() {
		t.Errorf("with a code: %d", s.status)
	}
}

// Somebody whom another site sends here is still signed in: the cookie comes with the second request, and is not replaced by the first.
func TestALinkFromElsewhereSignsNobodyOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/web/me?x=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := w.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || res.Header.Get("Set-Cookie") != "" || res.Header.Get("Refresh") != "0; url=/web/me?x=1" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}
