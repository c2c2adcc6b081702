package storetest

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// A session is found by its hash while it lasts and its user may sign in; who ends the others keeps one.
func testSessions(t *testing.T, open Opener) {
	clock := NewClock()
	f := setUp(t, open, store.Config{Now: clock.Now})
	begin := func(hash string, lasts time.Duration) {
		f.update(func(tx *store.Tx) error {
			_, err := tx.CreateSession(store.Session{Hash: []byte(hash), UserID: f.user.ID, ExpiresAt: tx.Now().Add(lasts), ConfirmedAt: tx.Now(), IP: "192.0.2.1", Agent: "a browser"})
			return err
		})
	}
	lives := func(hash string) (ok bool) {
		f.view(func(tx *store.Tx) error {
			s, u, err := tx.Session([]byte(hash))
			if ok = err == nil; ok && (u.ID != f.user.ID || !bytes.Equal(s.Hash, []byte(hash)) || s.Agent != "a browser") {
				t.Errorf("%q is %+v of %+v", hash, s, u)
			}
			if errors.Is(err, pim.ErrNotFound) {
				err = nil
			}
			return err
		})
		return ok
	}
	begin("one", time.Hour)
	begin("two", 2*time.Hour)
	begin("three", 3*time.Hour)
	if !lives("one") || lives("none") {
		t.Error("not found by its hash")
	}
	f.update(func(tx *store.Tx) error {
		s, _, err := tx.Session([]byte("one"))
		if err != nil {
			return err
		}
		s.Data, s.ExpiresAt = []byte(`{}`), tx.Now().Add(4*time.Hour)
		return tx.UpdateSession(s)
	})
	clock.Advance(150 * time.Minute)
	if !lives("one") || lives("two") || !lives("three") {
		t.Error("what lasts longer does not, or the other way round")
	}
	f.update(func(tx *store.Tx) error { return tx.ForgetExpired() })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		return tx.UpdateSession(store.Session{Hash: []byte("two"), ExpiresAt: tx.Now()})
	})
	f.update(func(tx *store.Tx) error { return tx.EndSessions(f.user.ID, []byte("three")) })
	if lives("one") || !lives("three") {
		t.Error("ended is not all but the one that is kept")
	}
	f.view(func(tx *store.Tx) error {
		all, err := tx.Sessions(f.user.ID)
		if len(all) != 1 || string(all[0].Hash) != "three" {
			t.Errorf("listed: %+v", all)
		}
		return err
	})
	set := func(disabled bool) {
		f.update(func(tx *store.Tx) error {
			u, err := tx.User(f.user.ID)
			if err != nil {
				return err
			}
			u.Disabled = disabled
			return tx.UpdateUser(u)
		})
	}
	if set(true); lives("three") {
		t.Error("somebody who is disabled goes on")
	}
	set(false)
	f.update(func(tx *store.Tx) error {
		return errors.Join(tx.EndSession([]byte("three")), tx.EndSession([]byte("three")))
	})
	if lives("three") {
		t.Error("lives on after its end")
	}
	f.update(func(tx *store.Tx) error { return tx.EndSessions(f.user.ID, nil) })
}

// A ticket is good once, for its purpose, until it expires or there is a newer one.
func testTickets(t *testing.T, open Opener) {
	clock := NewClock()
	f := setUp(t, open, store.Config{Now: clock.Now})
	make := func(hash, purpose string) {
		f.update(func(tx *store.Tx) error {
			return tx.CreateTicket(store.Ticket{Hash: []byte(hash), Purpose: purpose, ExpiresAt: tx.Now().Add(time.Hour)})
		})
	}
	make("a", "first")
	make("b", "second")
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.UseTicket([]byte("a"), "second") })
	f.view(func(tx *store.Tx) error { _, err := tx.Ticket([]byte("a"), "first"); return err })
	make("c", "first")
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.UseTicket([]byte("a"), "first") })
	f.update(func(tx *store.Tx) error { return tx.UseTicket([]byte("c"), "first") })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.UseTicket([]byte("c"), "first") })
	clock.Advance(time.Hour)
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.UseTicket([]byte("b"), "second") })
}
