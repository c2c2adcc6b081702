package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"

	"crmbridge/pim"
)

// Client is the outbound client of one connection, safe for concurrent use.
// Clients made by At and Session share its connections and limits.
type Client struct {
	*shared
	base    *url.URL // nil: none yet
	jar     http.CookieJar
	own     *http.Transport // of a Pinned client; nil: that of all
	account string          // see For
}

// shared is what all clients of a connection have in common.
type shared struct {
	opt   Options
	proxy proxy
	rt    *http.Transport
	pace  *pace
	red   *redactor

	debugMu sync.Mutex // keeps the records of concurrent calls apart
}

// New makes a client. Its errors are in plain words and name the option; they
// repeat no secret.
func New(o Options) (*Client, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	px, err := parseProxy(o.Proxy)
	if err != nil {
		return nil, fmt.Errorf("upstream: proxy: %w", err)
	}
	roots, err := trust(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("upstream: ca_file: %w", err)
	}
	d := &dialer{allow: o.Allow, lookup: o.Lookup, timeout: o.ConnectTimeout, proxy: px}
	s := &shared{opt: o, proxy: px, pace: newPace(o), red: newRedactor(o.Secrets)}
	s.rt = &http.Transport{
		Proxy:               px.forRequest,
		DialContext:         d.dial,
		ForceAttemptHTTP2:   true,
		TLSHandshakeTimeout: o.ConnectTimeout,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		MaxIdleConnsPerHost: o.Concurrency,
		IdleConnTimeout:     idleTimeout,
	}
	c := &Client{shared: s}
	if o.Base == "" {
		return c, nil
	}
	return c.At(o.Base)
}

// At is the same connection with another base, for a token service on a host of
// its own. Cookies are not taken along.
func (c *Client) At(base string) (*Client, error) {
	u, err := ParseBase(base)
	if err != nil {
		return nil, &pim.Error{Op: "upstream: base", Kind: pim.ErrInvalid, Public: err.Error()}
	}
	return &Client{shared: c.shared, base: u, own: c.own, account: c.account}, nil
}

// Session is the same connection and base with a cookie jar of its own, empty.
// A driver makes one per login, so that a renewed login never mixes with the old.
func (c *Client) Session() *Client {
	// The error is nil in all releases of the library.
	jar, _ := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	return &Client{shared: c.shared, base: c.base, jar: jar, own: c.own, account: c.account}
}

// For is the same client for the calls of one account: a pause that Request.Pause tells or a 429 asks for is its alone, while one that
// a 503 asks for is everybody's.
func (c *Client) For(account string) *Client {
	out := *c
	out.account = account
	return &out
}

func (c *Client) pauseKey(host string) string {
	if c.account == "" {
		return host
	}
	return host + " " + c.account
}

// Base is the address that paths are relative to, ending in "/"; "" without one.
func (c *Client) Base() string {
	if c.base == nil {
		return ""
	}
	return c.base.String()
}

// Cookie is the value of the session's cookie for the base address; "" when there
// is none.
func (c *Client) Cookie(name string) string {
	if c.jar == nil || c.base == nil {
		return ""
	}
	for _, k := range c.jar.Cookies(c.base) {
		if k.Name == name {
			return k.Value
		}
	}
	return ""
}

// Close ends idle connections. Calls in flight go on.
func (c *Client) Close() { c.transport().CloseIdleConnections() }

func trust(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in PEM form in it")
	}
	return pool, nil
}

// Hold keeps the calls of the client's account back for d: a remote asked for it inside an answer that was good otherwise, such as for
// some requests of a batch. Calls then wait, or fail with the rest of the pause, as after a 429.
func (c *Client) Hold(d time.Duration) {
	if c.base != nil {
		c.pace.hold(c.pauseKey(c.base.Host), min(d, longestPause))
	}
}
