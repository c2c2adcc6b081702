package storetest

import (
	"testing"

	"crmbridge/store"
)

func TestSmoke(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			u, err := tx.CreateUser(store.User{Name: "ann"})
			if err != nil {
				return err
			}
			t.Log(u)
			c, err := tx.CreateCollection(store.Collection{UserID: u.ID, Home: store.Calendars, Slug: "work"})
			if err != nil {
				return err
			}
			r, err := tx.PutObject(store.Put{Collection: c.ID, Name: "a.ics", UID: "a", Kind: 1, Component: "VEVENT", Text: []byte("x"), Start: 5, End: 6})
			if err != nil {
				return err
			}
			t.Log(r)
			if _, err := tx.MoveObject(store.Move{From: c.ID, To: c.ID, Name: "a.ics", NewName: "b.ics"}); err != nil {
				return err
			}
			if _, _, err := tx.Changes(c.ID, 0, 0, true, func(o *store.Object) error { t.Log(o); return nil }); err != nil {
				return err
			}
			return tx.MarkSeen("x", []store.SeenMark{{Object: r.Object.ID, Seq: 2}})
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
