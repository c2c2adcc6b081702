package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/remote"
)

func (p *program) linkCommand() *cobra.Command {
	c := &cobra.Command{Use: "link", Short: "Ties between collections and CRMs or mail servers"}
	c.AddCommand(p.linkAdd(), p.linkList(), p.linkShow(), p.linkRules(), p.linkFolders(), p.linkGroups(), p.linkFields(), p.linkCount(), p.linkTest(),
		p.linkPause("pause", "Let no run of a link begin until it is resumed", true), p.linkPause("resume", "Let runs of a paused link begin again", false), p.linkAllowMany(), p.linkRemove(), p.linkDrivers())
	return c
}

// connectionFlags say how to reach a CRM or mail server.
type connectionFlags struct {
	user, driver     string
	set, secretFiles []string
}

func (f *connectionFlags) register(c *cobra.Command) {
	fs := c.Flags()
	fs.StringVar(&f.user, "user", "", "account")
	fs.StringVar(&f.driver, "driver", "", "kind of CRM or mail server: "+strings.Join(drivers().Names(), ", "))
	fs.StringArrayVar(&f.set, "set", nil, "an option of the driver: url=crm.example.org (see \"bridge link drivers\")")
	fs.StringArrayVar(&f.secretFiles, "set-file", nil, "an option read from a file: password=/run/secrets/crm")
	_ = c.MarkFlagRequired("user")
	_ = c.MarkFlagRequired("driver")
}

// connection is what the flags tell, its options checked against the driver.
func (f *connectionFlags) connection() (manage.Connection, error) {
	c := manage.Connection{User: f.user, Driver: f.driver, Settings: remote.Settings{}}
	for _, kv := range f.set {
		k, v, ok := strings.Cut(kv, "=")
		if !ok {
			return c, pim.Errorf("link", pim.ErrInvalid, "--set wants name=value")
		}
		c.Settings[k] = v
	}
	for _, kv := range f.secretFiles {
		k, path, ok := strings.Cut(kv, "=")
		if !ok {
			return c, pim.Errorf("link", pim.ErrInvalid, "--set-file wants name=path")
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return c, fmt.Errorf("link: %w", err)
		}
		c.Settings[k] = strings.TrimRight(string(b), "\r\n")
	}
	var err error
	c.Settings, err = drivers().Complete(f.driver, c.Settings)
	return c, err
}

func (p *program) linkTest() *cobra.Command {
	var f connectionFlags
	c := &cobra.Command{
		Use: "test [LINK]", Short: "Test the connection of a link, or of options before they are used", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				if len(args) == 0 {
					conn, err := f.connection()
					if err != nil {
						return err
					}
					rows, err := a.office.Probe(ctx, conn, 0)
					if err != nil {
						return err
					}
					return p.showChecks(rows)
				}
				l, u, err := a.office.FindLink(ctx, f.user, args[0])
				if err != nil {
					return err
				}
				rows, err := a.office.ProbeLink(ctx, l, u)
				if err != nil {
					return err
				}
				return p.showChecks(rows)
			})
		},
	}
	f.register(c)
	for _, name := range []string{"user", "driver"} {
		delete(c.Flags().Lookup(name).Annotations, cobra.BashCompOneRequiredFlag)
	}
	return c
}

func (p *program) linkRemove() *cobra.Command {
	var user string
	var force bool
	c := &cobra.Command{
		Use: "remove LINK", Short: "Remove a link; the items stay on both sides", Args: cobra.ExactArgs(1),
		Long: "Remove a link; the items stay on both sides, and so does what they are known by: linked again, to this collection or\n" +
			"another one, they are the same items, and nothing is doubled. It asks the CRM nothing. While changes wait that have not\n" +
			"gone over it is refused; --force removes the link all the same, for a CRM that cannot be reached any more.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, args[0])
				if err != nil {
					return err
				}
				if err := a.office.RemoveLink(ctx, l, force); err != nil {
					return err
				}
				if p.json {
					return p.printJSON(map[string]any{"id": l.ID, "name": l.Name, "removed": true})
				}
				return p.say("link %q is removed; its items stay on both sides", l.Name)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	c.Flags().BoolVar(&force, "force", false, "also while changes wait that have not gone over")
	return c
}
