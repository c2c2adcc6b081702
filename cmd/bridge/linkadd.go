package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/internal/config"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// linkAdded is what link add prints with --json. A connection that does not work
// leaves Checks alone.
type linkAdded struct {
	ID         store.LinkID `json:"id,omitempty"`
	Name       string       `json:"name,omitempty"`
	User       string       `json:"user"`
	Collection string       `json:"collection"`
	Remote     string       `json:"remote,omitempty"`
	Kinds      []pim.Kind   `json:"kinds,omitempty"`
	Checks     []checkShown `json:"checks"` // empty with --no-test
}

func (p *program) linkAdd() *cobra.Command {
	var f linkFlags
	c := &cobra.Command{
		Use: "add", Short: "Link a collection to a CRM or a mail server, after testing the connection", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, s, err := f.settings()
			if err != nil {
				return err
			}
			if _, err := rulesGiven(cmd, nil); err != nil {
				return err
			}
			if cmd.Flags().Changed("interval") && f.interval < config.LeastInterval {
				return pim.Errorf("link add", pim.ErrInvalid, "--interval %s is less than %s", f.interval, config.LeastInterval)
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error { return p.addLink(ctx, a, f, s) })
		},
	}
	f.register(c)
	fs := c.Flags()
	fs.StringVar(&f.name, "name", "", "name of the link (default: driver and collection)")
	fs.StringVar(&f.collection, "collection", "", "collection of the account: calendar, tasks, contacts; mail or mail-NAME for messages")
	fs.StringArrayVar(&f.remote, "remote", nil, "collection of the CRM or mail server, by id or name (default: the one that fits); of a mail server several, or all: those made later, too")
	fs.StringVar(&f.rules, "rules", "", `rules as JSON: {"policy":"ask","pastDays":60,"futureDays":365}`)
	fs.DurationVar(&f.interval, "interval", 0, "time between polls (default: relay.interval)")
	fs.BoolVar(&f.noTest, "no-test", false, "do not test the connection")
	_ = c.MarkFlagRequired("collection")
	return c
}

// addLink tests, stores and says so, in one document with --json.
func (p *program) addLink(ctx context.Context, a *app, f linkFlags, s remote.Settings) error {
	// What is wrong with the command itself is said before anybody is asked.
	wanted, err := a.lookOver(ctx, f)
	if err != nil {
		return err
	}
	doc := linkAdded{User: f.user, Collection: f.collection, Checks: []checkShown{}}
	if !f.noTest {
		if doc.Checks, err = a.probe(ctx, f, s, wanted); err != nil {
			return err
		}
		if p.json && hopeless(doc.Checks) {
			return errors.Join(p.printJSON(doc), errChecks)
		}
		if !p.json {
			if err := p.showChecks(doc.Checks); err != nil && (hopeless(doc.Checks) || !errors.Is(err, errChecks)) {
				return err
			}
		}
	}
	l, err := addLink(ctx, a, f, s)
	if err != nil {
		return err
	}
	if p.json {
		rules, err := rule.Parse(l.Rules)
		doc.ID, doc.Name, doc.Remote, doc.Kinds = l.ID, l.Name, l.Remote, rules.Kinds
		return errors.Join(err, p.printJSON(doc))
	}
	return p.say("link %d %q added, to %q of %s; its first run begins as soon as the server runs", l.ID, l.Name, relay.Place(l), otherSide(l.Side))
}

// title is the link's name.
func (f *linkFlags) title() string {
	if f.name != "" {
		return f.name
	}
	return f.driver + " " + f.collection
}

// lookOver checks what can be checked without the other side, and tells the kinds that the link can be for.
func (a *app) lookOver(ctx context.Context, f linkFlags) (kinds pim.KindSet, err error) {
	rules, err := readRules(f.rules)
	if err != nil {
		return 0, err
	}
	if err := relay.CheckRules(sideOf(f.driver), rules); err != nil {
		return 0, err
	}
	if err := a.mailCollection(ctx, f, rules); err != nil {
		return 0, err
	}
	err = a.store.View(ctx, func(tx *store.Tx) error {
		u, err := manage.User(tx, f.user)
		if err != nil {
			return err
		}
		coll, err := collectionNamed(tx, u, f.collection)
		if err != nil {
			return err
		}
		kinds = pim.Kinds(relay.Kinds(coll)...)
		if only := pim.Kinds(rules.Kinds...); only != 0 {
			kinds &= only
		}
		return a.conns.Vacant(tx, store.Link{Name: f.title(), UserID: u.ID, CollectionID: coll.ID, Side: sideOf(f.driver), Driver: f.driver}, nil)
	})
	return kinds, err
}

// addLink stores a link and queues its first run.
func addLink(ctx context.Context, a *app, f linkFlags, s remote.Settings) (store.Link, error) {
	rules, err := parseRules(f.rules)
	if err != nil {
		return store.Link{}, err
	}
	l := store.Link{Name: f.title(), Driver: f.driver, Side: sideOf(f.driver), Interval: f.interval}
	if l.Interval == 0 {
		l.Interval = a.cfg.Interval
	}
	var u store.User
	var coll store.Collection
	err = a.store.View(ctx, func(tx *store.Tx) error {
		if u, err = manage.User(tx, f.user); err != nil {
			return err
		}
		coll, err = collectionNamed(tx, u, f.collection)
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
	if f.noTest && len(f.remote) == 1 && f.remote[0] != everything {
		l.Remote = f.remote[0]
	} else {
		var cs []remote.Collection
		if l.Remote, rules.Kinds, cs, err = a.meet(ctx, f, s, coll, rules); err != nil {
			return l, err
		}
		relay.NameFolders(&l, cs, a.now())
	}
	// Once more: which fields a filter can ask for depends on the kinds.
	if err := rules.Defaults().Validate(); err != nil {
		return l, pim.Errorf("link add", pim.ErrInvalid, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if l.Rules, err = json.Marshal(rules); err != nil {
		return l, err
	}
	plain, err := json.Marshal(s)
	if err != nil {
		return l, err
	}
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		if err := a.conns.Vacant(tx, l, s); err != nil {
			return err
		}
		if err := relay.CheckContacts(tx, a.conns, l, s, rules); err != nil {
			return err
		}
		if l, err = tx.CreateLink(l); err != nil {
			return err
		}
		// Sealed for this link: the id has to be known first.
		if l.Settings, err = a.keeper.Seal(relay.SealPurpose(l.ID), plain); err != nil {
			return err
		}
		if err := tx.UpdateLink(l, "Settings"); err != nil {
			return err
		}
		return a.jobs.Want(ctx, tx, l.ID, "first")
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

// collectionNamed finds a collection by its path segment in any home.
func collectionNamed(tx *store.Tx, u store.User, slug string) (store.Collection, error) {
	for _, h := range []store.Home{store.Calendars, store.AddressBooks, store.Mail} {
		c, err := tx.CollectionBySlug(u.ID, h, slug)
		if err == nil || !errors.Is(err, pim.ErrNotFound) {
			return c, err
		}
	}
	return store.Collection{}, pim.Errorf("link", pim.ErrNotFound, "%s has no collection %q", u.Name, slug)
}

// meet asks the other side for its collections and returns the named one, or the one that
// fits best, and the kinds that both it and ours take; and all that there are.
func (a *app) meet(ctx context.Context, f linkFlags, s remote.Settings, coll store.Collection, ruled rule.Rules) (string, []pim.Kind, []remote.Collection, error) {
	r, err := a.dial(ctx, f, s)
	if err != nil {
		return "", nil, nil, err
	}
	cs, err := r.Collections(ctx)
	if err != nil {
		return "", nil, nil, errors.Join(err, r.Close())
	}
	id, kinds, err := meetingPlace(ctx, r, cs, f, coll, ruled)
	return id, kinds, cs, errors.Join(err, r.Close())
}

func meetingPlace(ctx context.Context, r remote.Remote, cs []remote.Collection, f linkFlags, coll store.Collection, ruled rule.Rules) (string, []pim.Kind, error) {
	takes := pim.Kinds(relay.Kinds(coll)...)
	want := takes
	if only := pim.Kinds(ruled.Kinds...); only != 0 {
		if want &= only; want == 0 {
			return "", nil, pim.Errorf("link add", pim.ErrUnsupported, "the rules are for %s, but the collection %q takes %s", kindNames(only), coll.Slug, kindNames(takes))
		}
	}
	id, kinds, err := chosenPlace(cs, r.Traits(), f, coll, want)
	if err != nil {
		return "", nil, err
	}
	return string(id), kinds.List(), errors.Join(knownGroups(ctx, r, id, ruled.Groups), knownTypes(ctx, r, kinds, ruled), relay.TellsContacts(ctx, r, kinds.List(), ruled))
}

// knownTypes refuses rules that name types which the CRM does not have.
func knownTypes(ctx context.Context, r remote.Remote, kinds pim.KindSet, ruled rule.Rules) error {
	have, err := relay.TypesOf(ctx, r, kinds)
	if err != nil {
		return err
	}
	return relay.UnknownTypes(have, ruled)
}

// knownGroups refuses rules that name groups which the CRM does not have.
func knownGroups(ctx context.Context, r remote.Remote, c remote.CollectionID, names []string) error {
	if len(names) == 0 {
		return nil
	}
	have, err := relay.GroupsOf(ctx, r, c)
	if err != nil {
		return err
	}
	return relay.UnknownGroups(have, names)
}

// fitting is the named collection, or with "" the one that holds most of the wanted
// kinds and fewest others, the first of equals. nil when none holds any.
func fitting(cs []remote.Collection, name string, want pim.KindSet) *remote.Collection {
	var best *remote.Collection
	var most, extra int
	for i, c := range cs {
		if name != "" && string(c.ID) != name {
			continue
		}
		shared, others := len((c.Kinds & want).List()), len((c.Kinds &^ want).List())
		if shared > most || shared == most && shared > 0 && others < extra {
			best, most, extra = &cs[i], shared, others
		}
	}
	return best
}

// unfit says what the other side has instead.
func unfit(cs []remote.Collection, name string, f linkFlags, coll store.Collection, want pim.KindSet) error {
	side := otherSide(sideOf(f.driver))
	var there []string
	for _, c := range cs {
		called := string(c.ID)
		if c.Name != "" && !strings.EqualFold(c.Name, called) {
			called = c.Name // which --remote takes as well, and people can read
		}
		there = append(there, fmt.Sprintf("%s (%s)", called, kindNames(c.Kinds)))
		if string(c.ID) == name {
			return pim.Errorf("link add", pim.ErrUnsupported, "%q of %s holds %s, but the collection %q is for %s", name, side, kindNames(c.Kinds), coll.Slug, kindNames(want))
		}
	}
	has := "; it has " + strings.Join(there, ", ")
	if name != "" {
		return pim.Errorf("link add", pim.ErrNotFound, "%s has no collection %q%s", side, name, has)
	}
	return pim.Errorf("link add", pim.ErrUnsupported, "%s has nothing for %s, which the collection %q is for%s", side, kindNames(want), coll.Slug, has)
}

// kindNames are kinds in words: "events and tasks".
func kindNames(ks pim.KindSet) string {
	var names []string
	for _, k := range ks.List() {
		names = append(names, k.String()+"s")
	}
	slices.Sort(names)
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, " and ")
}
