package main

import (
	"context"

	"github.com/spf13/cobra"
)

func (p *program) secretCommand() *cobra.Command {
	c := &cobra.Command{Use: "secret", Short: "The key that passwords of CRMs are sealed with"}
	c.AddCommand(p.secretRotate())
	return c
}

func (p *program) secretRotate() *cobra.Command {
	return &cobra.Command{
		Use: "rotate", Short: "Make a new key, seal everything anew and drop the old key", Args: cobra.NoArgs,
		Long: "Make a new key, seal everything anew and drop the old key. It may run while the server runs, and again after\n" +
			"it was interrupted. Keep a copy of the new key file; backups made before need the old one.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				n, err := a.office.RotateKey(ctx)
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(map[string]any{"resealed": n, "keyFile": a.cfg.KeyFile})
				}
				return p.say("a new key seals %d connections; the old one is dropped from %s", n, a.cfg.KeyFile)
			})
		},
	}
}
