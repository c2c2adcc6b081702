package ews

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/upstream"
)

// internet is a proxy behind which every name with TLS is one test server; answers are by "host path".
type internet struct {
	t      *testing.T
	proxy  string
	ca     string
	mu     sync.Mutex
	asked  []string
	answer map[string]func(w http.ResponseWriter, r *http.Request)
}

var names = []string{"autodiscover.example.org", "example.org", "mail.example.org", "autodiscover.other.example.org", "other.example.org"}

func newInternet(t *testing.T) *internet {
	t.Helper()
	n := &internet{t: t, answer: map[string]func(http.ResponseWriter, *http.Request){}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: names, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	n.ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(n.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(n.serve))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tunnel(w, r, srv.Listener.Addr().String()) }))
	t.Cleanup(func() { proxy.CloseClientConnections(); proxy.Close() })
	n.proxy = proxy.URL
	return n
}

// tunnel is CONNECT (RFC 9110 9.3.6), to one place whatever is asked for.
func tunnel(w http.ResponseWriter, r *http.Request, to string) {
	if r.Method != http.MethodConnect {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	there, err := net.Dial("tcp", to)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	here, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = there.Close()
		return
	}
	_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(there, here); _ = there.Close() }()
	_, _ = io.Copy(here, there)
	_ = here.Close()
}

func (n *internet) serve(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	n.asked = append(n.asked, r.Host+r.URL.Path)
	answer := n.answer[r.Host+r.URL.Path]
	n.mu.Unlock()
	if answer == nil {
		http.NotFound(w, r)
		return
	}
	answer(w, r)
}

func (n *internet) open(s exchange.Settings) *mail {
	n.t.Helper()
	client, err := upstream.New(upstream.Options{Now: time.Now, Proxy: n.proxy, CAFile: n.ca, Retries: -1, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Lookup: func(context.Context, string) ([]netip.Addr, error) { return nil, fmt.Errorf("the proxy resolves") }})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(client.Close)
	m, err := Driver().Open(n.t.Context(), exchange.Env{HTTP: client, Now: time.Now}, s)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = m.Close() })
	return m.(watched).mail
}

func tells(body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		in, err := io.ReadAll(r.Body)
		if user, _, _ := r.BasicAuth(); err != nil || user == "" || !strings.Contains(string(in), "<EMailAddress>") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, `<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response xmlns="`+nsDiscoverResponse+`">`+body+`</Response></Autodiscover>`)
	}
}

// The address's own servers are asked, their word is followed, and the login goes nowhere else.
func TestAutodiscover(t *testing.T) {
	t.Parallel()
	const first, second, other = "autodiscover.example.org/autodiscover/autodiscover.xml", "example.org/autodiscover/autodiscover.xml", "autodiscover.other.example.org/autodiscover/autodiscover.xml"
	account := func(in string) string { return "<Account>" + in + "</Account>" }
	both := account(`<AccountType>email</AccountType><Action>settings</Action><Protocol><Type>EXCH</Type><EwsUrl>https://inside.example.org/EWS/Exchange.asmx</EwsUrl></Protocol><Protocol><Type>EXPR</Type><EwsUrl>https://mail.example.org/ews/exchange.asmx</EwsUrl></Protocol>`)
	for name, c := range map[string]struct {
		answers map[string]func(http.ResponseWriter, *http.Request)
		path    string
		kind    pim.Reason
		says    string
	}{
		"first":        {answers: map[string]func(http.ResponseWriter, *http.Request){first: tells(both)}, path: "/ews/exchange.asmx"},
		"second":       {answers: map[string]func(http.ResponseWriter, *http.Request){second: tells(both)}, path: "/ews/exchange.asmx"},
		"other domain": {answers: map[string]func(http.ResponseWriter, *http.Request){first: tells(account(`<Action>redirectAddr</Action><RedirectAddr>ann@other.example.org</RedirectAddr>`)), other: tells(both)}, path: "/ews/exchange.asmx"},
		"other url":    {answers: map[string]func(http.ResponseWriter, *http.Request){first: tells(account(`<Action>redirectUrl</Action><RedirectUrl>https://` + other + `</RedirectUrl>`)), other: tells(both)}, path: "/ews/exchange.asmx"},
		"without TLS":  {answers: map[string]func(http.ResponseWriter, *http.Request){first: tells(account(`<RedirectUrl>http://example.org/x</RedirectUrl>`))}, kind: pim.ErrInvalid, says: "name the server in url"},
		"in a circle":  {answers: map[string]func(http.ResponseWriter, *http.Request){first: tells(account(`<RedirectUrl>https://` + first + `</RedirectUrl>`))}, kind: pim.ErrInvalid, says: "name the server in url"},
		"online":       {answers: map[string]func(http.ResponseWriter, *http.Request){first: tells(account(`<Protocol><Type>EXPR</Type><EwsUrl>https://outlook.office365.com/EWS/Exchange.asmx</EwsUrl></Protocol>`))}, kind: pim.ErrInvalid, says: "Microsoft 365"},
		"nowhere":      {kind: pim.ErrInvalid, says: "name the server in url"},
		"wrong login":  {answers: map[string]func(http.ResponseWriter, *http.Request){first: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, second: tells(both)}, kind: pim.ErrAuth, says: "refused the login"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newInternet(t)
			for at, answer := range c.answers {
				n.answer[at] = answer
			}
			m := n.open(exchangeSettings("mailbox", "ann@example.org", "user", "ann", "password", "secret", "impersonate", "no"))
			at, err := m.account.endpoint(t.Context())
			if pim.ReasonOf(err) != c.kind || at.path != c.path || !strings.Contains(pim.PublicText(err), c.says) {
				t.Errorf("%q, %v: %q", at.path, err, pim.PublicText(err))
			}
			if err == nil && at.client.Base() != "https://mail.example.org/" {
				t.Errorf("at %s", at.client.Base())
			}
			if len(n.asked) > 8 {
				t.Errorf("%d servers were asked", len(n.asked))
			}
		})
	}
}

func FuzzDiscovered(f *testing.F) {
	f.Add([]byte(`<Autodiscover><Response><Account><Protocol><Type>EXPR</Type><EwsUrl>https://x/</EwsUrl></Protocol></Account></Response></Autodiscover>`))
	f.Add([]byte(`<Autodiscover><Response><Error><ErrorCode>500</ErrorCode></Error></Response></Autodiscover>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := readDiscovered(b); err != nil && d != (found{}) {
			t.Error("an error and an answer")
		}
	})
}

// Addresses as people type them.
func TestSplitAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"mail.example.org": "https://mail.example.org/ /EWS/Exchange.asmx", "https://mail.example.org:8443/": "https://mail.example.org:8443/ /EWS/Exchange.asmx",
		"mail.example.org/ews": "https://mail.example.org/ /ews/Exchange.asmx", "mail.example.org/owa/": "https://mail.example.org/ /EWS/Exchange.asmx",
		"http://mail/EWS/Exchange.asmx": "http://mail/ /EWS/Exchange.asmx", "mail.example.org/sub/ews/exchange.asmx": "https://mail.example.org/ /sub/ews/exchange.asmx",
	} {
		base, path, err := splitAddress(in)
		if got := base + " " + path; err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
}
