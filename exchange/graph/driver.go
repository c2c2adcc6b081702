package graph

import (
	"context"
	"strconv"
	"time"

	"golang.org/x/sync/semaphore"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream/login"
)

// Driver is the row of the driver table, for a program without an address that Microsoft can reach.
func Driver() exchange.Driver { return DriverWith(nil) }

// DriverWith is the driver of a program that has an address where a hub is served, by this process or another one; nil is none.
// Links that are opened by one and the same value share what Graph lets a mailbox ask at once.
func DriverWith(hub *Hub) exchange.Driver {
	shared := newDesks()
	return exchange.Driver{
		Name:  "graph",
		Title: "Microsoft 365",
		Help: "Syncs calendars, To Do lists and contacts of one mailbox, and reads its mail; in Microsoft 365 by Microsoft Graph. Needs an app registration with the application permissions " +
			"Calendars.ReadWrite, Contacts.ReadWrite and Tasks.ReadWrite.All, and a certificate or a secret of it; or one without any, and the sign-in of the person.",
		Options: options(),
		Open: func(_ context.Context, env exchange.Env, s exchange.Settings) (remote.Remote, error) {
			return open(hub, shared, env, s)
		},
		SignIn: openSignIn,
	}
}

func open(hub *Hub, shared *desks, env exchange.Env, s exchange.Settings) (remote.Remote, error) {
	s, err := Driver().Complete(s)
	if err == nil {
		err = together(s)
	}
	if err != nil {
		return nil, &pim.Error{Op: "graph: open", Kind: pim.ErrInvalid, Public: err.Error()}
	}
	loc, err := time.LoadLocation(env.Zone)
	if err != nil {
		return nil, pim.Errorf("graph: open", pim.ErrInvalid, "the zone %q is not known", env.Zone)
	}
	svc, err := serviceOf(env, s)
	if err != nil {
		return nil, err
	}
	c := &connector{
		service: svc, env: env, mailbox: s["mailbox"], zone: loc, photos: s["photos"] == "yes", mailsAnswers: s["answers"] == "mail",
		pageSize: number(s["page_size"]), back: number(s["days_back"]), ahead: number(s["days_ahead"]),
		poll: time.Duration(number(s["poll_seconds"])) * time.Second, hub: hub, notifyURL: notifyURL(hub, s),
		areas: areasOf(s), anyArea: s["areas"] == "", person: s["sign_in"] != "",
	}
	c.places, c.leave = shared.at(svc.client.Base()+"\x00"+accountOf(env, s), svc.most)
	c.eventTable, c.taskTable, c.contactTable = c.eventFields(), c.taskFields(), c.contactFields()
	return c, nil
}

// notifyURL is where Graph is to tell of changes; "" is nowhere.
func notifyURL(hub *Hub, s exchange.Settings) string {
	switch {
	case s["notify_url"] == noNotices:
		return ""
	case s["notify_url"] == "" && hub != nil:
		return hub.o.URL
	}
	return s["notify_url"]
}

// serviceOf is Graph behind the login of the program or of a person.
func serviceOf(env exchange.Env, s exchange.Settings) (*service, error) {
	p, svc, err := places(env, s)
	if err != nil {
		return nil, err
	}
	graph := cloudNamed(s["cloud"]).graph // whichever way Graph is reached
	open := p.open
	p.scope = graph + "/.default" // all permissions that the application has there
	if s["sign_in"] != "" {
		if env.Tokens == nil {
			return nil, pim.Errorf("graph: open", pim.ErrInvalid, "sign_in: there are no sign-ins here")
		}
		p.scope = scopesOf(graph, areasOf(s))
		open = (&person{program: *p, tokens: env.Tokens, name: s["sign_in"]}).open
	}
	svc.tokens = login.NewKeeper("graph: login", env.Now, open)
	return svc, nil
}

// places are the login and Graph at the cloud's addresses, or at those that the settings name instead.
func places(env exchange.Env, s exchange.Settings) (*program, *service, error) {
	at := cloudNamed(s["cloud"])
	if s["login_url"] != "" {
		at.login = s["login_url"]
	}
	if s["graph_url"] != "" {
		at.graph = s["graph_url"]
	}
	entra, err := env.HTTP.At(at.login)
	if err != nil {
		return nil, nil, err
	}
	client, err := env.HTTP.At(at.graph)
	if err != nil {
		return nil, nil, err
	}
	proof, err := credentialOf(s)
	if err != nil {
		return nil, nil, &pim.Error{Op: "graph: open", Kind: pim.ErrInvalid, Public: "certificate: " + err.Error()}
	}
	p := &program{client: entra, tenant: s["tenant"], id: s["client_id"], proof: proof, now: env.Now}
	most := int64(number(s["concurrency"]))
	return p, &service{client: client.For(accountOf(env, s)), places: semaphore.NewWeighted(most), most: most}, nil
}

// number is a setting that Complete has checked.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
