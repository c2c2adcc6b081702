package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/pim"
	"crmbridge/relay"
)

func (p *program) syncResend() *cobra.Command {
	var user, to, since string
	c := &cobra.Command{
		Use: "resend LINK", Short: "Send everything again to one side, without deletions", Args: cobra.ExactArgs(1),
		Long: `Reads the CRM anew and brings to one side what it lacks, though nobody changed it: after it
was restored from a copy, say. Changes of both sides merge as ever, open conflicts and what
rules keep back stay as they are, and nothing is deleted: deletions that are pending wait
for the next usual run.

  bridge sync resend 3 --to crm                     # what is missing or differs there
  bridge sync resend 3 --to here                    # what is missing or empty here
  bridge sync resend 3 --to crm --since 2026-11-01  # only what changed here since then`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o := relay.RunOptions{Trigger: "resend", Retry: true}
			switch to {
			case "crm":
				o.Resend = relay.ToRemote
			case "here":
				o.Resend = relay.ToLocal
			default:
				return pim.Errorf("sync resend", pim.ErrInvalid, "--to is crm or here, not %q", to)
			}
			return p.sendAgain(cmd.Context(), user, args, o, since)
		},
	}
	f := c.Flags()
	f.StringVar(&user, "user", "", "account")
	f.Var(newOnce(&to), "to", "the side to send to: crm or here")
	f.StringVar(&since, "since", "", "only what changed on the other side since this day (2026-11-22) or time (RFC 3339)")
	_ = c.MarkFlagRequired("to")
	return c
}

func (p *program) syncReread() *cobra.Command {
	var user, since string
	c := &cobra.Command{
		Use: "reread LINK", Short: "Read again what changed in the CRM since a day, without deletions", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.sendAgain(cmd.Context(), user, args, relay.RunOptions{Trigger: "reread", Retry: true, Resend: relay.ToLocal}, since)
		},
	}
	f := c.Flags()
	f.StringVar(&user, "user", "", "account")
	f.StringVar(&since, "since", "", "a day (2026-11-22) or a time (RFC 3339)")
	_ = c.MarkFlagRequired("since")
	return c
}

func (p *program) sendAgain(ctx context.Context, user string, args []string, o relay.RunOptions, since string) (err error) {
	if o.Since, err = moment(since); err != nil {
		return err
	}
	return p.withApp(ctx, func(ctx context.Context, a *app) error {
		if err := past("--since", o.Since, a.now()); err != nil {
			return err
		}
		return p.runChosen(ctx, a, user, args, o)
	})
}

// moment reads a day, which begins where this program runs, or a time; "" is zero.
func moment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil { //nolint:gosmopolitan // a person's day
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, pim.Errorf("sync", pim.ErrInvalid, "%q is neither a day such as 2026-11-22 nor a time such as 2026-11-22T10:00:00Z", s)
	}
	return t, nil
}
