package graph

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/upstream"
)

// nobody has signed in.
type nobody struct{}

func (nobody) Use(context.Context, string, func(context.Context, string) (string, error)) error {
	return nil
}

func opened(t *testing.T, d exchange.Driver, user string, s exchange.Settings) *connector {
	t.Helper()
	client, err := upstream.New(upstream.Options{Now: time.Now, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	all := exchange.Settings{"tenant": "example.org", "client_id": "bridge"}
	maps.Copy(all, s)
	m, err := d.Open(t.Context(), exchange.Env{HTTP: client, Now: time.Now, User: user, Tokens: nobody{}}, all)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*connector)
}

// Graph counts requests at once by application and mailbox: the links of one share its places, and nobody else has them.
func TestLinksShareTheirMailboxsPlaces(t *testing.T) {
	t.Parallel()
	d := Driver()
	mailbox := func(name string) exchange.Settings { return exchange.Settings{"client_secret": "x", "mailbox": name} }
	first, second := opened(t, d, "1", mailbox("ann@example.org")), opened(t, d, "2", mailbox("Ann@example.org"))
	other := opened(t, d, "1", mailbox("bob@example.org"))
	cy, dee := opened(t, d, "3", exchange.Settings{"sign_in": "default"}), opened(t, d, "4", exchange.Settings{"sign_in": "default"})
	if !first.places.TryAcquire(first.most) {
		t.Fatal("the places are taken")
	}
	if second.places.TryAcquire(1) {
		t.Error("a second link of the mailbox has places of its own")
	}
	for what, c := range map[string]*connector{"another mailbox": other, "a person who signed in": cy, "another person whose sign-in has the same name": dee} {
		if !c.places.TryAcquire(c.most) {
			t.Errorf("%s has no places", what)
		}
	}
	for _, c := range []*connector{first, first, second} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if third := opened(t, d, "1", mailbox("ann@example.org")); third.places == first.places {
		t.Error("the places of a mailbox that nobody uses are kept")
	}
}

// Each national cloud has a login, an address and permissions of its own (Microsoft Graph, "National cloud deployments").
func TestClouds(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ login, graph string }{
		"":              {"https://login.microsoftonline.com/", "https://graph.microsoft.com"},
		"global":        {"https://login.microsoftonline.com/", "https://graph.microsoft.com"},
		"us-government": {"https://login.microsoftonline.us/", "https://graph.microsoft.us"},
		"us-defense":    {"https://login.microsoftonline.us/", "https://dod-graph.microsoft.us"},
		"china":         {"https://login.chinacloudapi.cn/", "https://microsoftgraph.chinacloudapi.cn"},
	} {
		s := exchange.Settings{"client_secret": "x", "mailbox": "ann@example.org", "cloud": name}
		c := opened(t, Driver(), "", s)
		if got := c.client.Base(); got != want.graph+"/" {
			t.Errorf("%s: Graph is at %s", name, got)
		}
		p, _, err := places(c.env, s)
		if err != nil || p.client.Base() != want.login {
			t.Errorf("%s: the login is at %s, %v", name, p.client.Base(), err)
		}
		// What the token is for is the cloud's, whichever way its login is reached.
		scope := ""
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			scope = r.FormValue("scope")
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"access_token":"t","token_type":"Bearer","expires_in":3600}`))
		}))
		t.Cleanup(srv.Close)
		s["login_url"] = srv.URL
		if _, err := opened(t, Driver(), "", s).tokens.Get(t.Context()); err != nil || scope != want.graph+"/.default" {
			t.Errorf("%s: a token for %q, %v", name, scope, err)
		}
	}
}
