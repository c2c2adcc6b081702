package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/store"
)

// historyShown is the history of one item in one collection.
type historyShown struct {
	User       string       `json:"user"`
	Collection string       `json:"collection"`
	UID        string       `json:"uid"`
	Kind       string       `json:"kind"`
	Summary    string       `json:"summary"`
	Origin     relay.Author `json:"origin"`
	Whole      bool         `json:"whole"`    // nothing before the first event was pruned
	KeepDays   int          `json:"keepDays"` // how long replaced texts are kept
	Events     []eventShown `json:"events"`
	begins     time.Time    // of the first event
}

type eventShown struct {
	At      time.Time           `json:"at"`
	Side    string              `json:"side"` // hub or remote
	By      relay.Author        `json:"by"`
	Action  string              `json:"action"`
	Version store.Seq           `json:"version,omitempty"` // for item restore
	Run     store.RunID         `json:"run,omitempty"`
	Outcome string              `json:"outcome,omitempty"`
	Cut     string              `json:"cut,omitempty"` // texts that the remote kept the beginning of
	Fields  []relay.FieldChange `json:"fields"`
}

func (p *program) itemHistory() *cobra.Command {
	var user, link string
	c := &cobra.Command{
		Use: "history UID", Short: "Show who changed an item when and from where, field by field", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.histories(ctx, user, link, args[0])
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(rows)
				}
				if p.csv {
					return p.historyCSV(rows)
				}
				for _, h := range rows {
					if err := p.showHistory(h); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account (default: every one that has the item)")
	c.Flags().StringVar(&link, "link", "", "link, by name or number: the item of its collection only")
	return c
}

// places are the collections that have, or had, an item.
func (a *app) places(ctx context.Context, user, link, uid string) (found []store.Collection, err error) {
	if link != "" {
		l, _, err := a.office.FindLink(ctx, user, link)
		if err != nil {
			return nil, err
		}
		return found, a.store.View(ctx, func(tx *store.Tx) error {
			c, err := tx.Collection(l.CollectionID)
			found = []store.Collection{c}
			return err
		})
	}
	err = a.store.View(ctx, func(tx *store.Tx) error {
		us, err := manage.Users(tx, user)
		if err != nil {
			return err
		}
		for _, u := range us {
			cs, err := tx.Collections(u.ID, "")
			if err != nil {
				return err
			}
			for _, c := range cs {
				os, err := tx.ObjectsByUID(c.ID, uid)
				if err != nil {
					return err
				}
				if len(os) > 0 {
					found = append(found, c)
				}
			}
		}
		return nil
	})
	if err == nil && len(found) == 0 {
		err = pim.Errorf("item", pim.ErrNotFound, "there is no item with the UID %q", uid)
	}
	return found, err
}

func (a *app) histories(ctx context.Context, user, link, uid string) ([]historyShown, error) {
	places, err := a.places(ctx, user, link, uid)
	if err != nil {
		return nil, err
	}
	rows := []historyShown{}
	for _, c := range places {
		h, err := a.engine.History(ctx, c.ID, uid)
		if err != nil {
			return nil, err
		}
		row := historyShown{Collection: h.Collection.Slug, UID: uid, Kind: h.Kind.String(), Summary: h.Summary, Origin: h.Origin, Whole: h.Whole,
			KeepDays: int(h.Keeps / (24 * time.Hour)), Events: []eventShown{}, begins: h.Events[0].At}
		if row.User, err = a.userName(ctx, h.Collection.UserID); err != nil {
			return nil, err
		}
		for _, e := range h.Events {
			shown := eventShown{At: e.At, Side: "hub", By: e.By, Action: e.Action, Version: e.Version, Run: e.Run, Outcome: e.Outcome, Cut: e.Cut, Fields: e.Fields}
			if e.Remote {
				shown.Side = "remote"
			}
			if shown.Fields == nil {
				shown.Fields = []relay.FieldChange{}
			}
			row.Events = append(row.Events, shown)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (a *app) userName(ctx context.Context, id store.UserID) (name string, err error) {
	err = a.store.View(ctx, func(tx *store.Tx) error {
		u, err := tx.User(id)
		name = u.Name
		return err
	})
	return name, err
}

func (p *program) showHistory(h historyShown) error {
	begins := "from its beginning"
	if !h.Whole {
		begins = fmt.Sprintf("from %s; what was replaced more than %d days ago is kept only where something still needs it (database.keep_versions)", stamp(&h.begins), h.KeepDays)
	}
	made := ""
	if s := h.Origin.String(); s != "" {
		made = ", first made by " + s
	}
	if err := p.say("%s %q in %s of %s%s; %s", h.Kind, h.Summary, h.Collection, h.User, made, begins); err != nil {
		return err
	}
	for _, e := range h.Events {
		where, by := "version "+strconv.FormatInt(int64(e.Version), 10), "by "+e.By.String()
		if e.Side == "remote" {
			where, by = "run "+strconv.FormatInt(int64(e.Run), 10), "to "+e.By.String()
			if e.Outcome != "done" {
				where += ", its answer is not known"
			}
		}
		if err := p.say("%s  %s %s (%s)", stamp(&e.At), e.Action, by, where); err != nil {
			return err
		}
		if e.Cut != "" {
			if err := p.say("    cut there, kept here: %s characters", e.Cut); err != nil {
				return err
			}
		}
		for _, f := range e.Fields {
			if err := p.say("    %s: %s", f.Label, fromTo(f)); err != nil {
				return err
			}
		}
	}
	return nil
}

// fromTo is a change of a field on one line.
func fromTo(f relay.FieldChange) string {
	short := func(s string) string {
		s = strings.Join(strings.Fields(s), " ")
		if r := []rune(s); len(r) > 60 {
			return strconv.Quote(string(r[:59]) + "…")
		}
		return strconv.Quote(s)
	}
	switch {
	case f.Before == "":
		return short(f.After)
	case f.After == "":
		return short(f.Before) + " removed"
	}
	return short(f.Before) + " → " + short(f.After)
}

// itemRestored is what item restore did.
type itemRestored struct {
	Collection string    `json:"collection"`
	UID        string    `json:"uid"`
	Version    store.Seq `json:"version"` // the newest now
	Unchanged  bool      `json:"unchanged"`
	Anew       bool      `json:"anew"`
}

func (p *program) itemRestore() *cobra.Command {
	var user, link string
	var version int64
	c := &cobra.Command{
		Use: "restore UID", Short: "Make an earlier version of an item the newest one; a deleted item comes back", Args: cobra.ExactArgs(1),
		Long: "Make an earlier version of an item the newest one; a deleted item comes back. \"bridge item history UID\" names the versions.\n" +
			"The links of the collection carry it over as any other change.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				places, err := a.places(ctx, user, link, args[0])
				if err != nil {
					return err
				}
				if len(places) > 1 {
					return pim.Errorf("item restore", pim.ErrInvalid, "several collections have such an item; name one of their links with --link, or the account with --user")
				}
				res, err := a.engine.Restore(ctx, places[0].ID, args[0], store.Seq(version), "shell")
				if err != nil {
					return err
				}
				done := itemRestored{Collection: places[0].Slug, UID: args[0], Version: res.Object.Seq, Unchanged: res.Unchanged, Anew: res.Anew}
				switch {
				case p.json:
					return p.printJSON(done)
				case res.Unchanged:
					return p.say("%s is as in version %d already", args[0], version)
				case res.Anew:
					return p.say("%s is back, as in version %d", args[0], version)
				}
				return p.say("%s is as in version %d again", args[0], version)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	c.Flags().StringVar(&link, "link", "", "link, by name or number")
	c.Flags().Int64Var(&version, "version", 0, "number of the version")
	_ = c.MarkFlagRequired("version")
	return c
}

// historyLine is one field of one event.
type historyLine struct {
	h historyShown
	e eventShown
	f relay.FieldChange
}

func (p *program) historyCSV(rows []historyShown) error {
	var lines []historyLine
	for _, h := range rows {
		for _, e := range h.Events {
			if len(e.Fields) == 0 {
				lines = append(lines, historyLine{h: h, e: e})
			}
			for _, f := range e.Fields {
				lines = append(lines, historyLine{h, e, f})
			}
		}
	}
	return print(p, lines, printed[historyLine]{
		head: []string{"USER", "COLLECTION", "AT", "SIDE", "BY", "ACTION", "VERSION", "RUN", "OUTCOME", "CUT", "FIELD", "BEFORE", "AFTER"},
		cells: func(l historyLine) []string {
			return []string{l.h.User, l.h.Collection, stamp(&l.e.At), l.e.Side, l.e.By.String(), l.e.Action, strconv.FormatInt(int64(l.e.Version), 10),
				strconv.FormatInt(int64(l.e.Run), 10), l.e.Outcome, l.e.Cut, string(l.f.Field), l.f.Before, l.f.After}
		},
	})
}
