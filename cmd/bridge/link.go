package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/remote"
	"crmbridge/store"
)

func (p *program) linkCommand() *cobra.Command {
	c := &cobra.Command{Use: "link", Short: "Ties between collections and CRMs"}
	c.AddCommand(p.linkAdd(), p.linkList(), p.linkTest(), p.linkRemove(), p.linkDrivers())
	return c
}

// linkFlags describe a new link.
type linkFlags struct {
	user, name, collection, driver, remote string
	set, secretFiles                       []string
	rules                                  string
	interval                               time.Duration
	noTest                                 bool
}

func (f *linkFlags) register(c *cobra.Command) {
	fs := c.Flags()
	fs.StringVar(&f.user, "user", "", "account")
	fs.StringVar(&f.driver, "driver", "", "kind of CRM: "+strings.Join(driverNames(), ", "))
	fs.StringArrayVar(&f.set, "set", nil, "an option of the driver: url=crm.example.org (see \"bridge link drivers\")")
	fs.StringArrayVar(&f.secretFiles, "set-file", nil, "an option read from a file: password=/run/secrets/crm")
	_ = c.MarkFlagRequired("user")
	_ = c.MarkFlagRequired("driver")
}

func driverNames() []string {
	var names []string
	for n := range drivers() {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// settings are the options of --set and --set-file, checked against the driver.
func (f *linkFlags) settings() (remote.Driver, remote.Settings, error) {
	d, ok := drivers()[f.driver]
	if !ok {
		return d, nil, pim.Errorf("link", pim.ErrInvalid, "there is no driver %q; there are %s", f.driver, strings.Join(driverNames(), ", "))
	}
	s := remote.Settings{}
	for _, kv := range f.set {
		k, v, ok := strings.Cut(kv, "=")
		if !ok {
			return d, nil, pim.Errorf("link", pim.ErrInvalid, "--set wants name=value")
		}
		s[k] = v
	}
	for _, kv := range f.secretFiles {
		k, path, ok := strings.Cut(kv, "=")
		if !ok {
			return d, nil, pim.Errorf("link", pim.ErrInvalid, "--set-file wants name=path")
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return d, nil, fmt.Errorf("link: %w", err)
		}
		s[k] = strings.TrimRight(string(b), "\r\n")
	}
	full, err := d.Complete(s)
	if err != nil {
		err = &pim.Error{Op: "link", Kind: pim.ErrInvalid, Public: strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	return d, full, err
}

func (p *program) linkAdd() *cobra.Command {
	var f linkFlags
	c := &cobra.Command{
		Use: "add", Short: "Link a collection to a CRM, after testing the connection", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, s, err := f.settings()
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				if !f.noTest {
					if err := p.probe(ctx, a, f, s); err != nil {
						return err
					}
				}
				l, err := addLink(ctx, a, f, s)
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(map[string]any{"id": l.ID, "name": l.Name})
				}
				return p.say("link %d %q added; its first run begins now", l.ID, l.Name)
			})
		},
	}
	f.register(c)
	fs := c.Flags()
	fs.StringVar(&f.name, "name", "", "name of the link (default: driver and collection)")
	fs.StringVar(&f.collection, "collection", "", "collection of the account: calendar, tasks, contacts")
	fs.StringVar(&f.remote, "remote", "", "collection of the CRM (default: the one that fits)")
	fs.StringVar(&f.rules, "rules", "", `rules as JSON: {"policy":"ask","pastDays":60,"futureDays":365}`)
	fs.DurationVar(&f.interval, "interval", 0, "time between polls (default: relay.interval)")
	fs.BoolVar(&f.noTest, "no-test", false, "do not test the connection")
	_ = c.MarkFlagRequired("collection")
	return c
}

// addLink stores a link and queues its first run.
func addLink(ctx context.Context, a *app, f linkFlags, s remote.Settings) (store.Link, error) {
	rules, err := relay.ParseRules([]byte(f.rules))
	if err != nil {
		return store.Link{}, &pim.Error{Op: "link add", Kind: pim.ErrInvalid, Public: "--rules: " + err.Error()}
	}
	l := store.Link{Name: f.name, Driver: f.driver, Side: store.CRM, Interval: f.interval, Remote: f.remote}
	if l.Name == "" {
		l.Name = f.driver + " " + f.collection
	}
	if l.Interval == 0 {
		l.Interval = a.cfg.Interval
	}
	if l.Rules, err = json.Marshal(rules); err != nil {
		return l, err
	}
	var u store.User
	var coll store.Collection
	err = a.store.View(ctx, func(tx *store.Tx) error {
		if u, err = userNamed(tx, f.user); err != nil {
			return err
		}
		coll, err = collectionNamed(tx, u, f.collection)
		return err
	})
	if err != nil {
		return l, err
	}
	l.UserID, l.CollectionID = u.ID, coll.ID
	if l.Remote == "" {
		if l.Remote, err = fitting(ctx, a, f, s, u, coll); err != nil {
			return l, err
		}
	}
	plain, err := json.Marshal(s)
	if err != nil {
		return l, err
	}
	err = a.store.Update(ctx, func(tx *store.Tx) error {
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

// collectionNamed finds a collection by its path segment in either home.
func collectionNamed(tx *store.Tx, u store.User, slug string) (store.Collection, error) {
	for _, h := range []store.Home{store.Calendars, store.AddressBooks} {
		c, err := tx.CollectionBySlug(u.ID, h, slug)
		if err == nil || !errors.Is(err, pim.ErrNotFound) {
			return c, err
		}
	}
	return store.Collection{}, pim.Errorf("link", pim.ErrNotFound, "%s has no collection %q", u.Name, slug)
}

// fitting asks the CRM for its collections and takes the first that holds the kinds
// of ours, and as few others as possible.
func fitting(ctx context.Context, a *app, f linkFlags, s remote.Settings, u store.User, coll store.Collection) (string, error) {
	r, err := a.conns.Dial(ctx, f.driver, u, s)
	if err != nil {
		return "", err
	}
	cs, err := r.Collections(ctx)
	if err := errors.Join(err, r.Close()); err != nil {
		return "", err
	}
	var want pim.KindSet
	for _, k := range relay.Kinds(coll) {
		want |= pim.Kinds(k)
	}
	best, extra := "", 100
	for _, c := range cs {
		if c.Kinds&want != 0 && want&^c.Kinds == 0 {
			if n := len((c.Kinds &^ want).List()); n < extra {
				best, extra = string(c.ID), n
			}
		}
	}
	if best == "" {
		return "", pim.Errorf("link add", pim.ErrUnsupported, "the CRM has nothing that fits the collection %q", coll.Slug)
	}
	return best, nil
}

type checkShown struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Fault string `json:"fault,omitempty"`
	Note  string `json:"note,omitempty"`
}

// probe tests a connection step by step and prints the steps.
func (p *program) probe(ctx context.Context, a *app, f linkFlags, s remote.Settings) error {
	var u store.User
	err := a.store.View(ctx, func(tx *store.Tx) error {
		var err error
		u, err = userNamed(tx, f.user)
		return err
	})
	if err != nil {
		return err
	}
	r, err := a.conns.Dial(ctx, f.driver, u, s)
	if err != nil {
		return err
	}
	return errors.Join(p.showProbe(ctx, r), r.Close())
}

func (p *program) showProbe(ctx context.Context, r remote.Remote) error {
	pr, ok := r.(remote.Prober)
	if !ok {
		_, err := r.Collections(ctx)
		return err
	}
	failed := false
	var rows []checkShown
	for _, c := range pr.Probe(ctx) {
		row := checkShown{Name: c.Name, OK: c.Err == nil, Note: c.Note}
		if c.Err != nil {
			failed, row.Fault = true, pim.PublicText(c.Err)
		}
		rows = append(rows, row)
	}
	err := print(p, rows, printed[checkShown]{
		head: []string{"STEP", "RESULT", ""},
		cells: func(c checkShown) []string {
			if c.OK {
				return []string{c.Name, "ok", c.Note}
			}
			return []string{c.Name, "failed", c.Fault}
		},
	})
	if err == nil && failed {
		return &shownError{errors.New("the connection does not work")}
	}
	return err
}

func (p *program) linkTest() *cobra.Command {
	var f linkFlags
	c := &cobra.Command{
		Use: "test [LINK]", Short: "Test the connection of a link, or of options before they are used", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				if len(args) == 0 {
					_, s, err := f.settings()
					if err != nil {
						return err
					}
					return p.probe(ctx, a, f, s)
				}
				l, u, err := a.link(ctx, f.user, args[0])
				if err != nil {
					return err
				}
				r, err := a.conns.Open(ctx, l, u)
				if err != nil {
					return err
				}
				return p.showProbe(ctx, r)
			})
		},
	}
	f.register(c)
	for _, name := range []string{"user", "driver"} {
		delete(c.Flags().Lookup(name).Annotations, cobra.BashCompOneRequiredFlag)
	}
	return c
}

// link finds a link by its number or its name; user may be "".
func (a *app) link(ctx context.Context, user, word string) (l store.Link, u store.User, err error) {
	err = a.store.View(ctx, func(tx *store.Tx) error {
		id, notNumber := number[store.LinkID](word)
		us, err := usersOrOne(tx, user)
		if err != nil {
			return err
		}
		for _, owner := range us {
			ls, err := tx.Links(owner.ID)
			if err != nil {
				return err
			}
			for _, cand := range ls {
				if notNumber == nil && cand.ID == id || notNumber != nil && strings.EqualFold(cand.Name, word) {
					if l.ID != 0 {
						return pim.Errorf("link", pim.ErrInvalid, "several links are called %q; give its number", word)
					}
					l, u = cand, owner
				}
			}
		}
		if l.ID == 0 {
			return pim.Errorf("link", pim.ErrNotFound, "there is no link %q", word)
		}
		return nil
	})
	return l, u, err
}

func (p *program) linkRemove() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "remove LINK", Short: "Remove a link; the items stay on both sides", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.link(ctx, user, args[0])
				if err != nil {
					return err
				}
				if err := a.store.Update(ctx, func(tx *store.Tx) error { return tx.DeleteLink(l.ID) }); err != nil || p.json {
					return err
				}
				return p.say("link %q is removed; its items stay on both sides", l.Name)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	return c
}
