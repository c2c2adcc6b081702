package creatio

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// oauth is the login with client credentials (RFC 6749 4.4) at the site's Identity
// Service. A token acts as one system user, so whose items are synced is the
// bridge's to see to.
type oauth struct {
	site, identity *upstream.Client
	id, secret     string
	now            func() time.Time
}

func (o *oauth) open(ctx context.Context) (*session, error) {
	const op = "creatio: token"
	form := url.Values{"client_id": {o.id}, "client_secret": {o.secret}, "grant_type": {"client_credentials"}}
	resp, err := o.identity.Do(ctx, upstream.Request{
		Op: op, Method: http.MethodPost, Path: "connect/token", Body: []byte(form.Encode()), Sensitive: true, Idempotent: true,
		Header:  http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}},
		Passing: func(*upstream.Response) bool { return false },
	})
	if err != nil {
		return nil, err
	}
	var a struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"` // seconds
		Error   string `json:"error"`
	}
	switch {
	case resp.Status == http.StatusBadRequest || resp.Status == http.StatusUnauthorized:
		// RFC 6749 5.2: invalid_client and its kin; the body may be anything.
		_ = resp.JSON(op, &a)
		return nil, pim.Errorf(op, pim.ErrAuth, "the Identity Service refused client ID and secret%s", because(a.Error))
	case resp.Status == http.StatusNotFound || resp.HTML():
		return nil, pim.Errorf(op, pim.ErrProtocol, "there is no Identity Service at identity_url")
	case !resp.OK():
		return nil, translateError(op, resp, false)
	}
	if err := resp.JSON(op, &a); err != nil {
		return nil, err
	}
	if a.Token == "" {
		return nil, pim.Errorf(op, pim.ErrProtocol, "the Identity Service gave no token")
	}
	s := &session{client: o.site, token: a.Token}
	if a.Expires > 0 {
		// A token is given back a minute early, or half-way for very short ones.
		life := time.Duration(a.Expires) * time.Second
		s.until = o.now().Add(life - min(time.Minute, life/2))
	}
	return s, nil
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
