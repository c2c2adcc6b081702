package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"crmbridge/pim"
)

// Stream makes a call whose answer comes in pieces over a long time, once. The body is nil unless the status is 2xx, and else has
// to be closed; it ends with ctx, and fails when nothing comes for longer than idle. Its bytes are neither counted nor traced.
// Any other answer is read whole, into the Response. Errors are those of Do. A stream takes none of the places for calls in flight: it would keep
// it for good.
func (c *Client) Stream(ctx context.Context, r Request, idle time.Duration) (io.ReadCloser, *Response, error) {
	u, err := c.allowed(r)
	if err != nil {
		return nil, nil, err
	}
	if err := c.pace.turn(ctx, u.Host, c.pauseKey(u.Host)); err != nil {
		return nil, nil, wrapFailure(r.op(), false, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &stream{op: r.op(), idle: idle, cancel: cancel}
	s.timer = time.AfterFunc(idle, s.silent)
	resp, err := c.startStream(ctx, s, u, r)
	if s.body == nil {
		_ = s.Close()
		if resp != nil {
			c.learn(u.Host, resp)
		}
		return nil, resp, err
	}
	return s, resp, nil
}

// startStream fills s.body when there is a stream to read.
func (c *Client) startStream(ctx context.Context, s *stream, u *url.URL, r Request) (*Response, error) {
	req, err := newRequest(ctx, u, r)
	if err != nil {
		return nil, err
	}
	c.fill(req, r)
	req.Header.Set("Accept-Encoding", "identity") // a compressor keeps small pieces back
	counted(ctx)
	start := c.opt.Now()
	hc := &http.Client{Transport: c.transport(), Jar: c.jar, CheckRedirect: redirectRule(r.Redirects)}
	res, err := hc.Do(req)
	var resp *Response
	switch {
	case err != nil:
		err = wrapFailure(r.op(), true, s.cause(err))
	case res.StatusCode >= 200 && res.StatusCode < 300:
		s.body = res.Body
		resp = &Response{Status: res.StatusCode, Header: res.Header, URL: res.Request.URL, Attempts: 1}
	default:
		resp, err = c.readAll(res, r)
		err = c.verdict(r, resp, err, true)
	}
	traced(ctx, r.method(), resp)
	c.observe(r, u, req, resp, err, 1, c.opt.Now().Sub(start))
	return resp, err
}

// stream is a body that must not fall silent.
type stream struct {
	op     string
	body   io.ReadCloser
	idle   time.Duration
	timer  *time.Timer
	cancel context.CancelFunc
	quiet  atomic.Bool // it did fall silent
}

func (s *stream) silent() {
	s.quiet.Store(true)
	s.cancel()
}

// cause is why a call failed that was broken off for silence.
func (s *stream) cause(err error) error {
	if s.quiet.Load() {
		return os.ErrDeadlineExceeded
	}
	return err
}

// Read implements io.Reader. Its errors are io.EOF and *pim.Error.
func (s *stream) Read(b []byte) (int, error) {
	n, err := s.body.Read(b)
	s.timer.Reset(s.idle)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	var pe *pim.Error
	if errors.As(err, &pe) {
		return n, err
	}
	return n, wrapFailure(s.op, true, s.cause(err))
}

// Close implements io.Closer.
func (s *stream) Close() error {
	s.timer.Stop()
	s.cancel()
	if s.body == nil {
		return nil
	}
	return s.body.Close()
}
