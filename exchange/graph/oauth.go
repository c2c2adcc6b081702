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

func (p *program) open(ctx context.Context) (*login.Token, time.Time, error) {
	const op = "graph: token"
	path := url.PathEscape(p.tenant) + "/oauth2/v2.0/token"
	form := url.Values{"client_id": {p.id}, "scope": {p.scope}}
	if p.proof.key == nil {
		form.Set("client_secret", p.proof.secret)
	} else {
		jwt, err := p.proof.assertion(p.id, p.client.Base()+path, p.now(), rand.Reader)
		if err != nil {
			return nil, time.Time{}, pim.Wrap(op, pim.ErrInternal, err)
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", jwt)
	}
	t, err := login.ClientCredentials(ctx, p.client, op, path, form, p.now)
	var denied *login.Denied
	switch {
	case errors.As(err, &denied):
		return nil, time.Time{}, &pim.Error{Op: op, Kind: pim.ErrAuth, Public: deniedText(denied), Err: denied}
	case pim.ReasonOf(err) == pim.ErrProtocol:
		return nil, time.Time{}, pim.Errorf(op, pim.ErrProtocol, "there is no login of Microsoft 365 at this address")
	case err != nil:
		return nil, time.Time{}, err
	}
	return &t, t.Until, nil
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
		{"AADSTS7000112", "the application is disabled in this tenant"},
		{"AADSTS500011", "the tenant does not know Microsoft Graph at this address; check the cloud"},
	}
}

func deniedText(d *login.Denied) string {
	for _, k := range denials() {
		// The longer codes come first where one is the beginning of another.
		if strings.HasPrefix(d.Description, k.code+":") {
			return k.text
		}
	}
	return "Microsoft 365 refused application ID and secret or certificate" + because(d.Code)
}

// rolesOf are the application permissions that a token says it has; ok is false for a token that cannot be read. Tokens are
// opaque to programs in principle: this serves the connection test alone, which asks Graph itself too.
func rolesOf(token string) (roles []string, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, false
	}
	var claims struct {
		Roles []string `json:"roles"`
	}
	if json.Unmarshal(b, &claims) != nil {
		return nil, false
	}
	return claims.Roles, true
}
