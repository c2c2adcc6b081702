package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// call is one request to be sent.
type call struct {
	method, path string
	headers      []string // name, value, name, value …
	body         []byte
}

// client sends calls over one kept connection, as a program on a device does.
type client struct {
	http           *http.Client
	user, password string
}

func newClient(user, password string) *client {
	return &client{user: user, password: password, http: &http.Client{
		Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
	}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// request prepares a call, so that only sending it is timed.
func (c *client) request(ctx context.Context, base string, do call) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, do.method, base+do.path, bytes.NewReader(do.body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "bench/1.0")
	for i := 0; i < len(do.headers); i += 2 {
		r.Header.Set(do.headers[i], do.headers[i+1])
	}
	r.SetBasicAuth(c.user, c.password)
	return r, nil
}

// send does a request and writes the answer's body to w. Any other status than the
// wanted one (0: any that means success) is an error: nobody is to be fast at refusing.
func (c *client) send(r *http.Request, status int, w io.Writer) (int64, error) {
	res, err := c.http.Do(r)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, res.Body)
	err = errors.Join(err, res.Body.Close())
	if err == nil && res.StatusCode != status && (status != 0 || res.StatusCode/100 != 2) {
		err = fmt.Errorf("%s %s: status %d, want %d", r.Method, r.URL.Path, res.StatusCode, status)
	}
	return n, err
}

// fetch does a call and returns the whole answer.
func (c *client) fetch(ctx context.Context, base string, do call, status int) ([]byte, error) {
	r, err := c.request(ctx, base, do)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if _, err := c.send(r, status, &body); err != nil {
		return nil, fmt.Errorf("%w: %s", err, firstLine(body.String()))
	}
	return body.Bytes(), nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s[:min(len(s), 500)], "\n")
	return s
}

// nowhere is an http.ResponseWriter that keeps nothing, for counting allocations of
// the server alone.
type nowhere struct {
	header http.Header
	status int
}

// Header implements http.ResponseWriter.
func (n *nowhere) Header() http.Header { return n.header }

// WriteHeader implements http.ResponseWriter.
func (n *nowhere) WriteHeader(status int) { n.status = status }

// Write implements http.ResponseWriter.
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
