package graphsim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"
)

// key is a key with the certificate that an application registers.
type key struct {
	private *rsa.PrivateKey
	cert    []byte
}

func newKey(t *testing.T, from time.Time) key {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bridge"}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	return key{private, cert}
}

// assertion signs claims; change alters header and claims before.
func (k key) assertion(t *testing.T, header, claims object) string {
	t.Helper()
	part := func(o object) string {
		b, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(header) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	var signature []byte
	var err error
	if header["alg"] == "PS256" {
		signature, err = rsa.SignPSS(rand.Reader, k.private, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	} else {
		signature, err = rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, sum[:])
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestCertificateAssertion(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 10, 1, 8, 30, 0, 0, time.UTC)
	good, other := newKey(t, now.AddDate(0, -1, 0)), newKey(t, now.AddDate(0, -1, 0))
	b := newBench(t, func(o *Options) {
		o.Apps = append(o.Apps, App{ID: "signed", Certificates: [][]byte{good.cert}, Permissions: everything()})
	})
	short, long := sha1.Sum(good.cert), sha256.Sum256(good.cert) //nolint:gosec // a name
	header := object{"alg": "PS256", "typ": "JWT", "x5t#S256": base64.RawURLEncoding.EncodeToString(long[:])}
	claims := object{"aud": b.url + "/" + b.sim.Tenant() + tokenPath, "iss": "signed", "sub": "signed", "jti": "1",
		"nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
	ask := func(assertion string) (int, object) {
		return b.form(url.Values{"grant_type": {"client_credentials"}, "client_id": {"signed"}, "client_assertion": {assertion},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "scope": {"https://graph.microsoft.com/.default"}})
	}
	if status, o := ask(good.assertion(t, header, claims)); status != 200 {
		t.Fatalf("%d %v", status, o)
	}
	rs := object{"alg": "RS256", "typ": "JWT", "x5t": base64.RawURLEncoding.EncodeToString(short[:])}
	status, o := ask(good.assertion(t, rs, overlay(claims, object{"jti": "2", "aud": "https://login.microsoftonline.com/" + b.sim.Tenant() + tokenPath})))
	if status != 200 {
		t.Fatalf("%d %v", status, o)
	}
	b.token = text(o["access_token"])
	b.want(200, "GET", ann+"/calendars", nil)

	next := overlay(claims, object{"jti": "3"})
	for name, c := range map[string]struct {
		assertion string
		code      string
	}{
		"used before":    {good.assertion(t, header, claims), "AADSTS700028"},
		"other key":      {other.assertion(t, header, next), "AADSTS700027"},
		"unknown key":    {other.assertion(t, overlay(header, object{"x5t#S256": "AAAA"}), next), "AADSTS700027"},
		"no algorithm":   {good.assertion(t, overlay(header, object{"alg": "none"}), next), "AADSTS50027"},
		"audience":       {good.assertion(t, header, overlay(next, object{"aud": b.url})), "AADSTS700023"},
		"issuer":         {good.assertion(t, header, overlay(next, object{"iss": "app"})), "AADSTS700021"},
		"expired":        {good.assertion(t, header, overlay(next, object{"exp": now.Add(-time.Hour).Unix(), "nbf": now.Add(-2 * time.Hour).Unix()})), "AADSTS700024"},
		"not yet":        {good.assertion(t, header, overlay(next, object{"nbf": now.Add(time.Hour).Unix(), "exp": now.Add(2 * time.Hour).Unix()})), "AADSTS700024"},
		"for a year":     {good.assertion(t, header, overlay(next, object{"exp": now.AddDate(1, 0, 0).Unix()})), "AADSTS700024"},
		"without end":    {good.assertion(t, header, overlay(next, object{"exp": nil})), "AADSTS700024"},
		"without id":     {good.assertion(t, header, overlay(next, object{"jti": nil})), "AADSTS50027"},
		"not signed":     {strings.Join(strings.Split(good.assertion(t, header, next), ".")[:2], ".") + ".", "AADSTS700027"},
		"no JWT":         {"x.y", "AADSTS50027"},
		"claims changed": {tamper(good.assertion(t, header, next)), "AADSTS700027"},
	} {
		if status, o := ask(c.assertion); status != 401 || o["error"] != "invalid_client" || !strings.HasPrefix(text(o["error_description"]), c.code+":") {
			t.Errorf("%s: %d %v", name, status, o)
		}
	}
}

// tamper exchanges the claims of an assertion.
func tamper(jwt string) string {
	parts := strings.Split(jwt, ".")
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"signed"}`))
	return strings.Join(parts, ".")
}

func TestTokenRequestsAreChecked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"sesame"}, "scope": {"https://graph.microsoft.com/.default"}}
	for name, c := range map[string]struct {
		change object
		status int
		err    string
	}{
		"secret":    {object{"client_secret": "sesam"}, 401, "invalid_client"},
		"no secret": {object{"client_secret": ""}, 401, "invalid_client"},
		"client":    {object{"client_id": "eve"}, 400, "unauthorized_client"},
		"no client": {object{"client_id": ""}, 400, "invalid_request"},
		"grant":     {object{"grant_type": "password"}, 400, "unsupported_grant_type"},
		"no grant":  {object{"grant_type": ""}, 400, "invalid_request"},
		"scope":     {object{"scope": "Calendars.Read"}, 400, "invalid_scope"},
		"resource":  {object{"scope": "https://example.org/.default"}, 400, "invalid_scope"},
		"assertion": {object{"client_assertion": "x.y.z"}, 400, "invalid_request"},
	} {
		form := url.Values{}
		for name, v := range good {
			form[name] = v
		}
		for name, v := range c.change {
			form.Set(name, text(v))
		}
		if status, o := b.form(form); status != c.status || o["error"] != c.err || len(list(o, "error_codes")) != 1 {
			t.Errorf("%s: %d %v", name, status, o)
		}
	}
	resp := b.send("POST", b.url+"/11111111-2222-3333-4444-555555555555"+tokenPath, good.Encode(), "Content-Type: application/x-www-form-urlencoded")
	if o := b.read(resp.Body); resp.StatusCode != 400 || !strings.HasPrefix(text(o["error_description"]), "AADSTS90002") {
		t.Errorf("other tenant: %d %v", resp.StatusCode, o)
	}
}

func TestBearer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := b.token
	if _, claims, _, _, ok := splitJWT(good + "="); ok || claims != nil {
		t.Error("padding was taken")
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(good, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	if o, err := parseObject(claims); err != nil || o["appid"] != "app" || len(list(o, "roles")) != len(everything()) {
		t.Errorf("claims %s, %v", claims, err)
	}
	for _, token := range []string{"", "nonsense"} {
		b.token = token
		b.refused(401, "InvalidAuthenticationToken", "GET", ann+"/calendars", nil)
	}
	b.token = good
	b.want(200, "GET", ann+"/calendars", nil)
	b.clock.Advance(time.Hour)
	if m := b.refused(401, "InvalidAuthenticationToken", "GET", ann+"/calendars", nil); !strings.Contains(m, "expired") {
		t.Error(m)
	}
	b.token = b.signIn("app", "sesame")
	b.want(200, "GET", ann+"/calendars", nil)
	b.sim.ExpireTokens()
	b.refused(401, "InvalidAuthenticationToken", "POST", "/$batch", object{"requests": []any{}})
	if n := b.sim.Tokens(); n != 2 {
		t.Errorf("%d tokens issued", n)
	}
}

func TestPermissionsAndScope(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) {
		o.Users = append(o.Users, User{Name: "old@example.org", NoMailbox: true})
		o.Apps = append(o.Apps, App{ID: "reader", Secret: "s", Permissions: []string{CalendarsRead, TasksReadWriteAll}, Mailboxes: []string{"Bob@example.org"}})
	})
	b.refused(404, "MailboxNotEnabledForRESTAPI", "GET", "/users/old@example.org/events", nil)
	if err := b.sim.SetMailbox("old@example.org", true); err != nil {
		t.Fatal(err)
	}
	b.want(200, "GET", "/users/old@example.org/events", nil)
	if err := b.sim.SetMailbox("eve@example.org", true); err == nil {
		t.Error("eve has a mailbox")
	}
	b.refused(404, "ErrorInvalidUser", "GET", "/users/eve@example.org/events", nil)
	b.refused(404, "Request_ResourceNotFound", "GET", "/users/eve@example.org", nil)
	b.refused(400, "BadRequest", "GET", "/me/events", nil)
	if o := b.want(200, "GET", ann, nil); o["userPrincipalName"] != "ann@example.org" {
		t.Errorf("%v", o)
	}
	if o := b.want(200, "GET", ann+"/mailboxSettings", nil); o["timeZone"] != "W. Europe Standard Time" {
		t.Errorf("%v", o)
	}

	b.token = b.signIn("reader", "s")
	b.want(200, "GET", "/users/bob@example.org/events", nil)
	b.want(200, "GET", "/users('bob@example.org')/calendar/events", nil)
	b.refused(403, "ErrorAccessDenied", "POST", "/users/bob@example.org/events", object{})
	b.refused(403, "ErrorAccessDenied", "GET", "/users/bob@example.org/contacts", nil)
	b.refused(403, "ErrorAccessDenied", "GET", "/users/bob@example.org/mailboxSettings", nil)
	b.refused(403, "Authorization_RequestDenied", "GET", "/users", nil)
	if m := b.refused(403, "ErrorAccessDenied", "GET", ann+"/events", nil); m != "Access to OData is disabled." {
		t.Error(m)
	}
	b.want(200, "GET", ann+"/todo/lists", nil) // no policy covers To Do

	// What an application may do stands in its token; the scope of mailboxes is asked each time.
	if err := b.sim.SetApp(App{ID: "reader", Secret: "s"}); err != nil {
		t.Fatal(err)
	}
	b.want(200, "GET", ann+"/events", nil)
	b.token = b.signIn("reader", "s")
	b.refused(403, "ErrorAccessDenied", "GET", ann+"/events", nil)
}
