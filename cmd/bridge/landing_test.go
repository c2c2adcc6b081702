package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crmbridge/internal/config"
)

// A browser gets a page; every program gets DAV, as before.
func TestABrowserIsToldWhatThisIs(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	s := p.serve()
	defer s.stop()
	browser := "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	ask := func(method, path, accept, depth string) (*http.Response, string) {
		req, err := http.NewRequest(method, "http://"+p.addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", accept)
		if depth != "" {
			req.Header.Set("Depth", depth)
		}
		res, err := client.Do(req)
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
		res, body := ask(method, "/", browser, "")
		if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") || res.Header.Get("Vary") != "Accept" {
			t.Errorf("%s: %s %v", method, res.Status, res.Header)
		}
		if told := strings.Contains(body, "http://"+p.addr+"/") && strings.Contains(body, "CalDAV"); told != (method == "GET") {
			t.Errorf("%s: %s", method, body)
		}
	}
	for _, c := range []struct{ method, path, accept, depth string }{
		{"GET", "/", "*/*", ""}, {"GET", "/", "text/xml", ""}, {"GET", "/", browser, "0"}, {"PROPFIND", "/", browser, "0"}, {"POST", "/", browser, ""},
		{"GET", "/dav/", browser, ""}, {"GET", "/dav/calendars/alice/calendar/", browser, ""}, {"GET", "/nothing", browser, ""},
	} {
		res, body := ask(c.method, c.path, c.accept, c.depth)
		if res.StatusCode == http.StatusOK || strings.Contains(res.Header.Get("Content-Type"), "html") || strings.Contains(body, "your account here") {
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

func TestThePageTellsThePublicAddress(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	(&app{cfg: config.Config{PublicURL: "https://dav.example.org"}}).landing(w, httptest.NewRequest("GET", "/", nil))
	if !strings.Contains(w.Body.String(), "https://dav.example.org/\n") {
		t.Error(w.Body.String())
	}
}
