package ewssim

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestBasic(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	for _, c := range []struct {
		user, pass string
		status     int
	}{{"ann@example.org", "ann-secret", 200}, {"ANN@EXAMPLE.ORG", "ann-secret", 200}, {`EXAMPLE\ann`, "ann-secret", 200}, {`OTHER\ann`, "ann-secret", 401},
		{"ann", "ann-secret", 200}, {"ann@example.org", "wrong", 401}, {"ann@example.org", "", 401}, {"eve@example.org", "ann-secret", 401}} {
		if status, _ := r.as(c.user, c.pass).try(getInbox); status != c.status {
			t.Errorf("%s: %d", c.user, status)
		}
	}
	res := r.as("x", "y").post(getInbox)
	res.Body.Close()
	if got := res.Header.Values("WWW-Authenticate"); !slices.Equal(got, []string{"Negotiate", "NTLM", `Basic realm="mail.example.org"`}) {
		t.Errorf("offers %v", got)
	}
}

func TestBearer(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{NoBasic: true, NoNTLM: true, BearerTokens: map[string]string{"token": "bob@example.org"}})
	if status, _ := r.try(getInbox); status != 401 {
		t.Errorf("Basic is off: %d", status)
	}
	req, _ := http.NewRequest("POST", r.srv.URL+"/EWS/Exchange.asmx", strings.NewReader("<x/>"))
	req.Header.Set("Authorization", "Bearer token")
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != 400 { // taken, and then the body is none
		t.Errorf("%v %v", res, err)
	}
	res.Body.Close()
}

// TestImpersonation: the role, its scope, and whose mailbox it then is.
func TestImpersonation(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Accounts: []Account{{Login: "svc", Password: "p", Impersonates: []string{"ann@example.org"}}, {Login: "deputy", Password: "p", Delegate: []string{"ann@example.org"}}}})
	act := func(user, pass, kind, who string) string {
		c := r.as(user, pass)
		c.head = `<t:ExchangeImpersonation><t:ConnectingSID><t:` + kind + `>` + who + `</t:` + kind + `></t:ConnectingSID></t:ExchangeImpersonation>`
		_, n := c.try(getInbox)
		return code(n)
	}
	for _, c := range []struct{ user, pass, kind, who, want string }{
		{"svc", "p", "PrimarySmtpAddress", "ann@example.org", "NoError"},
		{"svc", "p", "SmtpAddress", "Ann@Example.org", "NoError"},
		{"svc", "p", "PrincipalName", "ann@example.org", "NoError"},
		{"svc", "p", "PrimarySmtpAddress", "bob@example.org", "ErrorImpersonateUserDenied"},
		{"svc", "p", "PrimarySmtpAddress", "nobody@example.org", "ErrorNonExistentMailbox"},
		{"svc", "p", "SID", "S-1-5-21", "ErrorInvalidUserSid"},
		{"ann@example.org", "ann-secret", "PrimarySmtpAddress", "bob@example.org", "ErrorImpersonateUserDenied"},
	} {
		if got := act(c.user, c.pass, c.kind, c.who); got != c.want {
			t.Errorf("%s as %s: %s, not %s", c.user, c.who, got, c.want)
		}
	}
	svc := r.as("svc", "p")
	svc.want("ErrorMissingEmailAddress", getInbox)
	other := strings.ReplaceAll(getInbox, `Id="inbox"/>`, `Id="inbox"><t:Mailbox><t:EmailAddress>ann@example.org</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>`)
	svc.want("ErrorAccessDenied", other)
	r.as("deputy", "p").want("NoError", other)
	id := r.create("", plainEvent)
	r.as("bob@example.org", "bob-secret").want("ErrorAccessDenied", `<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ItemIds>`+id.String()+`</m:ItemIds></m:GetItem>`)
	if q := r.Requests(); q[0].Mailbox != "ann@example.org" || q[0].Login != "svc" {
		t.Errorf("logged %+v", q[0])
	}
}

// TestMD4 has the digests of RFC 1320 A.5.
func TestMD4(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "31d6cfe0d16ae931b73c59d7e0c089c0", "abc": "a448017aaf21d8525fc10ae87aa6729d",
		"message digest": "d9130a8164549fe818874806e1c7014b",
		"12345678901234567890123456789012345678901234567890123456789012345678901234567890": "e33b4ddc9c38f2199c3e7b164fcc0536"} {
		if got := md4([]byte(text)); hex.EncodeToString(got[:]) != want {
			t.Errorf("%q: %x", text, got)
		}
	}
}

// TestNTLMVector checks the proof of MS-NLMP 4.2.4 (user User, domain Domain, password Password).
func TestNTLMVector(t *testing.T) {
	t.Parallel()
	hash := md4(utf16le("Password"))
	key := hmacMD5(hash[:], utf16le("USER"+"Domain"))
	if hex.EncodeToString(key) != "0c868a403bfd7a93a3001ef22ef02e3f" {
		t.Errorf("key %x", key)
	}
}

// TestNTLM logs in on one connection, and finds another still outside.
func TestNTLM(t *testing.T) {
	t.Parallel()
	sim, err := New(Options{Mailboxes: people(), NoBasic: true})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(sim)
	srv.Config.ConnContext = ConnContext
	srv.Start()
	defer srv.Close()
	login := func(password string) (*http.Client, int) {
		client := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, MaxConnsPerHost: 1}}
		ask := func(auth []byte) *http.Response {
			req, err := http.NewRequest("POST", srv.URL+"/EWS/Exchange.asmx", strings.NewReader("<x/>"))
			if err != nil {
				t.Fatal(err)
			}
			if auth != nil {
				req.Header.Set("Authorization", "NTLM "+base64.StdEncoding.EncodeToString(auth))
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			return res
		}
		res := ask(append([]byte("NTLMSSP\x00\x01\x00\x00\x00"), make([]byte, 20)...))
		_, text, _ := strings.Cut(res.Header.Get("WWW-Authenticate"), " ")
		msg, err := base64.StdEncoding.DecodeString(text)
		if err != nil || res.StatusCode != 401 || len(msg) < 56 {
			t.Fatalf("challenge %d %q", res.StatusCode, text)
		}
		ask(authenticateMessage(msg[24:32], "ann", "EXAMPLE", password))
		return client, ask(nil).StatusCode
	}
	if _, status := login("ann-secret"); status != 400 { // inside, where the body is none
		t.Errorf("with the password: %d", status)
	}
	if _, status := login("wrong"); status != 401 {
		t.Errorf("with another: %d", status)
	}
}

// authenticateMessage is a client's last message (MS-NLMP 2.2.1.3), made with the digests tested above.
func authenticateMessage(nonce []byte, user, domain, password string) []byte {
	hash := md4(utf16le(password))
	blob := append([]byte{1, 1, 0, 0, 0, 0, 0, 0}, bytes.Repeat([]byte{7}, 16)...)
	blob = append(blob, make([]byte, 8)...)
	proof := hmacMD5(hmacMD5(hash[:], utf16le(strings.ToUpper(user)+domain)), append(bytes.Clone(nonce), blob...))
	nt := append(proof, blob...)
	d, u := utf16le(domain), utf16le(user)
	b := append([]byte("NTLMSSP\x00"), 3, 0, 0, 0)
	b = field(b, 0, 64)
	b = field(b, len(nt), 64)
	b = field(b, len(d), 64+len(nt))
	b = field(b, len(u), 64+len(nt)+len(d))
	b = field(b, 0, 64)
	b = field(b, 0, 64)
	b = binary.LittleEndian.AppendUint32(b, 0x8201)
	return append(append(append(b, nt...), d...), u...)
}

func TestAutodiscover(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	ask := func(address string) string {
		body := `<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>` + address +
			`</EMailAddress><AcceptableResponseSchema>x</AcceptableResponseSchema></Request></Autodiscover>`
		req, _ := http.NewRequest("POST", r.srv.URL+"/Autodiscover/Autodiscover.xml", strings.NewReader(body))
		req.SetBasicAuth("ann@example.org", "ann-secret")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return string(text)
	}
	if got := ask("ann@example.org"); !strings.Contains(got, "<EwsUrl>"+r.srv.URL+"/EWS/Exchange.asmx</EwsUrl>") {
		t.Error(got)
	}
	if got := ask("nobody@example.org"); !strings.Contains(got, "<ErrorCode>500</ErrorCode>") {
		t.Error(got)
	}
}

// TestPrivate: a delegate sees of a private item that there is one; impersonation sees all.
func TestPrivate(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Accounts: []Account{{Login: "svc", Password: "p", Impersonates: []string{"*"}}, {Login: "deputy", Password: "p", Delegate: []string{"ann@example.org"}}}})
	marker := `<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="n" PropertyType="String"/>`
	id := r.create("", `<t:CalendarItem><t:Subject>Doctor</t:Subject><t:Sensitivity>Private</t:Sensitivity><t:ExtendedProperty>`+marker+`<t:Value>x</t:Value></t:ExtendedProperty></t:CalendarItem>`)
	n := r.as("deputy", "p").get(id, marker)
	if n.kid("Subject") != nil || n.kid("ExtendedProperty") != nil || n.str("Sensitivity") != "Private" || n.str("Start") == "" || n.str("EffectiveRights", "ViewPrivateItems") != "false" {
		t.Errorf("the delegate sees %v", n)
	}
	svc := r.as("svc", "p")
	svc.head = `<t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>ann@example.org</t:SmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>`
	if n := svc.get(id, marker); n.str("Subject") != "Doctor" || n.str("ExtendedProperty", "Value") != "x" {
		t.Errorf("the service account sees %v", n)
	}
}

// TestCompression: long answers are compressed for those who can read that.
func TestCompression(t *testing.T) {
	t.Parallel()
	sim, err := New(Options{Mailboxes: people()})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim)
	defer srv.Close()
	r := &rig{Sim: sim, t: t, srv: srv, user: "ann@example.org", pass: "ann-secret"}
	res := r.post(`<m:FindFolder Traversal="Deep"><m:FolderShape><t:BaseShape>AllProperties</t:BaseShape></m:FolderShape><m:ParentFolderIds><t:DistinguishedFolderId Id="msgfolderroot"/></m:ParentFolderIds></m:FindFolder>`)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if !res.Uncompressed || err != nil || !strings.Contains(string(text), "Calendar") {
		t.Errorf("compressed: %v, %v %.100s", res.Uncompressed, err, text)
	}
}
