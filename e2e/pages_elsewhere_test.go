//go:build e2e

package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"crmbridge/e2e/bridge"
	"crmbridge/e2e/browser"
)

// organisation is a service where alice signs in, on a site other than the bridge's: its address has the name of the machine.
func organisation(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var base string
	var mu sync.Mutex
	nonces := map[string]string{} // by code
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": base, "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token", "jwks_uri": base + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "one", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": "AQAB"}}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q, code := r.URL.Query(), rand.Text()
		mu.Lock()
		nonces[code] = q.Get("nonce")
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		back := q.Get("redirect_uri") + "?" + url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
		_, _ = fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><title>Example Ltd</title><a href="%s">I am alice</a>`, html.EscapeString(back))
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		text, _ := json.Marshal(map[string]any{"iss": base, "aud": "bridge", "sub": "1", "preferred_username": "alice", "nonce": nonces[r.FormValue("code")],
			"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "auth_time": now.Unix()})
		answer(w, map[string]any{"access_token": "access", "token_type": "Bearer", "id_token": oidctest.SignIDToken(key, "one", "RS256", string(text))})
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	base = strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	return base
}

// TestPagesElsewhere is a person who signs in at a service of their organisation, is still signed in when they follow a link on its site, and proves
// there who they are.
func TestPagesElsewhere(t *testing.T) {
	t.Parallel()
	service := organisation(t)
	b := bridge.Serve(t, "", "admin:", "  oidc_issuer: "+service, "  oidc_client_id: bridge", "  oidc_client_secret: secret", "  oidc_label: Example Ltd")
	b.AddUser(t, "alice", "password-of-alice")
	w := browser.Open(t, browser.Desktop, "en")
	w.Go(b.Base)
	w.See("Sign in with Example Ltd")
	w.Fits()
	w.Picture("sign-in-elsewhere")
	w.Click("Sign in with Example Ltd")
	w.See("I am alice")
	w.Click("I am alice")
	w.See("You are signed in as alice.")
	w.Picture("signed-in-elsewhere")
	// A link on another site brings her back as herself, and signs her out nowhere.
	w.Go(service + "/authorize?redirect_uri=" + url.QueryEscape(b.Base+"web/me"))
	w.Click("I am alice")
	w.See("You are signed in as alice.")
	w.Go(b.Base + "web/confirm?next=/web/me/codes")
	w.See("Is it you?")
	w.Click("Sign in with Example Ltd")
	w.Click("I am alice")
	w.See("Turn on codes")
	w.Quiet()
}
