package main

import (
	"context"
	"errors"
	"fmt"
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

func (p *program) duplicateCommand() *cobra.Command {
	c := &cobra.Command{Use: "duplicate", Short: "Items that may be one: found, merged, ignored"}
	c.AddCommand(p.duplicateFind(), p.duplicateList(), p.duplicateShow(), p.duplicateMerge(),
		p.duplicateAnswer("ignore", "Say that two items are not one; they are suggested again once one of them changes", "ignored", (*relay.Engine).IgnoreDuplicate),
		p.duplicateAnswer("undo", "Take a merge back, or that two were ignored", "undone", (*relay.Engine).UndoDuplicate))
	return c
}

// duplicateShown is two items that may be one.
type duplicateShown struct {
	ID         store.DuplicateID    `json:"id"`
	User       string               `json:"user"`
	Collection string               `json:"collection"`
	Kind       string               `json:"kind"`
	A          string               `json:"a"` // summaries
	B          string               `json:"b"`
	Score      int                  `json:"score"` // per cent
	Reasons    []string             `json:"reasons"`
	Against    []string             `json:"against"`
	State      store.DuplicateState `json:"state"`
	Found      time.Time            `json:"found"`
	Settled    *time.Time           `json:"settled,omitempty"`
	SettledBy  string               `json:"settledBy,omitempty"`

	items [2]pim.Item // nil: gone, or not to be read
}

func duplicateRow(d review.Duplicate) duplicateShown {
	return duplicateShown{ID: d.ID, User: d.User, Collection: d.Collection, Kind: d.Kind.String(), A: d.Title(0), B: d.Title(1), Score: (d.Score + 5) / 10,
		Reasons: d.Why.Reasons, Against: d.Why.Against, State: d.State, Found: d.FoundAt, Settled: d.SettledAt, SettledBy: d.SettledBy, items: d.Items}
}

// why is the reasons in one line.
func (d duplicateShown) why() string {
	s := strings.Join(d.Reasons, ", ")
	if len(d.Against) > 0 {
		s += "; but " + strings.Join(d.Against, ", ")
	}
	return s
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
					n, err := a.engine.FindDuplicates(ctx, c.ID)
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
	return listed(p, c, q, func(tx *store.Tx, query review.Query) (out review.Page[duplicateShown], err error) {
		if collection != "" {
			u, err := tx.User(query.User)
			if err != nil {
				return out, err
			}
			at, err := manage.CollectionNamed(tx, u, collection)
			if err != nil {
				return out, err
			}
			query.Collection = at.ID
		}
		found, err := review.Duplicates(tx, query)
		out.Next = found.Next
		for _, d := range found.Rows {
			out.Rows = append(out.Rows, duplicateRow(d))
		}
		return out, err
	}, printed[duplicateShown]{
		head: []string{"ID", "USER", "COLLECTION", "A", "B", "LIKE", "WHY", "STATE"},
		cells: func(d duplicateShown) []string {
			return []string{strconv.FormatInt(int64(d.ID), 10), d.User, d.Collection, d.A, d.B, strconv.Itoa(d.Score) + " %", d.why(), string(d.State)}
		},
	})
}

// pairShown is one field of two items, side by side.
type pairShown struct {
	Field pim.FieldID `json:"field"`
	Label string      `json:"label"`
	A     string      `json:"a"`
	B     string      `json:"b"`
	Same  bool        `json:"same"`
}

type duplicateDetail struct {
	duplicateShown
	Fields []pairShown     `json:"fields"`
	Left   []relay.LeftOut `json:"left"` // what a merge took from neither
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
				var d duplicateDetail
				err := a.store.View(ctx, func(tx *store.Tx) error {
					d, err = duplicateDetails(tx, id)
					return err
				})
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, d))
				}
				if err := p.say("duplicate %d: two %ss in %s of %s, %d %% alike: %s; %s\n", d.ID, d.Kind, d.Collection, d.User, d.Score, d.why(), d.State); err != nil {
					return err
				}
				err = print(p, d.Fields, printed[pairShown]{
					head:  []string{"FIELD", "A", "B"},
					cells: func(f pairShown) []string { return []string{string(f.Field), f.A, f.B} },
				})
				for _, l := range d.Left {
					err = errors.Join(err, p.say("left out of the merge: %s: %s", l.Label, l.Value))
				}
				return err
			})
		},
	}
}

func duplicateDetails(tx *store.Tx, id store.DuplicateID) (duplicateDetail, error) {
	d, err := tx.Duplicate(id)
	if err != nil {
		return duplicateDetail{}, noDuplicate(id, err)
	}
	found, err := review.DuplicateOf(tx, d)
	if err != nil {
		return duplicateDetail{}, err
	}
	row := duplicateRow(found)
	out := duplicateDetail{duplicateShown: row, Fields: []pairShown{}}
	if out.Left, err = relay.MergeLeft(d); err != nil {
		return out, err
	}
	if out.Left == nil {
		out.Left = []relay.LeftOut{}
	}
	show := func(f pim.Field, it pim.Item) string {
		if it == nil {
			return "(gone)"
		}
		return f.Show(it)
	}
	for _, f := range pim.Fields(d.Kind) {
		s := pairShown{Field: f.ID, Label: f.Label, A: show(f, row.items[0]), B: show(f, row.items[1])}
		if s.Same = s.A == s.B; s.A != "" || s.B != "" {
			out.Fields = append(out.Fields, s)
		}
	}
	return out, nil
}

// noDuplicate says in words that there is none of that number.
func noDuplicate(id store.DuplicateID, err error) error {
	if errors.Is(err, pim.ErrNotFound) && pim.PublicText(err) == pim.ErrNotFound.Error() {
		return pim.Errorf("duplicate", pim.ErrNotFound, "there is no duplicate %d", id)
	}
	return &pim.Error{Op: "duplicate", Kind: pim.ReasonOf(err), Public: fmt.Sprintf("duplicate %d: %s", id, pim.PublicText(err)), Err: err}
}

// duplicateMerged is what a merge did.
type duplicateMerged struct {
	ID     store.DuplicateID `json:"id"`
	Fields pim.FieldSet      `json:"fields"` // what the kept item got from the other
	Left   []relay.LeftOut   `json:"left"`
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
				m, err := a.engine.MergeDuplicate(ctx, id, picks, "shell")
				if err != nil {
					return noDuplicate(id, err)
				}
				if p.json {
					if m.Left == nil {
						m.Left = []relay.LeftOut{}
					}
					return p.printJSON(duplicateMerged{id, m.Fields, m.Left})
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

func (p *program) duplicateAnswer(use, short, done string, do func(*relay.Engine, context.Context, store.DuplicateID, string) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[store.DuplicateID](args[0])
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				if err := do(a.engine, ctx, id, "shell"); err != nil {
					return noDuplicate(id, err)
				}
				if p.json {
					return p.printJSON(duplicateDone{id, done})
				}
				return p.say("duplicate %d is %s", id, done)
			})
		},
	}
}
