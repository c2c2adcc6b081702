package manage

import (
	"context"
	"slices"
	"time"

	"crmbridge/auth"
	"crmbridge/pim"
	"crmbridge/store"
)

// firstTicket is the purpose of the ticket for the first administrator.
const firstTicket = "first administrator"

// FirstLasts is how long the ticket for the first administrator is good.
const FirstLasts = 24 * time.Hour

// InviteFirst returns a secret for FirstAdmin; an earlier one is good no more. It is "" when an administrator can sign in already.
func (o *Office) InviteFirst(ctx context.Context) (string, error) {
	secret, err := auth.NewSecret(o.Random)
	if err != nil {
		return "", err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if has, err := hasAdmin(tx); err != nil || has {
			secret = ""
			return err
		}
		return tx.CreateTicket(store.Ticket{Hash: auth.HashSecret(secret), Purpose: firstTicket, ExpiresAt: o.Now().Add(FirstLasts)})
	})
	return secret, err
}

// Invited reports whether a secret of InviteFirst is good now. Errors: pim.ErrNotFound.
func (o *Office) Invited(ctx context.Context, secret string) error {
	return o.Store.View(ctx, func(tx *store.Tx) error {
		_, err := tx.Ticket(auth.HashSecret(secret), firstTicket)
		return uninvited(err)
	})
}

// FirstAdmin makes the first administrator for somebody who has the secret of InviteFirst, which is good no more then. Errors: a Fault,
// pim.ErrNotFound where the secret is not good, pim.ErrExists where the name is taken.
func (o *Office) FirstAdmin(ctx context.Context, secret string, n NewAccount) (row Account, err error) {
	n.Admin, n.Weak = true, false
	if err := n.check(); err != nil {
		return Account{}, err
	}
	if err := o.Invited(ctx, secret); err != nil { // before the password is hashed, which costs, and before anything is written down
		return Account{}, err
	}
	d, err := o.begin(ctx, "account.first", n.Name)
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	hash, err := o.passwordHash(n.Name, n.Password, false)
	if err != nil {
		return Account{}, err
	}
	var u store.User
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.UseTicket(auth.HashSecret(secret), firstTicket); err != nil {
			return uninvited(err)
		}
		has, err := hasAdmin(tx)
		if err == nil && has {
			err = uninvited(pim.ErrNotFound)
		}
		if err != nil {
			return err
		}
		u, err = addAccount(ctx, tx, n, hash)
		return err
	})
	return accountOf(u), err
}

// uninvited says what to do about a secret that is not good.
func uninvited(err error) error {
	if pim.ReasonOf(err) == pim.ErrNotFound && err != nil {
		return pim.Errorf("first administrator", pim.ErrNotFound,
			"this address is good no more: it was used, is older than a day, or a newer one is in the log of the server, which writes one at each start until there is an administrator")
	}
	return err
}

// hasAdmin reports whether there is an administrator who may sign in.
func hasAdmin(tx *store.Tx) (bool, error) {
	us, err := tx.Users()
	return slices.ContainsFunc(us, func(u store.User) bool { return u.Admin && !u.Disabled }), err
}
