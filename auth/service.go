package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"crmbridge/pim"
	"crmbridge/store"
)

// Options configure a Service.
type Options struct {
	Store  *store.Store
	Now    func() time.Time
	Random io.Reader // crypto/rand.Reader outside tests
	Params Params    // zero: DefaultParams
	Limits Limits    // zero: DefaultLimits
	// Hashing is how many argon2id computations run at once; 0 means 2. Queue is
	// how many may wait for their turn; 0 means 64. More are turned away.
	Hashing, Queue int
	// Remember is how long a verified password is not computed again; 0 means a
	// minute, negative never.
	Remember time.Duration
}

// Caller is who is asking.
type Caller struct {
	User store.User
	// Token is the app password used, 0 for the account password.
	Token    store.TokenID
	ReadOnly bool
}

// Service answers Authenticate. It is safe for concurrent use.
type Service struct {
	o        Options
	turn     *semaphore.Weighted
	waiting  *semaphore.Weighted
	attempts *attempts
	key      []byte // of the cache's HMAC; new with every process
	nobody   string // a hash that unknown accounts are compared with

	mu       sync.Mutex
	verified map[[sha256.Size]byte]memory
	touched  map[store.TokenID]time.Time
}

// memory is a password that was verified against a hash.
type memory struct {
	hash  string
	until time.Time
}

// maxRemembered bounds the cache.
const maxRemembered = 10_000

// New makes a Service.
func New(o Options) (*Service, error) {
	if o.Params == (Params{}) {
		o.Params = DefaultParams
	}
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits
	}
	if o.Hashing == 0 {
		o.Hashing = 2
	}
	if o.Queue == 0 {
		o.Queue = 64
	}
	if o.Remember == 0 {
		o.Remember = time.Minute
	}
	s := &Service{
		o: o, turn: semaphore.NewWeighted(int64(o.Hashing)), waiting: semaphore.NewWeighted(int64(o.Hashing + o.Queue)),
		attempts: newAttempts(o.Limits), key: make([]byte, 32),
		verified: make(map[[sha256.Size]byte]memory), touched: make(map[store.TokenID]time.Time),
	}
	if _, err := io.ReadFull(o.Random, s.key); err != nil {
		return nil, fmt.Errorf("auth: key: %w", err)
	}
	var err error
	s.nobody, err = Hash("nobody", o.Params, o.Random)
	return s, err
}

// errRefused is the same for a wrong password, an unknown account and a disabled
// one.
func errRefused() error {
	return pim.Errorf("auth: login", pim.ErrAuth, "name or password is wrong")
}

// Authenticate says who name and password belong to. addr is the client's address,
// agent its User-Agent. Errors: pim.ErrAuth, the same whatever was wrong;
// pim.ErrThrottled with After for those who failed too often or when too many ask
// at once.
func (s *Service) Authenticate(ctx context.Context, name, password, addr, agent string) (Caller, error) {
	now := s.o.Now()
	name = strings.ToLower(strings.TrimSpace(name))
	net := network(addr)
	account := name + "\x00" + net
	if w := max(s.attempts.wait(account, s.o.Limits.Free, now), s.attempts.wait(net, s.o.Limits.AddressFree, now)); w > 0 {
		return Caller{}, &pim.Error{Op: "auth: login", Kind: pim.ErrThrottled, After: w, Public: "too many failed logins; wait and try again"}
	}
	if len(password) > maxPassword || len(name) > 255 {
		s.attempts.failed(account, now)
		return Caller{}, errRefused()
	}
	c, err := s.check(ctx, name, password, addr, agent, now)
	switch {
	case errors.Is(err, pim.ErrAuth):
		s.attempts.failed(account, now)
		s.attempts.failed(net, now)
	case err == nil:
		s.attempts.succeeded(account)
	}
	return c, err
}

func (s *Service) check(ctx context.Context, name, password, addr, agent string, now time.Time) (Caller, error) {
	var u store.User
	var t store.Token
	known, token := false, false
	err := s.o.Store.View(ctx, func(tx *store.Tx) error {
		var err error
		if u, err = tx.UserByName(name); errors.Is(err, pim.ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		known = true
		t, err = tx.TokenByHash(HashSecret(password))
		if errors.Is(err, pim.ErrNotFound) {
			return nil
		}
		token = err == nil
		return err
	})
	if err != nil {
		return Caller{}, err
	}
	if token && t.UserID == u.ID && !u.Disabled && usable(t, now) {
		s.touch(ctx, t.ID, addr, agent, now)
		return Caller{User: u, Token: t.ID, ReadOnly: t.ReadOnly}, nil
	}
	hash := s.nobody
	if known && u.PasswordHash != "" {
		hash = u.PasswordHash
	}
	ok, err := s.verify(ctx, name, password, hash, now)
	if err != nil {
		return Caller{}, err
	}
	if !ok || !known || u.Disabled || u.PasswordHash == "" {
		return Caller{}, errRefused()
	}
	return Caller{User: u}, nil
}

func usable(t store.Token, now time.Time) bool {
	return t.RevokedAt == nil && (t.ExpiresAt == nil || now.Before(*t.ExpiresAt))
}

// verify is Verify with a memory and a bounded number of computations. The memory
// is of name, password and hash together, so a changed password is never
// remembered.
func (s *Service) verify(ctx context.Context, name, password, hash string, now time.Time) (bool, error) {
	mac := hmac.New(sha256.New, s.key)
	_, _ = mac.Write([]byte(name + "\x00" + password))
	key := [sha256.Size]byte(mac.Sum(nil))
	s.mu.Lock()
	m, ok := s.verified[key]
	s.mu.Unlock()
	if ok && m.hash == hash && now.Before(m.until) {
		return true, nil
	}
	if !s.waiting.TryAcquire(1) {
		return false, &pim.Error{Op: "auth: login", Kind: pim.ErrThrottled, After: time.Second, Public: "too many logins at once; try again"}
	}
	defer s.waiting.Release(1)
	if err := s.turn.Acquire(ctx, 1); err != nil {
		return false, pim.Wrap("auth: login", pim.ErrUnavailable, err)
	}
	ok = Verify(password, hash)
	s.turn.Release(1)
	if ok && s.o.Remember > 0 {
		s.remember(key, memory{hash: hash, until: now.Add(s.o.Remember)}, now)
	}
	return ok, nil
}

func (s *Service) remember(key [sha256.Size]byte, m memory, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.verified) >= maxRemembered {
		for k, old := range s.verified {
			if !now.Before(old.until) || len(s.verified) >= maxRemembered {
				delete(s.verified, k)
			}
		}
	}
	s.verified[key] = m
}

// touchEvery is how exact a token's last use is.
const touchEvery = time.Minute

// touch notes the use of a token, seldom enough not to make every read a write. A
// failure is not the caller's business: the next use notes it.
func (s *Service) touch(ctx context.Context, id store.TokenID, addr, agent string, now time.Time) {
	s.mu.Lock()
	due := now.Sub(s.touched[id]) >= touchEvery
	if due {
		s.touched[id] = now
	}
	s.mu.Unlock()
	if !due {
		return
	}
	_ = s.o.Store.Update(ctx, func(tx *store.Tx) error { return tx.TouchToken(id, addr, agent) })
}

// HashPassword makes the hash of a new account password with the service's costs.
func (s *Service) HashPassword(password string) (string, error) {
	return Hash(password, s.o.Params, s.o.Random)
}
