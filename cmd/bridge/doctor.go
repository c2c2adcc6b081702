package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/internal/config"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

func (p *program) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check configuration, database, key and every connection", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows := p.examine(cmd.Context(), true)
			err := print(p, rows, checkTable("CHECK"))
			if err == nil && manage.Failed(rows) {
				return &shownError{errors.New("something is wrong")}
			}
			return err
		},
	}
}

// examine runs every check that makes sense after the ones before it; those of connections
// only when they may be asked.
func (p *program) examine(ctx context.Context, connections bool) []manage.Check {
	var rows []manage.Check
	note := func(name string, err error, text string) bool {
		row := manage.Check{Name: name, OK: err == nil, Note: text}
		if err == nil {
			rows = append(rows, row)
			return true
		}
		for _, fault := range strings.Split(describe(err), "\n") {
			rows = append(rows, manage.Check{Name: name, Fault: fault, Kind: manage.ReasonOf(err)})
		}
		return false
	}
	cfg, err := p.load()
	var passed string
	if others := config.Others(p.env); len(others) > 0 {
		passed = "passed over, as they are no settings: " + strings.Join(others, ", ")
	}
	if !note("configuration", err, passed) {
		return rows
	}
	rows = append(rows, examineSettings(ctx, cfg, time.Now())...)
	rows = append(rows, manage.Check{Name: "slow answers", OK: true, Note: slowAnswers(p.env, cfg.SlowAnswers).String()})
	key, haveKey := examineKey(cfg)
	rows = append(rows, key)
	if path, ok := config.SQLitePath(cfg.Database); ok {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			note("database", writable(filepath.Dir(path)), path+" is not there yet; the first start makes it")
			return rows
		}
	}
	if haveKey && !key.OK {
		return rows // nothing opens without it
	}
	opened := false
	err = p.withApp(ctx, func(ctx context.Context, a *app) error {
		opened = true
		have, want, err := a.store.SchemaVersion(ctx)
		note("database", err, fmt.Sprintf("schema %d of %d", have, want))
		note("stored data", a.store.CheckInvariants(ctx), "consistent")
		if !connections {
			return nil
		}
		links, err := a.office.Chosen(ctx, "", nil)
		if err != nil {
			return err
		}
		for _, l := range links {
			rows = append(rows, a.examineLink(ctx, l)...)
		}
		return nil
	})
	if err != nil {
		name := "database"
		if opened {
			name = "links"
		} else if !haveKey && pim.ReasonOf(err) == pim.ErrHeld {
			name = "key file"
		}
		note(name, err, "")
	}
	return rows
}

func (a *app) examineLink(ctx context.Context, l store.Link) []manage.Check {
	fault := func(step string, err error) manage.Check {
		return manage.Check{Name: "link " + l.Name + ": " + step, OK: err == nil, Fault: manage.FaultText(err), Bare: fmt.Sprintf("link %d: %s", l.ID, step), Kind: manage.ReasonOf(err)}
	}
	var u store.User
	err := a.store.View(ctx, func(tx *store.Tx) error {
		var err error
		u, err = tx.User(l.UserID)
		return err
	})
	if err != nil {
		return []manage.Check{fault("account", err)}
	}
	r, err := a.conns.Open(ctx, l, u)
	if err != nil {
		return []manage.Check{fault("open", err)}
	}
	rules, err := rule.Parse(l.Rules)
	if err != nil {
		return []manage.Check{fault("rules", err)}
	}
	rows, err := manage.Checks(ctx, r, pim.Kinds(rules.Kinds...))
	if err != nil {
		return []manage.Check{fault("open", err)}
	}
	for i := range rows {
		rows[i].Bare = fmt.Sprintf("link %d: %s", l.ID, rows[i].Name)
		rows[i].Name = "link " + l.Name + ": " + rows[i].Name
	}
	if l.LastError != "" {
		rows = append(rows, fault("last run", pim.Errorf("doctor", pim.ErrHeld, "%s", l.LastError)))
	}
	return rows
}
