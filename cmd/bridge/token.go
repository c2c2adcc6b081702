package main

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"crmbridge/auth"
	"crmbridge/pim"
	"crmbridge/store"
)

func (p *program) tokenCommand() *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "App passwords: one for each device"}
	c.AddCommand(p.tokenAdd(), p.tokenList(), p.tokenRevoke())
	return c
}

type tokenShown struct {
	ID        store.TokenID `json:"id"`
	User      string        `json:"user"`
	Name      string        `json:"name"`
	Hint      string        `json:"hint"`
	ReadOnly  bool          `json:"readOnly"`
	Created   time.Time     `json:"created"`
	Expires   *time.Time    `json:"expires,omitempty"`
	Revoked   *time.Time    `json:"revoked,omitempty"`
	LastUsed  *time.Time    `json:"lastUsed,omitempty"`
	LastIP    string        `json:"lastIP,omitempty"`
	LastAgent string        `json:"lastAgent,omitempty"`
	// Secret is there only in the answer to token add.
	Secret string `json:"secret,omitempty"`
}

func tokenRow(u store.User, t store.Token) tokenShown {
	return tokenShown{ID: t.ID, User: u.Name, Name: t.Name, Hint: t.Hint, ReadOnly: t.ReadOnly, Created: t.CreatedAt,
		Expires: t.ExpiresAt, Revoked: t.RevokedAt, LastUsed: t.LastUsed, LastIP: t.LastIP, LastAgent: t.LastAgent}
}

func (p *program) tokenAdd() *cobra.Command {
	var user, name string
	var readOnly bool
	var days int
	c := &cobra.Command{
		Use: "add", Short: "Make an app password; it is shown once", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				if days < 0 {
					return pim.Errorf("token add", pim.ErrInvalid, "--days must not be negative")
				}
				name, err := deviceName(name)
				if err != nil {
					return err
				}
				secret, err := auth.NewSecret(rand.Reader)
				if err != nil {
					return err
				}
				t := store.Token{Name: name, Hash: auth.HashSecret(secret), Hint: auth.Hint(secret), ReadOnly: readOnly}
				if days > 0 {
					end := a.now().AddDate(0, 0, days)
					t.ExpiresAt = &end
				}
				var u store.User
				err = a.store.Update(ctx, func(tx *store.Tx) error {
					if u, err = userNamed(tx, user); err != nil {
						return err
					}
					t.UserID = u.ID
					if err = nameIsFree(tx, u, t.Name, a.now()); err != nil {
						return err
					}
					t, err = tx.CreateToken(t)
					return err
				})
				if err != nil {
					return err
				}
				if p.json {
					row := tokenRow(u, t)
					row.Secret = secret
					return p.printJSON(row)
				}
				return p.say("%s\n\nThis is the password for %s on %q. It is not shown again.", secret, u.Name, t.Name)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&user, "user", "", "account")
	f.StringVar(&name, "name", "", "the device, such as \"Ann's phone\"")
	f.BoolVar(&readOnly, "read-only", false, "may read only")
	f.IntVar(&days, "days", 0, "ends after so many days (0: never)")
	_ = c.MarkFlagRequired("user")
	_ = c.MarkFlagRequired("name")
	return c
}

// longestName is how many characters the name of a device may have.
const longestName = 100

// deviceName is the name of a device as it is kept. People revoke app passwords by it when a device is lost.
func deviceName(name string) (string, error) {
	const op = "token add"
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", pim.Errorf(op, pim.ErrInvalid, "--name must say which device the password is for, such as \"Ann's phone\"")
	case !utf8.ValidString(name) || harmless(name, "") != name:
		return "", pim.Errorf(op, pim.ErrInvalid, "--name has characters that cannot be shown, such as line breaks")
	case utf8.RuneCountInString(name) > longestName:
		return "", pim.Errorf(op, pim.ErrInvalid, "--name is too long: it may have %d characters", longestName)
	}
	return name, nil
}

// nameIsFree refuses a second app password of one name that works.
func nameIsFree(tx *store.Tx, u store.User, name string, now time.Time) error {
	ts, err := tx.Tokens(u.ID)
	if err != nil {
		return err
	}
	for _, t := range ts {
		if ended := t.RevokedAt != nil || t.ExpiresAt != nil && !now.Before(*t.ExpiresAt); !ended && strings.EqualFold(t.Name, name) {
			return pim.Errorf("token add", pim.ErrExists, "%s has an app password for %q already (%d): give the new one another name, or revoke that first: bridge token revoke %d",
				u.Name, t.Name, t.ID, t.ID)
		}
	}
	return nil
}

func (p *program) tokenList() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "list", Short: "List app passwords", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				var rows []tokenShown
				err := a.store.View(ctx, func(tx *store.Tx) error {
					us, err := usersOrOne(tx, user)
					if err != nil {
						return err
					}
					for _, u := range us {
						ts, err := tx.Tokens(u.ID)
						if err != nil {
							return err
						}
						for _, t := range ts {
							rows = append(rows, tokenRow(u, t))
						}
					}
					return nil
				})
				if err != nil {
					return err
				}
				return print(p, rows, printed[tokenShown]{
					head: []string{"ID", "USER", "NAME", "ENDS IN", "LAST USED", "FROM", "STATE"},
					cells: func(t tokenShown) []string {
						return []string{strconv.FormatInt(int64(t.ID), 10), t.User, t.Name, "…" + t.Hint, stamp(t.LastUsed), t.LastIP, t.state(a.now())}
					},
				})
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account (default: all)")
	return c
}

func (t tokenShown) state(now time.Time) string {
	switch {
	case t.Revoked != nil:
		return "revoked"
	case t.Expires != nil && !now.Before(*t.Expires):
		return "expired"
	case t.ReadOnly:
		return "read only"
	}
	return "active"
}

// usersOrOne are all accounts, or the named one.
func usersOrOne(tx *store.Tx, name string) ([]store.User, error) {
	if name == "" {
		return tx.Users()
	}
	u, err := userNamed(tx, name)
	return []store.User{u}, err
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
				var u store.User
				var was, is store.Token
				err := a.store.Update(ctx, func(tx *store.Tx) error {
					if u, was, err = tokenNumbered(tx, user, id); err != nil {
						return err
					}
					if err := tx.RevokeToken(u.ID, id); err != nil {
						return err
					}
					if _, is, err = tokenNumbered(tx, user, id); err != nil {
						return err
					}
					// What the device has seen is of no use any more.
					return tx.ForgetDevice(tokenDevice(id))
				})
				switch {
				case err != nil:
					return err
				case p.json:
					return p.printJSON(tokenRow(u, is))
				case was.RevokedAt != nil:
					return p.say("app password %d (%s) was revoked already, %s", id, is.Name, stamp(was.RevokedAt))
				}
				return p.say("app password %d (%s) is revoked", id, is.Name)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account, to be sure it is the right one's")
	return c
}

// tokenNumbered finds an app password by its number; user may be "".
func tokenNumbered(tx *store.Tx, user string, id store.TokenID) (store.User, store.Token, error) {
	us, err := usersOrOne(tx, user)
	if err != nil {
		return store.User{}, store.Token{}, err
	}
	for _, u := range us {
		ts, err := tx.Tokens(u.ID)
		if err != nil {
			return u, store.Token{}, err
		}
		for _, t := range ts {
			if t.ID == id {
				return u, t, nil
			}
		}
	}
	return store.User{}, store.Token{}, pim.Errorf("token", pim.ErrNotFound, "there is no app password %d", id)
}

// number reads an id from the command line.
func number[T ~int64](s string) (T, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, pim.Errorf("arguments", pim.ErrInvalid, "%q is not the number of anything", s)
	}
	return T(n), nil
}
