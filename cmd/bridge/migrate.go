package main

import (
	"context"

	"github.com/spf13/cobra"
)

func (p *program) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database up to date and check it", Args: cobra.NoArgs,
		Long: "Bring the database up to date and check it. Every other command does the first part by itself;\n" +
			"this one also checks the invariants of what is stored.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				have, want, err := a.store.SchemaVersion(ctx)
				if err != nil {
					return err
				}
				if err := a.store.CheckInvariants(ctx); err != nil {
					return err
				}
				if p.json {
					return p.printJSON(map[string]any{"schema": have, "wanted": want, "consistent": true})
				}
				return p.say("schema %d of %d; the stored data is consistent", have, want)
			})
		},
	}
}
