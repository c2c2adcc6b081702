package main

import (
	"context"

	"github.com/spf13/cobra"
)

func (p *program) linkAllowMany() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "allow-many LINK", Short: "Let a link make and mail as much as it likes for an hour", Args: cobra.ExactArgs(1),
		Long: "Let a link make and mail as much as it likes for an hour, whatever its rules createsPerHour and mailsPerHour say. What waits because of them\n" +
			"goes with the next run, which begins at once. Look at it first: `bridge sync preview LINK`.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, args[0])
				if err != nil {
					return err
				}
				until, err := a.office.AllowMany(ctx, l)
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(map[string]any{"id": l.ID, "name": l.Name, "until": until})
				}
				return p.say("%s may make and mail as much as it likes until %s", l.Name, stamp(&until))
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	return c
}
