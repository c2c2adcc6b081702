package manage

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// Connection says how to reach a CRM or mail server on behalf of an account, before there is a link.
type Connection struct {
	User, Driver string
	// Settings are the driver's options, complete (Complete).
	Settings remote.Settings
}

// Complete fills in what the driver's options are by default, and finds all that is wrong with those given.
// Errors: pim.ErrInvalid.
func (ds Drivers) Complete(driver string, given remote.Settings) (remote.Settings, error) {
	d, ok := ds.Named(driver)
	if !ok {
		return nil, pim.Errorf("link", pim.ErrInvalid, "there is no driver %q; there are %s", driver, strings.Join(ds.Names(), ", "))
	}
	full, err := d.Complete(given)
	if err != nil {
		err = &pim.Error{Op: "link", Kind: pim.ErrInvalid, Public: strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	return full, err
}

// NewLink is a link to be made.
type NewLink struct {
	Connection
	Name       string // "" is driver and collection
	Collection string // of the account, by the last part of its address; mail or mail-NAME for messages
	// Remote are the collections there, by id or name; none is the one that fits, Everything is all that fit.
	Remote []string
	Rules  string // as JSON; "" is the defaults
	// Interval is the time between polls; 0 is the Office's.
	Interval time.Duration
	// NoTest adds it without asking the other side, where its collection is named by its id.
	NoTest bool
}

// Title is the link's name.
func (n NewLink) Title() string {
	if n.Name != "" {
		return n.Name
	}
	return n.Driver + " " + n.Collection
}

// LookOver checks what can be checked without the other side, and tells the kinds that the link can be for. A collection of messages
// is made if there is none yet. Errors: a Fault, pim.ErrInvalid, pim.ErrNotFound, pim.ErrExists.
func (o *Office) LookOver(ctx context.Context, n NewLink) (kinds pim.KindSet, err error) {
	rules, err := ReadRules(n.Rules)
	if err != nil {
		return 0, err
	}
	if err := relay.CheckRules(o.side(n.Driver), rules); err != nil {
		return 0, err
	}
	if err := o.mailCollection(ctx, n, rules); err != nil {
		return 0, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		u, err := User(tx, n.User)
		if err != nil {
			return err
		}
		coll, err := CollectionNamed(tx, u, n.Collection)
		if err != nil {
			return err
		}
		kinds = pim.Kinds(relay.Kinds(coll)...)
		if only := pim.Kinds(rules.Kinds...); only != 0 {
			kinds &= only
		}
		return o.Connections.Vacant(tx, store.Link{Name: n.Title(), UserID: u.ID, CollectionID: coll.ID, Side: o.side(n.Driver), Driver: n.Driver}, nil)
	})
	return kinds, err
}

// AddLink stores a link and queues its first run. Errors: as LookOver, and what the other side answers.
func (o *Office) AddLink(ctx context.Context, n NewLink) (l store.Link, err error) {
	d, err := o.begin(ctx, "link.add", n.User+": "+n.Title())
	if err != nil {
		return l, err
	}
	defer d.end(&err)
	d.note("driver", n.Driver)
	d.note("collection", n.Collection)
	rules, err := ParseRules(n.Rules)
	if err != nil {
		return store.Link{}, err
	}
	l = store.Link{Name: n.Title(), Driver: n.Driver, Side: o.side(n.Driver), Interval: n.Interval}
	if l.Interval == 0 {
		l.Interval = o.Interval
	}
	var u store.User
	var coll store.Collection
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if u, err = User(tx, n.User); err != nil {
			return err
		}
		coll, err = CollectionNamed(tx, u, n.Collection)
		return err
	})
	if err != nil {
		return l, err
	}
	l.UserID, l.CollectionID = u.ID, coll.ID
	if rules = ofSide(l.Side, rules); coll.Home == store.Mail {
		rules.Kinds = []pim.Kind{pim.KindMessage}
		rules = relay.MailRules(l.Side, rules)
	}
	// An untested link to a place named by its id asks nobody; its runs will tell.
	if n.NoTest && len(n.Remote) == 1 && n.Remote[0] != Everything {
		l.Remote = n.Remote[0]
	} else {
		var cs []remote.Collection
		if l.Remote, rules.Kinds, cs, err = o.meet(ctx, n, coll, rules); err != nil {
			return l, err
		}
		relay.NameFolders(&l, cs, o.Now())
	}
	// Once more: which fields a filter can ask for depends on the kinds.
	if err := rules.Defaults().Validate(); err != nil {
		return l, pim.Errorf("link add", pim.ErrInvalid, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if l.Rules, err = json.Marshal(rules); err != nil {
		return l, err
	}
	plain, err := json.Marshal(n.Settings)
	if err != nil {
		return l, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if err := o.Connections.Vacant(tx, l, n.Settings); err != nil {
			return err
		}
		if err := relay.CheckContacts(tx, o.Connections, l, n.Settings, rules); err != nil {
			return err
		}
		if l, err = tx.CreateLink(l); err != nil {
			return err
		}
		// Sealed for this link: the id has to be known first.
		if l.Settings, err = o.Keeper.Seal(relay.SealPurpose(l.ID), plain); err != nil {
			return err
		}
		if err := tx.UpdateLink(l, "Settings"); err != nil {
			return err
		}
		return o.Jobs.Want(ctx, tx, l.ID, "first")
	})
	return l, err
}

// ofSide completes rules with what is usual on a side. A contact of a CRM is the company's, so that by itself a person's deletion
// takes it from the person only; an address book on a mail server is the person's own.
func ofSide(s store.Side, rules rule.Rules) rule.Rules {
	if _, said := rules.Remove[pim.KindContact]; s != store.Exchange || said {
		return rules
	}
	remove := maps.Clone(rules.Remove)
	if remove == nil {
		remove = map[pim.Kind]rule.Removal{}
	}
	remove[pim.KindContact] = rule.RemoveDelete
	rules.Remove = remove
	return rules
}

// CollectionNamed finds a collection by its path segment in any home.
func CollectionNamed(tx *store.Tx, u store.User, slug string) (store.Collection, error) {
	var there []string
	for _, h := range []store.Home{store.Calendars, store.AddressBooks, store.Mail} {
		c, err := tx.CollectionBySlug(u.ID, h, slug)
		if err == nil || !errors.Is(err, pim.ErrNotFound) {
			return c, err
		}
		cs, err := tx.Collections(u.ID, h)
		if err != nil {
			return store.Collection{}, err
		}
		for _, c := range cs {
			there = append(there, c.Slug)
		}
	}
	return store.Collection{}, pim.Errorf("link", pim.ErrNotFound, "%s has no collection %q; there are: %s. Programs for calendars and contacts can make others",
		u.Name, slug, cmp.Or(strings.Join(there, ", "), "none"))
}

// CollectionOf is the collection of an account by the last part of its address. Errors: pim.ErrNotFound.
func (o *Office) CollectionOf(ctx context.Context, account store.UserID, slug string) (id store.CollectionID, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		u, err := tx.User(account)
		if err != nil {
			return err
		}
		c, err := CollectionNamed(tx, u, slug)
		id = c.ID
		return err
	})
	return id, err
}

// isMail reports the name of a collection of messages: "mail", or one that begins with "mail-".
func isMail(slug string) bool { return slug == "mail" || strings.HasPrefix(slug, "mail-") }

// mailCollection makes the collection of messages that a link names, if there is none yet: no device could make it. What a link to a
// mailbox brings has to be chosen: nobody's mail goes to the CRM as a whole by an oversight.
func (o *Office) mailCollection(ctx context.Context, n NewLink, rules rule.Rules) error {
	if !isMail(n.Collection) {
		return nil
	}
	side := o.side(n.Driver)
	if goes := relay.MailRules(side, rules).Direction; rules.Defaults().Direction != rule.Both && rules.Direction != goes {
		return pim.Errorf("link add", pim.ErrInvalid, "messages go from mailboxes to CRMs only: leave the rule direction out")
	}
	if side == store.Exchange {
		switch all := slices.Contains(n.Remote, Everything) || slices.Contains(n.Remote, string(exchange.AllMail)); {
		case len(n.Remote) == 0:
			return wrong("link add", "remote", `has to name the mail folder, or all with categories in the rules: {"groups":["Customers"]}; "bridge link folders" lists the folders`)
		case all && len(rules.Groups) == 0 && rules.Category == "":
			return wrong("link add", "rules", `have to choose categories of all mail, such as '{"groups":["Customers"]}'`)
		}
	}
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		u, err := User(tx, n.User)
		if err != nil {
			return err
		}
		if _, err := CollectionNamed(tx, u, n.Collection); !errors.Is(err, pim.ErrNotFound) {
			return err
		}
		_, err = tx.CreateCollection(store.Collection{UserID: u.ID, Home: store.Mail, Slug: n.Collection, DisplayName: "Mail"})
		return err
	})
}
