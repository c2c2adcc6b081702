package creatio

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"

	"crmbridge/pim"
	"crmbridge/upstream"
	"crmbridge/upstream/login"
)

// site is the OData service behind a session.
type site struct {
	sessions  *login.Keeper[session]
	client    *upstream.Client // for addresses only; calls go through sessions
	workspace string           // auto, 0 or none

	root   atomic.Pointer[string] // "0/odata/" or "odata/" once known
	tunnel atomic.Bool            // PATCH, PUT and DELETE go as POST with X-HTTP-Method
	direct atomic.Bool            // it is known that they need not
	served atomic.Bool            // OData has answered once
}

// call makes a request in a session, a second time after a new login if the answer
// says that the session is over. Any other answer is the caller's to judge.
func (s *site) call(ctx context.Context, r upstream.Request) (*upstream.Response, error) {
	r.Passing = func(resp *upstream.Response) bool { return !spoken(resp) }
	ses, err := s.sessions.Get(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := s.send(ctx, ses, r)
	if err != nil || !over(resp, ses) {
		return resp, err
	}
	forbidden := resp.Status == http.StatusForbidden
	if ses, err = s.sessions.After(ctx, ses); err != nil {
		return nil, err
	}
	if resp, err = s.send(ctx, ses, r); err != nil {
		return nil, err
	}
	if forbidden && resp.Status == http.StatusForbidden {
		ses.rights.Store(true)
	}
	return resp, nil
}

func (s *site) send(ctx context.Context, ses *session, r upstream.Request) (*upstream.Response, error) {
	h := ses.header()
	for k, v := range r.Header {
		h[k] = v
	}
	r.Header = h
	return ses.client.Do(ctx, r)
}

// over reports an answer that sites give when a session has ended: 401, 403 (the
// CSRF check fails first), a redirect to the login page, or that page itself.
func over(resp *upstream.Response, ses *session) bool {
	switch {
	case resp.Status == http.StatusUnauthorized:
		return true
	case resp.Status == http.StatusForbidden:
		return !ses.rights.Load()
	case resp.Status >= 300 && resp.Status < 400:
		loc := resp.Location()
		return loc != nil && strings.Contains(strings.ToLower(loc.Path), "login")
	}
	return resp.OK() && resp.HTML()
}

// base is the path of the OData service, found out on the first call.
func (s *site) base(ctx context.Context) (string, error) {
	if p := s.root.Load(); p != nil {
		return *p, nil
	}
	tries := map[string][]string{"auto": {"0/odata/", "odata/"}, "0": {"0/odata/"}, "none": {"odata/"}}[s.workspace]
	var first error
	for _, path := range tries {
		err := s.tryBase(ctx, path)
		if err == nil {
			s.root.Store(&path)
			s.served.Store(true)
			return path, nil
		}
		if first == nil {
			first = err
		}
		if pim.ReasonOf(err) != pim.ErrNotFound && pim.ReasonOf(err) != pim.ErrProtocol {
			return "", err
		}
	}
	if pim.ReasonOf(first) == pim.ErrNotFound {
		return "", pim.Errorf("creatio: odata", pim.ErrProtocol, "the login works, but the site has no OData service at %s", strings.Join(tries, " or "))
	}
	return "", first
}

// tryBase asks for the service document, which every user of OData may read.
func (s *site) tryBase(ctx context.Context, path string) error {
	const op = "creatio: odata"
	resp, err := s.call(ctx, upstream.Request{Op: op, Path: path})
	if err != nil {
		return err
	}
	if resp.OK() && !resp.HTML() {
		return nil
	}
	return s.explain(op, resp, false)
}

// explain is translateError with what the site's history tells about a 403.
func (s *site) explain(op string, resp *upstream.Response, write bool) error {
	if resp.Status == http.StatusForbidden && !s.served.Load() {
		return pim.Errorf(op, pim.ErrForbidden, "the login works, but this user may not use OData; give it a role with the right to use OData services")
	}
	return translateError(op, resp, write)
}

// zeroPath reports the address style of .NET Framework sites, where pages live
// under /0 too.
func (s *site) zeroPath() bool {
	p := s.root.Load()
	return p == nil && s.workspace != "none" || p != nil && strings.HasPrefix(*p, "0/")
}
