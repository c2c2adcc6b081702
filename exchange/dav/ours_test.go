package dav_test

import (
	"context"
	"testing"
	"time"

	"crmbridge/dav"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// doorman lets one user in.
type doorman struct{ user store.User }

func (d doorman) Authenticate(_ context.Context, user, password, _, _ string) (dav.Caller, error) {
	if user != d.user.Name || password != "correct horse" {
		return dav.Caller{}, &pim.Error{Op: "test", Kind: pim.ErrAuth}
	}
	return dav.Caller{User: d.user, Device: "token:driver"}, nil
}

// ourServer is the bridge's own server with an empty account of ann.
func ourServer(t *testing.T) *dav.Handler {
	t.Helper()
	clock := storetest.NewClock()
	st := storetest.OpenWith(t, store.Config{Now: clock.Now})
	var ann store.User
	err := st.Update(t.Context(), func(tx *store.Tx) (err error) {
		if ann, err = tx.CreateUser(store.User{Name: "ann", Email: "ann@example.org", DisplayName: "Ann Example", Zone: zone}); err != nil {
			return err
		}
		return dav.Provision(t.Context(), tx, ann)
	})
	if err != nil {
		t.Fatal(err)
	}
	h := dav.New(dav.Options{Store: st, Auth: doorman{ann}, Now: func() time.Time { return firstDay }, PublicURL: "https://dav.example.org/"})
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// Two bridges can be linked: our own server passes as groupware.
func TestOurOwnServer(t *testing.T) {
	t.Parallel()
	h := harness(nil, nil, 0)
	h.Only = []string{"traits", "collections", "create and fetch", "create again with the same key", "texts", "all-day events", "unknown ids", "update each field", "stale update",
		"update of a deleted item", "delete", "stale delete", "changes", "an edit at the remote shows", "a deletion shows", "unknown cursor", "window", "kinds in scope", "probe"}
	h.Open = func(t *testing.T) remotetest.Account {
		c := testclock.New()
		f := remotetest.NewFaulty(ourServer(t), nil, writes)
		s := remote.Settings{"url": serve(t, f)}
		return remotetest.Account{Remote: open(t, c, s), Faults: f, Pass: c.Advance, Zone: zone, Behind: remotetest.Through(open(t, c, s))}
	}
	remotetest.Run(t, h)
}
