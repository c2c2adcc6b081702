package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

func (p *program) tokenCommand() *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "App passwords: one for each device, and tokens for the API"}
	c.AddCommand(p.tokenAdd(), p.tokenList(), p.tokenRevoke())
	return c
}

func (p *program) tokenAdd() *cobra.Command {
	var n manage.NewDevice
	c := &cobra.Command{
		Use: "add", Short: "Make an app password; it is shown once", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				d, err := a.office.AddDevice(ctx, n)
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, d))
				}
				if d.API {
					return p.say("%s\n\nThis is the API token of %s for %q. It is not shown again.", d.Secret, d.User, d.Name)
				}
				return p.say("%s\n\nThis is the password for %s on %q. It is not shown again.", d.Secret, d.User, d.Name)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&n.User, "user", "", "account")
	f.StringVar(&n.Name, "name", "", "the device, such as \"Ann's phone\"")
	f.BoolVar(&n.ReadOnly, "read-only", false, "may read only")
	f.BoolVar(&n.API, "api", false, "a token for programs that use the JSON API; it opens nothing else")
	f.IntVar(&n.Days, "days", 0, "ends after so many days (0: never)")
	_ = c.MarkFlagRequired("user")
	_ = c.MarkFlagRequired("name")
	return c
}

func (p *program) tokenList() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "list", Short: "List app passwords", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.office.Devices(ctx, user)
				if err != nil {
					return err
				}
				return print(p, rows, printed[manage.Device]{
					head: []string{"ID", "USER", "NAME", "ENDS IN", "FOR", "LAST USED", "FROM", "STATE"},
					cells: func(t manage.Device) []string {
						return []string{strconv.FormatInt(int64(t.ID), 10), t.User, t.Name, "…" + t.Hint, map[bool]string{false: "device", true: "API"}[t.API], stamp(t.LastUsed), t.LastIP, t.State(a.now())}
					},
				})
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account (default: all)")
	return c
}

func (p *program) tokenRevoke() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "revoke ID", Short: "End an app password at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[store.TokenID](args[0])
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				d, already, err := a.office.RevokeDevice(ctx, user, id)
				switch {
				case err != nil || p.json:
					return errors.Join(err, p.jsonIf(err == nil, d))
				case already:
					return p.say("app password %d (%s) was revoked already, %s", id, d.Name, stamp(d.Revoked))
				}
				return p.say("app password %d (%s) is revoked", id, d.Name)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account, to be sure it is the right one's")
	return c
}

// number reads an id from the command line.
func number[T ~int64](s string) (T, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, pim.Errorf("arguments", pim.ErrInvalid, "%q is not the number of anything", s)
	}
	return T(n), nil
}
