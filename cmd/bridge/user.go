package main

import (
	"bufio"
	"context"
	"fmt"
	"net/mail"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"crmbridge/auth"
	"crmbridge/dav"
	"crmbridge/pim"
	"crmbridge/store"
)

func (p *program) userCommand() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "Accounts of people"}
	c.AddCommand(p.userAdd(), p.userList(), p.userDisable(), p.userPasswd())
	return c
}

// userName: part of URLs and logins; kept to what no client spoils.
var userName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{0,63}$`)

type newUser struct {
	name, email, display, zone string
	admin, stdin, weak         bool
}

func (p *program) userAdd() *cobra.Command {
	var n newUser
	c := &cobra.Command{
		Use: "add", Short: "Add an account, with a calendar, a task list and an address book", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				if err := n.check(); err != nil {
					return err
				}
				password, err := p.password(n.stdin)
				if err != nil {
					return err
				}
				u, err := addUser(ctx, a, n, password)
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(userRow(u))
				}
				return p.say("added %s: %s/dav/principals/%s/", u.Name, a.address(), u.Name)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&n.name, "name", "", "login: lower-case letters, digits and . _ - + @")
	f.StringVar(&n.email, "email", "", "e-mail address: calendars and invitations know the person by it")
	f.StringVar(&n.display, "display-name", "", "name for people")
	f.StringVar(&n.zone, "zone", "", "time zone, such as Europe/Helsinki (default UTC)")
	f.BoolVar(&n.admin, "admin", false, "may manage everything")
	f.BoolVar(&n.stdin, "password-stdin", false, "read the password from standard input")
	f.BoolVar(&n.weak, "allow-weak-password", false, "accept any password, for trials")
	_ = c.MarkFlagRequired("name")
	return c
}

func (n *newUser) check() error {
	n.name = strings.ToLower(strings.TrimSpace(n.name))
	if !userName.MatchString(n.name) {
		return pim.Errorf("user add", pim.ErrInvalid, "--name must begin with a letter or digit, have only a-z, 0-9 and . _ - + @, and be of 64 characters at most")
	}
	if n.email != "" {
		if a, err := mail.ParseAddress(n.email); err != nil || a.Address != n.email {
			return pim.Errorf("user add", pim.ErrInvalid, "--email %q is not an address such as ann@example.org", n.email)
		}
	}
	if n.zone != "" {
		if _, err := time.LoadLocation(n.zone); err != nil || n.zone == "Local" {
			return pim.Errorf("user add", pim.ErrInvalid, "--zone %q is not a time zone such as Europe/Helsinki", n.zone)
		}
	}
	return nil
}

func addUser(ctx context.Context, a *app, n newUser, password string) (store.User, error) {
	if err := auth.CheckPassword(n.name, password, n.weak); err != nil {
		return store.User{}, err
	}
	hash, err := a.auth.HashPassword(password)
	if err != nil {
		return store.User{}, err
	}
	u := store.User{Name: n.name, Email: n.email, DisplayName: n.display, Zone: n.zone, Admin: n.admin, PasswordHash: hash}
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		if u, err = tx.CreateUser(u); err != nil {
			return err
		}
		return dav.Provision(ctx, tx, u)
	})
	return u, err
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

// userRow is what listings show of an account: nothing secret.
type userShown struct {
	Name        string    `json:"name"`
	Email       string    `json:"email,omitempty"`
	DisplayName string    `json:"displayName,omitempty"`
	Zone        string    `json:"zone,omitempty"`
	Admin       bool      `json:"admin"`
	Disabled    bool      `json:"disabled"`
	Created     time.Time `json:"created"`
}

func userRow(u store.User) userShown {
	return userShown{u.Name, u.Email, u.DisplayName, u.Zone, u.Admin, u.Disabled, u.CreatedAt}
}

func (p *program) userList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List accounts", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				var rows []userShown
				err := a.store.View(ctx, func(tx *store.Tx) error {
					us, err := tx.Users()
					for _, u := range us {
						rows = append(rows, userRow(u))
					}
					return err
				})
				if err != nil {
					return err
				}
				return print(p, rows, printed[userShown]{
					head: []string{"NAME", "E-MAIL", "ADMIN", "STATE", "ADDED"},
					cells: func(u userShown) []string {
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

// changeUser applies a change to a named account. told: with --json the account was
// printed and nothing is left to say.
func (p *program) changeUser(cmd *cobra.Command, name string, change func(*app, *store.User) error) (told bool, err error) {
	err = p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
		var u store.User
		err := a.store.Update(ctx, func(tx *store.Tx) error {
			var err error
			if u, err = userNamed(tx, name); err != nil {
				return err
			}
			if err := change(a, &u); err != nil {
				return err
			}
			return tx.UpdateUser(u)
		})
		if err == nil && p.json {
			told = true
			return p.printJSON(userRow(u))
		}
		return err
	})
	return told, err
}

func userNamed(tx *store.Tx, name string) (store.User, error) {
	u, err := tx.UserByName(strings.ToLower(strings.TrimSpace(name)))
	if pim.ReasonOf(err) == pim.ErrNotFound && err != nil {
		return u, pim.Errorf("user", pim.ErrNotFound, "there is no account %q", name)
	}
	return u, err
}

func (p *program) userDisable() *cobra.Command {
	var name string
	var undo bool
	c := &cobra.Command{
		Use: "disable", Short: "Refuse an account's logins and stop its links; nothing is deleted", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			done, err := p.changeUser(cmd, name, func(_ *app, u *store.User) error {
				u.Disabled = !undo
				return nil
			})
			if done || err != nil {
				return err
			}
			if undo {
				return p.say("%s may log in again", name)
			}
			return p.say("%s is disabled: no login, no runs; nothing is deleted", name)
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
			done, err := p.changeUser(cmd, name, func(a *app, u *store.User) error {
				if err := auth.CheckPassword(u.Name, password, weak); err != nil {
					return err
				}
				u.PasswordHash, err = a.auth.HashPassword(password)
				return err
			})
			if done || err != nil {
				return err
			}
			return p.say("%s has a new password; app passwords stay as they are", name)
		},
	}
	c.Flags().StringVar(&name, "name", "", "account")
	c.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from standard input")
	c.Flags().BoolVar(&weak, "allow-weak-password", false, "accept any password, for trials")
	_ = c.MarkFlagRequired("name")
	return c
}
