package graphsim

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const redirect = "https://bridge.example.org/oauth"

// consent asks for a code and returns where the person is sent back to, or the page's status.
func (b *bench) consent(q url.Values) (url.Values, int) {
	b.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(b.url + "/" + b.sim.Tenant() + authorizePath + "?" + q.Encode())
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		b.t.Fatal(err)
	}
	return to.Query(), resp.StatusCode
}

func change(v url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for name, values := range v {
		out[name] = values
	}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

func TestDelegatedSignIn(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) {
		o.Apps = append(o.Apps, App{ID: "web", Secret: "s", Redirects: []string{redirect}, Delegated: []string{CalendarsReadWrite, TasksRead, UserRead}},
			App{ID: "public", Redirects: []string{redirect}, Delegated: []string{CalendarsRead}})
	})
	verifier := "a-verifier-that-is-long-enough-for-everybody-to-like"
	sum := sha256.Sum256([]byte(verifier))
	ask := url.Values{"client_id": {"web"}, "response_type": {"code"}, "redirect_uri": {redirect}, "state": {"st"}, "login_hint": {"ann@example.org"},
		"scope":          {"offline_access https://graph.microsoft.com/Calendars.ReadWrite Tasks.Read User.Read"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	got, status := b.consent(ask)
	if status != 302 || got.Get("state") != "st" || got.Get("code") == "" {
		t.Fatalf("%d %v", status, got)
	}
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {"web"}, "client_secret": {"s"}, "code": {got.Get("code")},
		"redirect_uri": {redirect}, "code_verifier": {verifier}}
	code, tokens := b.form(form)
	if code != 200 || tokens["scope"] != "offline_access Calendars.ReadWrite Tasks.Read User.Read" || tokens["refresh_token"] == nil {
		t.Fatalf("%d %v", code, tokens)
	}
	if code, o := b.form(form); code != 400 || o["error"] != "invalid_grant" {
		t.Errorf("a code twice: %d %v", code, o)
	}

	b.token = text(tokens["access_token"])
	if o := b.want(200, "GET", "/me", nil); o["mail"] != "ann@example.org" {
		t.Errorf("%v", o)
	}
	e := b.want(201, "POST", "/me/events", overlay(onDay2("2026-10-05"), object{"subject": "mine"}))
	b.want(200, "GET", eventPath(e), nil)
	b.want(200, "GET", "/me/todo/lists", nil)
	b.refused(403, "ErrorAccessDenied", "POST", "/me/todo/lists", object{"displayName": "x"})
	b.refused(403, "ErrorAccessDenied", "GET", "/me/contacts", nil)
	b.refused(403, "ErrorAccessDenied", "GET", "/users/bob@example.org/events", nil)
	b.refused(403, "Authorization_RequestDenied", "GET", "/users/bob@example.org", nil)
	if first := b.round("/me/calendarView/delta" + october); len(first.rows) != 1 || !strings.Contains(first.next, "/me/") {
		t.Errorf("%v", first)
	}

	renew := url.Values{"grant_type": {"refresh_token"}, "client_id": {"web"}, "client_secret": {"s"}, "refresh_token": {text(tokens["refresh_token"])}}
	b.clock.Advance(2 * time.Hour)
	b.refused(401, "InvalidAuthenticationToken", "GET", "/me", nil)
	code, tokens = b.form(renew)
	if code != 200 || tokens["refresh_token"] == nil {
		t.Fatalf("%d %v", code, tokens)
	}
	b.token = text(tokens["access_token"])
	b.want(200, "GET", "/me/events", nil)
	b.sim.ExpireTokens()
	if code, o := b.form(renew); code != 400 || o["error"] != "invalid_grant" {
		t.Errorf("a revoked refresh token: %d %v", code, o)
	}

	for name, c := range map[string]struct {
		ask  url.Values
		want string // error, or "" for a page
	}{
		"client":         {change(ask, "client_id", "eve"), ""},
		"redirect":       {change(ask, "redirect_uri", redirect+"/x"), ""},
		"user":           {change(ask, "login_hint", "eve@example.org"), ""},
		"nobody":         {change(ask, "login_hint", ""), ""},
		"response":       {change(ask, "response_type", "token"), "unsupported_response_type"},
		"scope":          {change(ask, "scope", "Contacts.Read"), "access_denied"},
		"plain PKCE":     {change(ask, "code_challenge_method", "plain"), "invalid_request"},
		"public, no key": {change(ask, "client_id", "public", "scope", CalendarsRead, "code_challenge", ""), "invalid_request"},
	} {
		if got, status := b.consent(c.ask); got.Get("error") != c.want || (status == 302) != (c.want != "") {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	public := change(ask, "client_id", "public", "scope", CalendarsRead)
	for name, c := range map[string]struct {
		pairs []string
		want  int
	}{"good": {nil, 200}, "verifier": {[]string{"code_verifier", "x"}, 400}, "redirect": {[]string{"redirect_uri", "x"}, 400}, "client": {[]string{"client_id", "app", "client_secret", "sesame"}, 400}} {
		got, _ := b.consent(public)
		f := url.Values{"grant_type": {"authorization_code"}, "client_id": {"public"}, "code": {got.Get("code")}, "redirect_uri": {redirect}, "code_verifier": {verifier}}
		if code, o := b.form(change(f, c.pairs...)); code != c.want {
			t.Errorf("%s: %d %v", name, code, o)
		}
	}
	late, _ := b.consent(public)
	b.clock.Advance(11 * time.Minute)
	if code, _ := b.form(url.Values{"grant_type": {"authorization_code"}, "client_id": {"public"}, "code": {late.Get("code")}, "redirect_uri": {redirect}, "code_verifier": {verifier}}); code != 400 {
		t.Errorf("a late code: %d", code)
	}
}

// On the loopback any port is the registered one; a refresh token may be good once, and a person's can be revoked.
func TestRefreshAndLoopback(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) {
		o.RefreshOnce, o.ControlToken = true, "door"
		o.Apps = append(o.Apps, App{ID: "cli", Secret: "s", Redirects: []string{"http://localhost/done", "http://127.0.0.1:1/done"}, Delegated: []string{UserRead}})
	})
	ask := url.Values{"client_id": {"cli"}, "response_type": {"code"}, "scope": {"offline_access User.Read"}, "login_hint": {"ann@example.org"}}
	for address, good := range map[string]bool{"http://localhost:8765/done": true, "http://127.0.0.1:8765/done": true, "http://localhost/done": true,
		"http://localhost:8765/other": false, "https://localhost:8765/done": false, "http://example.org:8765/done": false} {
		if got, status := b.consent(change(ask, "redirect_uri", address)); (got.Get("code") != "") != good {
			t.Errorf("%s: %d %v", address, status, got)
		}
	}
	got, _ := b.consent(change(ask, "redirect_uri", "http://localhost:8765/done"))
	_, tokens := b.form(url.Values{"grant_type": {"authorization_code"}, "client_id": {"cli"}, "client_secret": {"s"}, "code": {got.Get("code")}, "redirect_uri": {"http://localhost:8765/done"}})
	refresh := func(token string) (int, string) {
		status, o := b.form(url.Values{"grant_type": {"refresh_token"}, "client_id": {"cli"}, "client_secret": {"s"}, "refresh_token": {token}})
		return status, text(o["refresh_token"])
	}
	first := text(tokens["refresh_token"])
	status, second := refresh(first)
	if again, _ := refresh(first); status != 200 || again != 400 {
		t.Errorf("a token is good for %d, then %d", status, again)
	}
	if resp := b.send("POST", b.url+"/__sim/revoke", object{"user": "bob@example.org"}, "X-Sim-Token: door"); resp.StatusCode != 200 {
		t.Errorf("%d", resp.StatusCode)
	}
	status, third := refresh(second)
	b.sim.RevokeRefresh("Ann@example.org")
	if gone, _ := refresh(third); status != 200 || gone != 400 {
		t.Errorf("after somebody else's was revoked: %d, after the own: %d", status, gone)
	}
	b.token = text(tokens["access_token"])
	b.want(200, "GET", "/me", nil)
}
