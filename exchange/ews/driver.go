package ews

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
)

// Driver is the row of the driver table. Links that are opened by one and the same value share streams of
// notifications and what an account may ask at once.
func Driver() exchange.Driver {
	shared := newStreams()
	return exchange.Driver{
		Name:  "ews",
		Title: "Exchange Server",
		Help: "Syncs calendars, tasks and contacts of one mailbox of Exchange Server 2016, 2019 or Subscription Edition, and reads its mail. Needs the mailbox's address and a login: the user's own, " +
			"or that of a service account with the role ApplicationImpersonation. Mailboxes in Microsoft 365 are connected by Graph.",
		Options: options(),
		Open: func(_ context.Context, env exchange.Env, s exchange.Settings) (remote.Remote, error) {
			return open(env, s, shared)
		},
	}
}

// Ways to log in.
const (
	authBasic = "basic"
	authNTLM  = "ntlm"
	authOAuth = "oauth"
)

// Invitations.
const (
	inviteNobody = "nobody"
	inviteAll    = "all"
)

const (
	auto = "auto"
	yes  = "yes"
	no   = "no"
)

// mostPage is the most that SyncFolderItems gives at once (MaxSyncChangesReturnedType).
const mostPage = 512

func options() []exchange.Option {
	address := func(v string) error { _, _, err := splitAddress(v); return err }
	return []exchange.Option{
		{Name: "url", Title: "Server", Check: address, Help: "The server's name or the address of its Exchange Web Services, for example mail.example.org. Empty: it is found by the mailbox's address (autodiscover)."},
		{Name: "mailbox", Title: "Mailbox", Check: checkMailbox, Help: "The e-mail address of the mailbox. It can be left out when the login's own mailbox is meant and the server is named."},
		{Name: "user", Title: "User", Help: `Who logs in: user@example.org or DOMAIN\user.`},
		{Name: "password", Title: "Password", Secret: true},
		{Name: "auth", Title: "Login", Default: authBasic, Values: []string{authBasic, authNTLM, authOAuth}, Help: "basic: over TLS. ntlm: where basic is switched off. oauth: hybrid modern authentication, by client credentials."},
		{Name: "impersonate", Title: "Act for the mailbox", Default: auto, Values: []string{auto, yes, no}, Help: "Whether the login acts for the mailbox by the role ApplicationImpersonation; auto: when the mailbox is not the login's; no: the login opens it with its own rights, as a delegate."},
		{Name: "token_url", Title: "Token service", Check: func(v string) error { _, err := upstream.ParseBase(v); return err }, Help: "With oauth: the address that gives tokens."},
		{Name: "client_id", Title: "Client ID", Help: "With oauth."},
		{Name: "client_secret", Title: "Client secret", Secret: true},
		{Name: "scope", Title: "Scope", Help: "With oauth: what the token is for, such as https://mail.example.org/.default."},
		{Name: "invitations", Title: "Mail attendees", Default: inviteNobody, Values: []string{inviteNobody, inviteAll}, Help: "Whether Exchange mails attendees when the bridge makes, changes or deletes a meeting that the mailbox organises. nobody: the side where the meeting was made has done so."},
		{Name: "page_size", Title: "Page size", Default: "100", Check: checkPage, Help: "Changes a request, 1 to 512."},
	}
}

func checkMailbox(v string) error {
	name, domain, ok := strings.Cut(v, "@")
	if !ok || name == "" || domain == "" || strings.ContainsAny(domain, "@/:? ") {
		return errors.New("must be an e-mail address")
	}
	return online(domain)
}

func checkPage(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 1 || n > mostPage {
		return fmt.Errorf("must be a number from 1 to %d", mostPage)
	}
	return nil
}

func open(env exchange.Env, s exchange.Settings, shared *streams) (remote.Remote, error) {
	const op = "ews: open"
	s, err := Driver().Complete(s)
	if err == nil {
		err = together(s)
	}
	if err != nil {
		return nil, &pim.Error{Op: op, Kind: pim.ErrInvalid, Public: err.Error()}
	}
	z, err := newZones(env.Zone)
	if err != nil {
		return nil, pim.Errorf(op, pim.ErrInvalid, "the zone %q is not known", env.Zone)
	}
	z.self = mailboxOf(s)
	way, err := newLogin(env, s)
	if err != nil {
		return nil, err
	}
	size, err := strconv.Atoi(s["page_size"])
	if err != nil {
		return nil, pim.Errorf(op, pim.ErrInvalid, "page_size is not a number")
	}
	a := &account{http: env.HTTP, login: way, mailbox: mailboxOf(s), acting: acting(s), fixed: s["url"], payer: payer(s), places: shared.placesOf(s["url"], payer(s)), looking: make(chan struct{}, 1)}
	if !a.acting && !strings.EqualFold(a.mailbox, s["user"]) {
		a.opened = a.mailbox // also where it is most likely the login's own: a guess must not open another one
	}
	a.find = func(ctx context.Context) (string, error) { return discovery{env.HTTP, way}.ews(ctx, a.mailbox) }
	m := &mail{account: a, env: env, zones: z, settings: s, pageSize: size, known: map[remote.CollectionID]shelf{},
		streams: shared, delegate: a.opened != "" && !own(s), login: loginOf(s), closed: make(chan struct{})}
	if m.delegate {
		return m, nil
	}
	return watched{m}, nil
}

// mailboxOf is the address of the mailbox: as it is named, or that of the login.
func mailboxOf(s exchange.Settings) string {
	if s["mailbox"] == "" && strings.Contains(s["user"], "@") {
		return s["user"]
	}
	return s["mailbox"]
}

func acting(s exchange.Settings) bool {
	if s["impersonate"] == auto {
		return s["mailbox"] != "" && !own(s)
	}
	return s["impersonate"] == yes
}

// own reports a mailbox that is, by its name, that of the login: EXAMPLE\ann and ann@example.org.
func own(s exchange.Settings) bool {
	name, _, _ := strings.Cut(s["mailbox"], "@")
	user, _ := ntlmUser(s["user"])
	return s["mailbox"] == "" || strings.EqualFold(s["mailbox"], user) || strings.EqualFold(name, user)
}

// together checks what options mean only in combination.
func together(s exchange.Settings) error {
	var faults []error
	need := func(name string) {
		if s[name] == "" {
			faults = append(faults, fmt.Errorf("%s is missing (needed with auth %s)", name, s["auth"]))
		}
	}
	if s["auth"] == authOAuth {
		need("token_url")
		need("client_id")
		need("client_secret")
	} else {
		need("user")
		need("password")
	}
	switch {
	case s["url"] == "" && mailboxOf(s) == "":
		faults = append(faults, errors.New("url or mailbox is missing: one of them is needed to find the server"))
	case s["mailbox"] == "" && acting(s):
		faults = append(faults, errors.New("mailbox is missing: for whom is the login to act?"))
	}
	return errors.Join(faults...)
}

// newLogin is the way to log in that the settings ask for.
func newLogin(env exchange.Env, s exchange.Settings) (login, error) {
	switch s["auth"] {
	case authNTLM:
		return newNTLM(s["user"], s["password"], env.Now), nil
	case authOAuth:
		u, err := upstream.ParseBase(s["token_url"])
		if err != nil {
			return nil, &pim.Error{Op: "ews: open", Kind: pim.ErrInvalid, Public: err.Error()}
		}
		root := url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}
		at, err := env.HTTP.At(root.String())
		if err != nil {
			return nil, err
		}
		return &oauth{tokens: at, path: strings.TrimSuffix(u.Path, "/"), id: s["client_id"], secret: s["client_secret"], scope: s["scope"], now: env.Now}, nil
	}
	return basic{s["user"], s["password"]}, nil
}
