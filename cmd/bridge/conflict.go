package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/review"
	"crmbridge/store"
)

func (p *program) conflictCommand() *cobra.Command {
	c := &cobra.Command{Use: "conflict", Short: "Changes that collided: nothing of them is lost"}
	c.AddCommand(p.conflictList(), p.conflictShow(), p.conflictResolve(), p.conflictUndo())
	return c
}

func (p *program) conflictList() *cobra.Command {
	q := &queryFlags{}
	var all bool
	c := &cobra.Command{Use: "list", Short: "List conflicts that wait for a decision", Args: cobra.NoArgs}
	q.addItems(c, "open or settled (default: open)")
	c.Flags().BoolVar(&all, "all", false, "settled ones, too")
	return listed(p, c, q, func(o *manage.Office, ctx context.Context, query review.Query) (review.Page[manage.Conflict], error) {
		if query.State == "" && !all {
			query.State = "open"
		}
		return o.Conflicts(ctx, query)
	}, shared(manage.ConflictTable()))
}

func (p *program) conflictShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show a conflict field by field: base, mine, theirs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[store.ConflictID](args[0])
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				d, err := a.office.Conflict(ctx, id)
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(d)
				}
				if err := p.say("conflict %d: %s %q in %s of %s, %s, from %s\n", d.ID, d.Kind, d.Summary, d.Collection, d.User, d.Cause, d.Device); err != nil {
					return err
				}
				if !p.csv && slices.ContainsFunc(d.Differences, wide) {
					return p.sayFields(d.Differences)
				}
				return print(p, d.Differences, printed[manage.Sides]{
					head:  []string{"FIELD", "BASE", "MINE", "THEIRS"},
					cells: func(f manage.Sides) []string { return []string{string(f.Field), f.Base, f.Mine, f.Theirs} },
				})
			})
		},
	}
}

// wide reports a field whose values do not fit beside each other on a screen.
func wide(f manage.Sides) bool {
	return len(f.Base)+len(f.Mine)+len(f.Theirs) > 100 || strings.ContainsRune(f.Base+f.Mine+f.Theirs, '\n')
}

// sayFields prints each field's values below one another, whole.
func (p *program) sayFields(fields []manage.Sides) error {
	for _, f := range fields {
		if err := p.say("\n%s", f.Field); err != nil {
			return err
		}
		for _, side := range []struct{ name, text string }{{"base", f.Base}, {"mine", f.Mine}, {"theirs", f.Theirs}} {
			if err := p.say("  %-6s  %s", side.name, strings.ReplaceAll(side.text, "\n", "\n          ")); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *program) conflictResolve() *cobra.Command {
	var take, user string
	var all bool
	c := &cobra.Command{
		Use: "resolve ID…", Short: "Settle conflicts",
		Long: "Settle conflicts: --take mine (what the device or the bridge had), --take theirs (what the server or\n" +
			"the CRM had), both (the other one becomes an item of its own), or per field: --take title=mine,time=theirs. A side before the fields stands for the rest:\n" +
			"--take mine,notes=theirs. --all settles every open one, of --user if given.",
		RunE: func(cmd *cobra.Command, args []string) error {
			choice, err := relay.ParseChoice(take)
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				ids, err := a.conflictIDs(ctx, args, all, user)
				if err != nil {
					return err
				}
				for _, id := range ids {
					if err := a.office.Settle(ctx, id, choice, "shell"); err != nil {
						return err
					}
					if !p.json {
						if err := p.say("conflict %d settled: %s", id, choice); err != nil {
							return err
						}
					}
				}
				if p.json {
					return p.printJSON(map[string]any{"ids": ids, "resolution": choice.String()})
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&take, "take", "", "mine, theirs, both, or per field")
	c.Flags().BoolVar(&all, "all", false, "every open conflict")
	c.Flags().StringVar(&user, "user", "", "with --all: of this account only")
	_ = c.MarkFlagRequired("take")
	return c
}

// conflictIDs are the conflicts a command names, all of which there are, or all open ones, oldest first.
func (a *app) conflictIDs(ctx context.Context, args []string, all bool, user string) ([]store.ConflictID, error) {
	if all == (len(args) > 0) {
		return nil, pim.Errorf("conflict resolve", pim.ErrInvalid, "give the numbers of conflicts, or --all")
	}
	if all {
		return a.office.OpenConflicts(ctx, user)
	}
	var ids []store.ConflictID
	for _, arg := range args {
		id, err := number[store.ConflictID](arg)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	// All or none: a mistyped number settles nothing.
	return ids, a.office.HaveConflicts(ctx, ids)
}
