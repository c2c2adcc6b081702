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

// DriverWith is the driver of a program that serves a hub; nil is none.
func DriverWith(hub *Hub) exchange.Driver {
	return exchange.Driver{
		Name:  "graph",
		Title: "Microsoft 365",
		Help: "Syncs calendars, To Do lists and contacts of one mailbox in Microsoft 365 by Microsoft Graph. Needs an app registration with the application permissions " +
			"Calendars.ReadWrite, Contacts.ReadWrite and Tasks.ReadWrite.All, and a certificate or a secret of it.",
		Options: options(),
		Open: func(_ context.Context, env exchange.Env, s exchange.Settings) (remote.Remote, error) {
			return open(hub, env, s)
		},
	}
}

func open(hub *Hub, env exchange.Env, s exchange.Settings) (remote.Remote, error) {
	s, err := Driver().Complete(s)
	if err == nil {
		err = together(s, hub != nil)
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
		service: svc, env: env, mailbox: s["mailbox"], zone: loc, photos: s["photos"] == "yes",
		pageSize: number(s["page_size"]), back: number(s["days_back"]), ahead: number(s["days_ahead"]),
		poll: time.Duration(number(s["poll_seconds"])) * time.Second, hub: hub, notifyURL: s["notify_url"],
	}
	c.eventTable, c.taskTable, c.contactTable = c.eventFields(), c.taskFields(), c.contactFields()
	return c, nil
}

// serviceOf is Graph at the cloud's addresses, or at those that the settings name instead.
func serviceOf(env exchange.Env, s exchange.Settings) (*service, error) {
	at := cloudNamed(s["cloud"])
	scope := at.graph + "/.default" // all permissions that the application has there, whichever way Graph is reached
	if s["login_url"] != "" {
		at.login = s["login_url"]
	}
	if s["graph_url"] != "" {
		at.graph = s["graph_url"]
	}
	entra, err := env.HTTP.At(at.login)
	if err != nil {
		return nil, err
	}
	client, err := env.HTTP.At(at.graph)
	if err != nil {
		return nil, err
	}
	proof, err := credentialOf(s)
	if err != nil {
		return nil, &pim.Error{Op: "graph: open", Kind: pim.ErrInvalid, Public: "certificate: " + err.Error()}
	}
	p := &program{client: entra, tenant: s["tenant"], id: s["client_id"], proof: proof, scope: scope, now: env.Now}
	most := int64(number(s["concurrency"]))
	return &service{
		tokens: login.NewKeeper("graph: login", env.Now, p.open), client: client.For(s["mailbox"]), places: semaphore.NewWeighted(most), most: most,
	}, nil
}

// number is a setting that Complete has checked.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
