package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/remote/several"
	"crmbridge/store"
)

// everything is the word for all collections that fit, also those that are made later.
const everything = "all"

// chosenPlace is where a link leads to, and the kinds that both it and ours take: the collections that were named, by id or name,
// all that fit, or the one that fits best.
func chosenPlace(cs []remote.Collection, t remote.Traits, f linkFlags, coll store.Collection, want pim.KindSet) (remote.CollectionID, pim.KindSet, error) {
	if coll.Home == store.Mail && len(f.remote) == 1 && f.remote[0] == everything {
		f.remote = []string{string(exchange.AllMail)} // which has them all, and tells their categories
	}
	every := len(f.remote) == 1 && f.remote[0] == everything && fitting(cs, everything, want) == nil
	if len(f.remote) > 1 || every {
		if err := severalFit(f, t); err != nil {
			return "", 0, err
		}
	}
	if every {
		var kinds pim.KindSet
		for _, c := range cs {
			kinds |= c.Kinds & want
		}
		if kinds == 0 {
			return "", 0, unfit(cs, "", f, coll, want)
		}
		return several.All(pim.Kinds(relay.Kinds(coll)...)), kinds, nil
	}
	names := f.remote
	if len(names) == 0 {
		names = []string{""}
	}
	var ids []remote.CollectionID
	var kinds pim.KindSet
	for _, name := range names {
		c, err := chosenOne(cs, name, f, coll, want)
		if err != nil {
			return "", 0, err
		}
		for _, id := range ids {
			if id == c.ID {
				return "", 0, pim.Errorf("link add", pim.ErrInvalid, "--remote names %q twice", c.Name)
			}
		}
		ids, kinds = append(ids, c.ID), kinds|c.Kinds&want
	}
	return several.Place(ids...), kinds, nil
}

// severalFit refuses several collections where they cannot be told apart from one another, or where one has everything anyway.
func severalFit(f linkFlags, t remote.Traits) error {
	if sideOf(f.driver) != store.Exchange || t.LocalIDs || len(drivers()[f.driver].Within) > 0 {
		return pim.Errorf("link add", pim.ErrUnsupported, "a link leads to one collection of a CRM; limit it by rules (types, groups, filter)")
	}
	return nil
}

// chosenOne is the collection with an id, else the one with a name; of those that fit best for "".
func chosenOne(cs []remote.Collection, name string, f linkFlags, coll store.Collection, want pim.KindSet) (remote.Collection, error) {
	if best := fitting(cs, name, want); best != nil {
		return *best, nil
	}
	var named []remote.Collection
	for _, c := range cs {
		if c.Kinds&want != 0 && name != "" && strings.EqualFold(c.Name, name) {
			named = append(named, c)
		}
	}
	switch len(named) {
	case 0:
		return remote.Collection{}, unfit(cs, name, f, coll, want)
	case 1:
		return named[0], nil
	}
	var ids []string
	for _, c := range named {
		ids = append(ids, string(c.ID))
	}
	return remote.Collection{}, pim.Errorf("link add", pim.ErrInvalid, "several collections are called %q; name one by its id: %s", name, strings.Join(ids, ", "))
}

// folderShown is a collection of a CRM or mail server.
type folderShown struct {
	Name     string     `json:"name"`
	Kinds    []pim.Kind `json:"kinds"`
	ReadOnly bool       `json:"readOnly"`
	Others   bool       `json:"others"`
	ID       string     `json:"id"`
}

func (p *program) linkFolders() *cobra.Command {
	var f linkFlags
	c := &cobra.Command{
		Use: "folders [LINK]", Short: "List the calendars, task lists and address books of a CRM or mail server", Args: cobra.MaximumNArgs(1),
		Long: `Lists what a link can lead to: of a link's connection, or of options before they are used.
Of a mail server a link takes one of them, several, or all:

  bridge link add … --collection calendar --remote Calendar --remote "Team Berlin"
  bridge link add … --collection calendar --remote all
  bridge link add … --collection tasks --remote all`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				r, end, err := a.anyRemote(ctx, f, args)
				if err != nil {
					return err
				}
				cs, err := r.Collections(ctx)
				if err = errors.Join(err, end()); err != nil {
					return err
				}
				return p.showFolders(cs)
			})
		},
	}
	f.register(c)
	for _, name := range []string{"user", "driver"} {
		delete(c.Flags().Lookup(name).Annotations, cobra.BashCompOneRequiredFlag)
	}
	return c
}

// anyRemote is the remote of the link that args name, else the one that the flags tell. end is called afterwards.
func (a *app) anyRemote(ctx context.Context, f linkFlags, args []string) (r remote.Remote, end func() error, err error) {
	if len(args) == 0 {
		_, s, err := f.settings()
		if err != nil {
			return nil, nil, err
		}
		if r, err = a.dial(ctx, f, s); err != nil {
			return nil, nil, err
		}
		return r, r.Close, nil
	}
	l, u, err := a.link(ctx, f.user, args[0])
	if err != nil {
		return nil, nil, err
	}
	r, err = a.conns.Open(ctx, l, u)
	return r, func() error { return nil }, err
}

func (p *program) showFolders(cs []remote.Collection) error {
	rows := make([]folderShown, len(cs))
	for i, c := range cs {
		rows[i] = folderShown{c.Name, c.Kinds.List(), c.ReadOnly, c.Others, string(c.ID)}
	}
	return print(p, rows, printed[folderShown]{
		head: []string{"NAME", "KINDS", "", "ID"},
		cells: func(f folderShown) []string {
			note := ""
			switch {
			case f.Others:
				note = "somebody else's"
			case f.ReadOnly:
				note = "read only"
			}
			return []string{f.Name, fmt.Sprint(kindNames(pim.Kinds(f.Kinds...))), note, f.ID}
		},
	})
}

// probeLink tests the connection of a link, and whether what it leads to is there and may be written.
func (a *app) probeLink(ctx context.Context, l store.Link, u store.User) ([]checkShown, error) {
	r, err := a.conns.Open(ctx, l, u)
	if err != nil {
		return nil, err
	}
	rules, err := rule.Parse(l.Rules)
	if err != nil {
		return nil, err
	}
	rows, err := checks(ctx, r, pim.Kinds(rules.Kinds...))
	if err != nil || hopeless(rows) {
		return rows, err
	}
	cs, err := r.Collections(ctx)
	if err != nil {
		return append(rows, checkShown{Name: "what is linked", Note: relay.Place(l), Fault: relay.Place(l) + ": " + faultText(err)}), nil
	}
	if err := a.nameFolders(ctx, &l, cs); err != nil {
		return rows, err
	}
	return append(rows, linkedThere(cs, l, rules)), nil
}

// nameFolders keeps what the folders of a link are called, where that is news.
func (a *app) nameFolders(ctx context.Context, l *store.Link, cs []remote.Collection) error {
	if !relay.NameFolders(l, cs, a.now()) {
		return nil
	}
	return a.store.Update(ctx, func(tx *store.Tx) error { return tx.UpdateLink(*l, "Folders") })
}

// linkedThere is the check of a link's own collections.
func linkedThere(cs []remote.Collection, l store.Link, rules rule.Rules) checkShown {
	place := remote.CollectionID(l.Remote)
	row := checkShown{Name: "what is linked", OK: true, Note: relay.Place(l)}
	if gone := relay.GoneFolders(l, cs); len(gone) > 0 {
		row.OK, row.Fault = false, relay.AreGone(gone)
		return row
	}
	ids := several.Chosen(place)
	if _, every := several.IsAll(place); !every && ids == nil {
		ids = []remote.CollectionID{place}
	}
	var names []string
	for _, id := range ids {
		i := slices.IndexFunc(cs, func(c remote.Collection) bool { return c.ID == id })
		switch {
		case i < 0:
			row.OK, row.Fault = false, fmt.Sprintf("%q is not there any more, or the login may not see it", id)
			return row
		case cs[i].ReadOnly && rules.Direction != rule.In && cs[i].Kinds != pim.Kinds(pim.KindMessage):
			row.OK, row.Fault = false, fmt.Sprintf("in %q the right is missing to make and change items; give it, or let the link's rules have \"direction\": \"in\"", cs[i].Name)
			return row
		}
		names = append(names, cs[i].Name)
	}
	if len(names) > 0 {
		row.Note = strings.Join(names, ", ")
	}
	return row
}
