package dav

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
)

// Ways to find changes.
const (
	changesAuto = "auto"
	changesList = "list"
)

// Driver describes groupware over CalDAV and CardDAV.
func Driver() exchange.Driver {
	return exchange.Driver{
		Name:  "dav",
		Title: "Other groupware (CalDAV and CardDAV)",
		Help: "Syncs calendars, task lists and address books of SOGo, Nextcloud, grommunio, Zimbra and other servers that speak CalDAV and CardDAV, " +
			"whole series with their exceptions included. It needs a login that may read and write them; an app password where the server has those.",
		Options: []exchange.Option{
			{Name: "url", Title: "Address", Help: "Of the server, of the user's principal, or of one calendar or address book, which is then the only one. " +
				"Empty: it is looked for by the domain of the mail address.",
				Check: func(v string) error { _, err := upstream.ParseBase(v); return err }},
			{Name: "email", Title: "Mail address", Help: "By its domain the server is found when no address is given. Empty: the user name, when that is a mail address.", Check: checkMail},
			{Name: "username", Title: "User", Required: true, Help: "Login name."},
			{Name: "password", Title: "Password", Required: true, Secret: true, Help: "Sent to the server found and to no other; an app password where the server has those."},
			{Name: "changes", Title: "Changes", Default: changesAuto, Values: []string{changesAuto, changesList},
				Help: "auto: by the server's change log (sync-collection) where it has one. list: always by comparing versions, for servers whose change log is at fault."},
		},
		Open: open,
	}
}

func checkMail(v string) error {
	if domainOf(v) == "" {
		return errors.New("must be a mail address")
	}
	return nil
}

// domainOf is the part of a mail address behind the @; "" when it is none.
func domainOf(mail string) string {
	local, domain, ok := strings.Cut(mail, "@")
	if !ok || local == "" || domain == "" || strings.ContainsAny(domain, "@/:?# \\") {
		return ""
	}
	return strings.ToLower(domain)
}

func open(_ context.Context, env exchange.Env, s exchange.Settings) (remote.Remote, error) {
	const op = "dav: open"
	s, err := Driver().Complete(s)
	if err != nil {
		return nil, &pim.Error{Op: op, Kind: pim.ErrInvalid, Public: err.Error()}
	}
	loc, err := time.LoadLocation(env.Zone)
	if err != nil {
		return nil, pim.Errorf(op, pim.ErrInvalid, "the zone %q is not known", env.Zone)
	}
	m := &mailbox{
		env: env, text: codec{zone: env.Zone, loc: loc, now: env.Now}, lists: s["changes"] == changesList,
		session: newSession(env.HTTP, s["username"], s["password"]),
		names:   net.DefaultResolver, looking: make(chan struct{}, 1), bad: map[ref]bool{},
	}
	if s["url"] != "" {
		// Complete has checked it.
		u, err := upstream.ParseBase(s["url"])
		if err != nil {
			return nil, &pim.Error{Op: op, Kind: pim.ErrInvalid, Public: err.Error()}
		}
		m.start, m.place = canonicalURL(u), strings.ToLower(u.Host)
		m.session.trust(m.start)
		return m, nil
	}
	mail := s["email"]
	if mail == "" {
		mail = s["username"]
	}
	m.domain = domainOf(mail)
	if m.domain == "" {
		return nil, pim.Errorf(op, pim.ErrInvalid, "url or email is missing: without an address the server is found by the domain of a mail address")
	}
	m.place = m.domain
	m.session.trust(&url.URL{Scheme: "https", Host: m.domain, Path: "/"})
	return m, nil
}
