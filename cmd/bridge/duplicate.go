package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/review"
	"crmbridge/store"
)

func (p *program) duplicateCommand() *cobra.Command {
	c := &cobra.Command{Use: "duplicate", Short: "Items that may be one: found, merged, ignored"}
	c.AddCommand(p.duplicateFind(), p.duplicateList(), p.duplicateShow(), p.duplicateMerge(),
		p.duplicateAnswer("ignore", "Say that two items are not one; they are suggested again once one of them changes", "ignored", (*manage.Office).IgnoreDuplicate),
		p.duplicateAnswer("undo", "Take a merge back, or that two were ignored", "undone", (*manage.Office).UndoDuplicate))
	return c
}

// collectionsNamed are the collection of a link, or those with that path segment.
func (a *app) collectionsNamed(ctx context.Context, user, word string) (cs []store.Collection, err error) {
	l, _, lerr := a.office.FindLink(ctx, user, word)
	if lerr != nil && !errors.Is(lerr, pim.ErrNotFound) {
		return nil, lerr
	}
	err = a.store.View(ctx, func(tx *store.Tx) error {
		cs = nil
		if lerr == nil {
			c, err := tx.Collection(l.CollectionID)
			cs = append(cs, c)
			return err
		}
		us, err := manage.Users(tx, user)
		if err != nil {
			return err
		}
		for _, u := range us {
			c, err := manage.CollectionNamed(tx, u, word)
			if err == nil {
				cs = append(cs, c)
			} else if !errors.Is(err, pim.ErrNotFound) {
				return err
			}
		}
		if len(cs) == 0 {
			return pim.Errorf("duplicate", pim.ErrNotFound, "there is no link and no collection %q", word)
		}
		return nil
	})
	return cs, err
}

// duplicatesFound is what a search found.
type duplicatesFound struct {
	Collections int `json:"collections"`
	New         int `json:"new"`
	Open        int `json:"open"`
}

func (p *program) duplicateFind() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "find LINK|COLLECTION", Short: "Look for items of a collection that may be one", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				cs, err := a.collectionsNamed(ctx, user, args[0])
				if err != nil {
					return err
				}
				found := duplicatesFound{Collections: len(cs)}
				for _, c := range cs {
					var n int
					err := a.office.Record(ctx, "duplicate.find", c.Slug, func() (err error) {
						n, err = a.engine.FindDuplicates(ctx, c.ID)
						return err
					})
					if err != nil {
						return err
					}
					found.New += n
					open, err := a.duplicates(ctx, store.DuplicateFilter{Collection: c.ID, State: store.DuplicateOpen, Limit: 100_000})
					if err != nil {
						return err
					}
					found.Open += len(open)
				}
				if p.json {
					return p.printJSON(found)
				}
				return p.say("%d new, %d in all; see them with: bridge duplicate list", found.New, found.Open)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	return c
}

func (a *app) duplicates(ctx context.Context, f store.DuplicateFilter) (ds []store.Duplicate, err error) {
	err = a.store.View(ctx, func(tx *store.Tx) error {
		ds, err = tx.Duplicates(f)
		return err
	})
	return ds, err
}

func duplicateStates() string {
	var names []string
	for _, s := range store.DuplicateStates() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

func (p *program) duplicateList() *cobra.Command {
	q := &queryFlags{}
	var collection string
	c := &cobra.Command{
		Use: "list", Short: "List items that may be one, with the reason", Args: cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error {
			if collection != "" && q.user == "" {
				return pim.Errorf("duplicate list", pim.ErrInvalid, "--collection needs --user")
			}
			return nil
		},
	}
	q.addItems(c, "only those in this state: "+duplicateStates()+`; "" for all`)
	state := c.Flags().Lookup("state")
	q.state, state.DefValue = string(store.DuplicateOpen), string(store.DuplicateOpen)
	c.Flags().StringVar(&collection, "collection", "", "only those of this collection of --user")
	return listed(p, c, q, func(o *manage.Office, ctx context.Context, query review.Query) (out review.Page[manage.Duplicate], err error) {
		if collection != "" {
			if query.Collection, err = o.CollectionOf(ctx, query.User, collection); err != nil {
				return out, err
			}
		}
		return o.Duplicates(ctx, query)
	}, shared(manage.DuplicateTable()))
}

func (p *program) duplicateShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show two items that may be one field by field, and what a merge left out", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[store.DuplicateID](args[0])
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				d, err := a.office.Duplicate(ctx, id)
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, d))
				}
				if err := p.say("duplicate %d: two %ss in %s of %s, %d %% alike: %s; %s\n", d.ID, d.Kind, d.Collection, d.User, d.Score, d.WhyInWords(), d.State); err != nil {
					return err
				}
				err = print(p, d.Fields, printed[manage.Pairing]{
					head:  []string{"FIELD", "A", "B"},
					cells: func(f manage.Pairing) []string { return []string{string(f.Field), f.A, f.B} },
				})
				for _, l := range d.Left {
					err = errors.Join(err, p.say("left out of the merge: %s: %s", l.Label, l.Value))
				}
				return err
			})
		},
	}
}

func (p *program) duplicateMerge() *cobra.Command {
	var fields []string
	c := &cobra.Command{
		Use: "merge ID", Short: "Make one item of two", Args: cobra.ExactArgs(1),
		Long: "Make one item of two. The one that is in the CRM is kept, else the older one. It gets what the other has: lists are\n" +
			"joined, notes put one below the other; of other texts the fuller stands, of times and choices the newer. --field chooses\n" +
			"otherwise: --field title=b. The other item is deleted on all sides. What was left out is shown, and kept: undo brings\n" +
			"both back.",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[store.DuplicateID](args[0])
			if err != nil {
				return err
			}
			picks, err := relay.ParsePicks(fields)
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				m, err := a.office.MergeDuplicate(ctx, id, picks, "shell")
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, m))
				}
				err = p.say("duplicate %d is merged; undo with: bridge duplicate undo %d", id, id)
				for _, l := range m.Left {
					err = errors.Join(err, p.say("left out: %s: %s", l.Label, l.Value))
				}
				return err
			})
		},
	}
	c.Flags().StringArrayVar(&fields, "field", nil, "take a field from one of the two: title=a")
	return c
}

// duplicateDone is what was said of a duplicate.
type duplicateDone struct {
	ID   store.DuplicateID `json:"id"`
	Done string            `json:"done"`
}

func (p *program) duplicateAnswer(use, short, done string, do func(*manage.Office, context.Context, store.DuplicateID, string) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[store.DuplicateID](args[0])
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				if err := do(a.office, ctx, id, "shell"); err != nil {
					return err
				}
				if p.json {
					return p.printJSON(duplicateDone{id, done})
				}
				return p.say("duplicate %d is %s", id, done)
			})
		},
	}
}
