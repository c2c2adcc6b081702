package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

func (p *program) syncStop() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "stop LINK", Short: "Stop the run of a link that is under way; the next one goes on from there", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, args[0])
				if err != nil {
					return err
				}
				doc, err := a.office.StopRun(ctx, l)
				switch {
				case err != nil || p.json:
					return errors.Join(err, p.jsonIf(err == nil, doc))
				case doc.Stopped:
					return p.say("the run of %q has stopped; the next one goes on from there", l.Name)
				case doc.Running:
					return p.say("the run of %q is told to stop; see `bridge sync status %d`", l.Name, l.ID)
				}
				return p.say("no run of %q is under way", l.Name)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	return c
}
