package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"crmbridge/internal/config"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// linkAdded is what link add prints with --json. A connection that does not work
// leaves Checks alone.
type linkAdded struct {
	ID         store.LinkID   `json:"id,omitempty"`
	Name       string         `json:"name,omitempty"`
	User       string         `json:"user"`
	Collection string         `json:"collection"`
	Remote     string         `json:"remote,omitempty"`
	Kinds      []pim.Kind     `json:"kinds,omitempty"`
	Checks     []manage.Check `json:"checks"` // empty with --no-test
}

func (p *program) linkAdd() *cobra.Command {
	var f connectionFlags
	n := manage.NewLink{}
	c := &cobra.Command{
		Use: "add", Short: "Link a collection to a CRM or a mail server, after testing the connection", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if n.Connection, err = f.connection(); err != nil {
				return err
			}
			if _, err := rulesGiven(cmd, nil); err != nil {
				return err
			}
			if cmd.Flags().Changed("interval") && n.Interval < config.LeastInterval {
				return pim.Errorf("link add", pim.ErrInvalid, "--interval %s is less than %s", n.Interval, config.LeastInterval)
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error { return p.addLink(ctx, a, n) })
		},
	}
	f.register(c)
	fs := c.Flags()
	fs.StringVar(&n.Name, "name", "", "name of the link (default: driver and collection)")
	fs.StringVar(&n.Collection, "collection", "", "collection of the account: calendar, tasks, contacts; mail or mail-NAME for messages")
	fs.StringArrayVar(&n.Remote, "remote", nil, "collection of the CRM or mail server, by id or name (default: the one that fits); of a mail server several, or all: those made later, too")
	fs.StringVar(&n.Rules, "rules", "", `rules as JSON: {"policy":"ask","pastDays":60,"futureDays":365}`)
	fs.DurationVar(&n.Interval, "interval", 0, "time between polls (default: relay.interval)")
	fs.BoolVar(&n.NoTest, "no-test", false, "do not test the connection")
	_ = c.MarkFlagRequired("collection")
	return c
}

// addLink tests, stores and says so, in one document with --json.
func (p *program) addLink(ctx context.Context, a *app, n manage.NewLink) error {
	// What is wrong with the command itself is said before anybody is asked.
	wanted, err := a.office.LookOver(ctx, n)
	if err != nil {
		return err
	}
	doc := linkAdded{User: n.User, Collection: n.Collection, Checks: []manage.Check{}}
	if !n.NoTest {
		if doc.Checks, err = a.office.Probe(ctx, n.Connection, wanted); err != nil {
			return err
		}
		if p.json && manage.Hopeless(doc.Checks) {
			return errors.Join(p.printJSON(doc), errChecks)
		}
		if !p.json {
			if err := p.showChecks(doc.Checks); err != nil && (manage.Hopeless(doc.Checks) || !errors.Is(err, errChecks)) {
				return err
			}
		}
	}
	l, err := a.office.AddLink(ctx, n)
	if err != nil {
		return err
	}
	if p.json {
		rules, err := rule.Parse(l.Rules)
		doc.ID, doc.Name, doc.Remote, doc.Kinds = l.ID, l.Name, l.Remote, rules.Kinds
		return errors.Join(err, p.printJSON(doc))
	}
	return p.say("link %d %q added, to %q of %s; its first run begins as soon as the server runs", l.ID, l.Name, relay.Place(l), manage.OtherSide(l.Side))
}
