package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"crmbridge/internal/config"
)

// certificate writes a self-signed pair for 127.0.0.1 and returns a pool with it.
func (p *place) certificate() *x509.CertPool {
	p.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "dav.example.org"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		p.t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	p.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})))
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		p.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool
}

func TestTLSByFiles(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.write("config.yaml", fmt.Sprintf("server:\n  listen: %q\n  tls: {cert: cert.pem, key: key.pem}\nlog: {level: warn}\n", p.addr))
	pool := p.certificate()
	cfg, err := config.Parse(config.Source{Name: p.path("config.yaml"), File: []byte(fmt.Sprintf("server:\n  listen: %q\n  tls: {cert: cert.pem, key: key.pem}\n", p.addr))})
	if err != nil {
		t.Fatal(err)
	}
	a := &app{cfg: cfg, log: slog.New(slog.DiscardHandler)}
	l, err := a.listen()
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") }), ReadHeaderTimeout: time.Second}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	get := func(c *tls.Config) error {
		tr := &http.Transport{TLSClientConfig: c}
		defer tr.CloseIdleConnections()
		res, err := (&http.Client{Transport: tr, Timeout: 10 * time.Second}).Get(a.base(l) + "/healthz")
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	if err := get(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}); err != nil {
		t.Errorf("TLS 1.2 and up: %v", err)
	}
	if err := get(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil { //nolint:gosec // refused is what is tested
		t.Error("TLS 1.1 is accepted")
	}
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	a := &app{cfg: config.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.9:1", "198.51.100.1", "192.0.2.9"}, // nobody's proxy: not believed
		{"10.1.1.1:1", "198.51.100.1", "198.51.100.1"},
		{"10.1.1.1:1", "1.2.3.4, 198.51.100.1, 10.2.2.2", "198.51.100.1"}, // the left is the client's own word
		{"10.1.1.1:1", "", "10.1.1.1"},
		{"10.1.1.1:1", "rubbish", "10.1.1.1"},
		{"[2001:db8::1]:1", "", "2001:db8::1"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := a.clientAddress(r); got != c.want {
			t.Errorf("%s via %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

// Nobody takes all connections, but behind a proxy there are many.
func TestConnectionsAreCountedByNetwork(t *testing.T) {
	t.Parallel()
	a := &app{cfg: config.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	for addr, want := range map[string]string{
		"192.0.2.9:1": "192.0.2.9", "[::ffff:192.0.2.9]:1": "192.0.2.9", "[2001:db8::1]:1": "2001:db8::/64", "[2001:db8::2]:7": "2001:db8::/64",
		"10.1.1.1:1": "", "[::ffff:10.1.1.1]:1": "", "127.0.0.1:1": "", "[::1]:1": "", "[::ffff:127.0.0.1]:1": "", "@": "",
	} {
		if got := a.connectionsOf(addr); got != want {
			t.Errorf("%s counts for %q, want %q", addr, got, want)
		}
	}
}

func TestProcessNames(t *testing.T) {
	t.Parallel()
	me := processName()
	if !processAlive(me) {
		t.Errorf("%s is this process and not alive", me)
	}
	if !processAlive("another-host/1/2") || !processAlive("odd") {
		t.Error("a process of another host is believed dead")
	}
}
