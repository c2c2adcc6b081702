package manage

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"crmbridge/auth"
	"crmbridge/internal/testclock"
	"crmbridge/internal/testenv"
	"crmbridge/pim"
	"crmbridge/secret"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// newOffice has the account ann, whose password is cheap to look at.
func newOffice(t *testing.T, s *store.Store, now func() time.Time) *Office {
	t.Helper()
	keeper, err := secret.New(rand.Reader, make([]byte, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(auth.Options{Store: s, Now: now, Random: rand.Reader, Keeper: keeper, Params: auth.Params{Memory: 8 * 1024, Time: 1, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(context.Background()) })
	o := &Office{Store: s, Auth: a, Keeper: keeper, Now: now, Random: rand.Reader, Address: "https://bridge.example.org"}
	if _, err := o.AddAccount(t.Context(), NewAccount{Name: " Ann ", Zone: "Europe/Helsinki", Password: "correct horse battery"}); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestFaultsNameTheirField(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	o := newOffice(t, s, testclock.New().Now)
	ctx := t.Context()
	account := func(n NewAccount) error { _, err := o.AddAccount(ctx, n); return err }
	device := func(n NewDevice) error { _, err := o.AddDevice(ctx, n); return err }
	feed := func(n NewFeed) error {
		n.User, n.Collection = "ann", "calendar"
		_, err := o.AddFeed(ctx, n)
		return err
	}
	for name, c := range map[string]struct {
		err   error
		field string
	}{
		"a path for a name":     {account(NewAccount{Name: "../x", Password: "correct horse battery"}), "name"},
		"a name and an address": {account(NewAccount{Name: "bo", Email: "Bo <bo@example.org>"}), "email"},
		"the zone of a machine": {account(NewAccount{Name: "bo", Zone: "Local"}), "zone"},
		"a device without name": {device(NewDevice{User: "ann", Name: " "}), "name"},
		"a name in two lines":   {device(NewDevice{User: "ann", Name: "a\nb"}), "name"},
		"a name that turns":     {device(NewDevice{User: "ann", Name: "a\u202eb"}), "name"},
		"a long name":           {device(NewDevice{User: "ann", Name: strings.Repeat("ä", 101)}), "name"},
		"days before today":     {device(NewDevice{User: "ann", Name: "phone", Days: -1}), "days"},
		"an unknown detail":     {feed(NewFeed{Detail: "some"}), "detail"},
		"a negative window":     {feed(NewFeed{PastDays: -1}), "pastDays"},
		"a window of ages":      {feed(NewFeed{FutureDays: 1_000_000}), "futureDays"},
		"a day that is over":    {feed(NewFeed{Expires: "1999-12-31"}), "expires"},
		"days without a number": {feed(NewFeed{Expires: "soon"}), "expires"},
	} {
		f, ok := FaultOf(c.err)
		if !ok || f.Field != c.field || !errors.Is(c.err, pim.ErrInvalid) || !strings.HasPrefix(pim.PublicText(c.err), c.field+" ") {
			t.Errorf("%s: %v, field %+v; want %q", name, c.err, f, c.field)
		}
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s, testclock.New().Now)
		ctx := t.Context()
		if _, err := o.AddAccount(ctx, NewAccount{Name: "ann", Password: "correct horse battery"}); !errors.Is(err, pim.ErrExists) {
			t.Errorf("a second ann: %v", err)
		}
		if _, err := o.AddAccount(ctx, NewAccount{Name: "bo", Password: "short"}); !errors.Is(err, pim.ErrInvalid) {
			t.Errorf("a short password: %v", err)
		}
		if _, err := o.AddAccount(ctx, NewAccount{Name: "bo", Password: "short", Weak: true, Admin: true}); err != nil {
			t.Error(err)
		}
		login := func(name, password string) error {
			_, err := o.Auth.Authenticate(ctx, name, password, "192.0.2.1:1", "test")
			return err
		}
		if err := login("ann", "correct horse battery"); err != nil {
			t.Error(err)
		}
		if _, err := o.SetDisabled(ctx, "Ann", true); err != nil || login("ann", "correct horse battery") == nil {
			t.Errorf("a disabled account logs in, %v", err)
		}
		if _, err := o.SetDisabled(ctx, "ann", false); err != nil || login("ann", "correct horse battery") != nil {
			t.Errorf("an account that was let in again does not, %v", err)
		}
		if _, err := o.SetPassword(ctx, "ann", "another horse battery", false); err != nil || login("ann", "another horse battery") != nil {
			t.Errorf("the new password does not fit, %v", err)
		}
		if _, err := o.SetPassword(ctx, "cy", "another horse battery", false); !errors.Is(err, pim.ErrNotFound) {
			t.Errorf("nobody's password: %v", err)
		}
		rows, err := o.Accounts(ctx)
		if err != nil || len(rows) != 2 || rows[0].Name != "ann" || rows[0].Zone != "Europe/Helsinki" || !rows[1].Admin {
			t.Errorf("%+v %v", rows, err)
		}
	})
}

func TestDevices(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		clock := testclock.New()
		o := newOffice(t, s, clock.Now)
		ctx := t.Context()
		phone, err := o.AddDevice(ctx, NewDevice{User: "ann", Name: " Phone ", Days: 2})
		if err != nil || phone.Name != "Phone" || phone.State(o.Now()) != "active" || !strings.HasSuffix(phone.Secret, phone.Hint) {
			t.Fatalf("%+v %v", phone, err)
		}
		if _, err := o.Auth.Authenticate(ctx, "ann", phone.Secret, "192.0.2.1:1", "test"); err != nil {
			t.Error(err)
		}
		if _, err := o.AddDevice(ctx, NewDevice{User: "ann", Name: "phone"}); !errors.Is(err, pim.ErrExists) {
			t.Errorf("a second phone: %v", err)
		}
		clock.Advance(49 * time.Hour)
		if _, err := o.Auth.Authenticate(ctx, "ann", phone.Secret, "192.0.2.1:1", "test"); err == nil || phone.State(o.Now()) != "expired" {
			t.Errorf("after its days it is %s", phone.State(o.Now()))
		}
		again, err := o.AddDevice(ctx, NewDevice{User: "ann", Name: "phone", ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.RevokeDevice(ctx, "bo", again.ID); !errors.Is(err, pim.ErrNotFound) {
			t.Errorf("somebody else's: %v", err)
		}
		for i, want := range []bool{false, true} {
			if d, already, err := o.RevokeDevice(ctx, "", again.ID); err != nil || already != want || d.State(o.Now()) != "revoked" {
				t.Errorf("%d: %+v %v %v", i, d, already, err)
			}
		}
		rows, err := o.Devices(ctx, "")
		if err != nil || len(rows) != 2 || rows[0].Secret != "" {
			t.Errorf("%+v %v", rows, err)
		}
	})
}

func TestFeeds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s, testclock.New().Now)
		ctx := t.Context()
		f, err := o.AddFeed(ctx, NewFeed{User: "ann", Collection: "calendar", Private: true, PastDays: 30, Expires: "90d"})
		if err != nil || f.Contents() != "everything, private items too, from -30 days" || !strings.HasPrefix(f.Address, "https://bridge.example.org/feeds/") {
			t.Fatalf("%+v %v", f, err)
		}
		if _, err := o.AddFeed(ctx, NewFeed{User: "ann", Collection: "calendar"}); !errors.Is(err, pim.ErrExists) {
			t.Errorf("a second one of the name: %v", err)
		}
		if _, err := o.AddFeed(ctx, NewFeed{User: "ann", Collection: "contacts"}); !errors.Is(err, pim.ErrNotFound) {
			t.Errorf("of an address book: %v", err)
		}
		turned, err := o.RotateFeed(ctx, "ann", f.ID, "never")
		if err != nil || turned.Address == f.Address || turned.Expires != nil {
			t.Errorf("%+v %v", turned, err)
		}
		if row, err := o.RevokeFeed(ctx, "ann", f.ID); err != nil || row.State(o.Now()) != "revoked" {
			t.Errorf("%+v %v", row, err)
		}
		if _, err := o.RotateFeed(ctx, "ann", f.ID, ""); !errors.Is(err, pim.ErrInvalid) {
			t.Errorf("a feed that has ended: %v", err)
		}
		rows, err := o.Feeds(ctx, "")
		if err != nil || len(rows) != 2 || rows[0].Address != "" {
			t.Errorf("%+v %v", rows, err)
		}
	})
}

// Secrets that cannot be made are no empty ones.
func TestNoRandomness(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	o := newOffice(t, s, testclock.New().Now)
	o.Random = strings.NewReader("")
	if d, err := o.AddDevice(t.Context(), NewDevice{User: "ann", Name: "phone"}); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%+v %v", d, err)
	}
	if f, err := o.AddFeed(t.Context(), NewFeed{User: "ann", Collection: "calendar"}); err == nil || f.Address != "" {
		t.Errorf("%+v %v", f, err)
	}
}
