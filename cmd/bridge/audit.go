package main

import (
	"context"

	"github.com/spf13/cobra"

	"crmbridge/manage"
)

func (p *program) auditCommand() *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "Who did what to the bridge"}
	c.AddCommand(p.auditList())
	return c
}

func (p *program) auditList() *cobra.Command {
	var s manage.DeedSearch
	c := &cobra.Command{
		Use: "list", Short: "List what people did, newest first", Args: cobra.NoArgs,
		Long: "List what people did at the shell, on pages and by the API, newest first: every change, also those that were refused, and signing in.\n" +
			"\"open\" is what goes on, or was cut off when the process died. It is kept for database.keep_audit.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.office.Deeds(ctx, s)
				if err != nil {
					return err
				}
				return page(p, rows, shared(manage.DeedTable()))
			})
		},
	}
	f := c.Flags()
	f.StringVar(&s.Account, "account", "", "what this account did, or this user of the machine")
	f.StringVar(&s.Act, "act", "", "what was done, such as link.pause")
	f.StringVar(&s.Text, "text", "", "only with these letters in account, address, subject or notes")
	f.StringVar(&s.Since, "since", "", "not before: a day (2030-05-01), a time (RFC 3339), or how long ago (36h, 7d)")
	f.StringVar(&s.Until, "until", "", "before: as --since")
	f.Var(newCount(&s.Limit, 100), "limit", "how many at most")
	f.Int64Var(&s.After, "after", 0, "go on behind the row with this number")
	return c
}
