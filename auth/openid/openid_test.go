package openid

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/upstream"
)

// issuer is a service that looks closely at what it is asked. It knows one person.
type issuer struct {
	*httptest.Server
	t     *testing.T
	clock *testclock.Clock
	key   *rsa.PrivateKey
	mu    sync.Mutex
	codes map[string]url.Values // what a code was asked for with
	// change spoils or completes the claims; token makes the ID token of them.
	change func(map[string]any)
	token  func(claims string) string
	config func(map[string]any)
	info   map[string]any
}

func newIssuer(t *testing.T, clock *testclock.Clock) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, clock: clock, key: key, codes: map[string]url.Values{}, change: func(map[string]any) {}, config: func(map[string]any) {}}
	i.token = func(claims string) string { return oidctest.SignIDToken(key, "one", "RS256", claims) }
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		c := map[string]any{"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"userinfo_endpoint": i.URL + "/userinfo", "id_token_signing_alg_values_supported": []string{"RS256", "none", "HS256"}}
		i.config(c)
		i.answer(w, c)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.answer(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "one", "alg": "RS256", "use": "sig",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": "AQAB"}}})
	})
	mux.HandleFunc("POST /token", i.exchange)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer access" {
			t.Error("the page about the person is asked for without a token")
		}
		i.answer(w, i.info)
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		i.t.Error(err)
	}
}

// authorize is the person, who signs in at an address: what they come back with.
func (i *issuer) authorize(address string) url.Values {
	i.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		i.t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{"response_type": "code", "client_id": "bridge", "redirect_uri": "https://dav.example.org/web/sign-in/back", "code_challenge_method": "S256"} {
		if q.Get(name) != want {
			i.t.Errorf("%s is %q", name, q.Get(name))
		}
	}
	if !strings.HasPrefix(address, i.URL+"/authorize?") || len(q.Get("state")) < 22 || len(q.Get("nonce")) < 22 || !strings.Contains(" "+q.Get("scope")+" ", " openid ") {
		i.t.Errorf("asked by %q", address)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	code := rand.Text()
	i.codes[code] = q
	return url.Values{"code": {code}, "state": {q.Get("state")}}
}

// exchange gives a token for a code, once and to whoever has its verifier.
func (i *issuer) exchange(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	i.mu.Lock()
	q, known := i.codes[r.PostForm.Get("code")]
	delete(i.codes, r.PostForm.Get("code"))
	i.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	secret, _ = url.QueryUnescape(secret) // RFC 6749 2.3.1
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch {
	case !known, base64.RawURLEncoding.EncodeToString(sum[:]) != q.Get("code_challenge"), r.PostForm.Get("redirect_uri") != q.Get("redirect_uri"),
		r.PostForm.Get("grant_type") != "authorization_code", id != "bridge", secret != "secret of the bridge":
		w.WriteHeader(http.StatusBadRequest)
		i.answer(w, map[string]string{"error": "invalid_grant"})
		return
	}
	now := i.clock.Now()
	c := map[string]any{"iss": i.URL, "sub": "248289", "aud": "bridge", "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "nonce": q.Get("nonce"),
		"preferred_username": "ann", "email": "ann@example.org", "email_verified": true, "name": "Ann Example"}
	if q.Get("max_age") == "0" {
		c["auth_time"] = now.Unix()
	}
	i.change(c)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(c)
	if err != nil {
		i.t.Error(err)
	}
	i.answer(w, map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": i.token(string(text))})
}

func newService(t *testing.T, i *issuer, allow string) *Service {
	t.Helper()
	o := upstream.Options{Now: i.clock.Now, Retries: -1}
	if allow != "" {
		o.Allow = []netip.Prefix{netip.MustParsePrefix(allow)}
	}
	c, err := upstream.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return New(Options{Issuer: i.URL, ClientID: "bridge", Secret: "secret of the bridge", Redirect: "https://dav.example.org/web/sign-in/back", HTTP: c, Now: i.clock.Now, Random: rand.Reader})
}

// signIn is a sign-in from beginning to end.
func signIn(t *testing.T, s *Service, i *issuer, anew bool) (Person, error) {
	t.Helper()
	a, address, err := s.Begin(t.Context(), anew)
	if err != nil {
		t.Fatal(err)
	}
	return s.Finish(t.Context(), a, i.authorize(address))
}

func TestSigningInElsewhere(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, testclock.New())
	s := newService(t, i, "127.0.0.0/8")
	p, err := signIn(t, s, i, false)
	if want := (Person{Issuer: i.URL, Subject: "248289", Account: "ann", Email: "ann@example.org", Name: "Ann Example"}); err != nil || p != want {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err = signIn(t, s, i, true); err != nil || !p.Proved.Equal(i.clock.Now().Truncate(time.Second)) {
		t.Errorf("asked anew: %+v, %v", p, err)
	}
	s.Claim = "nickname"
	i.change = func(c map[string]any) {
		c["nickname"], c["aud"], c["azp"] = "annie", []string{"bridge", "other"}, "bridge"
	}
	if p, err = signIn(t, s, i, false); err != nil || p.Account != "annie" {
		t.Errorf("by another claim: %+v, %v", p, err)
	}
}

// What a service must not be believed.
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, v any) func(*issuer) {
		return func(i *issuer) { i.change = func(c map[string]any) { c[name] = v } }
	}
	for name, spoil := range map[string]func(*issuer){
		"another nonce":    set("nonce", "of another sign-in"),
		"no nonce":         set("nonce", nil),
		"another audience": set("aud", "other"),
		"for another too":  set("aud", []string{"bridge", "other"}),
		"another party":    set("azp", "other"),
		"another issuer":   set("iss", "https://evil.example.org"),
		"nobody":           set("sub", ""),
		"expired":          func(i *issuer) { set("exp", i.clock.Now().Add(-2*time.Minute).Unix())(i) },
		"without end":      set("exp", nil),
		"not signed": func(i *issuer) {
			i.token = func(claims string) string {
				return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "."
			}
		},
		"signed by another": func(i *issuer) {
			i.token = func(claims string) string { return oidctest.SignIDToken(other, "one", "RS256", claims) }
		},
		"changed after it was signed": func(i *issuer) {
			sign := i.token
			i.token = func(claims string) string {
				parts := strings.Split(sign(claims), ".")
				parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(claims, `"ann"`, `"boss"`, 1)))
				return strings.Join(parts, ".")
			}
		},
		"no token": func(i *issuer) { i.token = func(string) string { return "" } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t, testclock.New())
			s := newService(t, i, "127.0.0.0/8")
			spoil(i)
			if p, err := signIn(t, s, i, false); !errors.Is(err, pim.ErrAuth) || p != (Person{}) {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}

// What comes back has to be of this attempt, once.
func TestWhatComesBack(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, testclock.New())
	s := newService(t, i, "127.0.0.0/8")
	a, address, err := s.Begin(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := s.Begin(t.Context(), false)
	if err != nil || a.State == b.State || a.Nonce == b.Nonce || a.Verifier == b.Verifier {
		t.Fatalf("two attempts are one: %v", err)
	}
	for name, c := range map[string]struct {
		attempt Attempt
		back    func() url.Values
	}{
		"the state of another":    {b, func() url.Values { return i.authorize(address) }},
		"no state":                {a, func() url.Values { v := i.authorize(address); v.Del("state"); return v }},
		"no attempt":              {Attempt{}, func() url.Values { v := i.authorize(address); v.Set("state", ""); return v }},
		"the verifier of another": {Attempt{State: a.State, Nonce: a.Nonce, Verifier: b.Verifier}, func() url.Values { return i.authorize(address) }},
		"another service":         {a, func() url.Values { v := i.authorize(address); v.Set("iss", "https://evil.example.org"); return v }},
		"no code":                 {a, func() url.Values { v := i.authorize(address); v.Del("code"); return v }},
		"an error": {a, func() url.Values {
			return url.Values{"state": {a.State}, "error": {"access_denied"}, "error_description": {"<script>"}}
		}},
	} {
		if p, err := s.Finish(t.Context(), c.attempt, c.back()); !errors.Is(err, pim.ErrAuth) || p != (Person{}) || strings.Contains(pim.PublicText(err), "<script>") {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	back := i.authorize(address)
	if _, err := s.Finish(t.Context(), a, back); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Finish(t.Context(), a, back); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("a second time: %v", err)
	}
}

func TestAnAddressThatNobodyVouchesFor(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, testclock.New())
	s := newService(t, i, "127.0.0.0/8")
	for _, v := range []any{false, "false", nil, 1} {
		i.change = func(c map[string]any) { c["email_verified"] = v }
		s.Claim = "email"
		if p, err := signIn(t, s, i, false); err != nil || p.Email != "" || p.Account != "" {
			t.Errorf("%v: %+v, %v", v, p, err)
		}
	}
}

// What the ID token leaves out is asked for, of the same person.
func TestThePageAboutThePerson(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, testclock.New())
	s := newService(t, i, "127.0.0.0/8")
	i.change = func(c map[string]any) { c["preferred_username"], c["email"], c["email_verified"] = nil, nil, nil }
	i.info = map[string]any{"sub": "248289", "preferred_username": "ann"}
	if p, err := signIn(t, s, i, false); err != nil || p.Account != "ann" {
		t.Errorf("%+v, %v", p, err)
	}
	i.info["sub"] = "another"
	if p, err := signIn(t, s, i, false); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("of another: %+v, %v", p, err)
	}
}

// A service that was to ask anew and did not is refused.
func TestProofIsAskedForAnew(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, testclock.New())
	s := newService(t, i, "127.0.0.0/8")
	for _, v := range []any{nil, i.clock.Now().Add(-time.Hour).Unix()} {
		i.change = func(c map[string]any) { c["auth_time"] = v }
		if _, err := signIn(t, s, i, true); !errors.Is(err, pim.ErrAuth) {
			t.Errorf("%v: %v", v, err)
		}
	}
}

// SECURITY 10: a service is asked where the operator lets programs go, and names no address that is less safe.
func TestWhereServicesMayBe(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, testclock.New())
	if _, _, err := newService(t, i, "").Begin(t.Context(), false); !errors.Is(err, pim.ErrUnavailable) {
		t.Errorf("in a private network that is not allowed: %v", err)
	}
	for name, change := range map[string]func(map[string]any){
		"another issuer":   func(c map[string]any) { c["issuer"] = "https://evil.example.org" },
		"a file":           func(c map[string]any) { c["jwks_uri"] = "file:///etc/passwd" },
		"code":             func(c map[string]any) { c["authorization_endpoint"] = "javascript:alert(1)" },
		"no place to go":   func(c map[string]any) { c["authorization_endpoint"] = "" },
		"a name before it": func(c map[string]any) { c["token_endpoint"] = "https://a@evil.example.org/" },
	} {
		i.config = change
		if _, _, err := newService(t, i, "127.0.0.0/8").Begin(t.Context(), false); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	s := New(Options{Issuer: "https://id.example.org"})
	if s.proper("http://id.example.org/authorize") || !s.proper("https://login.example.org/authorize") {
		t.Error("an address without TLS is taken from a service with it, or the other way round")
	}
}
