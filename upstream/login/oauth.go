package login

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// Token is a bearer token (RFC 6750).
type Token struct {
	Access string
	// Until is when it should be renewed, a little before its end; zero when the service does not say.
	Until time.Time
}

// Denied is the refusal of a token service (RFC 6749 5.2), for a driver to say what it means.
type Denied struct {
	Status int
	// Code is the error, "invalid_client"; "" when the answer is not one of OAuth. Description is the service's own text.
	Code, Description string
}

// Error implements error. It goes to logs, and Description may name people: it is left out.
func (d *Denied) Error() string { return fmt.Sprintf("status %d, %s", d.Status, d.Code) }

// ClientCredentials asks for a token for the program itself (RFC 6749 4.4): a POST of form to path below the client's base.
// The error is a *pim.Error: ErrAuth with a *Denied inside when the service refuses, ErrProtocol when what answers is no token
// service.
func ClientCredentials(ctx context.Context, c *upstream.Client, op, path string, form url.Values, now func() time.Time) (Token, error) {
	form.Set("grant_type", "client_credentials")
	t, _, err := ask(ctx, c, op, path, form, now)
	return t, err
}

// Code redeems an authorisation code (RFC 6749 4.1.3), which is good once: form has code, redirect_uri and code_verifier. refresh
// is what Refresh takes, "" when the service gives none. Errors are those of ClientCredentials.
func Code(ctx context.Context, c *upstream.Client, op, path string, form url.Values, now func() time.Time) (t Token, refresh string, err error) {
	form.Set("grant_type", "authorization_code")
	return ask(ctx, c, op, path, form, now)
}

// Refresh asks for a new token by what an earlier answer gave for it (RFC 6749 6), as refresh_token in form. next takes the place of
// that; "" leaves it as it is. Errors are those of ClientCredentials.
func Refresh(ctx context.Context, c *upstream.Client, op, path string, form url.Values, now func() time.Time) (t Token, next string, err error) {
	form.Set("grant_type", "refresh_token")
	return ask(ctx, c, op, path, form, now)
}

func ask(ctx context.Context, c *upstream.Client, op, path string, form url.Values, now func() time.Time) (Token, string, error) {
	resp, err := c.Do(ctx, upstream.Request{
		Op: op, Method: http.MethodPost, Path: path, Body: []byte(form.Encode()), Sensitive: true,
		// Only the program's own login can be repeated: where an answer got lost, a code or a token may have been used up.
		Idempotent: form.Get("grant_type") == "client_credentials",
		Header:     http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}},
		Passing:    func(*upstream.Response) bool { return false },
	})
	if err != nil {
		return Token{}, "", err
	}
	var a struct {
		Token       string `json:"access_token"`
		Refresh     string `json:"refresh_token"`
		Expires     int    `json:"expires_in"` // seconds
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	switch {
	case resp.Status == http.StatusBadRequest || resp.Status == http.StatusUnauthorized:
		_ = resp.JSON(op, &a) // the body may be anything
		return Token{}, "", &pim.Error{Op: op, Kind: pim.ErrAuth, Public: "the token service refused the client", Err: &Denied{resp.Status, a.Error, a.Description}}
	case resp.Status == http.StatusNotFound || resp.OK() && resp.HTML():
		return Token{}, "", pim.Errorf(op, pim.ErrProtocol, "there is no token service at this address")
	case !resp.OK():
		return Token{}, "", upstream.Fault(op, resp)
	}
	if err := resp.JSON(op, &a); err != nil {
		return Token{}, "", err
	}
	if a.Token == "" {
		return Token{}, "", pim.Errorf(op, pim.ErrProtocol, "the token service gave no token")
	}
	t := Token{Access: a.Token}
	if a.Expires > 0 {
		// It is given back a minute early, or half-way for very short ones.
		life := time.Duration(a.Expires) * time.Second
		t.Until = now().Add(life - min(time.Minute, life/2))
	}
	return t, a.Refresh, nil
}
