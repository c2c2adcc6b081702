package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"crmbridge/pim"
)

// Upload makes a call whose body is read while it is sent, once: size bytes of it, no more and no fewer. Neither memory nor the trace
// holds the body. It fails when nothing of it goes, and nothing comes back, for longer than idle. An error of body is the
// error; a body that ends before its size is ErrProtocol, and the server gets no whole request then. Other errors are those of Do.
// Where the answer comes early, or does not come, a read of body may still be under way when Upload returns.
func (c *Client) Upload(ctx context.Context, r Request, body io.Reader, size int64, idle time.Duration) (*Response, error) {
	u, err := c.allowed(r)
	if err != nil {
		return nil, err
	}
	leave, err := c.pace.enter(ctx)
	if err != nil {
		return nil, wrapFailure(r.op(), false, err)
	}
	defer leave()
	if err := c.pace.turn(ctx, u.Host, c.pauseKey(u.Host)); err != nil {
		return nil, wrapFailure(r.op(), false, err)
	}
	resp, err := c.upload(ctx, u, r, body, size, idle)
	if resp != nil {
		c.learn(u.Host, resp)
	}
	return resp, err
}

func (c *Client) upload(ctx context.Context, u *url.URL, r Request, body io.Reader, size int64, idle time.Duration) (*Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &stream{op: r.op(), idle: idle, cancel: cancel}
	s.timer = time.AfterFunc(idle, s.silent)
	defer func() { _ = s.Close() }()
	r.Body = nil // what is sent is told by nobody
	req, err := newRequest(ctx, u, r)
	if err != nil {
		return nil, err
	}
	sent := &sending{op: r.op(), body: body, left: size, timer: s.timer, idle: idle}
	req.Body, req.ContentLength, req.GetBody = io.NopCloser(sent), size, nil
	if size == 0 {
		req.Body = http.NoBody
	}
	c.fill(req, r)
	counted(ctx)
	start := c.opt.Now()
	hc := &http.Client{Transport: c.transport(), Jar: c.jar, CheckRedirect: redirectRule(false)}
	resp, err := c.read(hc, req, r)
	err = c.verdict(r, resp, s.cause(err), true)
	if own := sent.fault(); own != nil {
		resp, err = nil, own
	}
	traced(ctx, r.method(), resp)
	c.observe(r, u, req, resp, err, 1, c.opt.Now().Sub(start))
	return resp, err
}

// sending is a body on its way. What is wrong with it is kept: net/http tells it in words of its own.
type sending struct {
	op    string
	body  io.Reader
	left  int64
	timer *time.Timer
	idle  time.Duration

	mu     sync.Mutex
	failed error
}

func (s *sending) fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// Read implements io.Reader.
func (s *sending) Read(b []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.body.Read(b[:min(int64(len(b)), s.left)])
	s.left -= int64(n)
	s.timer.Reset(s.idle)
	switch {
	case s.left == 0:
		return n, nil
	case errors.Is(err, io.EOF):
		err = pim.Errorf(s.op, pim.ErrProtocol, "the file ended before its size")
	}
	if err != nil {
		s.mu.Lock()
		s.failed = err
		s.mu.Unlock()
	}
	return n, err
}
