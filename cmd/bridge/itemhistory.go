package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/relay"
	"crmbridge/store"
)

func (p *program) itemHistory() *cobra.Command {
	var user, link string
	c := &cobra.Command{
		Use: "history UID", Short: "Show who changed an item when and from where, field by field", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.office.Histories(ctx, user, link, args[0])
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

func (p *program) showHistory(h manage.History) error {
	begins := "from its beginning"
	if !h.Whole {
		begins = fmt.Sprintf("from %s; what was replaced more than %d days ago is kept only where something still needs it (database.keep_versions)", stamp(&h.Begins), h.KeepDays)
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

func (p *program) itemRestore() *cobra.Command {
	var user, link string
	var version int64
	c := &cobra.Command{
		Use: "restore UID", Short: "Make an earlier version of an item the newest one; a deleted item comes back", Args: cobra.ExactArgs(1),
		Long: "Make an earlier version of an item the newest one; a deleted item comes back. \"bridge item history UID\" names the versions.\n" +
			"The links of the collection carry it over as any other change.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				done, err := a.office.Restore(ctx, user, link, args[0], store.Seq(version), "shell")
				switch {
				case err != nil || p.json:
					return errors.Join(err, p.jsonIf(err == nil, done))
				case done.Unchanged:
					return p.say("%s is as in version %d already", args[0], version)
				case done.Anew:
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
	h manage.History
	e manage.Event
	f relay.FieldChange
}

func (p *program) historyCSV(rows []manage.History) error {
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
