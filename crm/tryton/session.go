package tryton

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// session is a login that Tryton accepted. It ends by itself after some minutes
// without a call ([session] timeout in trytond.conf, 300 s by default).
type session struct {
	user  int64
	token string
}

// header is the value of Authorization.
func (s *session) header(login string) string {
	text := fmt.Sprintf("%s:%d:%s", login, s.user, s.token)
	return "Session " + base64.StdEncoding.EncodeToString([]byte(text))
}

// current is the session, logging in when there is none. Callers that come at the
// same time share one login.
func (c *client) current(ctx context.Context) (*session, error) {
	select {
	case c.logins <- struct{}{}:
		defer func() { <-c.logins }()
	case <-ctx.Done():
		return nil, ended("tryton: login", ctx)
	}
	if c.session != nil {
		return c.session, nil
	}
	s, err := c.login(ctx)
	if err != nil {
		return nil, err
	}
	c.session = s
	return s, nil
}

// drop forgets s, unless another caller renewed the login since.
func (c *client) drop(ctx context.Context, s *session) error {
	select {
	case c.logins <- struct{}{}:
		defer func() { <-c.logins }()
	case <-ctx.Done():
		return ended("tryton: login", ctx)
	}
	if c.session == s {
		c.session = nil
	}
	return nil
}

func (c *client) login(ctx context.Context) (*session, error) {
	const op = "tryton: login"
	body, err := encode("common.db.login", c.set.username, values{"password": c.set.password}, "en")
	if err != nil {
		return nil, &pim.Error{Op: op, Kind: pim.ErrInternal, Err: err}
	}
	r, err := c.http.Do(ctx, upstream.Request{
		Op: op, Method: http.MethodPost, Path: c.path(), Header: jsonHeader(), Body: body,
		Idempotent: true, Sensitive: true,
	})
	if err != nil {
		return nil, err
	}
	switch r.Status {
	case http.StatusOK:
	case http.StatusUnauthorized:
		return nil, pim.Errorf(op, pim.ErrAuth, "Tryton does not accept this user name and password for the database %s", c.set.database)
	case http.StatusNotFound:
		return nil, c.noDatabase(ctx)
	default:
		return nil, statusFault(op, r)
	}
	var a answer
	if err := r.JSON(op, &a); err != nil {
		return nil, err
	}
	if a.failed() {
		f := parseFault(a.Error)
		if f.Name == "" { // SQLite's way of saying that there is no such database
			return nil, c.noDatabase(ctx)
		}
		return nil, translate(op, f, true)
	}
	s := &session{}
	var pair []json.RawMessage
	err = json.Unmarshal(a.Result, &pair)
	if err == nil && len(pair) != 2 {
		err = errors.New("tryton: login: no user and token")
	}
	if err == nil {
		err = errors.Join(json.Unmarshal(pair[0], &s.user), json.Unmarshal(pair[1], &s.token))
	}
	if err != nil {
		return nil, &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "what answers at this address is not Tryton", Err: err}
	}
	return s, nil
}

// logout ends the session at Tryton; without it, it would stay until it times out.
func (c *client) logout(ctx context.Context) error {
	select {
	case c.logins <- struct{}{}:
		defer func() { <-c.logins }()
	case <-ctx.Done():
		return ended("tryton: logout", ctx)
	}
	s := c.session
	c.session = nil
	if s == nil {
		return nil
	}
	_, err := c.send(ctx, s, call{op: "tryton: logout", method: "common.db.logout", reads: true})
	return err
}
