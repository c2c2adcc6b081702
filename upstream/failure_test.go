package upstream

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
)

// raw serves connections by hand.
func raw(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				handle(c)
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return "http://" + l.Addr().String()
}

func readRequest(c net.Conn) {
	buf := make([]byte, 4096)
	_, _ = c.Read(buf)
}

func TestSentTellsWhetherAWriteMayHaveHappened(t *testing.T) {
	t.Parallel()
	closed := raw(t, func(net.Conn) {})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String()
	_ = l.Close()
	for _, c := range []struct {
		name, base, public string
		sent               bool
		reason             pim.Reason
	}{
		{"refused", nobody, "nothing listens", false, pim.ErrUnavailable},
		{"no such host", "http://nowhere.example.org", "no host nowhere", false, pim.ErrUnavailable},
		{"closed after connecting", closed, "broke off", true, pim.ErrUnavailable},
		{"closed after reading", raw(t, readRequest), "broke off", true, pim.ErrUnavailable},
		{"cut off in the body", raw(t, func(c net.Conn) {
			readRequest(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"value\":[")
		}), "broke off", true, pim.ErrUnavailable},
		{"no HTTP", raw(t, func(c net.Conn) {
			readRequest(c)
			_, _ = io.WriteString(c, "220 mail.example.org ESMTP\r\n")
		}), "does not speak HTTP", true, pim.ErrProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := testOptions(c.base, testclock.New())
			o.Retries = -1
			o.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
				return nil, &net.DNSError{Name: host, IsNotFound: true}
			}
			_, err := mustNew(t, o).Do(context.Background(), Request{Method: "POST", Body: []byte("{}")})
			wantReason(t, err, c.reason)
			if Sent(err) != c.sent {
				t.Errorf("sent is %v: %v", Sent(err), err)
			}
			if p := pim.PublicText(err); !strings.Contains(p, c.public) {
				t.Errorf("public text %q, want %q", p, c.public)
			}
		})
	}
	if Sent(nil) || !Sent(io.EOF) {
		t.Error("Sent of nil or of a foreign error")
	}
}

// What was never sent is repeated even if it is not idempotent.
func TestUnsentWriteIsRepeated(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	port := s.URL[strings.LastIndex(s.URL, ":")+1:]
	var n atomic.Int32
	o := testOptions("http://crm.example.org:"+port, testclock.New())
	o.Lookup = func(context.Context, string) ([]netip.Addr, error) {
		if n.Add(1) == 1 {
			return nil, &net.DNSError{Err: "server misbehaving", Name: "crm.example.org", IsTemporary: true}
		}
		return loopbackAddr, nil
	}
	r, err := mustNew(t, o).Do(context.Background(), Request{Method: "POST"})
	if err != nil || r.Attempts != 2 {
		t.Fatalf("%v %v", r, err)
	}
}

var loopbackAddr = []netip.Addr{netip.MustParseAddr("127.0.0.1")}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			select {
			case <-r.Context().Done():
			case <-time.After(3 * time.Second):
			}
			return
		}
		_, _ = w.Write(bytes.Repeat([]byte("x"), 1000))
	})
	o := testOptions(s.URL, testclock.New())
	o.Timeout, o.Retries = 50*time.Millisecond, -1
	c := mustNew(t, o)
	_, err := c.Do(context.Background(), Request{Path: "slow"})
	wantReason(t, err, pim.ErrUnavailable)
	if p := pim.PublicText(err); !strings.Contains(p, "in time") {
		t.Errorf("public text %q", p)
	}
	_, err = c.Do(context.Background(), Request{MaxAnswer: 999})
	wantReason(t, err, pim.ErrProtocol)
	if r, err := c.Do(context.Background(), Request{MaxAnswer: 1000}); err != nil || len(r.Body) != 1000 {
		t.Errorf("exactly the limit: %v", err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	t.Cleanup(s.Close)
	old := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	old.Config.ErrorLog = quiet()
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.StartTLS()
	t.Cleanup(old.Close)
	clear := serve(t, func(http.ResponseWriter, *http.Request) {})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	port := s.URL[strings.LastIndex(s.URL, ":")+1:]
	for _, c := range []struct{ name, base, ca, public string }{
		{"own authority", s.URL, ca, ""},
		{"unknown authority", s.URL, "", "signed by nobody we trust"},
		{"other name", "https://crm.invalid:" + port, ca, "not for crm.invalid"},
		{"too old", old.URL, ca, "too old"},
		{"no TLS", "https" + strings.TrimPrefix(clear.URL, "http"), ca, "does not speak TLS"},
	} {
		o := testOptions(c.base, testclock.New())
		o.CAFile = c.ca
		o.Lookup = always("127.0.0.1")
		clock := testclock.New()
		o.Sleep = clock.Sleep
		_, err := mustNew(t, o).Do(context.Background(), Request{})
		if c.public == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if p := pim.PublicText(err); !strings.Contains(p, c.public) || len(clock.Slept()) != 0 {
			t.Errorf("%s: public text %q, retries %v (%v)", c.name, p, clock.Slept(), err)
		}
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			http.Redirect(w, r, "/Login/NuiLogin.aspx?ReturnUrl=x", http.StatusFound)
		case "/away":
			http.Redirect(w, r, "https://elsewhere.example.org/?ticket=hush", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			_, _ = w.Write([]byte(r.URL.Path))
		}
	})
	c := mustNew(t, testOptions(s.URL, testclock.New()))
	ctx := context.Background()
	r, err := c.Do(ctx, Request{Path: "login"})
	if err != nil || r.Status != http.StatusFound || r.Location().Path != "/Login/NuiLogin.aspx" {
		t.Errorf("a redirect must be seen: %v %v", r, err)
	}
	r, err = c.Do(ctx, Request{Path: "login", Redirects: true})
	if err != nil || string(r.Body) != "/Login/NuiLogin.aspx" || r.URL.Path != "/Login/NuiLogin.aspx" {
		t.Errorf("followed: %v %v", r, err)
	}
	for _, path := range []string{"away", "loop"} {
		_, err = c.Do(ctx, Request{Path: path, Redirects: true})
		if err == nil || strings.Contains(err.Error()+pim.PublicText(err), "hush") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestFault(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]pim.Reason{
		200: pim.ErrProtocol, 302: pim.ErrProtocol, 400: pim.ErrRefused, 401: pim.ErrAuth, 403: pim.ErrForbidden,
		404: pim.ErrNotFound, 405: pim.ErrUnsupported, 407: pim.ErrForbidden, 408: pim.ErrUnavailable, 409: pim.ErrConflict,
		410: pim.ErrNotFound, 412: pim.ErrConflict, 413: pim.ErrTooLarge, 422: pim.ErrRefused, 429: pim.ErrThrottled,
		500: pim.ErrUnavailable, 501: pim.ErrUnsupported, 503: pim.ErrUnavailable,
	} {
		if got := Fault("test", &Response{Status: status}).Kind; got != want {
			t.Errorf("%d: %s, want %s", status, got, want)
		}
	}
}

func ExampleSent() {
	err := wrapFailure("creatio: create", false, io.EOF)
	fmt.Println(Sent(err))
	// Output: false
}
