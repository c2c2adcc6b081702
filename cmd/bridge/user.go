package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"crmbridge/manage"
	"crmbridge/pim"
)

func (p *program) userCommand() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "Accounts of people"}
	c.AddCommand(p.userAdd(), p.userList(), p.userDisable(), p.userPasswd(), p.userAdmin(), p.userTOTP(), p.userUntie())
	return c
}

func (p *program) userAdd() *cobra.Command {
	var n manage.NewAccount
	var stdin bool
	c := &cobra.Command{
		Use: "add", Short: "Add an account, with a calendar, a task list and an address book", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				err := n.Check()
				if err != nil {
					return err
				}
				if n.Password, err = p.password(stdin); err != nil {
					return err
				}
				u, err := a.office.AddAccount(ctx, n)
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, u))
				}
				return p.say("added %s: %s/dav/principals/%s/", u.Name, a.address(), u.Name)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&n.Name, "name", "", "login: lower-case letters, digits and . _ - + @")
	f.StringVar(&n.Email, "email", "", "e-mail address: calendars and invitations know the person by it")
	f.StringVar(&n.DisplayName, "display-name", "", "name for people")
	f.StringVar(&n.Zone, "zone", "", "time zone, such as Europe/Helsinki (default UTC)")
	f.BoolVar(&n.Admin, "admin", false, "may manage everything")
	f.BoolVar(&stdin, "password-stdin", false, "read the password from standard input")
	f.BoolVar(&n.Weak, "allow-weak-password", false, "accept any password, for trials")
	_ = c.MarkFlagRequired("name")
	return c
}

// password reads a new password: from standard input, or twice from the terminal.
func (p *program) password(stdin bool) (string, error) {
	if stdin {
		line, err := bufio.NewReader(p.in).ReadString('\n')
		if err != nil && line == "" {
			return "", pim.Errorf("password", pim.ErrInvalid, "there is no password on standard input")
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	in, ok := p.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) { //nolint:gosec // a descriptor fits
		return "", pim.Errorf("password", pim.ErrInvalid, "give the password with --password-stdin")
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		if _, err := fmt.Fprint(p.err, prompt); err != nil {
			return "", err
		}
		b, err := term.ReadPassword(int(in.Fd())) //nolint:gosec // a descriptor fits
		_, _ = fmt.Fprintln(p.err)
		if err != nil {
			return "", fmt.Errorf("password: %w", err)
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] {
		return "", pim.Errorf("password", pim.ErrInvalid, "the two passwords differ")
	}
	return typed[0], nil
}

func (p *program) userList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List accounts", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.office.Accounts(ctx)
				if err != nil {
					return err
				}
				return print(p, rows, printed[manage.Account]{
					head: []string{"NAME", "E-MAIL", "ADMIN", "STATE", "ADDED"},
					cells: func(u manage.Account) []string {
						state := "active"
						if u.Disabled {
							state = "disabled"
						}
						return []string{u.Name, u.Email, yes(u.Admin), state, stamp(&u.Created)}
					},
				})
			})
		},
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// changeAccount applies a change and says what it did.
func (p *program) changeAccount(ctx context.Context, change func(context.Context, *manage.Office) (manage.Account, error), said string, args ...any) error {
	return p.withApp(ctx, func(ctx context.Context, a *app) error {
		u, err := change(ctx, a.office)
		if err != nil || p.json {
			return errors.Join(err, p.jsonIf(err == nil, u))
		}
		return p.say(said, args...)
	})
}

func (p *program) userDisable() *cobra.Command {
	var name string
	var undo bool
	c := &cobra.Command{
		Use: "disable", Short: "Refuse an account's logins and stop its links; nothing is deleted", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			said := "%s is disabled: no login, no runs; nothing is deleted"
			if undo {
				said = "%s may log in again"
			}
			return p.changeAccount(cmd.Context(), func(ctx context.Context, o *manage.Office) (manage.Account, error) {
				return o.SetDisabled(ctx, name, !undo)
			}, said, name)
		},
	}
	c.Flags().StringVar(&name, "name", "", "account")
	c.Flags().BoolVar(&undo, "undo", false, "let the account in again")
	_ = c.MarkFlagRequired("name")
	return c
}

func (p *program) userPasswd() *cobra.Command {
	var name string
	var stdin, weak bool
	c := &cobra.Command{
		Use: "passwd", Short: "Set an account's password", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			password, err := p.password(stdin)
			if err != nil {
				return err
			}
			return p.changeAccount(cmd.Context(), func(ctx context.Context, o *manage.Office) (manage.Account, error) {
				return o.SetPassword(ctx, name, password, weak)
			}, "%s has a new password; app passwords stay as they are", name)
		},
	}
	c.Flags().StringVar(&name, "name", "", "account")
	c.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from standard input")
	c.Flags().BoolVar(&weak, "allow-weak-password", false, "accept any password, for trials")
	_ = c.MarkFlagRequired("name")
	return c
}

func (p *program) userAdmin() *cobra.Command {
	var name string
	var undo bool
	c := &cobra.Command{
		Use: "admin", Short: "Let an account manage everything, or no more", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			said := "%s may manage everything"
			if undo {
				said = "%s may manage its own account only"
			}
			return p.changeAccount(cmd.Context(), func(ctx context.Context, o *manage.Office) (manage.Account, error) {
				return o.SetAdmin(ctx, name, !undo)
			}, said, name)
		},
	}
	f := c.Flags()
	f.StringVar(&name, "name", "", "login")
	f.BoolVar(&undo, "undo", false, "take the right away")
	_ = c.MarkFlagRequired("name")
	return c
}
