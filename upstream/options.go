package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Options are the settings of one connection. Only Now is required.
type Options struct {
	// Base is what request paths are relative to: "crm.example.org/path". A
	// missing scheme means https. "" means that At is called before the first
	// request.
	Base string
	// Proxy is "direct" (or ""), "environment", or a URL (http, https, socks5)
	// that may hold user and password.
	Proxy string
	// CAFile names a PEM file whose certificates are trusted besides the system's.
	CAFile string

	ConnectTimeout time.Duration // dialling and TLS; 0 is 10 s
	Timeout        time.Duration // one attempt from dialling to the last byte; 0 is 60 s
	MaxAnswer      int64         // bytes of an answer after decompression; 0 is 32 MiB
	UserAgent      string        // "" is "crmbridge"

	// Pauses is shared by the clients that are to wait together when a host asks for a
	// pause; nil: this one waits for itself.
	Pauses *Pauses

	// Retries is how often a call that may be repeated is tried again; 0 is 3,
	// negative is never.
	Retries int
	// MaxWait is the longest a call waits for its next attempt or for the pause
	// that the remote asked for; beyond it the call fails and the error's After
	// tells the rest. 0 is 30 s.
	MaxWait time.Duration

	Rate        float64 // requests a second; 0 is unlimited
	Burst       int     // requests that may go out at once under Rate; 0 is 1
	Concurrency int     // calls in flight; 0 is 8

	// Allow lists networks that may be dialled although they are private,
	// loopback, link-local or otherwise not public. It is the operator's, never a
	// user's.
	Allow []netip.Prefix

	Log *slog.Logger // one line per attempt at debug level; nil discards
	// Debug, if set, gets headers and bodies, redacted. Secrets lists values that
	// are masked there wherever they turn up.
	Debug   io.Writer
	Secrets []string
	// Observe is called after each attempt, concurrently; nil is nobody.
	Observe func(Exchange)

	Now   func() time.Time                                 // required
	Rand  func() float64                                   // in [0, 1), for jitter; nil is math/rand/v2
	Sleep func(ctx context.Context, d time.Duration) error // nil is a timer
	// Lookup resolves a host name; nil is the system's resolver.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

func (o Options) complete() (Options, error) {
	if o.Now == nil {
		return o, errors.New("upstream: no clock given")
	}
	orDuration(&o.ConnectTimeout, 10*time.Second)
	orDuration(&o.Timeout, 60*time.Second)
	orDuration(&o.MaxWait, 30*time.Second)
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = 32 << 20
	}
	if o.UserAgent == "" {
		o.UserAgent = "crmbridge"
	}
	if o.Retries == 0 {
		o.Retries = 3
	}
	if o.Burst <= 0 {
		o.Burst = 1
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 8
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Lookup == nil {
		o.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	return o, nil
}

func orDuration(d *time.Duration, def time.Duration) {
	if *d <= 0 {
		*d = def
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// ParseBase reads an address as people type it: the scheme may be missing and
// means https then; the path ends in "/". Only http and https are accepted, and
// no user, query or fragment. The error is in plain words.
func ParseBase(s string) (*url.URL, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, errors.New("the address is missing")
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		// url.Error repeats its input, which may hold a password.
		return nil, errors.New("the address is not a URL")
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("the address must begin with https:// (or http://), not %s://", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("the address has no host name")
	case u.User != nil:
		return nil, errors.New("the address must not hold user or password")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the address must not hold ? or #")
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
		u.RawPath = ""
	}
	return u, nil
}
