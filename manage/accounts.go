package manage

import (
	"context"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"crmbridge/auth"
	"crmbridge/dav"
	"crmbridge/store"
)

// accountName is part of URLs and logins; kept to what no client spoils.
var accountName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{0,63}$`)

// Account is a person who may log in.
type Account struct {
	Name        string    `json:"name"` // the login
	Email       string    `json:"email,omitempty"`
	DisplayName string    `json:"displayName,omitempty"`
	Zone        string    `json:"zone,omitempty"` // IANA name, "" is UTC
	Admin       bool      `json:"admin"`
	Disabled    bool      `json:"disabled"`
	Created     time.Time `json:"created"`
}

func accountOf(u store.User) Account {
	return Account{u.Name, u.Email, u.DisplayName, u.Zone, u.Admin, u.Disabled, u.CreatedAt}
}

// NewAccount is an account to be made. Only Name and Password are needed.
type NewAccount struct {
	Name, Email, DisplayName, Zone string
	Admin                          bool
	Password                       string
	// Weak lets any password pass, for trials.
	Weak bool
}

// check completes n and finds what is wrong with it.
func (n *NewAccount) check() error {
	const op = "user add"
	n.Name = strings.ToLower(strings.TrimSpace(n.Name))
	if !accountName.MatchString(n.Name) {
		return wrong(op, "name", "must begin with a letter or digit, have only a-z, 0-9 and . _ - + @, and be of 64 characters at most")
	}
	if n.Email != "" {
		if a, err := mail.ParseAddress(n.Email); err != nil || a.Address != n.Email {
			return wrong(op, "email", "%q is not an address such as ann@example.org", n.Email)
		}
	}
	if n.Zone != "" {
		if _, err := time.LoadLocation(n.Zone); err != nil || n.Zone == "Local" {
			return wrong(op, "zone", "%q is not a time zone such as Europe/Helsinki", n.Zone)
		}
	}
	return nil
}

// Check finds what is wrong with n but its password, before somebody is asked for one. Errors: a Fault.
func (n NewAccount) Check() error { return n.check() }

// AddAccount makes an account with a calendar, a task list and an address book. Errors: a Fault, pim.ErrExists.
func (o *Office) AddAccount(ctx context.Context, n NewAccount) (Account, error) {
	if err := n.check(); err != nil {
		return Account{}, err
	}
	hash, err := o.passwordHash(n.Name, n.Password, n.Weak)
	if err != nil {
		return Account{}, err
	}
	u := store.User{Name: n.Name, Email: n.Email, DisplayName: n.DisplayName, Zone: n.Zone, Admin: n.Admin, PasswordHash: hash}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		made, err := tx.CreateUser(u)
		if err != nil {
			return err
		}
		u = made
		return dav.Provision(ctx, tx, u)
	})
	return accountOf(u), err
}

func (o *Office) passwordHash(name, password string, weak bool) (string, error) {
	if err := auth.CheckPassword(name, password, weak); err != nil {
		return "", err
	}
	return o.Auth.HashPassword(password)
}

// Accounts lists all accounts by name.
func (o *Office) Accounts(ctx context.Context) (rows []Account, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		us, err := tx.Users()
		rows = make([]Account, len(us))
		for i, u := range us {
			rows[i] = accountOf(u)
		}
		return err
	})
	return rows, err
}

// SetDisabled refuses an account's logins and stops its links, or lets it in again. Nothing is deleted. Errors: pim.ErrNotFound.
func (o *Office) SetDisabled(ctx context.Context, name string, disabled bool) (Account, error) {
	return o.changeAccount(ctx, name, func(u *store.User) error {
		u.Disabled = disabled
		return nil
	})
}

// SetPassword sets an account's password; app passwords stay as they are. weak lets any pass. Errors: pim.ErrNotFound, pim.ErrInvalid.
func (o *Office) SetPassword(ctx context.Context, name, password string, weak bool) (Account, error) {
	return o.changeAccount(ctx, name, func(u *store.User) (err error) {
		u.PasswordHash, err = o.passwordHash(u.Name, password, weak)
		return err
	})
}

func (o *Office) changeAccount(ctx context.Context, name string, change func(*store.User) error) (Account, error) {
	var u store.User
	err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if u, err = User(tx, name); err != nil {
			return err
		}
		if err := change(&u); err != nil {
			return err
		}
		return tx.UpdateUser(u)
	})
	return accountOf(u), err
}
