package listen

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/netutil"
)

// served is an http.Server behind a Listener, which answers its requests' protocol.
type served struct {
	t    *testing.T
	addr string
	pool *x509.CertPool
}

func serve(t *testing.T, secure bool, handshake time.Duration) *served {
	t.Helper()
	s := &served{t: t}
	o := Options{Handshake: handshake, Log: slog.New(slog.DiscardHandler), Refusal: func(status int) (string, []byte) {
		return "application/xml", fmt.Appendf(nil, "<refused>%d</refused>", status)
	}}
	if secure {
		var cert tls.Certificate
		cert, s.pool = certificate(t)
		o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = inner.Addr().String()
	srv := &http.Server{ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 4 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "handled "+r.Proto)
		})}
	done := make(chan error, 1)
	l := New(inner, o)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		_ = srv.Close()
		select {
		case err := <-done:
			if !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the server does not end")
		}
	})
	return s
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "dav.example.org"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// dial speaks HTTP/1 over TLS when there is TLS.
func (s *served) dial() net.Conn {
	s.t.Helper()
	var c net.Conn
	var err error
	if s.pool == nil {
		c, err = net.Dial("tcp", s.addr)
	} else {
		c, err = tls.Dial("tcp", s.addr, &tls.Config{RootCAs: s.pool, MinVersion: tls.VersionTLS12})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// ask sends text as it is and returns the answer.
func (s *served) ask(text string) (*http.Response, string) {
	s.t.Helper()
	c := s.dial()
	if _, err := io.WriteString(c, text); err != nil {
		s.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res, string(body)
}

// One network takes a part of the connections and no more, be it ever so silent: others are answered. What it gives back it
// may take again.
func TestNoNetworkTakesAllConnections(t *testing.T) {
	t.Parallel()
	const most = 3
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := func(addr string) string {
		h, _, err := net.SplitHostPort(addr)
		if err != nil {
			t.Error(err)
		}
		if h == "127.0.0.9" { // a proxy
			return ""
		}
		return h
	}
	f := &fair{Listener: netutil.LimitListener(inner, 2*most), most: most, of: host, log: slog.New(slog.DiscardHandler), open: map[string]int{}}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(f) }()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
		f.mu.Lock()
		defer f.mu.Unlock()
		for network, n := range f.open {
			t.Errorf("%d connections of %s are still counted", n, network)
		}
	})
	dial := func(from string) net.Conn {
		t.Helper()
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
		c, err := d.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Skipf("SKIPPED: no connection from %s: %v", from, err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		return c
	}
	answered := func(c net.Conn) bool {
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			return false
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		return err == nil && res.StatusCode == http.StatusNoContent
	}
	var greedy []net.Conn
	for range most {
		c := dial("127.0.0.1")
		if !answered(c) {
			t.Fatal("within its share")
		}
		greedy = append(greedy, c)
	}
	for range 2 * most {
		if answered(dial("127.0.0.1")) {
			t.Error("more than its share")
		}
	}
	if !answered(dial("127.0.0.2")) {
		t.Error("another network is kept out")
	}
	for range 2 {
		if !answered(dial("127.0.0.9")) {
			t.Error("what is not counted is refused")
		}
	}
	_ = greedy[0].Close()
	for began := time.Now(); !answered(dial("127.0.0.1")); { // its end has to be noticed first
		if time.Since(began) > 10*time.Second {
			t.Fatal("what was given back cannot be taken again")
		}
	}
}

func TestWhatIsNoHTTPIsAnsweredByUs(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("TLS=%v", secure), func(t *testing.T) {
			t.Parallel()
			s := serve(t, secure, 0)
			for name, c := range map[string]struct {
				request string
				status  int
			}{
				"escape in the target": {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
				"space in the target":  {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
				"no HTTP":              {"\x16\x03\x01\r\n\r\n", 400},
				"no version":           {"GET /\r\n\r\n", 400},
				"method":               {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
				"no Host":              {"GET / HTTP/1.1\r\n\r\n", 400},
				"two Hosts":            {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
				"Host":                 {"GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n", 400},
				"header without name":  {"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400},
				"header without colon": {"GET / HTTP/1.1\r\nHost: a\r\nDepth\r\n\r\n", 400},
				"header with NUL":      {"GET / HTTP/1.1\r\nHost: a\r\nDepth: \x00\r\n\r\n", 400},
				"length":               {"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400},
				"two lengths":          {"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
				"coding":               {"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: zip\r\n\r\n", 501},
				"large header":         {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 9<<10) + "\r\n\r\n", 431},
				"version":              {"GET / HTTP/3.7\r\nHost: a\r\n\r\n", 505},
				"expectation":          {"PUT / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\n", 417},
			} {
				res, body := s.ask(c.request)
				if res.StatusCode != c.status || body != fmt.Sprintf("<refused>%d</refused>", c.status) || res.Header.Get("Content-Type") != "application/xml" || !res.Close {
					t.Errorf("%s: %s %v\n%s", name, res.Status, res.Header, body)
				}
			}
			if res, body := s.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); body != "handled HTTP/1.1" || res.StatusCode != 400 || res.Header.Get("Date") == "" {
				t.Errorf("an answer of the handler: %s %v\n%s", res.Status, res.Header, body)
			}
		})
	}
}

func TestHTTP2IsLeftAlone(t *testing.T) {
	t.Parallel()
	s := serve(t, true, 0)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	defer tr.CloseIdleConnections()
	res, err := (&http.Client{Transport: tr, Timeout: 10 * time.Second}).Get("https://" + s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || string(body) != "handled HTTP/2.0" {
		t.Errorf("%q %v", body, err)
	}
}

// Whoever connects and says nothing holds up nobody, and is cut off.
func TestASilentHandshakeHoldsUpNobody(t *testing.T) {
	t.Parallel()
	s := serve(t, true, 300*time.Millisecond)
	silent, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	if _, body := s.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); body != "handled HTTP/1.1" {
		t.Errorf("beside a silent client: %q", body)
	}
	if err := silent.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, silent); err != nil {
		t.Errorf("not cut off: %d bytes, %v", n, err)
	}
}

// A handshake under way does not hold up the end of the server.
func TestCloseEndsHandshakes(t *testing.T) {
	t.Parallel()
	s := serve(t, true, time.Hour)
	for range 3 {
		silent, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = silent.Close() })
	}
	s.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n") // all four are accepted in turn; serve's cleanup closes
}

func TestRefusedKnowsNetHTTPsAnswersOnly(t *testing.T) {
	t.Parallel()
	const text = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
	for p, want := range map[string]bool{
		text:                                   true,
		"x" + text:                             false,
		strings.Replace(text, "400", "200", 1): false,
		strings.Replace(text, "400", "4x0", 1): false,
		text + strings.Repeat("x", longest):    false,
		strings.Replace(text, "\r\nConn", "\r\nDate: now\r\nConn", 1):                       false,
		"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n":                               false,
		"HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n": true,
		"HTTP/1.1 4\r\n": false, "HTTP/1.1 ": false, "": false,
	} {
		if _, got := refused([]byte(p)); got != want {
			t.Errorf("%q: %v", p, got)
		}
	}
}
