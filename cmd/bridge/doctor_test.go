package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"crmbridge/manage"
)

// sick are the failed checks of doctor by name.
func (p *place) sick(wantSick bool) map[string]string {
	p.t.Helper()
	rows, code := jsonOf[[]manage.Check](p, "doctor")
	if (code != 0) != wantSick {
		p.t.Errorf("doctor ends with %d: %+v", code, rows)
	}
	m := map[string]string{}
	for _, r := range rows {
		if !r.OK {
			m[r.Name] += r.Fault
		}
	}
	return m
}

// What serve refuses, doctor refuses, and says why.
func TestDoctorChecksWhatServeNeeds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ config, check, want string }{
		"no certificate":  {"server: {tls: {cert: none.pem, key: none.key}}", "certificate", "none.pem"},
		"no key in it":    {"server: {tls: {cert: cert.pem, key: cert.pem}}", "certificate", "server.tls"},
		"no CA file":      {"outbound: {ca_file: none.pem}", "CA file", "none.pem"},
		"no PEM":          {"outbound: {ca_file: config.yaml}", "CA file", "PEM"},
		"no address":      {"server: {listen: '192.0.2.1:80'}", "listen", "192.0.2.1"},
		"other host":      {"server: {listen: ':0', public_url: 'https://a.example.org', acme: {hosts: [b.example.org], email: a@example.org}}", "public address", "b.example.org"},
		"http and https":  {"server: {public_url: 'http://a.example.org', tls: {cert: cert.pem, key: key.pem}}", "public address", "https"},
		"no such folder":  {"database: {url: none/b.db}", "database", "none"},
		"no database":     {"database: {url: 'postgres://x:hidden@127.0.0.1:1/x'}", "database", ""},
		"broken key file": {"secret: {key_file: config.yaml}", "key file", "config.yaml"},
		"acme by halves":  {"server: {acme: {hosts: [b.example.org]}}", "configuration", "email"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &place{t: t, dir: t.TempDir()}
			p.certificate()
			p.write("config.yaml", c.config+"\n")
			sick := p.sick(true)
			if text, failed := sick[c.check]; !failed || !strings.Contains(text, c.want) || strings.Contains(text, "hidden") || len(sick) > 1 {
				t.Errorf("%v", sick)
			}
		})
	}
}

func TestDoctorIsContent(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.certificate()
	p.write("config.yaml", fmt.Sprintf("server:\n  listen: %q\n  public_url: https://dav.example.org\n  tls: {cert: cert.pem, key: key.pem}\noutbound: {ca_file: cert.pem}\nlog: {level: error}\n", p.addr))
	for range 2 { // before the first start, and after
		if sick := p.sick(false); len(sick) > 0 {
			t.Errorf("%v", sick)
		}
		p.must("", "migrate")
	}
	key := p.path("bridge.key")
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if sick := p.sick(true); !strings.Contains(sick["key file"], "chmod 600") {
		t.Errorf("%v", sick)
	}
	p.write("config.yaml", "server: {listen: ':0', acme: {hosts: [dav.example.org], email: a@example.org}}\n")
	if err := os.Chmod(key, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := p.must("", "doctor"); !strings.Contains(out, "port 443") {
		t.Errorf("ACME at another port gives no hint:\n%s", out)
	}
}

func TestDoctorMissesTheKeyOfLinks(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	_, srv := newCreatio(t)
	p.link(srv)
	if err := os.Remove(p.path("bridge.key")); err != nil {
		t.Fatal(err)
	}
	if sick := p.sick(true); !strings.Contains(sick["key file"], "put it back") {
		t.Errorf("%v", sick)
	}
}

func TestDoctorBesideTheServer(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	s := p.serve()
	defer s.stop()
	if sick := p.sick(false); len(sick) > 0 {
		t.Errorf("%v", sick)
	}
	if status, _ := p.get("/healthz"); status != http.StatusOK {
		t.Errorf("healthz: %d", status)
	}
}
