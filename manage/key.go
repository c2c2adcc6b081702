package manage

import (
	"context"
	"fmt"

	"crmbridge/relay"
	"crmbridge/store"
)

// SignInPurpose binds the token of a sign-in at a service to it.
func SignInPurpose(id store.SignInID) string { return fmt.Sprintf("sign-in:%d", id) }

// RotateKey makes a new key, seals with it what is sealed, and drops the old one: what links log in with, what people signed in for, and the secrets of their
// codes. It is safe at any point, also beside a running server: until the end both keys open. It returns how many connections it sealed.
func (o *Office) RotateKey(ctx context.Context) (n int, err error) {
	return recorded(ctx, o, "secret.rotate", "", func() (int, error) {
		if err := o.Keeper.Rotate(o.KeyFile); err != nil {
			return 0, err
		}
		n := 0
		err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = o.reseal(tx)
			return err
		})
		if err != nil {
			return 0, err
		}
		return n, o.Keeper.Retire(o.KeyFile)
	})
}

// reseal seals everything with the newest key, and counts connections.
func (o *Office) reseal(tx *store.Tx) (n int, err error) {
	if n, err = o.resealSignIns(tx); err != nil {
		return 0, err
	}
	if _, err := o.ResealCodes(tx); err != nil {
		return 0, err
	}
	links, err := tx.Links(0)
	if err != nil {
		return 0, err
	}
	for _, l := range links {
		if len(l.Settings) == 0 {
			continue // lost with its key, see restore
		}
		fresh, changed, err := o.Keeper.Reseal(relay.SealPurpose(l.ID), l.Settings)
		if err != nil {
			return n, err
		}
		n++
		if l.Settings = fresh; !changed {
			continue
		}
		if err := tx.UpdateLink(l, "Settings"); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (o *Office) resealSignIns(tx *store.Tx) (n int, err error) {
	all, err := tx.SignIns(0)
	if err != nil {
		return 0, err
	}
	for _, in := range all {
		if len(in.Token) == 0 {
			continue
		}
		fresh, changed, err := o.Keeper.Reseal(SignInPurpose(in.ID), in.Token)
		if err != nil {
			return n, err
		}
		if n++; !changed {
			continue
		}
		if err := tx.ResealSignIn(in.ID, fresh, in.Fault); err != nil {
			return n, err
		}
	}
	return n, nil
}
