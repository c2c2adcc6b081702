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
	Language    string    `json:"language,omitempty"` // of the pages; "" is as the browser asks
	Created     time.Time `json:"created"`
}

func accountOf(u store.User) Account {
	return Account{u.Name, u.Email, u.DisplayName, u.Zone, u.Admin, u.Disabled, u.Language, u.CreatedAt}
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
func (o *Office) AddAccount(ctx context.Context, n NewAccount) (row Account, err error) {
	d, err := o.begin(ctx, "account.add", n.Name)
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	if n.Admin {
		d.note("admin", "yes")
	}
	if err := n.check(); err != nil {
		return Account{}, err
	}
	hash, err := o.passwordHash(n.Name, n.Password, n.Weak)
	if err != nil {
		return Account{}, err
	}
	var u store.User
	err = o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		u, err = addAccount(ctx, tx, n, hash)
		return err
	})
	return accountOf(u), err
}

func addAccount(ctx context.Context, tx *store.Tx, n NewAccount, hash string) (store.User, error) {
	u, err := tx.CreateUser(store.User{Name: n.Name, Email: n.Email, DisplayName: n.DisplayName, Zone: n.Zone, Admin: n.Admin, PasswordHash: hash})
	if err != nil {
		return u, err
	}
	return u, dav.Provision(ctx, tx, u)
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
	act := "account.enable"
	if disabled {
		act = "account.disable"
	}
	return o.changeAccount(ctx, act, name, func(tx *store.Tx, u *store.User) error {
		u.Disabled = disabled
		return tx.EndSessions(u.ID, nil)
	})
}

// SetAdmin lets an account manage everything, or no more. Errors: pim.ErrNotFound.
func (o *Office) SetAdmin(ctx context.Context, name string, admin bool) (Account, error) {
	act := "account.no-admin"
	if admin {
		act = "account.admin"
	}
	return o.changeAccount(ctx, act, name, func(_ *store.Tx, u *store.User) error {
		u.Admin = admin
		return nil
	})
}

// Account is one account. Errors: pim.ErrNotFound.
func (o *Office) Account(ctx context.Context, name string) (row Account, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		u, err := User(tx, name)
		row = accountOf(u)
		return err
	})
	return row, err
}

// SetLanguage says in which language an account's pages are, as BCP 47 has it; "" is as the browser asks. Errors: pim.ErrNotFound.
func (o *Office) SetLanguage(ctx context.Context, name, code string) error {
	_, err := o.changeAccount(ctx, "account.language", name, func(_ *store.Tx, u *store.User) error {
		u.Language = code
		return nil
	})
	return err
}

// SetPassword sets an account's password and signs it out of the pages everywhere; app passwords stay as they are. weak lets any pass. Errors:
// pim.ErrNotFound, pim.ErrInvalid.
func (o *Office) SetPassword(ctx context.Context, name, password string, weak bool) (Account, error) {
	hash, err := o.passwordHash(strings.ToLower(strings.TrimSpace(name)), password, weak) // before the transaction, which holds up all others
	if err != nil {
		return Account{}, err
	}
	return o.changeAccount(ctx, "account.password", name, func(tx *store.Tx, u *store.User) error {
		u.PasswordHash = hash
		return tx.EndSessions(u.ID, nil)
	})
}

func (o *Office) changeAccount(ctx context.Context, act, name string, change func(*store.Tx, *store.User) error) (row Account, err error) {
	d, err := o.begin(ctx, act, name)
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	var u store.User
	err = o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if u, err = User(tx, name); err != nil {
			return err
		}
		if err := change(tx, &u); err != nil {
			return err
		}
		return tx.UpdateUser(u)
	})
	return accountOf(u), err
}
