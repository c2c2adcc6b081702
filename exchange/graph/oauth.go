package graph

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/upstream"
	"crmbridge/upstream/login"
)

// program is the login of the bridge itself (OAuth 2.0 client credentials at Microsoft Entra ID): by secret, or by an assertion
// signed with a certificate's key.
type program struct {
	client *upstream.Client // at the login's address
	tenant string
	id     string
	proof  credential
	scope  string // Graph's address and "/.default"
	now    func() time.Time
}

// path is that of one of the tenant's services.
func (p *program) path(service string) string {
	return url.PathEscape(p.tenant) + "/oauth2/v2.0/" + service
}

func (p *program) open(ctx context.Context) (*login.Token, time.Time, error) {
	const op = "graph: token"
	path := p.path("token")
	form := url.Values{"scope": {p.scope}}
	if err := p.prove(op, path, form); err != nil {
		return nil, time.Time{}, err
	}
	t, err := login.ClientCredentials(ctx, p.client, op, path, form, p.now)
	if err != nil {
		return nil, time.Time{}, refusedLogin(op, err, "Microsoft 365 refused application ID and secret or certificate")
	}
	return &t, t.Until, nil
}

// prove adds what the program proves itself with; a public client has nothing.
func (p *program) prove(op, path string, form url.Values) error {
	form.Set("client_id", p.id)
	if p.proof.secret != "" {
		form.Set("client_secret", p.proof.secret)
	}
	if p.proof.key == nil {
		return nil
	}
	jwt, err := p.proof.assertion(p.id, p.client.Base()+path, p.now(), rand.Reader)
	if err != nil {
		return pim.Wrap(op, pim.ErrInternal, err)
	}
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", jwt)
	return nil
}

// refusedLogin is what an error of the token service means; usual is what a refusal means that has no text of its own.
func refusedLogin(op string, err error, usual string) error {
	var denied *login.Denied
	switch {
	case errors.As(err, &denied):
		return &pim.Error{Op: op, Kind: pim.ErrAuth, Public: deniedText(denied, usual), Err: denied}
	case pim.ReasonOf(err) == pim.ErrProtocol:
		return pim.Errorf(op, pim.ErrProtocol, "there is no login of Microsoft 365 at this address")
	}
	return err
}

// denials are the refusals of Microsoft Entra ID that people can do something about, by its code (Microsoft Entra
// authentication and authorization error codes).
func denials() []struct{ code, text string } {
	return []struct{ code, text string }{
		{"AADSTS7000222", "the client secret has expired; make a new one in the app registration"},
		{"AADSTS7000215", "the client secret is wrong; enter its value, not its ID"},
		{"AADSTS7000216", "the app registration asks for a certificate or a secret, and got neither"},
		{"AADSTS700016", "there is no such application in this tenant; check application ID and tenant, and that an administrator has consented"},
		{"AADSTS700027", "the certificate is not one of the app registration's; upload it there"},
		{"AADSTS700024", "the clock of this server is wrong, or the certificate is not valid now"},
		{"AADSTS90002", "there is no such tenant; check its ID, and the cloud"},
		{"AADSTS900023", "there is no such tenant; check its ID, and the cloud"},
		{"AADSTS53003", "a conditional access policy of the organisation forbids this login"},
		{"AADSTS700082", "the sign-in has not been used for too long and has expired; sign in again"},
		{"AADSTS700084", "the sign-in has expired; sign in again"},
		{"AADSTS70008", "the sign-in has expired or was revoked; sign in again"},
		{"AADSTS50173", "the sign-in was revoked, as after a change of password; sign in again"},
		{"AADSTS50132", "the sign-in was revoked, as after a change of password; sign in again"},
		{"AADSTS50089", "the sign-in has expired; sign in again"},
		{"AADSTS50057", "the person's account is disabled"},
		{"AADSTS50076", "the organisation asks for a second factor now; sign in again"},
		{"AADSTS50079", "the organisation asks for a second factor now; sign in again"},
		{"AADSTS65001", "the person, or an administrator, has not consented to what the application asks for; sign in again, and agree"},
		{"AADSTS65004", "the person did not agree to what the application asks for"},
		{"AADSTS50011", "the address that the answer goes to is not one of the app registration's; enter http://localhost there as a redirect URI of a mobile and desktop application"},
		{"AADSTS54005", "the code of this answer was used before; begin again"},
		{"AADSTS7000218", "the app registration asks for a secret: allow public client flows there, or give client_secret or certificate"},
		{"AADSTS7000112", "the application is disabled in this tenant"},
		{"AADSTS500011", "the tenant does not know Microsoft Graph at this address; check the cloud"},
	}
}

func deniedText(d *login.Denied, usual string) string {
	for _, k := range denials() {
		// The longer codes come first where one is the beginning of another.
		if strings.HasPrefix(d.Description, k.code+":") {
			return k.text
		}
	}
	return usual + because(d.Code)
}

// rightsOf are the permissions that a token says it has, the program's own and those that a person gave; ok is false for a token
// that cannot be read. Tokens are opaque to programs in principle: this serves the connection test alone, which asks Graph itself too.
func rightsOf(token string) (roles, scopes []string, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, false
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, nil, false
	}
	var claims struct {
		Roles  []string `json:"roles"`
		Scopes string   `json:"scp"`
	}
	if json.Unmarshal(b, &claims) != nil {
		return nil, nil, false
	}
	return claims.Roles, strings.Fields(claims.Scopes), true
}
