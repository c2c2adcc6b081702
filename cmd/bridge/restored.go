package main

import (
	"context"

	"github.com/spf13/cobra"

	"crmbridge/store"
)

func (p *program) restoredCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restored", Short: "Say that the database was put back from a copy", Args: cobra.NoArgs,
		Long: "Say that the database was put back from a copy, before the bridge is started again.\n" +
			"Programs remember how far they have followed a calendar; after a copy was put back, the same numbers mean other changes,\n" +
			"and they would miss some without notice. This makes all of them list everything once more. It changes no item, and\n" +
			"doing it once too often costs nothing but that. See docs/backup.md.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				var n int
				err := a.office.Record(ctx, "backup.restored", "", func() error {
					return a.store.Update(ctx, func(tx *store.Tx) (err error) {
						n, err = tx.Restored()
						return err
					})
				})
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(map[string]int{"collections": n})
				}
				return p.say("every program will list all of its calendars and address books once more (%d here)", n)
			})
		},
	}
}
