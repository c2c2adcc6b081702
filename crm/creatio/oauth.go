package creatio

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/upstream"
	"crmbridge/upstream/login"
)

// oauth is the login with client credentials (RFC 6749 4.4) at the site's Identity
// Service. A token acts as one system user, so whose items are synced is the
// bridge's to see to.
type oauth struct {
	site, identity *upstream.Client
	id, secret     string
	now            func() time.Time
}

func (o *oauth) open(ctx context.Context) (*session, time.Time, error) {
	const op = "creatio: token"
	t, err := login.ClientCredentials(ctx, o.identity, op, "connect/token", url.Values{"client_id": {o.id}, "client_secret": {o.secret}}, o.now)
	var denied *login.Denied
	switch {
	case errors.As(err, &denied):
		return nil, time.Time{}, pim.Errorf(op, pim.ErrAuth, "the Identity Service refused client ID and secret%s", because(denied.Code))
	case pim.ReasonOf(err) == pim.ErrProtocol:
		return nil, time.Time{}, pim.Errorf(op, pim.ErrProtocol, "there is no Identity Service at identity_url")
	case err != nil:
		return nil, time.Time{}, err
	}
	return &session{client: o.site, token: t.Access}, t.Until, nil
}

// cloudIdentity is the Identity Service of a site at creatio.com; "" elsewhere.
func cloudIdentity(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	name, cloud := strings.CutSuffix(u.Hostname(), ".creatio.com")
	if !cloud || strings.Contains(name, ".") {
		return ""
	}
	return "https://" + name + "-is.creatio.com"
}
