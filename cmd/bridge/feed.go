package main

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/store"
)

func (p *program) feedCommand() *cobra.Command {
	c := &cobra.Command{Use: "feed", Short: "Calendars without a login: read-only addresses for Outlook, Google and others"}
	c.AddCommand(p.feedAdd(), p.feedList(), p.feedRotate(), p.feedRevoke())
	return c
}

func (p *program) feedAdd() *cobra.Command {
	var n manage.NewFeed
	var detail string
	c := &cobra.Command{
		Use: "add", Short: "Make an address for a calendar; it is shown once", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				n.Detail = store.Detail(detail)
				f, err := a.office.AddFeed(ctx, n)
				return errors.Join(err, p.issued(err == nil, a, f))
			})
		},
	}
	f := c.Flags()
	f.StringVar(&n.User, "user", "", "account")
	f.StringVar(&n.Collection, "collection", "calendar", "which of its calendars")
	f.StringVar(&n.Name, "name", "", "last part of the address (default: the calendar's)")
	f.StringVar(&detail, "detail", string(store.DetailFull), "full, or busy: only when somebody is busy")
	f.BoolVar(&n.Private, "private", false, "with items that are marked private or confidential")
	f.BoolVar(&n.Alarms, "alarms", false, "with reminders")
	f.IntVar(&n.PastDays, "past-days", 0, "nothing that ended longer ago (0: everything)")
	f.IntVar(&n.FutureDays, "future-days", 0, "nothing that begins later (0: everything)")
	f.StringVar(&n.Expires, "expires", "", "last day, such as 2030-12-31, or number of days, such as 90d (default: never)")
	_ = c.MarkFlagRequired("user")
	return c
}

// issued shows the address of a feed, this once, when there is one.
func (p *program) issued(made bool, a *app, f manage.Feed) error {
	if !made || p.json {
		return p.jsonIf(made, f)
	}
	hint := ""
	if a.cfg.PublicURL == "" {
		hint = "\nOthers reach the server by another name? Set server.public_url, and the address is right."
	}
	return p.say("%s\n%s\n\nFeed %d: %s of %s, %s. Whoever has the address can read it.\nIt is not shown again.%s",
		f.Address, f.Webcal, f.ID, f.Collection, f.User, f.Contents(), hint)
}

func (p *program) feedList() *cobra.Command {
	var user string
	var all bool
	c := &cobra.Command{
		Use: "list", Short: "List feeds that can be read, with --all also those that ended", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.office.Feeds(ctx, user)
				if err != nil {
					return err
				}
				known := len(rows)
				if !all {
					rows = slices.DeleteFunc(rows, func(f manage.Feed) bool { return f.State(a.now()) != "active" })
				}
				hidden := known - len(rows)
				err = print(p, rows, printed[manage.Feed]{
					head: []string{"ID", "USER", "CALENDAR", "NAME", "ENDS IN", "CONTENTS", "EXPIRES", "LAST USED", "BY", "STATE"},
					cells: func(f manage.Feed) []string {
						return []string{strconv.FormatInt(int64(f.ID), 10), f.User, f.Collection, f.Name, "…" + f.Hint, f.Contents(), stamp(f.Expires),
							stamp(f.LastUsed), f.LastAgent, f.State(a.now())}
					},
				})
				if err != nil || p.json || hidden == 0 {
					return err
				}
				return p.say("%s not shown, having ended: see them with --all", numbered(hidden, "feed is", "feeds are"))
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "also feeds that were revoked or have expired")
	c.Flags().StringVar(&user, "user", "", "account (default: all)")
	return c
}

func (p *program) feedRotate() *cobra.Command {
	var user, expires string
	c := &cobra.Command{
		Use: "rotate ID", Short: "Give a feed a new address and end the old one at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[store.FeedID](args[0])
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				f, err := a.office.RotateFeed(ctx, user, id, expires)
				return errors.Join(err, p.issued(err == nil, a, f))
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account, to be sure it is the right one's")
	c.Flags().StringVar(&expires, "expires", "", "a new end, as with feed add, or never (default: as it is)")
	return c
}

func (p *program) feedRevoke() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "revoke ID", Short: "End a feed at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[store.FeedID](args[0])
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				row, err := a.office.RevokeFeed(ctx, user, id)
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, row))
				}
				return p.say("feed %d is revoked", id)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account, to be sure it is the right one's")
	return c
}
