package auth

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/store"
)

// Uses of app passwords are stored together, with no login waiting for the disk; one that
// is gone by then takes nobody else's with it.
func TestUsesAreStoredTogether(t *testing.T) {
	t.Parallel()
	s, c, u := account(t, Options{})
	secrets := make([]string, 3)
	err := s.o.Store.Update(t.Context(), func(tx *store.Tx) error {
		for i := range secrets {
			var err error
			if secrets[i], err = NewSecret(rand.Reader); err != nil {
				return err
			}
			if _, err := tx.CreateToken(store.Token{UserID: u.ID, Name: fmt.Sprint(i), Hash: HashSecret(secrets[i])}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	login := func(i int, agent string) {
		t.Helper()
		if _, err := s.Authenticate(t.Context(), "alice", secrets[i], "192.0.2.1", agent); err != nil {
			t.Fatal(err)
		}
	}
	agents := func() (out []string) {
		t.Helper()
		err := s.o.Store.View(t.Context(), func(tx *store.Tx) error {
			out = nil
			ts, err := tx.Tokens(u.ID)
			for _, tok := range ts {
				out = append(out, tok.LastAgent)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	login(0, "first")
	login(1, strings.Repeat("long ", 100))
	s.uses.note(99, "192.0.2.1", "an app password that is gone", c.Now())
	if err := s.uses.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := agents(); got[0] != "first" || len(got[1]) != maxAgent || got[2] != "" {
		t.Errorf("stored %q", got)
	}
	login(0, "within a minute")
	c.Advance(time.Minute)
	login(2, "at the end")
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	login(1, "after the end")
	if got := agents(); got[0] != "first" || got[2] != "at the end" {
		t.Errorf("stored %q", got)
	}
	// By itself, too, soon after the first use.
	s.uses.closed = false
	login(0, "by itself")
	for end := time.Now().Add(30 * time.Second); agents()[0] != "by itself"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody stores what was noted")
		}
	}
}
