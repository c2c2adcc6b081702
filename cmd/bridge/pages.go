package main

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"crmbridge/admin"
	"crmbridge/admin/api"
	"crmbridge/auth/openid"
	"crmbridge/upstream"
)

// visitor reports whether a person opened the server's address in a browser, who is sent to the pages. Programs
// for calendars do not ask for HTML there, and get the answer of DAV.
func visitor(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && (r.URL.Path == "/" || r.URL.Path == "") &&
		strings.Contains(r.Header.Get("Accept"), "text/html") && r.Header.Get("Depth") == ""
}

// newPages are the pages for people. support makes the file for a bug report; nil: no page does.
func (a *app) newPages(support func(context.Context, io.Writer) error) (*admin.Server, error) {
	o := admin.Options{Office: a.office, Auth: a.auth, Store: a.store, Now: a.now, Random: rand.Reader, Log: a.log,
		Secure: strings.HasPrefix(a.address(), "https://"), Address: a.clientAddress, Version: version, Support: support, Panicked: a.counts.Panic}
	if u, err := url.Parse(a.cfg.PublicURL); err == nil && u.Host != "" {
		o.Origins = []string{u.Scheme + "://" + u.Host}
	}
	var err error
	if o.Elsewhere, err = a.elsewhere(); err != nil {
		return nil, err
	}
	o.MayJoin = a.cfg.OIDCCreate
	return admin.New(o)
}

// newAPI is the same for programs.
func (a *app) newAPI() (*api.Server, error) {
	return api.New(api.Options{Office: a.office, Auth: a.auth, Log: a.log, Secure: strings.HasPrefix(a.address(), "https://"), Address: a.clientAddress, Version: version, Time: a.cfg.BodyTimeout})
}

// elsewhere is where people may sign in beside here; nil is nowhere.
func (a *app) elsewhere() (*openid.Service, error) {
	c := a.cfg
	if c.OIDCIssuer == "" {
		return nil, nil
	}
	client, err := upstream.New(upstream.Options{CAFile: c.CAFile, Timeout: serviceAnswers, Allow: c.OutboundAllow, Now: a.now, UserAgent: "crmbridge/" + version,
		Log: a.log, Retries: -1, Observe: a.counts.observe("oidc")})
	if err != nil {
		return nil, err
	}
	return openid.New(openid.Options{Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, Secret: c.OIDCSecret, Redirect: a.address() + admin.Prefix + "sign-in/back",
		Label: c.OIDCLabel, Claim: c.OIDCClaim, HTTP: client, Now: a.now, Random: rand.Reader}), nil
}

// serviceAnswers is how long somebody who signs in waits for an answer of the service.
const serviceAnswers = 10 * time.Second

// inviteFirst writes to the log where the first administrator is made, as long as there is none.
func (a *app) inviteFirst(ctx context.Context, base string) error {
	secret, err := a.office.InviteFirst(ctx)
	if err == nil && secret != "" {
		a.log.Warn("there is no administrator yet: whoever opens this address makes the account that is the first, once and within a day",
			"address", base+admin.Prefix+"first/"+secret)
	}
	return err
}
