package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"crmbridge/exchange"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// isMail reports the name of a collection of messages: "mail", or one that begins with "mail-".
func isMail(slug string) bool { return slug == "mail" || strings.HasPrefix(slug, "mail-") }

// mailCollection makes the collection of messages that a link names, if there is none yet: no device could make it. What a link to a
// mailbox brings has to be chosen: nobody's mail goes to the CRM as a whole by an oversight.
func (a *app) mailCollection(ctx context.Context, f linkFlags, rules rule.Rules) error {
	if !isMail(f.collection) {
		return nil
	}
	side := sideOf(f.driver)
	if goes := relay.MailRules(side, rules).Direction; rules.Defaults().Direction != rule.Both && rules.Direction != goes {
		return pim.Errorf("link add", pim.ErrInvalid, "messages go from mailboxes to CRMs only: leave the rule direction out")
	}
	if side == store.Exchange {
		switch all := slices.Contains(f.remote, everything) || slices.Contains(f.remote, string(exchange.AllMail)); {
		case len(f.remote) == 0:
			return pim.Errorf("link add", pim.ErrInvalid, `name the mail folder with --remote, or --remote all with categories: --rules '{"groups":["Customers"]}'; "bridge link folders" lists the folders`)
		case all && len(rules.Groups) == 0 && rules.Category == "":
			return pim.Errorf("link add", pim.ErrInvalid, `of all mail, categories have to be chosen: --rules '{"groups":["Customers"]}'`)
		}
	}
	return a.store.Update(ctx, func(tx *store.Tx) error {
		u, err := manage.User(tx, f.user)
		if err != nil {
			return err
		}
		if _, err := collectionNamed(tx, u, f.collection); !errors.Is(err, pim.ErrNotFound) {
			return err
		}
		_, err = tx.CreateCollection(store.Collection{UserID: u.ID, Home: store.Mail, Slug: f.collection, DisplayName: "Mail"})
		return err
	})
}
