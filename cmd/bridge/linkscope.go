package main

import (
	"context"

	"github.com/spf13/cobra"

	"crmbridge/remote"
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
				l, _, err := a.link(ctx, user, args[0])
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
