package upstream

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// testOptions allow the loopback and run on clock.
func testOptions(base string, clock *testclock.Clock) Options {
	return Options{Base: base, Allow: loopback, Now: clock.Now, Sleep: clock.Sleep, Rand: func() float64 { return 0 }}
}

func mustNew(t *testing.T, o Options) *Client {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func wantReason(t *testing.T, err error, want pim.Reason) {
	t.Helper()
	if got := pim.ReasonOf(err); got != want {
		t.Fatalf("reason %q of %v, want %q", got, err, want)
	}
}

func TestParseBase(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"crm.example.org":                   "https://crm.example.org/",
		" crm.example.org/sub ":             "https://crm.example.org/sub/",
		"http://127.0.0.1:8080/":            "http://127.0.0.1:8080/",
		"crm.example.org:8443":              "https://crm.example.org:8443/",
		"":                                  "error: the address is missing",
		"ftp://crm.example.org":             "error: the address must begin with https:// (or http://), not ftp://",
		"file:///etc/passwd":                "error: the address must begin with https:// (or http://), not file://",
		"https://anna:hush@crm.example.org": "error: the address must not hold user or password",
		"https://crm.example.org/?a=b":      "error: the address must not hold ? or #",
		"https://":                          "error: the address has no host name",
		"https://crm.example.org:hush\x7f":  "error: the address is not a URL",
	} {
		u, err := ParseBase(in)
		got := ""
		if err != nil {
			got = "error: " + err.Error()
		} else {
			got = u.String()
		}
		if got != want {
			t.Errorf("ParseBase(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	clock := testclock.New()
	bad := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bad, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		opt  Options
		want string
	}{
		{Options{}, "no clock"},
		{Options{Now: clock.Now, Proxy: "ftp://user:hush@proxy.example.org"}, "must be http, https or socks5"},
		{Options{Now: clock.Now, Proxy: "http://user:hush@:1\x7f"}, `must be "direct"`},
		{Options{Now: clock.Now, CAFile: bad}, "no certificate"},
		{Options{Now: clock.Now, Base: "gopher://x"}, "must begin with https://"},
	} {
		_, err := New(c.opt)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		} else if strings.Contains(err.Error(), "hush") {
			t.Errorf("the error repeats a secret: %v", err)
		}
	}
}

func TestSessionKeepsItsOwnCookies(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			http.SetCookie(w, &http.Cookie{Name: "BPMCSRF", Value: r.URL.Query().Get("who"), Path: "/"})
			return
		}
		k, err := r.Cookie("BPMCSRF")
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(k.Value))
	})
	plain := mustNew(t, testOptions(s.URL, testclock.New()))
	ctx := context.Background()
	a, b := plain.Session(), plain.Session()
	for who, c := range map[string]*Client{"a": a, "b": b} {
		if _, err := c.Do(ctx, Request{Path: "login", Query: map[string][]string{"who": {who}}}); err != nil {
			t.Fatal(err)
		}
	}
	for want, c := range map[string]*Client{"a": a, "b": b} {
		r, err := c.Do(ctx, Request{Path: "me"})
		if err != nil || string(r.Body) != want || c.Cookie("BPMCSRF") != want {
			t.Errorf("session %s: %v %v, cookie %q", want, r, err, c.Cookie("BPMCSRF"))
		}
	}
	if r, err := plain.Do(ctx, Request{Path: "me"}); err != nil || r.Status != http.StatusUnauthorized {
		t.Errorf("a client without session sent cookies: %v %v", r, err)
	}
}

func TestRequestStaysAtItsBase(t *testing.T) {
	t.Parallel()
	c := mustNew(t, testOptions("https://crm.example.org/site/", testclock.New()))
	for path, want := range map[string]string{
		"0/odata/Contact":                  "https://crm.example.org/site/0/odata/Contact",
		"/odata":                           "https://crm.example.org/odata",
		"https://crm.example.org/x?skip=1": "https://crm.example.org/x?skip=1",
		"https://other.example.org/":       "",
		"//other.example.org/":             "",
		"http://crm.example.org/":          "",
		"file:///etc/passwd":               "",
	} {
		u, err := c.target(Request{Path: path})
		switch {
		case want == "" && err == nil:
			t.Errorf("%s leads to %s", path, u)
		case want == "":
			wantReason(t, err, pim.ErrForbidden)
		case err != nil || u.String() != want:
			t.Errorf("%s: %v %v, want %s", path, u, err, want)
		}
	}
	u, err := c.target(Request{Path: "a", Query: map[string][]string{"$filter": {"Name eq 'a + b'"}}})
	if err != nil || u.RawQuery != "%24filter=Name%20eq%20%27a%20%2B%20b%27" {
		t.Errorf("query %v %v", u, err)
	}
}

func TestResponseForms(t *testing.T) {
	t.Parallel()
	var v struct{ A int }
	for _, c := range []struct {
		typ, body string
		html, ok  bool
	}{
		{"application/json", `{"a":1}`, false, true},
		{"application/json", "\xef\xbb\xbf{\"a\":1}", false, true},
		{"text/html; charset=utf-8", `{"a":1}`, true, false},
		{"application/json", "\r\n <!DOCTYPE html><html>", true, false},
		{"", "<HTML>", true, false},
		{"application/json", `{"a":1`, false, false},
		{"application/json", ``, false, false},
	} {
		r := &Response{Header: http.Header{"Content-Type": {c.typ}}, Body: []byte(c.body)}
		if r.HTML() != c.html {
			t.Errorf("%q %q: HTML is %v", c.typ, c.body, r.HTML())
		}
		err := r.JSON("test", &v)
		if (err == nil) != c.ok {
			t.Errorf("%q: %v", c.body, err)
		}
		if err != nil {
			wantReason(t, err, pim.ErrProtocol)
		}
	}
}
