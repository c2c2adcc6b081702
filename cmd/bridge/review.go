package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/review"
	"crmbridge/store"
)

// queryFlags are the flags of a list that people look through.
type queryFlags struct {
	user, link, kind, state, text, since, until string
	after                                       int64
	limit                                       int
}

// add gives c the flags; states are the words for --state, "" for none. They are called the same in every list.
func (q *queryFlags) add(c *cobra.Command, states string) {
	f := c.Flags()
	f.StringVar(&q.user, "user", "", "account (default: all)")
	f.StringVar(&q.link, "link", "", "link, by name or number (default: all)")
	f.StringVar(&q.text, "text", "", "only with these letters in title, UID or reason")
	f.StringVar(&q.since, "since", "", "not before: a day (2030-05-01), a time (RFC 3339), or how long ago (36h, 7d)")
	f.StringVar(&q.until, "until", "", "before: as --since")
	f.Var(newCount(&q.limit, 100), "limit", "how many at most")
	f.Int64Var(&q.after, "after", 0, "go on behind the row with this number")
	if states != "" {
		f.StringVar(&q.state, "state", "", states)
	}
}

// addItems gives c the flags for lists of items, too.
func (q *queryFlags) addItems(c *cobra.Command, states string) {
	q.add(c, states)
	c.Flags().StringVar(&q.kind, "kind", "", "event, task, contact or message")
}

// query is what the flags ask for.
func (q queryFlags) query(ctx context.Context, a *app) (review.Query, error) {
	return a.office.Query(ctx, manage.Search{User: q.user, Link: q.link, Kind: q.kind, State: q.state, Text: q.text, Since: q.since, Until: q.until, After: q.after, Limit: q.limit})
}

// past refuses a time to come for a flag that asks for what happened since.
func past(flag string, t, now time.Time) error {
	if t.After(now) {
		return pim.Errorf("time", pim.ErrInvalid, "%s is in the future (%s); nothing has happened since", flag, t.Format(time.RFC3339))
	}
	return nil
}

// page prints a page of a list, and that there is more. With --json and --csv programs read the output: it is said to
// the other stream.
func page[T any](p *program, rows review.Page[T], t printed[T]) error {
	if err := print(p, rows.Rows, t); err != nil || rows.Next == 0 {
		return err
	}
	const more = "there is more: --after %d"
	if p.json || p.csv {
		_, err := fmt.Fprintf(p.err, more+"\n", rows.Next)
		return err
	}
	return p.say(more, rows.Next)
}

// listed makes a command that prints a list of package review.
func listed[T any](p *program, c *cobra.Command, q *queryFlags, read func(*manage.Office, context.Context, review.Query) (review.Page[T], error), t printed[T]) *cobra.Command {
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			if q.link != "" && q.link != args[0] {
				return pim.Errorf("list", pim.ErrInvalid, "name one link, behind the command or with --link")
			}
			q.link = args[0]
		}
		return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
			query, err := q.query(ctx, a)
			if err != nil {
				return err
			}
			rows, err := read(a.office, ctx, query)
			if err != nil {
				return err
			}
			return page(p, rows, t)
		})
	}
	return c
}

func (p *program) errorCommand() *cobra.Command {
	c := &cobra.Command{Use: "error", Short: "Items that cannot be synced, and why"}
	q := &queryFlags{}
	list := &cobra.Command{Use: "list", Short: "List items that cannot be synced, of all links, with the reason", Args: cobra.NoArgs}
	q.addItems(list, "failing or ignored (default: both)")
	c.AddCommand(listed(p, list, q, (*manage.Office).Errors, shared(manage.ItemTable())),
		p.onItem("retry", "Try a failed item again at once", "queued", (*manage.Office).Retry),
		p.onItem("ignore", "Set a failed item aside until it changes on either side", "set aside", (*manage.Office).Ignore))
	return c
}

func (p *program) holdCommand() *cobra.Command {
	c := &cobra.Command{Use: "hold", Short: "Items that wait for a person: a type to be chosen, a deletion to be approved"}
	q := &queryFlags{}
	list := &cobra.Command{Use: "list", Short: "List items that wait for a person, of all links", Args: cobra.NoArgs,
		Long: "List items that wait for a person, of all links. `bridge item approve` and `bridge item reject` answer to deletions."}
	q.addItems(list, review.HoldStates()+" (default: all)")
	c.AddCommand(listed(p, list, q, (*manage.Office).Holds, shared(manage.ItemTable())))
	return c
}

func (p *program) syncHistory() *cobra.Command {
	q := &queryFlags{}
	c := &cobra.Command{
		Use: "history [LINK]", Short: "List runs, newest first", Args: cobra.MaximumNArgs(1),
		Long: "List runs, newest first. Runs in a row that found nothing, or failed in the same way, are one row that says how many. They are kept for\n" +
			"database.keep_runs, and as many as database.keep_steps has room for.",
	}
	q.add(c, "only runs that ended so: ok, partial, failed, held, cancelled")
	return listed(p, c, q, (*manage.Office).Runs, shared(manage.RunTable()))
}

func (p *program) syncShow() *cobra.Command {
	q := &queryFlags{}
	c := &cobra.Command{
		Use: "show RUN", Short: "Show what a run did, item by item", Args: cobra.ExactArgs(1),
		Long: "Show what a run did, item by item: the side that was written to, the fields, and of what failed the reason and what the CRM calls its\n" +
			"answer in its own log, where it told.",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[store.RunID](args[0])
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				d, err := a.office.RunDetail(ctx, id, review.Query{State: q.state, Text: q.text, After: q.after, Limit: q.limit})
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, d))
				}
				return p.showRun(d)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&q.state, "state", "", "only steps that are done, or failed")
	f.StringVar(&q.text, "text", "", "only with these letters in title, UID, reason or trace")
	f.Var(newCount(&q.limit, 1000), "limit", "how many steps at most, up to 1000")
	f.Int64Var(&q.after, "after", 0, "go on behind the step with this number")
	return c
}

func (p *program) showRun(d manage.RunDetail) error {
	words := fmt.Sprintf("run %d of %s, began %s, took %.1f s, %d requests: %s", d.ID, cmp.Or(d.Link, "a link that was removed"), stamp(&d.Started), d.Seconds, d.Requests, cmp.Or(d.Outcome, "under way"))
	if d.Quiet > 1 {
		words += fmt.Sprintf(" (as %d runs before it since %s)", d.Quiet-1, stamp(d.Since))
	}
	if d.Error != "" {
		words += "\n" + d.Error
	}
	if d.Trace != "" {
		words += "\nthe CRM calls its answer " + d.Trace
	}
	if err := p.say("%s", words); err != nil {
		return err
	}
	return page(p, review.Page[review.Step]{Rows: d.Steps, Next: d.Next}, shared(manage.StepTable()))
}
