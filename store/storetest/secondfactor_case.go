package storetest

import (
	"testing"

	"crmbridge/pim"
	"crmbridge/store"
)

// A second factor is one per user; a step is used once and no earlier one after it; a recovery code is good once, for its user.
func testSecondFactors(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	var other store.User
	f.update(func(tx *store.Tx) (err error) {
		other, err = tx.CreateUser(store.User{Name: "other"})
		return err
	})
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { _, err := tx.SecondFactor(f.user.ID); return err })
	set := func(tx *store.Tx) error {
		return tx.SetSecondFactor(store.SecondFactor{UserID: f.user.ID, Secret: []byte{1}, Step: 5}, [][]byte{{1}, {2}})
	}
	f.update(set)
	f.refused(pim.ErrExists, set)
	f.refused(pim.ErrConflict, func(tx *store.Tx) error { return tx.UseStep(f.user.ID, 5) })
	f.update(func(tx *store.Tx) error { return tx.UseStep(f.user.ID, 7) })
	f.refused(pim.ErrConflict, func(tx *store.Tx) error { return tx.UseStep(f.user.ID, 6) })
	f.refused(pim.ErrConflict, func(tx *store.Tx) error { return tx.UseStep(other.ID, 9) })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.UseRecoveryCode(other.ID, []byte{1}) })
	f.update(func(tx *store.Tx) error { return tx.UseRecoveryCode(f.user.ID, []byte{1}) })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.UseRecoveryCode(f.user.ID, []byte{1}) })
	left := func(want int) {
		f.view(func(tx *store.Tx) error {
			n, err := tx.RecoveryCodes(f.user.ID)
			if n != want {
				t.Errorf("%d codes are left, want %d", n, want)
			}
			return err
		})
	}
	left(1)
	f.update(func(tx *store.Tx) error { return tx.SetRecoveryCodes(f.user.ID, [][]byte{{3}, {4}, {5}}) })
	left(3)
	f.update(func(tx *store.Tx) error { return tx.ResealSecondFactor(f.user.ID, nil) })
	f.view(func(tx *store.Tx) error {
		all, err := tx.SecondFactors()
		if len(all) != 1 || all[0].UserID != f.user.ID || all[0].Secret != nil || all[0].Step != 7 {
			t.Errorf("all: %+v", all)
		}
		return err
	})
	f.update(func(tx *store.Tx) error { return tx.DropSecondFactor(f.user.ID) })
	left(0)
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.DropSecondFactor(f.user.ID) })
	f.update(set)
}

// Somebody elsewhere is one user here, and a user is one there.
func testTies(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	var other store.User
	f.update(func(tx *store.Tx) (err error) {
		other, err = tx.CreateUser(store.User{Name: "other"})
		return err
	})
	tie := func(u store.UserID, issuer, subject string) func(*store.Tx) error {
		return func(tx *store.Tx) error { return tx.AddTie(store.Tie{UserID: u, Issuer: issuer, Subject: subject}) }
	}
	f.update(tie(f.user.ID, "i", "s"))
	f.refused(pim.ErrExists, tie(other.ID, "i", "s"))
	f.refused(pim.ErrExists, tie(f.user.ID, "i", "t"))
	f.update(tie(other.ID, "j", "s"))
	f.view(func(tx *store.Tx) error {
		k, err := tx.TieOf("i", "s")
		if k.UserID != f.user.ID {
			t.Errorf("tied to %d", k.UserID)
		}
		return err
	})
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { _, err := tx.TieOf("j", "t"); return err })
	f.update(func(tx *store.Tx) error { return tx.DropTie(f.user.ID) })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.DropTie(f.user.ID) })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { _, err := tx.TieOfUser(f.user.ID); return err })
}
