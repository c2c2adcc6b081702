package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

func (p *program) linkCommand() *cobra.Command {
	c := &cobra.Command{Use: "link", Short: "Ties between collections and CRMs or mail servers"}
	c.AddCommand(p.linkAdd(), p.linkList(), p.linkShow(), p.linkRules(), p.linkFolders(), p.linkGroups(), p.linkFields(), p.linkCount(), p.linkTest(),
		p.linkPause("pause", "Let no run of a link begin until it is resumed", true), p.linkPause("resume", "Let runs of a paused link begin again", false), p.linkRemove(), p.linkDrivers())
	return c
}

// linkFlags describe a new link.
type linkFlags struct {
	user, name, collection, driver string
	// remote are the collections there, by id or name; none is the one that fits, everything is all that fit.
	remote           []string
	set, secretFiles []string
	rules            string
	interval         time.Duration
	noTest           bool
}

func (f *linkFlags) register(c *cobra.Command) {
	fs := c.Flags()
	fs.StringVar(&f.user, "user", "", "account")
	fs.StringVar(&f.driver, "driver", "", "kind of CRM or mail server: "+strings.Join(driverNames(), ", "))
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
					rows, err := a.probe(ctx, f, s, 0)
					if err != nil {
						return err
					}
					return p.showChecks(rows)
				}
				l, u, err := a.link(ctx, f.user, args[0])
				if err != nil {
					return err
				}
				rows, err := a.probeLink(ctx, l, u)
				if err != nil {
					return err
				}
				return p.showChecks(rows)
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
	id, notNumber := number[store.LinkID](word)
	err = a.store.View(ctx, func(tx *store.Tx) error {
		us, err := manage.Users(tx, user)
		if err != nil {
			return err
		}
		var found []string
		for _, owner := range us {
			ls, err := tx.Links(owner.ID)
			if err != nil {
				return err
			}
			for _, cand := range ls {
				if notNumber == nil && cand.ID == id || notNumber != nil && strings.EqualFold(cand.Name, word) {
					l, u = cand, owner
					found = append(found, fmt.Sprintf("%d (%s's %q)", cand.ID, owner.Name, cand.Name))
				}
			}
		}
		switch len(found) {
		case 0:
			return pim.Errorf("link", pim.ErrNotFound, "there is no link %q", word)
		case 1:
			return nil
		}
		return pim.Errorf("link", pim.ErrInvalid, "several links are called %q: %s; give the number", word, strings.Join(found, ", "))
	})
	return l, u, err
}

func (p *program) linkRemove() *cobra.Command {
	var user string
	var force bool
	c := &cobra.Command{
		Use: "remove LINK", Short: "Remove a link; the items stay on both sides", Args: cobra.ExactArgs(1),
		Long: "Remove a link; the items stay on both sides, and so does what they are known by: linked again, to this collection or\n" +
			"another one, they are the same items, and nothing is doubled. It asks the CRM nothing. While changes wait that have not\n" +
			"gone over it is refused; --force removes the link all the same, for a CRM that cannot be reached any more.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.link(ctx, user, args[0])
				if err != nil {
					return err
				}
				if err := a.store.Update(ctx, func(tx *store.Tx) error { return a.engine.RemoveLink(tx, l.ID, force) }); err != nil {
					return err
				}
				if p.json {
					return p.printJSON(map[string]any{"id": l.ID, "name": l.Name, "removed": true})
				}
				return p.say("link %q is removed; its items stay on both sides", l.Name)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	c.Flags().BoolVar(&force, "force", false, "also while changes wait that have not gone over")
	return c
}
