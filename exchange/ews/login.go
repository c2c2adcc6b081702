package ews

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// login sends requests in a user's name. Its answers are those of upstream.Client: a 401 that it cannot mend is an answer.
type login interface {
	do(ctx context.Context, c *upstream.Client, r upstream.Request) (*upstream.Response, error)
	stream(ctx context.Context, c *upstream.Client, r upstream.Request, idle time.Duration) (io.ReadCloser, *upstream.Response, error)
	close()
}

// signed is r with an Authorization header.
func signed(r upstream.Request, authorization string) upstream.Request {
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

// basic is user and password with every request (RFC 7617).
type basic struct{ user, password string }

func (b basic) header() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(b.user+":"+b.password))
}

func (b basic) do(ctx context.Context, c *upstream.Client, r upstream.Request) (*upstream.Response, error) {
	return c.Do(ctx, signed(r, b.header()))
}

func (b basic) stream(ctx context.Context, c *upstream.Client, r upstream.Request, idle time.Duration) (io.ReadCloser, *upstream.Response, error) {
	return c.Stream(ctx, signed(r, b.header()), idle)
}

func (basic) close() {}

// oauth is a bearer token got with client credentials (RFC 6749 4.4), for Exchange with hybrid modern authentication.
type oauth struct {
	tokens            *upstream.Client // at the token service's host
	path              string
	id, secret, scope string
	now               func() time.Time
	mu                sync.Mutex
	token             string
	until             time.Time
}

func (o *oauth) do(ctx context.Context, c *upstream.Client, r upstream.Request) (*upstream.Response, error) {
	resp, token, err := oauthTry(ctx, o, "", func(auth string) (*upstream.Response, error) { return c.Do(ctx, signed(r, auth)) })
	if err != nil || resp.Status != http.StatusUnauthorized {
		return resp, err
	}
	resp, _, err = oauthTry(ctx, o, token, func(auth string) (*upstream.Response, error) { return c.Do(ctx, signed(r, auth)) })
	return resp, err
}

func (o *oauth) stream(ctx context.Context, c *upstream.Client, r upstream.Request, idle time.Duration) (io.ReadCloser, *upstream.Response, error) {
	var body io.ReadCloser
	try := func(auth string) (resp *upstream.Response, err error) {
		body, resp, err = c.Stream(ctx, signed(r, auth), idle)
		return resp, err
	}
	resp, token, err := oauthTry(ctx, o, "", try)
	if err == nil && resp.Status == http.StatusUnauthorized {
		resp, _, err = oauthTry(ctx, o, token, try)
	}
	return body, resp, err
}

func (o *oauth) close() {}

func oauthTry(ctx context.Context, o *oauth, refused string, try func(string) (*upstream.Response, error)) (*upstream.Response, string, error) {
	token, err := o.bearer(ctx, refused)
	if err != nil {
		return nil, "", err
	}
	resp, err := try("Bearer " + token)
	return resp, token, err
}

// bearer is a token that is good for a while, and not the one that was refused.
func (o *oauth) bearer(ctx context.Context, refused string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.token != "" && o.token != refused && o.now().Before(o.until) {
		return o.token, nil
	}
	const op = "ews: token"
	form := url.Values{"client_id": {o.id}, "client_secret": {o.secret}, "grant_type": {"client_credentials"}}
	if o.scope != "" {
		form.Set("scope", o.scope)
	}
	resp, err := o.tokens.Do(ctx, upstream.Request{
		Op: op, Method: http.MethodPost, Path: o.path, Body: []byte(form.Encode()), Sensitive: true, Idempotent: true,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}},
	})
	if err != nil {
		return "", err
	}
	switch {
	case resp.Status == http.StatusBadRequest || resp.Status == http.StatusUnauthorized:
		return "", pim.Errorf(op, pim.ErrAuth, "the token service refused client_id and client_secret")
	case resp.Status == http.StatusNotFound || resp.HTML():
		return "", pim.Errorf(op, pim.ErrProtocol, "there is no token service at token_url")
	case !resp.OK():
		return "", upstream.Fault(op, resp)
	}
	var a struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"` // seconds
	}
	if err := resp.JSON(op, &a); err != nil {
		return "", err
	}
	if a.Token == "" {
		return "", pim.Errorf(op, pim.ErrProtocol, "the token service gave no token")
	}
	life := time.Duration(max(a.Expires, 0)) * time.Second
	o.token, o.until = a.Token, o.now().Add(life-min(time.Minute, life/2))
	return o.token, nil
}

// ntlm is NTLM over HTTP (MS-NTHT): a login holds for a connection, so each call has one to itself.
type ntlm struct {
	user, domain, password string
	now                    func() time.Time
	places                 chan struct{} // a place for each call that may go on

	mu   sync.Mutex
	free []*pinned // the last used is the next: it has logged in most likely
}

// pinned is one connection. It is one call's at a time.
type pinned struct {
	client *upstream.Client
	in     bool // the connection has logged in, as far as is known
}

func newNTLM(user, password string, now func() time.Time) *ntlm {
	n := &ntlm{password: password, now: now, places: make(chan struct{}, concurrency)}
	n.user, n.domain = ntlmUser(user)
	return n
}

// take waits for a place and takes a connection; give brings it back.
func (n *ntlm) take(ctx context.Context, c *upstream.Client) (*pinned, error) {
	select {
	case n.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if last := len(n.free) - 1; last >= 0 {
		p := n.free[last]
		n.free = n.free[:last]
		return p, nil
	}
	return &pinned{client: c.Pinned()}, nil
}

func (n *ntlm) give(p *pinned) {
	n.mu.Lock()
	n.free = append(n.free, p)
	n.mu.Unlock()
	<-n.places
}

func (n *ntlm) do(ctx context.Context, c *upstream.Client, r upstream.Request) (*upstream.Response, error) {
	p, err := n.take(ctx, c)
	if err != nil {
		return nil, &pim.Error{Op: r.Op, Kind: pim.ErrUnavailable, Public: "stopped before the server answered", Err: err}
	}
	defer n.give(p)
	over := c.Over(p.client)
	if p.in {
		resp, err := over.Do(ctx, r)
		if err != nil || resp.Status != http.StatusUnauthorized {
			return resp, err
		}
	}
	// A connection that broke off between the messages looks like a wrong password, once.
	for try := 1; ; try++ {
		authorization, resp, err := n.shake(ctx, over, r)
		if authorization != "" {
			resp, err = over.Do(ctx, signed(r, authorization))
		}
		p.in = err == nil && resp.Status != http.StatusUnauthorized
		if err != nil || p.in || try == 2 {
			return resp, err
		}
	}
}

// shake sends the first message and answers the challenge; without a challenge it returns what came instead: most often a 401, where the
// server has no NTLM.
func (n *ntlm) shake(ctx context.Context, c *upstream.Client, r upstream.Request) (authorization string, resp *upstream.Response, err error) {
	hello := signed(r, "NTLM "+base64.StdEncoding.EncodeToString(ntlmNegotiate()))
	hello.Body, hello.Idempotent = nil, true
	resp, err = c.Do(ctx, hello)
	if err != nil || resp.Status != http.StatusUnauthorized {
		return "", resp, err
	}
	challenge, ok := challengeOf(resp)
	if !ok {
		return "", resp, nil
	}
	l := ntlmLogin{user: n.user, domain: n.domain, password: n.password, peer: resp.Peer, nonce: make([]byte, 8), now: filetime(n.now())}
	if u, err := url.Parse(c.Base()); err == nil {
		l.host = u.Hostname()
	}
	rand.Read(l.nonce) //nolint:errcheck // never fails; crypto/rand ends the program instead
	return "NTLM " + base64.StdEncoding.EncodeToString(l.authenticate(challenge)), nil, nil
}

func challengeOf(resp *upstream.Response) (ntlmChallenge, bool) {
	for _, v := range resp.Header.Values("WWW-Authenticate") {
		scheme, token, _ := strings.Cut(v, " ")
		if !strings.EqualFold(scheme, "NTLM") || token == "" {
			continue
		}
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(token))
		if err != nil {
			continue
		}
		if c, err := readChallenge(b); err == nil {
			return c, true
		}
	}
	return ntlmChallenge{}, false
}

// filetime is MS-DTYP 2.3.3: steps of 100 ns since 1601.
func filetime(t time.Time) []byte {
	const epoch = 116444736000000000
	return binary.LittleEndian.AppendUint64(nil, uint64(t.UnixNano()/100+epoch))
}

// stream has a connection of its own for as long as it lasts.
func (n *ntlm) stream(ctx context.Context, c *upstream.Client, r upstream.Request, idle time.Duration) (io.ReadCloser, *upstream.Response, error) {
	own := c.Pinned()
	authorization, resp, err := n.shake(ctx, own, r)
	if authorization == "" {
		own.Close()
		return nil, resp, err
	}
	body, resp, err := own.Stream(ctx, signed(r, authorization), idle)
	if body == nil {
		own.Close()
		return nil, resp, err
	}
	return &closing{body, own.Close}, resp, nil
}

func (n *ntlm) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.free {
		p.client.Close()
	}
	n.free = nil
}

// closing is a body with something to end after it.
type closing struct {
	io.ReadCloser
	then func()
}

func (c *closing) Close() error {
	err := c.ReadCloser.Close()
	c.then()
	return err
}
