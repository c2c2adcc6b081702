package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

func (p *program) syncUndo() *cobra.Command {
	return &cobra.Command{
		Use: "undo RUN", Short: "Take back what a run wrote, on both sides, and pause its link", Args: cobra.ExactArgs(1),
		Long: "Take back what a run wrote: every item that it touched becomes again what it was before, here and in the CRM. What was\n" +
			"changed since is left as it is, and told. The link is paused, as its next run would do the same again: see what it would do\n" +
			"with sync preview, change its rules or the items, and let it go on with link resume. Taking back what item relate did pauses\n" +
			"nothing. Numbers of runs are in sync history.",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return pim.Errorf("sync undo", pim.ErrInvalid, "%q is no number of a run; sync history has them", args[0])
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				doc, err := a.office.UndoRun(ctx, store.RunID(id))
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, doc))
				}
				return p.sayUndone(doc)
			})
		},
	}
}

func (p *program) sayUndone(d manage.RunUndone) error {
	if d.Run == 0 {
		return p.say("nothing was left to take back of run %d", d.Undoes)
	}
	again := numbered(d.Items, "item is again what it was", "items are again what they were")
	if d.Items == 0 {
		again = "no item is again what it was"
	}
	if err := p.say("%s before run %d", again, d.Undoes); err != nil {
		return err
	}
	for _, l := range d.Left {
		if err := p.say("left as it is: %q (%s): %s", l.Title, l.UID, l.Reason); err != nil {
			return err
		}
	}
	if d.Unknown {
		if err := p.say("the run wrote more than was kept of it; the rest stays"); err != nil {
			return err
		}
	}
	if !d.Paused {
		return p.say("the link goes on: what was taken back is not done again by itself")
	}
	return p.say("the link is paused: `bridge sync preview %d` shows what its next run would do, `bridge link resume %d` lets it go on", d.Link, d.Link)
}

func numbered(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

// pausedShown is a link that was paused or resumed.
type pausedShown struct {
	ID     store.LinkID `json:"id"`
	Name   string       `json:"name"`
	Paused bool         `json:"paused"`
}

func (p *program) linkPause(use, short string, paused bool) *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: use + " LINK", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, args[0])
				if err != nil {
					return err
				}
				changed, err := a.office.SetPaused(ctx, l, paused)
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(pausedShown{l.ID, l.Name, paused})
				}
				switch {
				case paused && !changed:
					return p.say("link %q was paused already; what changes waits on its side", l.Name)
				case paused:
					return p.say("link %q is paused; what changes waits on its side", l.Name)
				case !changed:
					return p.say("link %q was not paused; nothing changes", l.Name)
				}
				return p.say("link %q goes on; its next run begins at once", l.Name)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	return c
}
