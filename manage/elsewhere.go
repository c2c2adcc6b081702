package manage

import (
	"context"
	"errors"
	"strings"

	"crmbridge/dav"
	"crmbridge/pim"
	"crmbridge/store"
)

// Known is who somebody is at a service where they signed in.
type Known struct {
	Issuer, Subject string
	Account         string // what the service calls them, "" if it does not say
	Email           string // that the service vouches for, else ""
	Name            string
}

// errStranger is for somebody whom the service knows and this server does not.
func errStranger() error {
	return pim.Errorf("sign in elsewhere", pim.ErrNotFound, "there is no account for this person")
}

// Recognise finds whose account it is: of whoever is tied to it, else the one with the name, else the only one with the address; an account that is tied to
// somebody else is nobody's. tied says that nothing is left to TieElsewhere. With create, somebody without an account gets one, which has no password.
// Errors: pim.ErrNotFound where there is no account, or it is disabled; a Fault of "name" where one cannot be made.
func (o *Office) Recognise(ctx context.Context, k Known, create bool) (u store.User, tied bool, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		u, tied, err = recognise(tx, k)
		return err
	})
	if errors.Is(err, pim.ErrNotFound) && create {
		u, err = o.join(ctx, k)
		tied = err == nil
	}
	if err == nil && u.Disabled {
		return store.User{}, false, errStranger()
	}
	return u, tied, err
}

func recognise(tx *store.Tx, k Known) (u store.User, tied bool, err error) {
	tie, err := tx.TieOf(k.Issuer, k.Subject)
	if err == nil {
		u, err = tx.User(tie.UserID)
		return u, true, err
	}
	if !errors.Is(err, pim.ErrNotFound) {
		return u, false, err
	}
	all, err := tx.Users()
	if err != nil {
		return u, false, err
	}
	var byName, byEmail []store.User
	for _, one := range all {
		if k.Account != "" && one.Name == strings.ToLower(k.Account) {
			byName = append(byName, one)
		}
		if k.Email != "" && strings.EqualFold(one.Email, k.Email) {
			byEmail = append(byEmail, one)
		}
	}
	found := byName
	if len(found) == 0 {
		found = byEmail
	}
	if len(found) != 1 {
		return u, false, errStranger()
	}
	if _, err := tx.TieOfUser(found[0].ID); !errors.Is(err, pim.ErrNotFound) {
		return u, false, errors.Join(err, errStranger())
	}
	return found[0], false, nil
}

// TieElsewhere keeps who an account's person is elsewhere: from now on the service's own number counts, whatever names become of them. Errors: pim.ErrExists where
// either is tied to another.
func (o *Office) TieElsewhere(ctx context.Context, u store.UserID, issuer, subject string) (err error) {
	d, err := o.begin(ctx, "account.tie", issuer)
	if err != nil {
		return err
	}
	defer d.end(&err)
	return o.Store.Update(ctx, func(tx *store.Tx) error { return tx.AddTie(store.Tie{UserID: u, Issuer: issuer, Subject: subject}) })
}

// join makes an account for somebody who is known elsewhere.
func (o *Office) join(ctx context.Context, k Known) (u store.User, err error) {
	d, err := o.begin(ctx, "account.join", k.Account)
	if err != nil {
		return u, err
	}
	defer d.end(&err)
	n := NewAccount{Name: k.Account, Email: k.Email, DisplayName: k.Name}
	if n.Name == "" {
		n.Name = k.Email
	}
	if err := n.check(); err != nil {
		return u, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if u, err = tx.CreateUser(store.User{Name: n.Name, Email: n.Email, DisplayName: n.DisplayName}); err != nil {
			return err
		}
		if err := tx.AddTie(store.Tie{UserID: u.ID, Issuer: k.Issuer, Subject: k.Subject}); err != nil {
			return err
		}
		return dav.Provision(ctx, tx, u)
	})
	if errors.Is(err, pim.ErrExists) { // the name is another's
		err = errStranger()
	}
	return u, err
}

// Tied reports whether an account is tied to somebody elsewhere. Errors: pim.ErrNotFound where there is no account.
func (o *Office) Tied(ctx context.Context, name string) (tied bool, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		u, err := User(tx, name)
		if err != nil {
			return err
		}
		_, err = tx.TieOfUser(u.ID)
		if tied = err == nil; errors.Is(err, pim.ErrNotFound) {
			err = nil
		}
		return err
	})
	return tied, err
}

// Untie forgets who an account's person is elsewhere, and signs it out of the pages: whoever signs in there next and has the name or the address is tied.
// Errors: pim.ErrNotFound, also where it was not tied.
func (o *Office) Untie(ctx context.Context, name string) (Account, error) {
	return o.changeAccount(ctx, "account.untie", name, func(tx *store.Tx, u *store.User) error {
		err := tx.DropTie(u.ID)
		if errors.Is(err, pim.ErrNotFound) {
			return pim.Errorf("tie", pim.ErrNotFound, "%s is tied to nobody elsewhere", u.Name)
		}
		return errors.Join(err, tx.EndSessions(u.ID, nil))
	})
}
