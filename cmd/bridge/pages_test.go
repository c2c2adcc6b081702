package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// A browser is sent to the pages; every program gets DAV.
func TestABrowserGetsPages(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	s := p.serve()
	defer s.stop()
	browser := "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	straight := &http.Client{Transport: client.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, path, accept, depth string) (*http.Response, string) {
		req, err := http.NewRequest(method, "http://"+p.addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", accept)
		if depth != "" {
			req.Header.Set("Depth", depth)
		}
		res, err := straight.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var b strings.Builder
		if err := res.Write(&b); err != nil {
			t.Fatal(err)
		}
		return res, b.String()
	}
	for _, method := range []string{"GET", "HEAD"} {
		res, _ := ask(method, "/", browser, "")
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/web/" || res.Header.Get("Vary") != "Accept" {
			t.Errorf("%s: %s %v", method, res.Status, res.Header)
		}
	}
	if res, body := ask("GET", "/web/sign-in", browser, ""); res.StatusCode != http.StatusOK || !strings.Contains(body, "Sign in") {
		t.Errorf("the page for signing in: %s", res.Status)
	}
	if res, body := ask("GET", "/api/v1/openapi.json", "", ""); res.StatusCode != http.StatusOK || !strings.Contains(body, `"openapi":"3.1.0"`) {
		t.Errorf("the description of the API: %s", res.Status)
	}
	if res, _ := ask("GET", "/api/v1/me", browser, ""); res.StatusCode != http.StatusUnauthorized || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("the API without a token: %s %v", res.Status, res.Header)
	}
	for _, c := range []struct{ method, path, accept, depth string }{
		{"GET", "/", "*/*", ""}, {"GET", "/", "text/xml", ""}, {"GET", "/", browser, "0"}, {"PROPFIND", "/", browser, "0"}, {"POST", "/", browser, ""},
		{"GET", "/dav/", browser, ""}, {"GET", "/dav/calendars/alice/calendar/", browser, ""}, {"GET", "/nothing", browser, ""},
	} {
		res, _ := ask(c.method, c.path, c.accept, c.depth)
		if res.StatusCode < 400 || strings.Contains(res.Header.Get("Content-Type"), "html") {
			t.Errorf("%+v: %s %v", c, res.Status, res.Header)
		}
	}
	for _, path := range []string{"/.well-known/caldav", "/.well-known/carddav"} {
		req := httptest.NewRequest("GET", path, nil)
		req.Header.Set("Accept", browser)
		if visitor(req) {
			t.Errorf("%s is answered with the page", path)
		}
	}
}

var firstAddress = regexp.MustCompile(`address=http://\S+/web/first/\S+`)

// The log has the address of the first administrator until there is one.
func TestTheLogInvitesTheFirstAdministrator(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	log := func() string {
		s := p.serve()
		s.stop()
		return s.log.String()
	}
	if text := log(); !firstAddress.MatchString(text) {
		t.Errorf("without an administrator: %s", text)
	}
	p.must("a good long password\n", "user", "add", "--name", "boss", "--admin", "--password-stdin")
	if text := log(); firstAddress.MatchString(text) {
		t.Errorf("with an administrator: %s", text)
	}
}
