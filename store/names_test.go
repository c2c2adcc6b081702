package store_test

import (
	"fmt"
	"slices"
	"testing"

	"crmbridge/pim"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// What is read of names alone is what is read of whole rows, tombstones among them.
func TestNamesAreThoseOfWholeRows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var c store.Collection
		const n = 300 // more than a page
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			u, err := tx.CreateUser(store.User{Name: "ann"})
			if err != nil {
				return err
			}
			if c, err = tx.CreateCollection(store.Collection{UserID: u.ID, Home: store.Calendars, Slug: "work"}); err != nil {
				return err
			}
			for i := range n {
				p := store.Put{Collection: c.ID, Name: fmt.Sprint(i), UID: fmt.Sprint(i), Kind: pim.KindEvent, Component: "VEVENT", Text: fmt.Append(nil, i%7)}
				if i == 0 {
					p.Text = nil // no text at all still is a living object
				}
				if _, err := tx.PutObject(p); err != nil {
					return err
				}
			}
			for i := range n / 10 {
				if _, err := tx.DeleteObject(c.ID, fmt.Sprint(i*10+5), store.Cond{}, "", 0); err != nil {
					return err
				}
			}
			_, err = tx.MoveObject(store.Move{From: c.ID, Name: "1", To: c.ID, NewName: "moved"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		listed := func(to *[]string) func(*store.Object) error {
			return func(o *store.Object) error {
				*to = append(*to, fmt.Sprint(o.ID, o.Name, o.ETag))
				return nil
			}
		}
		changed := func(to *[]string) func(*store.Object) error {
			return func(o *store.Object) error {
				*to = append(*to, fmt.Sprint(o.Seq, o.Name, o.ETag, o.Deleted))
				return nil
			}
		}
		err = s.View(t.Context(), func(tx *store.Tx) error {
			var whole, slim []string
			if err := tx.EachObject(c.ID, store.EachOptions{}, listed(&whole)); err != nil {
				return err
			}
			if err := tx.EachObject(c.ID, store.EachOptions{Names: true}, listed(&slim)); err != nil {
				return err
			}
			if len(whole) != n-n/10 || !slices.Equal(whole, slim) {
				t.Errorf("%d objects listed by name differ from %d whole ones", len(slim), len(whole))
			}
			// From the beginning it is all that lives, asked for a second time from memory.
			for range 2 {
				slim = nil
				last, more, err := tx.ChangedNames(c.ID, 0, 0, listed(&slim))
				if err != nil {
					return err
				}
				if top, _, err := tx.Changes(c.ID, 0, 0, false, func(*store.Object) error { return nil }); err != nil || last != top || more || !slices.Equal(whole, slim) {
					t.Errorf("%d objects up to %d, of %d up to %d, %t, %v", len(slim), last, len(whole), top, more, err)
				}
			}
			for _, since := range []store.Seq{1, n} {
				whole, slim = nil, nil
				last, more, err := tx.Changes(c.ID, since, 0, false, changed(&whole))
				if err != nil {
					return err
				}
				last2, more2, err := tx.ChangedNames(c.ID, since, 0, changed(&slim))
				if err != nil {
					return err
				}
				if !slices.Equal(whole, slim) || last != last2 || more != more2 || len(whole) == 0 {
					t.Errorf("since %d: %d changes by name differ from %d whole ones", since, len(slim), len(whole))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
