package storetest

import (
	"errors"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// A sign-in is used by one at a time, keeps its id when somebody signs in anew, and then nothing that an earlier user of it brings.
func testSignIns(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	put := func(token string) (in store.SignIn) {
		f.update(func(tx *store.Tx) (err error) {
			in, err = tx.PutSignIn(store.SignIn{UserID: f.user.ID, Driver: "graph", Name: "ann", Account: "ann@example.org"}, func(id store.SignInID) ([]byte, error) {
				return []byte(token), nil
			})
			return err
		})
		return in
	}
	acquire := func(id store.SignInID, owner string, steal func(string) bool) (ok bool) {
		f.update(func(tx *store.Tx) (err error) {
			ok, err = tx.AcquireSignIn(id, owner, tx.Now().Add(time.Minute), steal)
			return err
		})
		return ok
	}
	is := func(token, fault string) {
		t.Helper()
		f.view(func(tx *store.Tx) error {
			in, err := tx.SignInByName(f.user.ID, "graph", "ann")
			if err != nil || string(in.Token) != token || in.Fault != fault || in.LeaseOwner != "" {
				t.Errorf("%+v with %q, %v", in, in.Token, err)
			}
			return err
		})
	}
	in := put("one")
	if !acquire(in.ID, "a", nil) || acquire(in.ID, "b", nil) || acquire(in.ID, "b", func(o string) bool { return o != "a" }) {
		t.Error("two use it at once")
	}
	f.update(func(tx *store.Tx) error { return tx.KeepSignIn(in.ID, "a", []byte("two"), "") })
	is("two", "")
	if !acquire(in.ID, "b", nil) || !acquire(in.ID, "c", func(o string) bool { return o == "b" }) {
		t.Error("what the dead had is not free")
	}
	f.refused(pim.ErrConflict, func(tx *store.Tx) error { return tx.KeepSignIn(in.ID, "b", []byte("stale"), "") })
	f.update(func(tx *store.Tx) error { return tx.KeepSignIn(in.ID, "c", nil, "revoked") })
	is("two", "revoked")
	if !acquire(in.ID, "d", nil) {
		t.Error("not free after its use")
	}
	if again := put("three"); again.ID != in.ID {
		t.Errorf("signed in anew it is %d, not %d", again.ID, in.ID)
	}
	f.refused(pim.ErrConflict, func(tx *store.Tx) error { return tx.KeepSignIn(in.ID, "d", []byte("stale"), "") })
	is("three", "")
	broken := errors.New("no key")
	if err := f.s.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.PutSignIn(store.SignIn{UserID: f.user.ID, Driver: "graph", Name: "bob"}, func(store.SignInID) ([]byte, error) { return nil, broken })
		return err
	}); !errors.Is(err, broken) {
		t.Errorf("a seal that failed: %v", err)
	}
	f.view(func(tx *store.Tx) error {
		all, err := tx.SignIns(0)
		equal(t, "sign-ins", len(all), 1)
		return err
	})
	f.update(func(tx *store.Tx) error { return tx.DeleteSignIn(in.ID) })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.DeleteSignIn(in.ID) })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		_, err := tx.SignInByName(f.user.ID, "graph", "ann")
		return err
	})
}
