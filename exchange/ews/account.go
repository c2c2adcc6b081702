package ews

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/upstream"
)

// account is the way to one mailbox: where its server is, whose login is used, for whom.
type account struct {
	http    *upstream.Client // without an address yet
	login   login
	mailbox string // the address of the mailbox; "" when only the login is known
	acting  bool   // by impersonation
	opened  string // the mailbox, when the login opens it with its own rights, as a delegate; else ""
	fixed   string // the address of EWS; "" is found by autodiscover
	find    func(ctx context.Context) (string, error)
	payer   string        // whose allowance is used up
	places  chan struct{} // those of the payer, one for each call that may be under way; streams need none

	looking chan struct{} // held by who looks for the server
	found   *endpoint     // guarded by it
}

// endpoint is where EWS is.
type endpoint struct {
	client *upstream.Client
	path   string
}

// request is one call of EWS.
type request struct {
	op   string // for errors: "ews: get items"
	body el
	// write changes something: it is sent once, for its outcome is unknown when no answer comes.
	write bool
}

// call sends a request and reads the answer. Its messages are the caller's to judge.
func (a *account) call(ctx context.Context, r request) (answer, error) {
	at, err := a.endpoint(ctx)
	if err != nil {
		return answer{}, err
	}
	select {
	case a.places <- struct{}{}:
		defer func() { <-a.places }()
	case <-ctx.Done():
		return answer{}, unanswered(r.op, ctx.Err())
	}
	resp, err := a.login.do(ctx, at.client, a.http1(at, r))
	if err != nil {
		return answer{}, err
	}
	return judge(r.op, resp)
}

func unanswered(op string, err error) error {
	return &pim.Error{Op: op, Kind: pim.ErrUnavailable, Public: "stopped before the server answered", Err: err}
}

// stream sends a request whose answer comes in pieces; they are read from the body, which is nil exactly when there is an error.
func (a *account) stream(ctx context.Context, at endpoint, r upstream.Request, idle time.Duration) (io.ReadCloser, error) {
	body, resp, err := a.login.stream(ctx, at.client, r, idle)
	if err != nil || body != nil {
		return body, err
	}
	if _, err = judge(r.Op, resp); err == nil {
		err = httpFault(r.Op, resp)
	}
	return nil, err
}

// http1 is the request as it is sent. X-AnchorMailbox leads it to the server that has the mailbox, and the id of the request stands
// in the logs of both sides.
func (a *account) http1(at endpoint, r request) upstream.Request {
	h := http.Header{
		"Content-Type": {"text/xml; charset=utf-8"}, "Accept": {"text/xml"},
		"client-request-id": {uuid.NewString()}, "return-client-request-id": {"true"},
	}
	impersonate := ""
	if a.acting {
		impersonate = a.mailbox
	}
	if a.mailbox != "" {
		h.Set("X-AnchorMailbox", a.mailbox)
	}
	return upstream.Request{
		Op: r.op, Method: http.MethodPost, Path: at.path, Header: h, Body: envelope(r.body, impersonate),
		Idempotent: !r.write, Passing: passing, Pause: busy,
	}
}

// endpoint is where EWS is, found once.
func (a *account) endpoint(ctx context.Context) (endpoint, error) {
	select {
	case a.looking <- struct{}{}:
		defer func() { <-a.looking }()
	case <-ctx.Done():
		return endpoint{}, unanswered("ews: address", ctx.Err())
	}
	if a.found != nil {
		return *a.found, nil
	}
	address := a.fixed
	if address == "" {
		var err error
		if address, err = a.find(ctx); err != nil {
			return endpoint{}, err
		}
	}
	base, path, err := splitAddress(address)
	if err != nil {
		return endpoint{}, &pim.Error{Op: "ews: address", Kind: pim.ErrInvalid, Public: err.Error()}
	}
	client, err := a.http.At(base)
	if err != nil {
		return endpoint{}, err
	}
	a.found = &endpoint{client.For(a.payer), path}
	return *a.found, nil
}

// payer is whose allowance at the server the calls use up: the mailbox's that is acted for, else the login's ("EWS throttling in
// Exchange").
func payer(s exchange.Settings) string {
	if acting(s) || s["user"] == "" {
		return strings.ToLower(mailboxOf(s))
	}
	return strings.ToLower(s["user"])
}

// asmx is where EWS is on a server.
const asmx = "/EWS/Exchange.asmx"

// splitAddress reads the address of a server or of its EWS as people type it.
func splitAddress(s string) (base, path string, err error) {
	u, err := upstream.ParseBase(s)
	if err != nil {
		return "", "", err
	}
	if err := online(u.Hostname()); err != nil {
		return "", "", err
	}
	path = strings.TrimSuffix(u.Path, "/")
	switch strings.ToLower(path) {
	case "", "/owa", "/ecp":
		path = asmx
	case "/ews":
		path += "/Exchange.asmx"
	}
	root := url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}
	return root.String(), path, nil
}

// close ends the login's connections.
func (a *account) close() { a.login.close() }
