package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// cheap costs keep tests quick.
var cheap = Params{Memory: 64, Time: 1, Threads: 1}

// account is a service with the user alice, password "open sesame".
func account(t *testing.T, o Options) (*Service, *testclock.Clock, store.User) {
	t.Helper()
	c := testclock.At(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	o.Store, o.Now, o.Random, o.Params = storetest.Open(t), c.Now, rand.Reader, cheap
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.HashPassword("open sesame")
	if err != nil {
		t.Fatal(err)
	}
	var u store.User
	err = o.Store.Update(t.Context(), func(tx *store.Tx) error {
		u, err = tx.CreateUser(store.User{Name: "alice", PasswordHash: h})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, c, u
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	s, c, u := account(t, Options{})
	ctx := context.Background()
	got, err := s.Authenticate(ctx, " Alice ", "open sesame", "192.0.2.1", "test")
	if err != nil || got.User.ID != u.ID || got.Token != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	_, wrong := s.Authenticate(ctx, "alice", "open says me", "192.0.2.1", "test")
	_, nobody := s.Authenticate(ctx, "bob", "open sesame", "192.0.2.1", "test")
	if !errors.Is(wrong, pim.ErrAuth) || wrong.Error() != nobody.Error() {
		t.Errorf("a wrong password and an unknown account differ: %v / %v", wrong, nobody)
	}

	// A remembered password is worth nothing once the account has another, or is
	// disabled.
	h, _ := s.HashPassword("another one")
	u.PasswordHash = h
	save(t, s, u)
	if _, err := s.Authenticate(ctx, "alice", "open sesame", "192.0.2.1", "test"); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("the old password still works: %v", err)
	}
	c.Advance(2 * time.Hour)
	u.Disabled = true
	save(t, s, u)
	if _, err := s.Authenticate(ctx, "alice", "another one", "192.0.2.1", "test"); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("a disabled account logs in: %v", err)
	}
}

func save(t *testing.T, s *Service, u store.User) {
	t.Helper()
	if err := s.o.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.UpdateUser(u) }); err != nil {
		t.Fatal(err)
	}
}

func TestAppPasswords(t *testing.T) {
	t.Parallel()
	s, c, u := account(t, Options{})
	ctx := context.Background()
	secret, _ := NewSecret(rand.Reader)
	end := c.Now().Add(time.Hour)
	var tok store.Token
	err := s.o.Store.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.CreateUser(store.User{Name: "bob"}); err != nil {
			return err
		}
		var err error
		tok, err = tx.CreateToken(store.Token{UserID: u.ID, Name: "phone", Hash: HashSecret(secret), ReadOnly: true, ExpiresAt: &end})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Authenticate(ctx, "alice", secret, "192.0.2.1:5555", "DAVx5")
	if err != nil || got.Token != tok.ID || !got.ReadOnly {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := s.Authenticate(ctx, "bob", secret, "192.0.2.1", ""); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("one user's app password opens another's account: %v", err)
	}
	c.Advance(time.Hour)
	if _, err := s.Authenticate(ctx, "alice", secret, "192.0.2.1", ""); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("an expired app password works: %v", err)
	}
}

func TestBackOffIsPerAccountAndNetwork(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t, Options{Limits: Limits{Free: 2, First: time.Second, Most: 8 * time.Second, Forget: time.Hour, AddressFree: 10}})
	ctx := context.Background()
	try := func(password, addr string) error {
		_, err := s.Authenticate(ctx, "alice", password, addr, "")
		return err
	}
	for range 3 {
		if err := try("wrong", "192.0.2.1"); !errors.Is(err, pim.ErrAuth) {
			t.Fatal(err)
		}
	}
	err := try("open sesame", "192.0.2.1")
	if !errors.Is(err, pim.ErrThrottled) || pim.RetryAfter(err) <= 0 || pim.RetryAfter(err) > time.Second {
		t.Fatalf("not told to wait a second: %v, %v", err, pim.RetryAfter(err))
	}
	if err := try("open sesame", "198.51.100.7"); err != nil {
		t.Errorf("the guesses of one network lock another out: %v", err)
	}
	c.Advance(time.Second)
	if err := try("wrong", "192.0.2.1"); !errors.Is(err, pim.ErrAuth) {
		t.Fatal(err)
	}
	if w := pim.RetryAfter(try("wrong", "192.0.2.1")); w != 2*time.Second {
		t.Errorf("the wait did not double: %v", w)
	}
	c.Advance(2 * time.Second)
	if err := try("open sesame", "192.0.2.1"); err != nil {
		t.Errorf("the right password after the wait: %v", err)
	}
}

func TestAStaleDeviceHoldsNobodyElseBack(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t, Options{Remember: -1, Limits: Limits{Free: 2, First: time.Second, Most: time.Minute, Forget: time.Hour, AddressFree: 3}})
	ctx := context.Background()
	for i := range 100 {
		_, _ = s.Authenticate(ctx, "bob", "the old one", "192.0.2.1", "a phone")
		if _, err := s.Authenticate(ctx, "alice", "open sesame", "192.0.2.1", ""); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		c.Advance(15 * time.Minute)
	}
	for _, name := range []string{"a", "b", "c", "d"} { // but many accounts from one network do
		_, _ = s.Authenticate(ctx, name, "x", "192.0.2.1", "")
	}
	if _, err := s.Authenticate(ctx, "e", "x", "192.0.2.1", ""); !errors.Is(err, pim.ErrThrottled) {
		t.Errorf("spraying goes on: %v", err)
	}
}

func TestAPasswordThatWasRightDoesNotWait(t *testing.T) {
	t.Parallel()
	s, c, u := account(t, Options{Limits: Limits{Free: 2, First: time.Minute, Most: time.Hour, Forget: 24 * time.Hour, AddressFree: 100}})
	ctx := context.Background()
	login := func(password string) error {
		_, err := s.Authenticate(ctx, "alice", password, "192.0.2.1", "")
		return err
	}
	guess := func() {
		for range 8 {
			_ = login("the old one")
		}
		if err := login("the old one"); !errors.Is(err, pim.ErrThrottled) {
			t.Fatalf("guessing goes on: %v", err)
		}
	}
	guess()
	if err := login("open sesame"); !errors.Is(err, pim.ErrThrottled) {
		t.Fatalf("a password that was never right is let in past the wait: %v", err)
	}
	c.Advance(2 * time.Hour)
	if err := login("open sesame"); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Hour)
	guess()
	if err := login("open sesame"); err != nil {
		t.Errorf("the owner waits for a stale device: %v", err)
	}
	h, _ := s.HashPassword("another one")
	u.PasswordHash = h
	save(t, s, u)
	guess()
	if err := login("open sesame"); err == nil || errors.Is(err, nil) {
		t.Error("the former password is let in")
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"192.0.2.1:80": "192.0.2.1", "192.0.2.1": "192.0.2.1", "[2001:db8::1]:99": "2001:db8::/64",
		"2001:db8::ffff": "2001:db8::/64", "::ffff:192.0.2.1": "192.0.2.1", "odd": "odd",
	} {
		if got := Network(in); got != want {
			t.Errorf("Network(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestManyLoginsAtOnceAreBounded(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t, Options{Hashing: 1, Queue: 1, Remember: -1, Limits: Limits{Free: 1000, First: time.Second, Most: time.Second, Forget: time.Hour, AddressFree: 1000}})
	s.nobody, _ = Hash("slow", Params{Memory: 32 * 1024, Time: 4, Threads: 1}, rand.Reader)
	var wg sync.WaitGroup
	var mu sync.Mutex
	throttled := 0
	for range 16 {
		wg.Go(func() {
			_, err := s.Authenticate(context.Background(), "nobody", "x", "192.0.2.1", "")
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, pim.ErrThrottled) {
				throttled++
			}
		})
	}
	wg.Wait()
	if throttled == 0 {
		t.Error("16 logins at once were all computed")
	}
}

// What a failure costs the next try holds for those that come at the same moment, too.
func TestGuessesAtOnceAreCountedOneByOne(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t, Options{Queue: 400, Limits: Limits{Free: 3, First: time.Minute, Most: time.Minute, Forget: time.Hour, AddressFree: 1000}})
	var wg sync.WaitGroup
	var computed atomic.Int32
	for i := range 60 {
		wg.Go(func() {
			if _, err := s.Authenticate(context.Background(), "alice", fmt.Sprint("guess ", i), "192.0.2.1", ""); errors.Is(err, pim.ErrAuth) {
				computed.Add(1)
			} else if !errors.Is(err, pim.ErrThrottled) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := computed.Load(); n != 4 {
		t.Errorf("%d of 60 guesses were computed", n)
	}
	if len(s.lines.of) != 0 || len(s.lines.from) != 0 {
		t.Error("lines are kept after their last try")
	}
}

// While one network guesses, another one's right password is not kept waiting behind all its tries.
func TestOneNetworkDoesNotFillTheQueue(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t, Options{Hashing: 1, Queue: 8, Limits: Limits{Free: 1000, First: time.Second, Most: time.Second, Forget: time.Hour, AddressFree: 1000}})
	s.nobody, _ = Hash("slow", Params{Memory: 32 * 1024, Time: 4, Threads: 1}, rand.Reader)
	var wg sync.WaitGroup
	began := make(chan struct{}, 64)
	for i := range 64 {
		wg.Go(func() {
			began <- struct{}{}
			_, _ = s.Authenticate(context.Background(), fmt.Sprint("nobody", i), "x", "192.0.2.1", "")
		})
	}
	for range 64 {
		<-began
	}
	if _, err := s.Authenticate(context.Background(), "alice", "open sesame", "198.51.100.7", ""); err != nil {
		t.Errorf("the right password from elsewhere: %v", err)
	}
	wg.Wait()
}

func TestAnUnknownAccountIsNeverRemembered(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t, Options{})
	// Whatever unknown accounts are compared with, a second try must cost as much as
	// the first: an answer that comes at once would tell which accounts there are.
	for _, password := range []string{"nobody", "open sesame"} {
		for range 2 {
			if _, err := s.Authenticate(context.Background(), "bob", password, "192.0.2.1", ""); !errors.Is(err, pim.ErrAuth) {
				t.Fatal(err)
			}
		}
	}
	if len(s.verified) != 0 {
		t.Errorf("%d passwords of unknown accounts are remembered", len(s.verified))
	}
}

func TestLongNamesTakeNoRoomAndAreCounted(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t, Options{Limits: Limits{Free: 2, First: time.Second, Most: time.Second, Forget: time.Hour, AddressFree: 3}})
	var err error
	for i := range 5 {
		_, err = s.Authenticate(context.Background(), strings.Repeat("x", 60_000)+string(rune('a'+i)), "x", "192.0.2.1", "")
	}
	if !errors.Is(err, pim.ErrThrottled) {
		t.Errorf("names that cannot be are tried without end: %v", err)
	}
	for k := range s.attempts.m {
		if len(k) > 1000 {
			t.Errorf("a key of %d bytes is kept", len(k))
		}
	}
}

func TestAnAppPasswordWorksBesideADeviceThatGuesses(t *testing.T) {
	t.Parallel()
	s, _, u := account(t, Options{Limits: Limits{Free: 2, First: time.Minute, Most: time.Hour, Forget: time.Hour, AddressFree: 4}})
	ctx := context.Background()
	secret, _ := NewSecret(rand.Reader)
	err := s.o.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.CreateToken(store.Token{UserID: u.ID, Name: "phone", Hash: HashSecret(secret)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		_, err = s.Authenticate(ctx, "alice", "the old one", "192.0.2.1", "")
	}
	if !errors.Is(err, pim.ErrThrottled) {
		t.Fatalf("guessing goes on: %v", err)
	}
	if _, err := s.Authenticate(ctx, "alice", secret, "192.0.2.1", ""); err != nil {
		t.Errorf("an app password behind the same address is locked out: %v", err)
	}
	if _, err := s.Authenticate(ctx, "alice", "the old one", "192.0.2.1", ""); !errors.Is(err, pim.ErrThrottled) {
		t.Errorf("and ended the wait of the other: %v", err)
	}
}
