package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// tokens are an app password and an API token of u.
func tokens(t *testing.T, s *Service, u store.User) (device, api string, id store.TokenID) {
	t.Helper()
	for _, scope := range []store.Scope{store.ScopeDevice, store.ScopeAPI} {
		secret, err := NewSecret(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		err = s.o.Store.Update(t.Context(), func(tx *store.Tx) error {
			k, err := tx.CreateToken(store.Token{UserID: u.ID, Name: string("t" + scope), Hash: HashSecret(secret), Scope: scope, ReadOnly: scope != ""})
			id = k.ID
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if scope == store.ScopeAPI {
			api = secret
		} else {
			device = secret
		}
	}
	return device, api, id
}

// What a device knows opens no API, and what a program knows no calendar.
func TestATokenIsGoodForOneThing(t *testing.T) {
	t.Parallel()
	s, _, u := account(t, Options{})
	device, api, id := tokens(t, s, u)
	ctx := context.Background()
	if c, err := s.Bearer(ctx, api, "192.0.2.1", "curl"); err != nil || c.User.ID != u.ID || c.Token != id || !c.ReadOnly {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := s.Authenticate(ctx, "alice", device, "192.0.2.1", "phone"); err != nil {
		t.Error(err)
	}
	refused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, pim.ErrAuth) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := s.Bearer(ctx, device, "192.0.2.2", "curl")
	refused("an app password as token", err)
	_, err = s.Bearer(ctx, "open sesame", "192.0.2.3", "curl")
	refused("the password as token", err)
	_, err = s.Bearer(ctx, "", "192.0.2.3", "curl")
	refused("nothing as token", err)
	_, err = s.Authenticate(ctx, "alice", api, "192.0.2.4", "phone")
	refused("a token as app password", err)
	_, err = s.SignIn(ctx, "alice", api, "192.0.2.5")
	refused("a token at the pages", err)
}

func TestATokenEnds(t *testing.T) {
	t.Parallel()
	s, c, u := account(t, Options{})
	_, api, id := tokens(t, s, u)
	ask := func() error {
		_, err := s.Bearer(context.Background(), api, "192.0.2.1", "curl")
		c.Advance(time.Hour) // forgotten
		return err
	}
	change := func(do func(*store.Tx) error) {
		t.Helper()
		if err := s.o.Store.Update(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	u.Disabled = true
	change(func(tx *store.Tx) error { return tx.UpdateUser(u) })
	if err := ask(); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("of a disabled account: %v", err)
	}
	u.Disabled = false
	change(func(tx *store.Tx) error { return tx.UpdateUser(u) })
	if err := ask(); err != nil {
		t.Error(err)
	}
	change(func(tx *store.Tx) error { return tx.RevokeToken(u.ID, id) })
	if err := ask(); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("revoked: %v", err)
	}
}

// Whoever tries what is no token waits; whoever has one does not, from the same network either.
func TestWhoGuessesTokensWaits(t *testing.T) {
	t.Parallel()
	s, _, u := account(t, Options{Limits: Limits{Free: 2, First: time.Second, Most: time.Minute, Forget: time.Hour, AddressFree: 50}})
	_, api, _ := tokens(t, s, u)
	ctx := context.Background()
	var last error
	for range 4 {
		_, last = s.Bearer(ctx, "no token", "192.0.2.1", "curl")
	}
	if !errors.Is(last, pim.ErrThrottled) || pim.RetryAfter(last) <= 0 {
		t.Errorf("after four tries: %v", last)
	}
	if _, err := s.Bearer(ctx, api, "192.0.2.1", "curl"); err != nil {
		t.Errorf("a good token: %v", err)
	}
	if _, err := s.Authenticate(ctx, "alice", "open sesame", "192.0.2.1", "phone"); err != nil {
		t.Errorf("a password from there: %v", err)
	}
	if _, err := s.Bearer(ctx, "no token", "192.0.2.9", "curl"); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("from elsewhere: %v", err)
	}
}
