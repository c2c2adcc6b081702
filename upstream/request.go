package upstream

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"crmbridge/pim"
)

// Request is one call. The zero Method is GET.
type Request struct {
	Op     string // for errors: "creatio: list activities"; "" is method and path
	Method string
	// Path is relative to the base ("odata/Contact") and already escaped; with a
	// leading "/" it begins at the host's root. An absolute URL must have the
	// base's scheme and host.
	Path   string
	Query  url.Values // encoded with %20 for a space, which every server reads
	Header http.Header
	Body   []byte
	// Idempotent says that repeating the call does no harm. GET and HEAD are
	// idempotent anyway.
	Idempotent bool
	// Passing tells whether a 500 may be gone a moment later; nil takes every 500 for
	// passing. Some remotes answer 500 to what will never work.
	Passing func(*Response) bool
	// Pause tells how long an answer asks to be left alone, for remotes that say so in words of their own; 0: it does not. nil:
	// only status and Retry-After tell. What was answered so was not carried out, whatever its status: it is ErrThrottled and may
	// be sent again, and the calls of the client's account wait (Client.For). A 503 is repeated as ever: it may come from somebody on
	// the way, and of a write the outcome is unknown.
	Pause func(*Response) time.Duration
	// Redirects follows redirects within the host. Otherwise a 3xx is an answer
	// like any other: a driver must see that it was sent to a login page.
	Redirects bool
	// Sensitive keeps the bodies out of the debug trace altogether (logins).
	Sensitive bool
	MaxAnswer int64         // bytes; 0 is the client's
	Timeout   time.Duration // of one attempt; 0 is the client's
}

// Response is an answer that was read to its end.
type Response struct {
	Status   int
	Header   http.Header
	Body     []byte
	URL      *url.URL // where it came from, after redirects
	Attempts int      // how many it took
	// Peer is the server's certificate; nil without TLS. Logins bind themselves to it (RFC 5929).
	Peer *x509.Certificate

	pause time.Duration // what Request.Pause told
}

// OK reports a 2xx status.
func (r *Response) OK() bool { return r.Status >= 200 && r.Status < 300 }

// HTML reports a web page: by its type, or by its look when the type is missing
// or wrong.
func (r *Response) HTML() bool {
	typ, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && (typ == "text/html" || typ == "application/xhtml+xml") {
		return true
	}
	head := bytes.ToLower(bytes.TrimLeft(r.text(), " \t\r\n"))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}

// Location is the target of a redirect, absolute; nil when there is none.
func (r *Response) Location() *url.URL {
	loc := r.Header.Get("Location")
	if loc == "" || r.URL == nil {
		return nil
	}
	u, err := r.URL.Parse(loc)
	if err != nil {
		return nil
	}
	return u
}

// JSON reads the body into v. A web page, a cut-off or a malformed body is
// ErrProtocol.
func (r *Response) JSON(op string, v any) error {
	if r.HTML() {
		return &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "the server answered with a web page instead of data"}
	}
	if err := json.Unmarshal(r.text(), v); err != nil {
		return &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "the server's answer is not complete or not readable", Err: err}
	}
	return nil
}

// text is the body without a byte order mark, which some .NET builds send before
// JSON although RFC 8259 8.1 forbids it.
func (r *Response) text() []byte { return bytes.TrimPrefix(r.Body, []byte("\xef\xbb\xbf")) }

func (r Request) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

func (r Request) mayRepeat() bool {
	return r.Idempotent || r.method() == http.MethodGet || r.method() == http.MethodHead
}

func (r Request) op() string {
	if r.Op != "" {
		return r.Op
	}
	path, _, _ := strings.Cut(r.Path, "?")
	return "upstream: " + r.method() + " " + path
}

// target is the URL of r, which never leaves the client's base host.
func (c *Client) target(r Request) (*url.URL, error) {
	if c.base == nil {
		return nil, &pim.Error{Op: r.op(), Kind: pim.ErrInvalid, Public: "no server address is set"}
	}
	ref, err := url.Parse(r.Path)
	if err != nil {
		return nil, &pim.Error{Op: r.op(), Kind: pim.ErrInternal, Err: err}
	}
	u := c.base.ResolveReference(ref)
	if u.Scheme != c.base.Scheme || u.Host != c.base.Host || u.User != nil {
		return nil, &pim.Error{Op: r.op(), Kind: pim.ErrForbidden, Public: "the server points to another address, which is not followed"}
	}
	if len(r.Query) > 0 {
		q := strings.ReplaceAll(r.Query.Encode(), "+", "%20")
		if u.RawQuery != "" {
			q = u.RawQuery + "&" + q
		}
		u.RawQuery = q
	}
	return u, nil
}
