package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// groupShown is a group of the CRM that a link can be limited to.
type groupShown struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Note says why it cannot be used; "" when it can.
	Note string `json:"note,omitempty"`
}

func (p *program) linkGroups() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "groups LINK", Short: "List the groups of the CRM that a link can be limited to", Args: cobra.ExactArgs(1),
		Long: `Lists the groups that people sort items into in the CRM: folders, categories, lists. A
link is limited to some of them by name or id:

  bridge link rules crm --change '{"groups":["Key accounts","Fairs"]}'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, args[0])
				if err != nil {
					return err
				}
				groups, err := a.engine.Groups(ctx, l.ID)
				if err != nil {
					return err
				}
				return p.showGroups(groups)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	return c
}

func (p *program) showGroups(groups []remote.Group) error {
	rows := make([]groupShown, len(groups))
	for i, g := range groups {
		rows[i] = groupShown(g)
	}
	return print(p, rows, printed[groupShown]{
		head:  []string{"ID", "NAME", "NOTE"},
		cells: func(g groupShown) []string { return []string{g.ID, g.Name, g.Note} },
	})
}

// countShown is what a link brings from the CRM.
type countShown struct {
	Link store.LinkID `json:"link"`
	// Brings is how many records come over; with Exact false, of those that were looked at.
	Brings int  `json:"brings"`
	Exact  bool `json:"exact"`
	Looked int  `json:"looked"`
	// InScope and Total are null where the CRM does not count.
	InScope *int     `json:"inScope"`
	Total   *int     `json:"total"`
	Sample  []string `json:"sample"`
}

func (p *program) linkCount() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "count LINK", Short: "Count what a link brings from the CRM, now or with other rules", Args: cobra.ExactArgs(1),
		Long: `Tells how many records of the CRM the link brings with its rules, of how many, and names
some. With --change it tells the same for rules that are not set yet:

  bridge link count crm --change '{"filter":{"field":"company","op":"is","value":"Acme"}}'

The CRM is asked to count. What only the bridge can judge, such as a filter, is judged for
` + strconv.Itoa(relay.CountMost) + ` records at most. Nothing is stored.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, args[0])
				if err != nil {
					return err
				}
				rules, err := rulesGiven(cmd, l.Rules)
				if err != nil {
					return err
				}
				if rules == nil {
					stored, err := rule.Parse(l.Rules)
					if err != nil {
						return err
					}
					rules = &stored
				}
				n, err := a.engine.Count(ctx, l.ID, *rules)
				if err != nil {
					return err
				}
				return p.showCount(l, n)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	c.Flags().String("change", "", "rules to put over those of the link, as JSON")
	return c
}

func (p *program) showCount(l store.Link, n relay.Reach) error {
	doc := countShown{Link: l.ID, Brings: n.Brings, Exact: n.Exact, Looked: n.Looked, Sample: n.Sample}
	if doc.Sample == nil {
		doc.Sample = []string{}
	}
	if n.Total >= 0 {
		doc.Total = &n.Total
	}
	if n.InScope >= 0 {
		doc.InScope = &n.InScope
	}
	if p.json {
		return p.printJSON(doc)
	}
	return p.say("%s", strings.Join(append([]string{countWords(n)}, n.Sample...), "\n  "))
}

func countWords(n relay.Reach) string {
	s := fmt.Sprintf("%d come over", n.Brings)
	if !n.Exact {
		s = fmt.Sprintf("of the first %d that were looked at %d come over", n.Looked, n.Brings)
	}
	if n.InScope >= 0 {
		s += fmt.Sprintf("; the CRM has %d in the link's scope", n.InScope)
	}
	if n.Total >= 0 {
		s += fmt.Sprintf(", %d in all", n.Total)
	}
	return s
}
