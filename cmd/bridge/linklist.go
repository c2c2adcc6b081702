package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// linkShown is the state of a link: for link list and sync status.
type linkShown struct {
	ID          store.LinkID `json:"id"`
	User        string       `json:"user"`
	Name        string       `json:"name"`
	Driver      string       `json:"driver"`
	Collection  string       `json:"collection"`
	Remote      string       `json:"remote"`
	Folder      string       `json:"folder"` // the same for people: by its name, where that is known
	Interval    string       `json:"interval"`
	Policy      string       `json:"policy"`
	State       string       `json:"state"` // running, paused, failing, held, new, failing items, ok
	Paused      bool         `json:"paused"`
	Running     bool         `json:"running"`
	Items       int          `json:"items"`
	Waiting     int          `json:"waiting"`
	Failing     int          `json:"failing"`
	Held        string       `json:"held,omitempty"`
	LastError   string       `json:"lastError,omitempty"`
	LastRun     *time.Time   `json:"lastRun,omitempty"`
	LastSuccess *time.Time   `json:"lastSuccess,omitempty"`
	NextRun     *time.Time   `json:"nextRun,omitempty"`
}

func (a *app) linkRows(ctx context.Context, user string) (rows []linkShown, err error) {
	err = a.eachLink(ctx, user, func(tx *store.Tx, u store.User, l store.Link) error {
		row, err := a.linkRow(tx, u, l)
		rows = append(rows, row)
		return err
	})
	return rows, err
}

// eachLink calls f for the links of a user, or of everybody for "".
func (a *app) eachLink(ctx context.Context, user string, f func(*store.Tx, store.User, store.Link) error) error {
	return a.store.View(ctx, func(tx *store.Tx) error {
		us, err := manage.Users(tx, user)
		if err != nil {
			return err
		}
		for _, u := range us {
			ls, err := tx.Links(u.ID)
			if err != nil {
				return err
			}
			for _, l := range ls {
				if err := f(tx, u, l); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (a *app) linkRow(tx *store.Tx, u store.User, l store.Link) (linkShown, error) {
	c, err := tx.Collection(l.CollectionID)
	if err != nil {
		return linkShown{}, err
	}
	living, dirty, failing, err := tx.CountPairs(l.ID)
	if err != nil {
		return linkShown{}, err
	}
	fresh, err := untaken(tx, l)
	if err != nil {
		return linkShown{}, err
	}
	dirty += fresh
	rules, err := rule.Parse(l.Rules)
	if err != nil {
		return linkShown{}, err
	}
	row := linkShown{
		ID: l.ID, User: u.Name, Name: l.Name, Driver: l.Driver, Collection: c.Slug, Remote: l.Remote, Folder: relay.Place(l),
		Interval: l.Interval.String(), Policy: string(rules.Policy), Paused: l.Paused,
		Running: l.LeaseUntil != nil && l.LeaseUntil.After(a.now()),
		Items:   living, Waiting: dirty, Failing: failing, Held: l.Held, LastError: l.LastError,
		LastRun: l.LastRun, LastSuccess: l.LastSuccess, NextRun: l.NextRun,
	}
	row.State = row.state()
	return row, nil
}

// state is the most important word about a link.
func (l linkShown) state() string {
	switch {
	case l.Running:
		return "running"
	case l.Paused:
		return "paused"
	case l.LastError != "":
		return "failing"
	case l.Held != "":
		return "held"
	case l.LastRun == nil:
		return "new"
	case l.Failing > 0:
		return "failing items"
	}
	return "ok"
}

// severalUsers reports whether rows are of more than one account, so that a name does not
// say which link is meant.
func severalUsers[T any](rows []T, user func(T) string) bool {
	return slices.ContainsFunc(rows, func(r T) bool { return user(r) != user(rows[0]) })
}

// owned puts account and number of a link before its name, where they are wanted.
func owned(wanted bool, id, user string, cells ...string) []string {
	if wanted {
		return append([]string{id, user}, cells...)
	}
	return cells
}

// untakenMost bounds the count of changes that no run has looked at yet.
const untakenMost = 1000

// untaken counts changes by clients that no run of the link has taken up.
func untaken(tx *store.Tx, l store.Link) (int, error) {
	var changed []store.Object
	_, _, err := tx.ObjectChanges(l.CollectionID, l.LocalSeq, untakenMost, func(o store.Object) error {
		changed = append(changed, o)
		return nil
	})
	n := 0
	for _, o := range changed {
		p, perr := tx.PairByObject(l.ID, o.ID)
		switch {
		case errors.Is(perr, pim.ErrNotFound) && o.Deleted:
		case errors.Is(perr, pim.ErrNotFound), perr == nil && p.Seq != o.Seq && !p.Dirty:
			n++
		case perr != nil:
			return n, perr
		}
	}
	return n, err
}

func (p *program) linkList() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "list", Short: "List links", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.linkRows(ctx, user)
				if err != nil {
					return err
				}
				return print(p, rows, printed[linkShown]{
					head: []string{"ID", "USER", "NAME", "COLLECTION", "REMOTE", "ITEMS", "EVERY", "POLICY"},
					cells: func(l linkShown) []string {
						return []string{strconv.FormatInt(int64(l.ID), 10), l.User, l.Name, l.Collection,
							l.Driver + ":" + l.Folder, strconv.Itoa(l.Items), l.Interval, l.Policy}
					},
				})
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account (default: all)")
	return c
}
