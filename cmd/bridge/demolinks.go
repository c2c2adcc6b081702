package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"crmbridge/exchange/ews/ewssim"
	"crmbridge/manage"
	"crmbridge/remote"
)

// demoMail is the e-mail address of the one person there is, here, in the CRM and in Exchange.
// Were they different, clients would take the person's own meetings for those of
// somebody else and let nobody change them (RFC 6638 2.4.1: calendar-user-address-set).
const demoMail = "supervisor@example.org"

// demoLetter is a letter from one of the people in the simulated CRM, with a file.
const demoLetter = `{"from":"ada.exampleton@example.org","to":["` + demoMail + `"],"subject":"Our offer","body":"As discussed.","files":[{"name":"offer.txt","content":"T3VyIG9mZmVyCg=="}]}`

// startExchange starts an Exchange Server with the mailbox of the one person.
func startExchange(dir string, acc *demoAccess) (*simulator, error) {
	sim, err := ewssim.New(ewssim.Options{Dir: dir, ControlToken: acc.MailToken,
		Mailboxes: []ewssim.Mailbox{{Address: demoMail, Name: "Demo Supervisor", Password: acc.MailPassword}}})
	if err != nil {
		return nil, err
	}
	return simulate("the simulated Exchange Server", sim, &acc.MailAddr)
}

// demoLinks links the collections to what a driver leads to, unless they are. Messages are those that come in and go out.
func (a *app) demoLinks(ctx context.Context, acc demoAccess, driver, suffix string, given remote.Settings) error {
	have, err := a.office.Links(ctx, acc.User)
	if err != nil {
		return err
	}
	settings, err := drivers().Complete(driver, given)
	if err != nil {
		return err
	}
	for _, slug := range []string{"calendar", "tasks", "contacts", "mail"} {
		if slices.ContainsFunc(have, func(l manage.Link) bool { return l.Collection == slug && l.Driver == driver }) {
			continue
		}
		n := manage.NewLink{Connection: manage.Connection{User: acc.User, Driver: driver, Settings: settings}, Name: slug + suffix, Collection: slug, Interval: 2 * time.Second,
			Rules: `{"reconcileEvery":"10s","allOwners":` + fmt.Sprint(slug == "contacts") + `}`}
		if slug == "mail" && driver == "ews" {
			n.Remote = []string{"Inbox", "Sent Items"}
		}
		if _, err := a.office.LookOver(ctx, n); err != nil {
			return err
		}
		if _, err := a.office.AddLink(ctx, n); err != nil {
			return err
		}
	}
	return nil
}
