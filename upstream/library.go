package upstream

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// mostForLibraries bounds an answer that a library reads whole.
const mostForLibraries = 1 << 20

// ForLibrary is the client for a library that brings its own calls, to any host that may be called: one answer each, no redirects, and nothing that holds
// tokens in the trace. op is for errors, which are those of Do.
func (c *Client) ForLibrary(op string) *http.Client {
	return &http.Client{Transport: library{c, op}, CheckRedirect: redirectRule(false)}
}

type library struct {
	to *Client
	op string
}

// RoundTrip implements http.RoundTripper.
func (l library) RoundTrip(req *http.Request) (*http.Response, error) {
	c, err := l.to.At(req.URL.Scheme + "://" + req.URL.Host + "/")
	if err != nil {
		return nil, err
	}
	var body []byte
	if req.Body != nil {
		body, err = io.ReadAll(io.LimitReader(req.Body, mostForLibraries))
		if err = errors.Join(err, req.Body.Close()); err != nil {
			return nil, err
		}
	}
	res, err := c.Do(req.Context(), Request{Op: l.op, Method: req.Method, Path: req.URL.RequestURI(), Header: req.Header.Clone(), Body: body, Sensitive: true, MaxAnswer: mostForLibraries})
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: res.Status, Status: http.StatusText(res.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: res.Header,
		Body: io.NopCloser(bytes.NewReader(res.Body)), ContentLength: int64(len(res.Body)), Request: req}, nil
}
