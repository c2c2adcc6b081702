package dav_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"crmbridge/exchange/dav"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
)

// dns is what the DNS has.
type dns struct {
	srv map[string][]*net.SRV // by service and domain
	txt map[string][]string
}

func (d dns) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	if s := d.srv["_"+service+"._"+proto+"."+name]; s != nil {
		return "", s, nil
	}
	return "", nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (d dns) LookupTXT(_ context.Context, name string) ([]string, error) {
	if t := d.txt[name]; t != nil {
		return t, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// secure is a server with TLS for example.com and the options that trust it.
func secure(t *testing.T, h http.Handler) (port uint16, o upstream.Options) {
	t.Helper()
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	c := testclock.New()
	return uint16(n), upstream.Options{
		Now: c.Now, Sleep: c.Sleep, CAFile: ca, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			if host != "example.com" {
				return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
	}
}

func openWith(t *testing.T, o upstream.Options, s remote.Settings) remote.Remote {
	t.Helper()
	client, err := upstream.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	r, err := dav.Driver().Open(t.Context(), remote.Env{HTTP: client, Now: o.Now, Log: slog.New(slog.DiscardHandler)}, s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A mail address is enough: SRV names the server, TXT the path (RFC 6764 3, 4).
func TestFoundByMailAddress(t *testing.T) {
	t.Parallel()
	f := newFake(manner{})
	var entries atomic.Int64
	port, o := secure(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/dav/entry/" {
			entries.Add(1)
			r.URL.Path = "/"
		}
		f.ServeHTTP(w, r)
	}))
	m := openWith(t, o, remote.Settings{"username": "ann", "password": "correct horse", "email": "ann@example.com"})
	dav.WithResolver(m, dns{
		srv: map[string][]*net.SRV{"_caldavs._tcp.example.com": {{Target: "example.com.", Port: port}}, "_carddavs._tcp.example.com": {{Target: "example.com.", Port: port}}},
		txt: map[string][]string{"_caldavs._tcp.example.com": {"path=/dav/entry/"}},
	})
	cs, err := m.Collections(t.Context())
	if err != nil || len(cs) != 3 || entries.Load() != 1 {
		t.Fatalf("%+v %v, entered %d times", cs, err, entries.Load())
	}
	if string(cs[0].ID) != fmt.Sprintf("https://example.com:%d%sevents/", port, fakeHome) || cs[0].Name != "My events" || cs[0].ReadOnly {
		t.Errorf("%+v", cs[0])
	}
	it := itemOf(t, seriesText)
	rec, err := m.Create(t.Context(), cs[0].ID, remote.Entry{UID: "weekly", Item: it}, "key-1")
	if err != nil || !strings.HasPrefix(string(rec.ID), string(cs[0].ID)) {
		t.Fatalf("%v %v", rec.ID, err)
	}
	if recs, err := m.Fetch(t.Context(), cs[0].ID, []remote.ItemID{rec.ID}); err != nil || len(recs) != 1 {
		t.Errorf("%d %v", len(recs), err)
	}
}

// The DNS proves nothing: a server of another domain gets no password, and is named.
func TestAnotherDomainIsNamedAndNotAsked(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	port, o := secure(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	m := openWith(t, o, remote.Settings{"username": "ann@example.com", "password": "correct horse"})
	dav.WithResolver(m, dns{srv: map[string][]*net.SRV{"_caldavs._tcp.example.com": {{Target: "evil.example.net.", Port: port}}, "_carddavs._tcp.example.com": {{Target: "evil.example.net.", Port: port}}}})
	_, err := m.Collections(t.Context())
	if pim.ReasonOf(err) != pim.ErrForbidden || !strings.Contains(pim.PublicText(err), "evil.example.net") || asked.Load() != 0 {
		t.Errorf("%v, asked %d times", err, asked.Load())
	}
}

// Redirects of discovery are followed with the method kept, on the same host, and nowhere else.
func TestWellKnownRedirects(t *testing.T) {
	t.Parallel()
	f := newFake(manner{})
	var other atomic.Int64
	away := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			other.Add(1)
		}
	}))
	t.Cleanup(away.Close)
	front := func(target string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/":
				http.NotFound(w, r)
			case "/.well-known/caldav", "/.well-known/carddav":
				http.Redirect(w, r, target, http.StatusMovedPermanently)
			default:
				f.ServeHTTP(w, r)
			}
		})
	}
	m := open(t, testclock.New(), remote.Settings{"url": serve(t, front("/dav/ann/"))})
	if cs, err := m.Collections(t.Context()); err != nil || len(cs) != 3 {
		t.Errorf("%+v %v", cs, err)
	}
	// A host of this machine with another port is another host.
	m = open(t, testclock.New(), remote.Settings{"url": serve(t, front(away.URL+"/"))})
	if _, err := m.Collections(t.Context()); err == nil || other.Load() != 0 {
		t.Errorf("%v, the password went to another host %d times", err, other.Load())
	}
}

// The address of one collection is that collection.
func TestAddressOfOneCollection(t *testing.T) {
	t.Parallel()
	f := newFake(manner{})
	base := serve(t, f)
	m := open(t, testclock.New(), remote.Settings{"url": base + fakeHome + "tasks"})
	cs, err := m.Collections(t.Context())
	if err != nil || len(cs) != 1 || cs[0].ID != fakeHome+"tasks/" || cs[0].Kinds != pim.Kinds(pim.KindTask) {
		t.Errorf("%+v %v", cs, err)
	}
}

// last is the last step of a probe, by name, and what it says.
func last(t *testing.T, m remote.Remote) (remote.Check, string) {
	t.Helper()
	checks := m.(remote.Prober).Probe(t.Context())
	for _, c := range checks[:len(checks)-1] {
		if c.Err != nil {
			t.Errorf("step %q failed, and the probe went on", c.Name)
		}
	}
	c := checks[len(checks)-1]
	if c.Err != nil {
		return c, pim.PublicText(c.Err)
	}
	return c, c.Note
}

// The probe names the exact fault.
func TestProbeNamesTheFault(t *testing.T) {
	t.Parallel()
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!DOCTYPE html><html>Welcome</html>"))
	})
	empty := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusMultiStatus)
		home := `<c:calendar-home-set xmlns:c="urn:ietf:params:xml:ns:caldav"><href>/home/</href></c:calendar-home-set>`
		if r.URL.Path == "/home/" {
			home = ""
		}
		_, _ = fmt.Fprintf(w, `<multistatus xmlns="DAV:"><response><href>%s</href><propstat><prop>%s</prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>`, r.URL.Path, home)
	})
	tls := httptest.NewTLSServer(page)
	t.Cleanup(tls.Close)
	busy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	digest := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Digest realm="dav", nonce="x", qop="auth"`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	for name, c := range map[string]struct {
		url      string
		settings remote.Settings
		step     string
		kind     pim.Reason
		says     string
	}{
		"nobody there":     {url: "http://127.0.0.1:1", step: "address", kind: pim.ErrUnavailable, says: "nothing listens"},
		"certificate":      {url: tls.URL, step: "address", kind: pim.ErrUnavailable, says: "certificate is signed by nobody we trust"},
		"no TLS":           {url: strings.Replace(serve(t, page), "http:", "https:", 1), step: "address", kind: pim.ErrUnavailable, says: "does not speak TLS"},
		"password":         {url: serve(t, newFake(manner{})), settings: remote.Settings{"password": "wrong"}, step: "login", kind: pim.ErrAuth, says: "user name and password"},
		"another login":    {url: serve(t, digest), step: "login", kind: pim.ErrAuth, says: "a login of another kind (Digest)"},
		"no CalDAV":        {url: serve(t, page), step: "CalDAV and CardDAV", kind: pim.ErrNotFound, says: "neither CalDAV nor CardDAV was found at 127.0.0.1"},
		"nothing":          {url: serve(t, http.NotFoundHandler()), step: "CalDAV and CardDAV", kind: pim.ErrNotFound, says: "neither CalDAV nor CardDAV"},
		"down":             {url: serve(t, busy), step: "address", kind: pim.ErrUnavailable, says: "cannot answer now"},
		"no collections":   {url: serve(t, empty), step: "collections", kind: pim.ErrNotFound, says: "neither calendars nor address books"},
		"read-only":        {url: serve(t, newFake(manner{readOnly: true})), step: "rights", kind: pim.ErrForbidden, says: "may read but not change anything on the server (My events, My tasks, My people)"},
		"all is well":      {url: serve(t, newFake(manner{})), step: "changes", says: "My events: by change log; My people: by change log"},
		"no change log":    {url: serve(t, newFake(manner{noLog: true})), step: "changes", says: "by comparing versions when the collection's own has changed"},
		"nothing to ask":   {url: serve(t, newFake(manner{noLog: true, noStamp: true})), step: "changes", says: "by comparing versions at every run"},
		"a server's mails": {url: serve(t, newFake(manner{mine: me})), step: "changes", says: "the server can mail those who take part"},
	} {
		s := remote.Settings{"url": c.url}
		for k, v := range c.settings {
			s[k] = v
		}
		check, says := last(t, open(t, testclock.New(), s))
		if check.Name != c.step || pim.ReasonOf(check.Err) != c.kind || !strings.Contains(says, c.says) {
			t.Errorf("%s: step %q, %v, %q; want %q, %q, %q", name, check.Name, pim.ReasonOf(check.Err), says, c.step, c.kind, c.says)
		}
	}
}

// What is read-only is told as that, and a write there is refused in words.
func TestReadOnlyCollections(t *testing.T) {
	t.Parallel()
	_, m := onFake(t, manner{readOnly: true}, nil)
	cs, err := m.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cs {
		if !c.ReadOnly {
			t.Errorf("%+v", c)
		}
	}
	if _, err := m.Create(t.Context(), eventsOf, remote.Entry{UID: "u", Item: itemOf(t, seriesText)}, "key-1"); pim.ReasonOf(err) != pim.ErrForbidden {
		t.Errorf("%v", err)
	}
}

func TestOpenChecksItsSettings(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]remote.Settings{
		"no address":   {"username": "ann"},
		"no user":      {"url": "dav.example.org", "username": ""},
		"bad address":  {"url": "ftp://dav.example.org"},
		"bad mail":     {"email": "ann"},
		"bad manner":   {"url": "dav.example.org", "changes": "sometimes"},
		"other option": {"url": "dav.example.org", "colour": "green"},
	} {
		var e *pim.Error
		if _, err := tryOpen(t, testclock.New(), s); !errors.As(err, &e) || e.Kind != pim.ErrInvalid || e.Public == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m, err := tryOpen(t, testclock.New(), remote.Settings{"username": "ann@example.org"}); err != nil || m.Traits().Place != "example.org" {
		t.Errorf("a mail address for a user name: %v", err)
	}
}
