package graph_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/graph"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/pim"
	"crmbridge/remote"
)

// certificate makes one with its key, in PEM form, and its DER form.
func certificate(t *testing.T) (text string, der []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	like := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bridge"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	if der, err = x509.CreateCertificate(rand.Reader, like, like, &key.PublicKey, key); err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})) + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), der
}

// The simulator checks the assertion's signature, its audience and its times.
func TestLoginWithACertificate(t *testing.T) {
	t.Parallel()
	text, der := certificate(t)
	r := newRig(t, func(o *graphsim.Options) {
		o.Apps = []graphsim.App{{ID: "bridge", Certificates: [][]byte{der}, Permissions: permissions()}}
	})
	for _, c := range r.open(exchange.Settings{"client_secret": "", "certificate": text}).(remote.Prober).Probe(t.Context()) {
		if c.Err != nil {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	}
	other, _ := certificate(t)
	checks := r.open(exchange.Settings{"client_secret": "", "certificate": other}).(remote.Prober).Probe(t.Context())
	if last := checks[len(checks)-1]; pim.ReasonOf(last.Err) != pim.ErrAuth {
		t.Errorf("with another certificate the last step is %q: %v", last.Name, last.Err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	text, _ := certificate(t)
	other, _ := certificate(t)
	key, cert, _ := strings.Cut(text, "-----BEGIN CERTIFICATE")
	cert = "-----BEGIN CERTIFICATE" + cert
	otherKey, _, _ := strings.Cut(other, "-----BEGIN CERTIFICATE")
	small, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalPKCS8PrivateKey(small)
	if err != nil {
		t.Fatal(err)
	}
	curve := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: b}))
	for name, c := range map[string]struct {
		set  exchange.Settings
		says string
	}{
		"all is well":          {nil, ""},
		"neither proof":        {exchange.Settings{"client_secret": ""}, "either client_secret or certificate"},
		"both proofs":          {exchange.Settings{"certificate": text}, "either client_secret or certificate"},
		"no mailbox":           {exchange.Settings{"mailbox": ""}, "mailbox is missing"},
		"a path as mailbox":    {exchange.Settings{"mailbox": "../me"}, "mailbox: must be"},
		"everybody's tenant":   {exchange.Settings{"tenant": "common"}, "tenant: must be the organisation's own"},
		"a path as tenant":     {exchange.Settings{"tenant": "a/b"}, "tenant: must be an ID"},
		"a cloud of nobody's":  {exchange.Settings{"cloud": "moon"}, "cloud must be one of global, us-government, us-defense, china"},
		"too many at once":     {exchange.Settings{"concurrency": "99"}, "concurrency: must be a number from 1 to 16"},
		"a key alone":          {exchange.Settings{"client_secret": "", "certificate": key}, "certificate and its private key"},
		"a certificate alone":  {exchange.Settings{"client_secret": "", "certificate": cert}, "certificate and its private key"},
		"somebody else's key":  {exchange.Settings{"client_secret": "", "certificate": otherKey + cert}, "do not belong together"},
		"a key of a curve":     {exchange.Settings{"client_secret": "", "certificate": curve + cert}, "must be an RSA key"},
		"an encrypted key":     {exchange.Settings{"client_secret": "", "certificate": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n" + cert}, "is encrypted"},
		"no option of ours":    {exchange.Settings{"colour": "red"}, `no option "colour"`},
		"an address of others": {exchange.Settings{"graph_url": "ftp://example.org"}, "graph_url: the address must begin with https://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := r.tryOpen(c.set)
			switch {
			case c.says == "" && err != nil:
				t.Fatal(err)
			case c.says != "" && (pim.ReasonOf(err) != pim.ErrInvalid || !strings.Contains(pim.PublicText(err), c.says)):
				t.Errorf("%v: %q, want %q", pim.ReasonOf(err), pim.PublicText(err), c.says)
			}
			if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "BEGIN")) {
				t.Error("the error repeats a secret")
			}
		})
	}
	for _, o := range graph.Driver().Options {
		if o.Help == "" && o.Name != "password" || o.Title == "" {
			t.Errorf("option %s has no help or title", o.Name)
		}
	}
}

// opaque is a service whose tokens tell nothing, as Microsoft reserves the right to.
func opaque(next http.Handler) http.Handler {
	var mu sync.Mutex
	tokens := map[string]string{}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if real := tokens[strings.TrimPrefix(q.Header.Get("Authorization"), "Bearer ")]; real != "" {
			q.Header.Set("Authorization", "Bearer "+real)
		}
		if !strings.Contains(q.URL.Path, "oauth2") {
			next.ServeHTTP(w, q)
			return
		}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, q)
		var a map[string]any
		if err := json.Unmarshal(rec.Body.Bytes(), &a); err == nil && a["access_token"] != nil {
			name := fmt.Sprintf("opaque-%d", len(tokens))
			tokens[name], a["access_token"] = a["access_token"].(string), name
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(rec.Code)
		_ = json.NewEncoder(w).Encode(a)
	})
}

// Where a token tells nothing, trying does.
func TestProbeWithAnOpaqueToken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		app        graphsim.App
		step, says string
	}{
		"all is well":     {graphsim.App{Permissions: permissions()}, "mail", ""},
		"reading alone":   {graphsim.App{Permissions: []string{graphsim.CalendarsReadWrite, graphsim.ContactsRead, graphsim.TasksReadWriteAll}}, "contacts", "may read the contacts of this mailbox, but not change them"},
		"another mailbox": {graphsim.App{Permissions: permissions(), Mailboxes: []string{"bob@example.org"}}, "calendars", "keeps the application out of this mailbox: add the mailbox to the group of the application access policy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.app.ID, c.app.Secret = "bridge", secret
			r := newRig(t, func(o *graphsim.Options) { o.Apps = []graphsim.App{c.app} })
			srv := httptest.NewServer(opaque(r.sim))
			t.Cleanup(srv.Close)
			checks := r.open(exchange.Settings{"login_url": srv.URL, "graph_url": srv.URL}).(remote.Prober).Probe(t.Context())
			last := firstFault(checks)
			if last.Name != c.step || (last.Err == nil) != (c.says == "") || last.Err != nil && !strings.Contains(pim.PublicText(last.Err), c.says) {
				t.Errorf("the last step is %q: %v", last.Name, last.Err)
			}
		})
	}
}

// The connection test says exactly what is missing.
func TestProbeNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		app  graphsim.App
		set  exchange.Settings
		step string
		kind pim.Reason
		says string
	}{
		"no permission for tasks": {app: graphsim.App{Permissions: []string{graphsim.CalendarsReadWrite, graphsim.ContactsReadWrite}},
			step: "tasks", kind: pim.ErrForbidden, says: "Tasks.ReadWrite.All is missing"},
		"reading alone": {app: graphsim.App{Permissions: []string{graphsim.CalendarsRead, graphsim.ContactsReadWrite, graphsim.TasksReadWriteAll}},
			step: "calendars", kind: pim.ErrForbidden, says: "Calendars.ReadWrite is missing"},
		"another mailbox": {app: graphsim.App{Permissions: permissions(), Mailboxes: []string{"bob@example.org"}},
			step: "calendars", kind: pim.ErrForbidden, says: "application access policy"},
		"nothing is granted": {app: graphsim.App{}, step: "calendars", kind: pim.ErrForbidden, says: "it has none"},
		"nobody of that name": {app: graphsim.App{Permissions: permissions()}, set: exchange.Settings{"mailbox": "eve@example.org"},
			step: "calendars", kind: pim.ErrNotFound, says: "there is no such"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.app.ID, c.app.Secret = "bridge", secret
			r := newRig(t, func(o *graphsim.Options) { o.Apps = []graphsim.App{c.app} })
			checks := r.open(c.set).(remote.Prober).Probe(t.Context())
			last := firstFault(checks)
			if last.Name != c.step || pim.ReasonOf(last.Err) != c.kind || !strings.Contains(pim.PublicText(last.Err), c.says) {
				t.Errorf("the last step is %q, %v: %q", last.Name, pim.ReasonOf(last.Err), pim.PublicText(last.Err))
			}
		})
	}
}

// firstFault is the first step that failed, else the last one.
func firstFault(checks []remote.Check) remote.Check {
	for _, c := range checks {
		if c.Err != nil {
			return c
		}
	}
	return checks[len(checks)-1]
}
