package main

import (
	"context"

	"github.com/spf13/cobra"

	"crmbridge/relay"
	"crmbridge/store"
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
				n, err := a.rotate(ctx)
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

// rotate is safe at any point: until Retire, both keys open.
func (a *app) rotate(ctx context.Context) (n int, err error) {
	if err := a.keeper.Rotate(a.cfg.KeyFile); err != nil {
		return 0, err
	}
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		if n, err = a.resealSignIns(tx); err != nil {
			return err
		}
		if _, err := a.office.ResealCodes(tx); err != nil {
			return err
		}
		links, err := tx.Links(0)
		if err != nil {
			return err
		}
		for _, l := range links {
			if len(l.Settings) == 0 {
				continue // lost with its key, see restore
			}
			fresh, changed, err := a.keeper.Reseal(relay.SealPurpose(l.ID), l.Settings)
			if err != nil {
				return err
			}
			n++
			if l.Settings = fresh; !changed {
				continue
			}
			if err := tx.UpdateLink(l, "Settings"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, a.keeper.Retire(a.cfg.KeyFile)
}
