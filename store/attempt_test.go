package store_test

import (
	"errors"
	"testing"

	"crmbridge/store"
	"crmbridge/store/storetest"
)

// Of what fails in a transaction that goes on nothing stays, of the rest all.
func TestAttempt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		no := errors.New("no")
		var after []string
		add := func(tx *store.Tx, name string) error {
			tx.AfterCommit(func() { after = append(after, name) })
			_, err := tx.CreateUser(store.User{Name: name})
			return err
		}
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			if err := add(tx, "first"); err != nil {
				return err
			}
			err := tx.Attempt(func() error {
				if err := tx.Attempt(func() error { return add(tx, "inner") }); err != nil {
					return err
				}
				return errors.Join(add(tx, "failed"), no)
			})
			if !errors.Is(err, no) {
				t.Errorf("got %v", err)
			}
			return tx.Attempt(func() error { return add(tx, "last") })
		})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		if err := s.View(t.Context(), func(tx *store.Tx) error {
			us, err := tx.Users()
			for _, u := range us {
				names = append(names, u.Name)
			}
			if err := tx.Attempt(func() error { return nil }); err == nil {
				t.Error("tried in a View")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if len(names) != 2 || names[0] != "first" || names[1] != "last" || len(after) != 2 || after[1] != "last" {
			t.Errorf("users %q, after commit %q", names, after)
		}
	})
}
