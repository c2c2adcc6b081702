package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/internal/config"
	"crmbridge/manage"
)

// program is what every command gets.
type program struct {
	streams
	env    map[string]string
	config string // --config
	json   bool   // --json
	csv    bool   // --csv
}

func rootCommand(s streams, env map[string]string) *cobra.Command {
	p := &program{streams: s, env: env}
	root := &cobra.Command{
		Use:           "bridge",
		Short:         "CRM activities and contacts as CalDAV and CardDAV, both ways",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.PersistentFlags().StringVar(&p.config, "config", "", "configuration file (default: BRIDGE_CONFIG, else config.yaml in this folder)")
	root.PersistentFlags().BoolVar(&p.json, "json", false, "print JSON")
	root.PersistentFlags().BoolVar(&p.csv, "csv", false, "print a list as CSV, for spreadsheets")
	root.PersistentPreRunE = p.format
	root.AddCommand(p.serveCommand(), p.demoCommand(), p.userCommand(), p.tokenCommand(), p.feedCommand(), p.linkCommand(), p.signInCommand(), p.itemCommand(), p.birthdaysCommand(),
		p.syncCommand(), p.conflictCommand(), p.errorCommand(), p.holdCommand(), p.duplicateCommand(), p.doctorCommand(), p.migrateCommand(), p.backupCommand(), p.restoreCommand(), p.restoredCommand(), p.secretCommand(), p.auditCommand(), p.supportCommand(), p.versionCommand())
	return root
}

// load reads the configuration: the file of --config, of BRIDGE_CONFIG, or
// config.yaml in the working folder. Variables alone are enough when they name the
// database: without it, a mistyped call would begin an empty one where it stands.
func (p *program) load() (config.Config, error) {
	s, err := p.source()
	if err != nil {
		return config.Config{}, err
	}
	return config.Parse(s)
}

// source finds what load reads.
func (p *program) source() (config.Source, error) {
	name, named := p.config, p.config != ""
	if !named {
		name = p.env["BRIDGE_CONFIG"]
		named = name != ""
	}
	if !named {
		name = "config.yaml"
	}
	file, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && !named {
		if p.env["BRIDGE_DATABASE_URL"] == "" && p.env["BRIDGE_DATABASE_URL_FILE"] == "" {
			return config.Source{}, errors.New("no configuration: name it with --config, or BRIDGE_CONFIG; bridge demo needs none")
		}
		err = nil
	}
	if err != nil {
		return config.Source{}, fmt.Errorf("configuration: %w", err)
	}
	return config.Source{Name: name, File: file, Env: p.env, ReadFile: os.ReadFile}, nil
}

// withApp opens the parts, runs do and closes them. Commands work on the database
// of a running server, too: they only queue runs, they do not take its place.
func (p *program) withApp(ctx context.Context, do func(context.Context, *app) error) error {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	a, err := openApp(ctx, cfg, appOptions{log: p.logger(cfg), now: time.Now})
	if err != nil {
		return err
	}
	return errors.Join(do(manage.As(ctx, manage.Actor{Via: manage.ViaCommand, Account: machineUser()}), a), a.close())
}

// machineUser is who runs this program, by the machine's own name.
func machineUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return strconv.Itoa(os.Getuid())
}
