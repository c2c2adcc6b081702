package dav

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"crmbridge/pim"
)

// homes is where a user's collections are.
type homes struct {
	principal *url.URL // nil when the server does not tell
	calendars []*url.URL
	books     []*url.URL
	only      *url.URL // the one collection that the address is of
	// mine are the user's addresses, in lower case (RFC 6638 2.4.1); nil when the server does not tell.
	mine map[string]bool
}

func (h *homes) empty() bool { return len(h.calendars)+len(h.books) == 0 && h.only == nil }

// service is one of the two that are looked for.
type service struct {
	srv, known string
	home       string // the property of its home set
	space      string
	at         func(*homes) *[]*url.URL
}

func services() []service {
	return []service{
		{"caldav", "/.well-known/caldav", "calendar-home-set", nsCalDAV, func(h *homes) *[]*url.URL { return &h.calendars }},
		{"carddav", "/.well-known/carddav", "addressbook-home-set", nsCardDAV, func(h *homes) *[]*url.URL { return &h.books }},
	}
}

// discover finds the home sets, from the address or by the domain (RFC 6764 6). A server with one of the two services is enough.
func (m *mailbox) discover(ctx context.Context) (*homes, error) {
	h := &homes{}
	var faults []error
	try := func(u *url.URL) bool {
		err := m.principal(ctx, h, u)
		if err != nil {
			faults = append(faults, err)
		}
		// A refused login is not to be tried elsewhere: some servers lock it.
		r := pim.ReasonOf(err)
		return err == nil || r == pim.ErrNotFound || r == pim.ErrProtocol || r == pim.ErrUnsupported || r == pim.ErrForbidden
	}
	if m.start != nil && !try(m.start) {
		return nil, faults[0]
	}
	for _, s := range services() {
		if h.only != nil || len(*s.at(h)) > 0 {
			continue
		}
		u := m.start
		if u == nil {
			var err error
			if u, err = m.serverOf(ctx, s); err != nil {
				faults = append(faults, err)
				continue
			}
		} else {
			u = withPath(u, s.known)
		}
		if !try(u) {
			return nil, faults[len(faults)-1]
		}
	}
	if h.empty() && m.start != nil && m.start.EscapedPath() != "/" {
		if !try(withPath(m.start, "/")) {
			return nil, faults[len(faults)-1]
		}
	}
	if h.empty() {
		return nil, noService(m.session.name(m), faults)
	}
	return h, nil
}

// name is what a person calls the place that is searched.
func (s *session) name(m *mailbox) string {
	if m.start == nil {
		return m.domain
	}
	return m.start.Host
}

// noService says that there is neither CalDAV nor CardDAV; of what went wrong on the way the most telling is told.
func noService(host string, faults []error) error {
	for _, err := range faults {
		switch pim.ReasonOf(err) {
		case pim.ErrForbidden, pim.ErrUnavailable, pim.ErrThrottled:
			return err
		}
	}
	return &pim.Error{Op: "dav: discover", Kind: pim.ErrNotFound, Err: errors.Join(faults...),
		Public: "neither CalDAV nor CardDAV was found at " + host + "; give the address that the server's documentation names for calendar programs"}
}

// principal asks u who the user is and then that for the home sets. u can be the user's own principal, too, or one collection.
func (m *mailbox) principal(ctx context.Context, h *homes, u *url.URL) error {
	const op = "dav: discover"
	ms, err := m.session.multi(ctx, request{op: op, method: "PROPFIND", at: u, depth: "0", follow: true,
		body: propfind("d:current-user-principal", "d:resourcetype", "c:calendar-home-set", "r:addressbook-home-set", "c:calendar-user-address-set")})
	if err != nil {
		return err
	}
	self, ok := ms.self()
	if !ok {
		return pim.Errorf(op, pim.ErrProtocol, "the server's answer names nothing")
	}
	if kind := self.prop(nsDAV, "resourcetype"); m.start != nil && u == m.start && (kind.kid(nsCalDAV, "calendar") != nil || kind.kid(nsCardDAV, "addressbook") != nil) {
		h.only = ms.at
	}
	m.take(h, ms, self)
	me := self.prop(nsDAV, "current-user-principal")
	if me.kid(nsDAV, "unauthenticated") != nil { // RFC 5397 3
		return pim.Errorf(op, pim.ErrAuth, "the server does not accept user name and password")
	}
	who := me.hrefs()
	if len(who) == 0 {
		return nil
	}
	p, ok := resolve(ms.at, who[0])
	if !ok || p.String() == ms.at.String() {
		return nil
	}
	h.principal = m.session.nearest(ms.at, p)
	ms, err = m.session.multi(ctx, request{op: op, method: "PROPFIND", at: h.principal, depth: "0", follow: true,
		body: propfind("c:calendar-home-set", "r:addressbook-home-set", "c:calendar-user-address-set")})
	if pim.ReasonOf(err) == pim.ErrNotFound && h.principal != p {
		_, err = m.session.client(op, p) // which says where it was to go
	}
	if err != nil {
		return err
	}
	if self, ok = ms.self(); ok {
		m.take(h, ms, self)
	}
	return nil
}

// take notes the home sets of an answer that h has none of, and the user's addresses.
func (m *mailbox) take(h *homes, ms multistatus, r response) {
	for _, s := range services() {
		at := s.at(h)
		if len(*at) > 0 {
			continue
		}
		for _, href := range r.prop(s.space, s.home).hrefs() {
			if u, ok := resolve(ms.at, href); ok {
				*at = append(*at, asFolder(m.session.nearest(ms.at, u)))
			}
		}
	}
	for _, href := range r.prop(nsCalDAV, "calendar-user-address-set").hrefs() {
		if h.mine == nil {
			h.mine = map[string]bool{}
		}
		h.mine[address(href)] = true
	}
}

// address is a calendar user address as it is compared: without "mailto:", in lower case.
func address(uri string) string {
	uri = strings.ToLower(strings.TrimSpace(uri))
	return strings.TrimPrefix(uri, "mailto:")
}

// serverOf finds where a service of the domain is: by SRV and TXT records, else at the domain itself (RFC 6764 3, 5). Only
// servers with TLS are looked for.
func (m *mailbox) serverOf(ctx context.Context, s service) (*url.URL, error) {
	_, srvs, err := m.lookupSRV(ctx, s.srv+"s", m.domain)
	if ctx.Err() != nil {
		return nil, pim.Wrap("dav: discover", pim.ErrUnavailable, ctx.Err())
	}
	if err != nil || len(srvs) == 0 || srvs[0].Target == "." {
		return &url.URL{Scheme: "https", Host: m.domain, Path: s.known, RawPath: s.known}, nil
	}
	host := strings.ToLower(strings.TrimSuffix(srvs[0].Target, "."))
	if p := srvs[0].Port; p != 443 {
		host = net.JoinHostPort(host, strconv.Itoa(int(p)))
	}
	path := s.known
	txts, _ := m.lookupTXT(ctx, "_"+s.srv+"s._tcp."+m.domain) // without one it is the usual place
	for _, t := range txts {
		if v, ok := strings.CutPrefix(t, "path="); ok {
			if p, ok := canonicalPath(v); ok {
				path = p
			}
		}
	}
	return withPath(&url.URL{Scheme: "https", Host: host}, path), nil
}

func (m *mailbox) lookupSRV(ctx context.Context, service, domain string) (string, []*net.SRV, error) {
	return m.names.LookupSRV(ctx, service, "tcp", domain)
}

func (m *mailbox) lookupTXT(ctx context.Context, name string) ([]string, error) {
	return m.names.LookupTXT(ctx, name)
}

// resolver is what of net.Resolver discovery needs.
type resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// options asks what a collection's server can do beyond WebDAV (RFC 4918 10.1).
func (m *mailbox) options(ctx context.Context, u *url.URL) (map[string]bool, error) {
	resp, err := m.session.do(ctx, request{op: "dav: options", method: http.MethodOptions, at: u})
	if err != nil {
		return nil, err
	}
	if !resp.OK() {
		return map[string]bool{}, nil
	}
	return davClasses(resp.Header), nil
}
