package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/store"
)

// stopShown is what became of a wish to stop a run.
type stopShown struct {
	Link store.LinkID `json:"link"`
	// Running: there was a run to stop. Stopped: it has ended.
	Running bool `json:"running"`
	Stopped bool `json:"stopped"`
}

// stopWait is how long `sync stop` waits for the run to end. A driver obeys within a
// second, and the run looks twice a second.
const stopWait = 10 * time.Second

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
				doc := stopShown{Link: l.ID}
				if doc.Running, err = a.engine.StopRun(ctx, l.ID); err != nil {
					return err
				}
				if doc.Running {
					if doc.Stopped, err = a.ended(ctx, l); err != nil {
						return err
					}
				}
				if p.json {
					return p.printJSON(doc)
				}
				switch {
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

// ended waits until the lease that a link had when it was told to stop is gone.
func (a *app) ended(ctx context.Context, l store.Link) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, stopWait)
	defer cancel()
	for {
		err := a.store.View(ctx, func(tx *store.Tx) (err error) {
			l, err = tx.Link(l.ID)
			return err
		})
		switch {
		case ctx.Err() != nil:
			return false, nil
		case err != nil:
			return false, err
		case l.LeaseOwner != l.StopOwner:
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}
