package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

// choicesUndone are the conflicts that are open again, and those that are not.
type choicesUndone struct {
	IDs  []store.ConflictID `json:"ids"`
	Left []choiceLeft       `json:"left"`
}

type choiceLeft struct {
	ID     store.ConflictID `json:"id"`
	Reason string           `json:"reason"`
}

func (p *program) conflictUndo() *cobra.Command {
	var since, user string
	c := &cobra.Command{
		Use: "undo ID…", Short: "Take back how conflicts were settled: both sides are as before, and they are open again",
		Long: "Take back how conflicts were settled: the item becomes what it was before, here and in the CRM if the choice was carried\n" +
			"there, and the conflict is open again. It is refused when the item was changed since on either side, and while the CRM cannot be\n" +
			"reached. What the link's policy settled waits for a person then. --all-since takes back what people chose since a time, of --user if given.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				ids, err := a.choices(ctx, args, since, user)
				if err != nil {
					return err
				}
				if len(ids) == 0 && !p.json {
					return p.say("nobody settled a conflict since then: there is nothing to take back")
				}
				return p.undoChoices(ctx, a, ids)
			})
		},
	}
	c.Flags().StringVar(&since, "all-since", "", "all that people settled since: a day (2030-05-01), a time (RFC 3339), or how long ago (36h, 7d)")
	c.Flags().StringVar(&user, "user", "", "with --all-since: of this account only")
	return c
}

// undoChoices takes each back on its own: one that is refused keeps none of the others.
func (p *program) undoChoices(ctx context.Context, a *app, ids []store.ConflictID) error {
	doc := choicesUndone{IDs: []store.ConflictID{}, Left: []choiceLeft{}}
	var failures []error
	for _, id := range ids {
		if err := a.office.Unsettle(ctx, id, "shell"); err != nil {
			doc.Left = append(doc.Left, choiceLeft{id, strings.TrimPrefix(pim.PublicText(err), fmt.Sprintf("conflict %d: ", id))})
			failures = append(failures, err)
			if ctx.Err() != nil {
				break
			}
			continue
		}
		doc.IDs = append(doc.IDs, id)
		if p.json {
			continue
		}
		if err := p.say("conflict %d: what was chosen is taken back; it is open again", id); err != nil {
			return err
		}
	}
	if p.json && (len(ids) != 1 || len(failures) == 0) {
		if err := p.printJSON(doc); err != nil {
			return err
		}
	}
	if len(failures) < 2 {
		return errors.Join(failures...)
	}
	words := make([]string, len(failures))
	for i, f := range failures {
		words[i] = pim.PublicText(f)
	}
	return &pim.Error{Op: "conflict undo", Kind: pim.ReasonOf(failures[0]), Public: strings.Join(words, "\n"), Err: errors.Join(failures...)}
}

// choices are the settled conflicts a command names, or all that people settled since a time,
// the latest first.
func (a *app) choices(ctx context.Context, args []string, since, user string) ([]store.ConflictID, error) {
	if (since == "") == (len(args) == 0) || since == "" && user != "" {
		return nil, pim.Errorf("conflict undo", pim.ErrInvalid, "give the numbers of conflicts, or --all-since with how long ago (2h, 7d), a day (2026-11-22) or a time (2026-11-22T10:00:00Z)")
	}
	if since == "" {
		return a.conflictIDs(ctx, args, false, "")
	}
	from, err := manage.Moment(since, a.now(), nil)
	if err == nil {
		err = past("--all-since", from, a.now())
	}
	if err != nil {
		return nil, err
	}
	return a.office.Choices(ctx, user, from)
}
