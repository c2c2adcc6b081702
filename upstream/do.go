package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"crmbridge/pim"
)

// idleTimeout stays below the 120 s after which IIS closes idle connections, so
// that a request is seldom written to a connection that is being closed.
const idleTimeout = 60 * time.Second

var errAnswerTooLarge = errors.New("upstream: answer larger than the limit")

// Do makes the call, again if it may be repeated and failed in passing. The error
// is a *pim.Error:
//
//   - ErrUnavailable: no complete answer (Sent tells whether the request may have
//     been processed), or 502, 503 or 504;
//   - ErrThrottled: 429, or the remote asked for a pause that is longer than
//     MaxWait; After tells how long;
//   - ErrProtocol: an answer beyond the size limit, a redirect to elsewhere;
//   - ErrInvalid, ErrForbidden: the address may not be called.
//
// Any other status, 500 included, is returned without an error: its meaning is the
// driver's to tell. With an error for a status the Response is returned too.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	u, err := c.allowed(r)
	if err != nil {
		return nil, err
	}
	leave, err := c.pace.enter(ctx)
	if err != nil {
		return nil, wrapFailure(r.op(), false, err)
	}
	defer leave()
	plan := c.newRetries(r)
	for n := 1; ; n++ {
		if err := c.pace.turn(ctx, u.Host, c.pauseKey(u.Host)); err != nil {
			return nil, wrapFailure(r.op(), false, err)
		}
		resp, err := c.attempt(ctx, u, r, n)
		if resp != nil {
			resp.Attempts = n
			c.learn(u.Host, resp)
		}
		wait, again := plan.next(ctx, resp, err)
		if !again {
			return resp, err
		}
		if serr := c.opt.Sleep(ctx, wait); serr != nil {
			return nil, wrapFailure(r.op(), Sent(err), serr)
		}
	}
}

// allowed is where a request goes, if it may go there.
func (c *Client) allowed(r Request) (*url.URL, error) {
	u, err := c.target(r)
	if err != nil {
		return nil, err
	}
	if err := c.checkProxied(u); err != nil {
		return nil, wrapFailure(r.op(), false, err)
	}
	return u, nil
}

// learn takes from an answer how long a host wants to be left alone.
func (c *Client) learn(host string, resp *Response) {
	c.pace.heed(host, c.pauseKey(host), resp)
	c.pace.hold(c.pauseKey(host), resp.pause)
}

// attempt sends the request once and reads the whole answer.
func (c *Client) attempt(ctx context.Context, u *url.URL, r Request, n int) (*Response, error) {
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = c.opt.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// Once there is a connection the request counts as sent: net/http writes it in a
	// goroutine of its own, so that nothing later than this tells for certain.
	var sent atomic.Bool
	tctx := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	req, err := newRequest(tctx, u, r)
	if err != nil {
		return nil, err
	}
	c.fill(req, r)
	counted(ctx)
	start := c.opt.Now()
	hc := &http.Client{Transport: c.transport(), Jar: c.jar, CheckRedirect: redirectRule(r.Redirects)}
	resp, err := c.read(hc, req, r)
	err = c.verdict(r, resp, err, sent.Load())
	traced(ctx, r.method(), resp)
	c.observe(r, u, req, resp, err, n, c.opt.Now().Sub(start))
	return resp, err
}

func newRequest(ctx context.Context, u *url.URL, r Request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.method(), u.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, &pim.Error{Op: r.op(), Kind: pim.ErrInternal, Err: err}
	}
	return req, nil
}

func (c *Client) fill(req *http.Request, r Request) {
	for k, vs := range r.Header {
		req.Header[http.CanonicalHeaderKey(k)] = vs
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", c.opt.UserAgent)
	}
}

func (c *Client) read(hc *http.Client, req *http.Request, r Request) (*Response, error) {
	res, err := hc.Do(req)
	if err != nil {
		return nil, err
	}
	return c.readAll(res, r)
}

func (c *Client) readAll(res *http.Response, r Request) (*Response, error) {
	defer func() { _ = res.Body.Close() }()
	limit := r.MaxAnswer
	if limit <= 0 {
		limit = c.opt.MaxAnswer
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, errAnswerTooLarge
	}
	out := &Response{Status: res.StatusCode, Header: res.Header, Body: body, URL: res.Request.URL}
	if res.TLS != nil && len(res.TLS.PeerCertificates) > 0 {
		out.Peer = res.TLS.PeerCertificates[0]
	}
	return out, nil
}

// verdict is the error of an attempt, nil when its answer is the driver's to judge.
func (c *Client) verdict(r Request, resp *Response, err error, sent bool) error {
	if err != nil {
		return wrapFailure(r.op(), sent, err)
	}
	if r.Pause != nil {
		if resp.pause = min(r.Pause(resp), longestPause); resp.pause > 0 {
			e := Fault(r.op(), &Response{Status: http.StatusTooManyRequests})
			if resp.Status == http.StatusServiceUnavailable && !r.mayRepeat() {
				e = Fault(r.op(), resp)
			}
			e.After, e.Err = resp.pause, fmt.Errorf("status %d", resp.Status)
			return e
		}
	}
	switch resp.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return c.fault(r.op(), resp)
	}
	return nil
}

func (c *Client) fault(op string, resp *Response) error {
	e := Fault(op, resp)
	e.After = retryAfter(resp.Header, c.opt.Now())
	return e
}
