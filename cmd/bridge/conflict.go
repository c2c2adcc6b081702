package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

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

type conflictShown struct {
	ID         store.ConflictID `json:"id"`
	User       string           `json:"user"`
	Collection string           `json:"collection"`
	Name       string           `json:"name"`
	UID        string           `json:"uid"`
	Kind       string           `json:"kind"`
	Summary    string           `json:"summary"`
	Cause      store.Cause      `json:"cause"`
	Device     string           `json:"device,omitempty"`
	Link       store.LinkID     `json:"link,omitempty"`
	Fields     []pim.FieldID    `json:"fields"` // empty: the items collide as a whole
	State      string           `json:"state"`  // open, or how it was settled: mine, theirs, merged, superseded
	Created    time.Time        `json:"created"`
	Resolved   *time.Time       `json:"resolved,omitempty"`
	Resolution string           `json:"resolution,omitempty"`
	ResolvedBy string           `json:"resolvedBy,omitempty"`
}

// conflictRow shows a conflict; title "" is that of its texts.
func conflictRow(tx *store.Tx, c store.Conflict, title string) (conflictShown, error) {
	row := conflictShown{ID: c.ID, Name: c.Name, UID: c.UID, Kind: c.Kind.String(), Cause: c.Cause, Device: c.Device, Link: c.LinkID,
		Created: c.CreatedAt, Resolved: c.ResolvedAt, Resolution: c.Resolution, ResolvedBy: c.ResolvedBy,
		State: "open", Fields: []pim.FieldID{}}
	if c.ResolvedAt != nil {
		row.State = c.Resolution
	}
	if c.Fields != "" {
		if err := json.Unmarshal([]byte(c.Fields), &row.Fields); err != nil {
			return row, err
		}
	}
	u, err := tx.User(c.UserID)
	if err != nil {
		return row, err
	}
	row.User = u.Name
	if row.Device, err = relay.DeviceName(tx, u, c.Device); err != nil {
		return row, err
	}
	if coll, err := tx.Collection(c.CollectionID); err == nil {
		row.Collection = coll.Slug
	} else if pim.ReasonOf(err) != pim.ErrNotFound {
		return row, err
	}
	if row.Summary = title; title != "" {
		return row, nil
	}
	for _, text := range [][]byte{c.Mine, c.Theirs, c.Base} {
		if it, err := relay.Read(c.Kind, text, u.Zone); err == nil && it != nil {
			row.Summary = it.Summary()
			break
		}
	}
	return row, nil
}

func (p *program) conflictList() *cobra.Command {
	q := &queryFlags{}
	var all bool
	c := &cobra.Command{Use: "list", Short: "List conflicts that wait for a decision", Args: cobra.NoArgs}
	q.addItems(c, "open or settled (default: open)")
	c.Flags().BoolVar(&all, "all", false, "settled ones, too")
	return listed(p, c, q, func(tx *store.Tx, query review.Query) (out review.Page[conflictShown], err error) {
		if query.State == "" && !all {
			query.State = "open"
		}
		found, err := review.Conflicts(tx, query)
		out.Next = found.Next
		for _, f := range found.Rows {
			row, err := conflictRow(tx, f.Conflict, f.Title)
			if err != nil {
				return out, err
			}
			out.Rows = append(out.Rows, row)
		}
		return out, err
	}, printed[conflictShown]{
		head: []string{"ID", "USER", "COLLECTION", "ITEM", "CAUSE", "FIELDS", "FROM", "SINCE", "STATE"},
		cells: func(c conflictShown) []string {
			return []string{strconv.FormatInt(int64(c.ID), 10), c.User, c.Collection, c.Summary, string(c.Cause),
				fieldNames(c.Fields), c.Device, stamp(&c.Created), c.State}
		},
	})
}

func fieldNames(ids []pim.FieldID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	return strings.Join(names, ",")
}

// fieldShown is one field of a conflict, side by side.
type fieldShown struct {
	Field  pim.FieldID `json:"field"`
	Label  string      `json:"label"`
	Base   string      `json:"base"`
	Mine   string      `json:"mine"`
	Theirs string      `json:"theirs"`
}

type conflictDetail struct {
	conflictShown
	Differences []fieldShown `json:"differences"`
	Base        string       `json:"base"`
	Mine        string       `json:"mine"`
	Theirs      string       `json:"theirs"`
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
				var d conflictDetail
				err := a.store.View(ctx, func(tx *store.Tx) error {
					d, err = detail(tx, id)
					return err
				})
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(d)
				}
				if err := p.say("conflict %d: %s %q in %s of %s, %s, from %s\n", d.ID, d.Kind, d.Summary, d.Collection, d.User, d.Cause, d.Device); err != nil {
					return err
				}
				if !p.csv && slices.ContainsFunc(d.Differences, fieldShown.wide) {
					return p.sayFields(d.Differences)
				}
				return print(p, d.Differences, printed[fieldShown]{
					head:  []string{"FIELD", "BASE", "MINE", "THEIRS"},
					cells: func(f fieldShown) []string { return []string{string(f.Field), f.Base, f.Mine, f.Theirs} },
				})
			})
		},
	}
}

// wide reports a field whose values do not fit beside each other on a screen.
func (f fieldShown) wide() bool {
	return len(f.Base)+len(f.Mine)+len(f.Theirs) > 100 || strings.ContainsRune(f.Base+f.Mine+f.Theirs, '\n')
}

// sayFields prints each field's values below one another, whole.
func (p *program) sayFields(fields []fieldShown) error {
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

func detail(tx *store.Tx, id store.ConflictID) (conflictDetail, error) {
	c, err := conflictNumbered(tx, id)
	if err != nil {
		return conflictDetail{}, err
	}
	if c, err = relay.Standing(tx, c); err != nil {
		return conflictDetail{}, err
	}
	row, err := conflictRow(tx, c, "")
	if err != nil {
		return conflictDetail{}, err
	}
	u, err := tx.User(c.UserID)
	if err != nil {
		return conflictDetail{}, err
	}
	d := conflictDetail{conflictShown: row, Base: string(c.Base), Mine: string(c.Mine), Theirs: string(c.Theirs), Differences: []fieldShown{}}
	var sides [3]pim.Item
	for i, text := range [][]byte{c.Base, c.Mine, c.Theirs} {
		if sides[i], err = relay.Read(c.Kind, text, u.Zone); err != nil {
			return d, nil // a side that cannot be read is still shown as text
		}
	}
	show := func(f pim.Field, it pim.Item, none string) string {
		if it == nil {
			return none
		}
		return f.Show(it)
	}
	for _, f := range pim.Fields(c.Kind) {
		if sides[1] != nil && sides[2] != nil && f.Equal(sides[1], sides[2]) {
			continue
		}
		row := fieldShown{f.ID, f.Label, show(f, sides[0], "(not known)"), show(f, sides[1], "(deleted)"), show(f, sides[2], "(deleted)")}
		if row.Mine != "" || row.Theirs != "" {
			d.Differences = append(d.Differences, row)
		}
	}
	return d, nil
}

// conflictNumbered finds a conflict that somebody named.
func conflictNumbered(tx *store.Tx, id store.ConflictID) (store.Conflict, error) {
	c, err := tx.Conflict(id)
	if err != nil && pim.ReasonOf(err) == pim.ErrNotFound {
		err = pim.Errorf("conflict", pim.ErrNotFound, "there is no conflict %d", id)
	}
	return c, err
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
					if err := a.engine.Settle(ctx, id, choice, "shell"); err != nil {
						return &pim.Error{Op: "conflict resolve", Kind: pim.ReasonOf(err), Public: fmt.Sprintf("conflict %d: %s", id, pim.PublicText(err)), Err: err}
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

// conflictIDs are the conflicts a command names, or all open ones, oldest first.
func (a *app) conflictIDs(ctx context.Context, args []string, all bool, user string) (ids []store.ConflictID, err error) {
	if all == (len(args) > 0) {
		return nil, pim.Errorf("conflict resolve", pim.ErrInvalid, "give the numbers of conflicts, or --all")
	}
	for _, arg := range args {
		id, err := number[store.ConflictID](arg)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if !all {
		// All or none: a mistyped number settles nothing.
		return ids, a.store.View(ctx, func(tx *store.Tx) error {
			for _, id := range ids {
				if _, err := conflictNumbered(tx, id); err != nil {
					return err
				}
			}
			return nil
		})
	}
	ids = []store.ConflictID{}
	err = a.store.View(ctx, func(tx *store.Tx) error {
		us, err := manage.Users(tx, user)
		if err != nil {
			return err
		}
		for _, u := range us {
			cs, err := tx.Conflicts(store.ConflictFilter{User: u.ID, Open: true, Limit: math.MaxInt32})
			if err != nil {
				return err
			}
			for _, c := range cs {
				ids = append(ids, c.ID)
			}
		}
		slices.Sort(ids)
		return nil
	})
	return ids, err
}
