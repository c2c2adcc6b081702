package dav

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"

	"crmbridge/pim"
	"crmbridge/upstream"
)

const maxRedirects = 5

// session sends requests with the login, to hosts that are trusted with it.
type session struct {
	http  *upstream.Client
	login string // value of Authorization

	mu      sync.Mutex
	trusted []*url.URL
	clients map[string]*upstream.Client
}

func newSession(c *upstream.Client, user, password string) *session {
	return &session{http: c, login: "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)), clients: map[string]*upstream.Client{}}
}

// trust lets the login be sent to the host of u, and with TLS to the other hosts of its domain.
func (s *session) trust(u *url.URL) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trusted = append(s.trusted, u)
}

// trusts reports whether the login may be sent to u. Discovery goes where servers and the DNS point, which is not proof of whose
// they are (RFC 6764 8): beyond the domain that a person named they are named to the person instead.
func (s *session) trusts(u *url.URL) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.trusted, func(t *url.URL) bool {
		switch {
		case u.Scheme == t.Scheme && u.Host == t.Host:
			return true
		case u.Scheme != "https":
			return false
		case u.Hostname() == t.Hostname():
			return true
		}
		return sameDomain(u.Hostname(), t.Hostname())
	})
}

// nearest is u where its host is trusted, else the same path at the host that pointed there: servers behind a proxy can call
// themselves by a name that only they know.
func (s *session) nearest(at, u *url.URL) *url.URL {
	if s.trusts(u) {
		return u
	}
	return withPath(at, u.EscapedPath())
}

func sameDomain(a, b string) bool {
	if net.ParseIP(a) != nil || net.ParseIP(b) != nil {
		return false
	}
	da, err := publicsuffix.EffectiveTLDPlusOne(a)
	if err != nil {
		return false
	}
	db, err := publicsuffix.EffectiveTLDPlusOne(b)
	return err == nil && da == db
}

// client is the connection to the host of u.
func (s *session) client(op string, u *url.URL) (*upstream.Client, error) {
	if !s.trusts(u) {
		return nil, pim.Errorf(op, pim.ErrForbidden, "the server points to %s://%s, which is of another domain; if that is the right place, use it as the address", u.Scheme, u.Host)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	host := u.Scheme + "://" + u.Host
	if c := s.clients[host]; c != nil {
		return c, nil
	}
	c, err := s.http.At(host)
	if err != nil {
		return nil, err
	}
	s.clients[host] = c
	return c, nil
}

// request is one call.
type request struct {
	op     string
	method string
	at     *url.URL
	depth  string // "" for none
	body   string
	header http.Header
	// once: it must not be sent twice. A write whose condition was met fails the second time.
	once bool
	// follow goes where redirects lead, with the same method, as long as the host is trusted.
	follow bool
	// open sends no login.
	open bool
}

// do sends r. The URL of the answer is where it came from.
func (s *session) do(ctx context.Context, r request) (*upstream.Response, error) {
	for n := 0; ; n++ {
		c, err := s.client(r.op, r.at)
		if err != nil {
			return nil, err
		}
		resp, err := c.Do(ctx, upstream.Request{
			Op: r.op, Method: r.method, Path: r.at.EscapedPath(), Header: s.headers(r), Body: []byte(r.body), Idempotent: !r.once,
		})
		if err != nil {
			return resp, err
		}
		next := resp.Location()
		if !r.follow || resp.Status < 300 || resp.Status > 399 || next == nil || n == maxRedirects {
			return resp, nil
		}
		r.at = canonicalURL(next)
	}
}

func (s *session) headers(r request) http.Header {
	h := http.Header{}
	for k, v := range r.header {
		h[http.CanonicalHeaderKey(k)] = v
	}
	if !r.open {
		h.Set("Authorization", s.login)
	}
	if r.depth != "" {
		h.Set("Depth", r.depth)
	}
	if strings.HasPrefix(r.body, "<?xml") {
		h.Set("Content-Type", "application/xml; charset=utf-8")
	}
	if r.method == http.MethodGet || r.method == http.MethodPut {
		// An answer that is compressed on the way gets a weak entity tag from some proxies.
		h.Set("Accept-Encoding", "identity")
	}
	return h
}

// multi sends r and reads its 207 answer.
func (s *session) multi(ctx context.Context, r request) (multistatus, error) {
	resp, err := s.do(ctx, r)
	if err != nil {
		return multistatus{}, err
	}
	if resp.Status != http.StatusMultiStatus {
		return multistatus{}, refusal(r.op, resp, false)
	}
	ms, err := readMultistatus(resp.Body)
	if err != nil {
		return multistatus{}, unreadable(r.op, err)
	}
	ms.at = r.at
	if resp.URL != nil {
		ms.at = canonicalURL(resp.URL)
	}
	ms.classes = davClasses(resp.Header)
	return ms, nil
}

// errUnreadable is a 207 answer that is no sound XML: one item with a character that XML cannot hold is enough.
var errUnreadable = errors.New("dav: unreadable answer")

func unreadable(op string, err error) error {
	return &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "the server's answer is not complete or not readable", Err: fmt.Errorf("%w: %w", errUnreadable, err)}
}

// davClasses are the values of the DAV header (RFC 4918 10.1), in lower case.
func davClasses(h http.Header) map[string]bool {
	out := map[string]bool{}
	for _, v := range h.Values("DAV") {
		for c := range strings.SplitSeq(v, ",") {
			out[strings.ToLower(strings.TrimSpace(c))] = true
		}
	}
	return out
}
