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
	// Keeper opens the secrets of second factors.
	Keeper interface {
		Open(purpose string, sealed []byte) ([]byte, error)
	}
	Params Params // zero: DefaultParams
	Limits Limits // zero: DefaultLimits
	// Hashing is how many argon2id computations run at once; 0 means 2. Queue is
	// how many may wait for their turn; 0 means 64. More are turned away, and so are more
	// than a quarter of them from one network.
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

// Service answers Authenticate and Bearer. It is safe for concurrent use.
type Service struct {
	o        Options
	turn     *semaphore.Weighted
	waiting  *semaphore.Weighted
	attempts *attempts
	lines    *lines
	key      []byte // of the cache's HMAC; new with every process
	nobody   string // a hash that unknown accounts are compared with

	mu       sync.Mutex
	verified map[[sha256.Size]byte]memory
	uses     *uses
}

// memory is a password that was verified against a hash.
type memory struct {
	hash  string
	until time.Time // not computed again before
	known time.Time // let in past a wait until then
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
		attempts: newAttempts(o.Limits), lines: newLines(max(o.Queue/4, 1)), key: make([]byte, 32),
		verified: make(map[[sha256.Size]byte]memory), uses: newUses(o.Store),
	}
	if _, err := io.ReadFull(o.Random, s.key); err != nil {
		return nil, fmt.Errorf("auth: key: %w", err)
	}
	// Of a password that nobody can give: one that fits would be remembered, and the
	// quick second answer tell that there is no such account.
	nobody, err := NewSecret(o.Random)
	if err != nil {
		return nil, err
	}
	s.nobody, err = Hash(nobody, o.Params, o.Random)
	return s, err
}

// errRefused is the same for a wrong password, an unknown account and a disabled
// one.
func errRefused() error {
	return pim.Errorf("auth: login", pim.ErrAuth, "name or password is wrong")
}

// maxName bounds what is looked up and kept of a name.
const maxName = 255

// Authenticate says who name and password belong to. addr is the client's address,
// agent its User-Agent. Errors: pim.ErrAuth, the same whatever was wrong;
// pim.ErrThrottled with After for those who failed too often or when too many ask
// at once. An app password cannot be guessed, so it neither waits for those who
// guess from the same address nor ends their wait. The account password of whoever signs in with
// a second factor lets no device in: a device cannot ask for it.
func (s *Service) Authenticate(ctx context.Context, name, password, addr, agent string) (Caller, error) {
	c, _, err := s.authenticate(ctx, name, password, addr, true, func(t store.Token, now time.Time) bool {
		if t.Scope != store.ScopeDevice || !usable(t, now) {
			return false
		}
		s.uses.note(t.ID, addr, agent, now)
		return true
	})
	return c, err
}

// Bearer says whom an API token belongs to, that a program sends as RFC 6750 has it. Errors are those of Authenticate. An app password of a device is
// no API token, and the other way round: what a lost phone knows decides nothing. Who has a token waits for nobody; who tries many things that are
// none waits as with passwords, as if all were tries at one account.
func (s *Service) Bearer(ctx context.Context, token, addr, agent string) (Caller, error) {
	now, net := s.o.Now(), Network(addr)
	var u store.User
	var t store.Token
	if len(token) <= maxPassword {
		var err error
		if u, t, err = s.bearer(ctx, token); err != nil {
			return Caller{}, err
		}
	}
	if t.ID != 0 && t.Scope == store.ScopeAPI && !u.Disabled && usable(t, now) {
		s.uses.note(t.ID, addr, agent, now)
		return Caller{User: u, Token: t.ID, ReadOnly: t.ReadOnly}, nil
	}
	account := "\x00token\x00" + net // no account has such a name
	wait := max(s.attempts.wait(net, s.o.Limits.AddressFree, now), s.attempts.wait(account, s.o.Limits.Free, now))
	if wait > 0 {
		return Caller{}, errWait(wait)
	}
	if s.attempts.failed(account, now) {
		s.attempts.failed(net, now)
	}
	return Caller{}, pim.Errorf("auth: token", pim.ErrAuth, "the token is wrong, or has ended")
}

// bearer looks up a token and whose it is, both zero when there is none.
func (s *Service) bearer(ctx context.Context, token string) (u store.User, t store.Token, err error) {
	err = s.o.Store.Peek(ctx, func(tx *store.Tx) error {
		if t, err = tx.TokenByHash(HashSecret(token)); err == nil {
			u, err = tx.User(t.UserID)
		}
		if errors.Is(err, pim.ErrNotFound) {
			return nil
		}
		return err
	})
	return u, t, err
}

// SignIn is Authenticate for the pages, where an app password lets nobody in: whoever finds a lost phone is not to decide about the account.
// Where the password was right and there is a second factor, it fails with a CodeNeeded, so that nobody who forgets about it lets anybody in.
func (s *Service) SignIn(ctx context.Context, name, password, addr string) (store.User, error) {
	c, codes, err := s.authenticate(ctx, name, password, addr, false, func(store.Token, time.Time) bool { return false })
	if err == nil && codes {
		return store.User{}, &CodeNeeded{c.User}
	}
	return c.User, err
}

// authenticate is Authenticate; good says whether an app password of the account lets in. codes says that the account has a second factor.
func (s *Service) authenticate(ctx context.Context, name, password, addr string, device bool, good func(store.Token, time.Time) bool) (_ Caller, codes bool, err error) {
	now := s.o.Now()
	name = strings.ToLower(strings.TrimSpace(name))
	net := Network(addr)
	wait := s.attempts.wait(net, s.o.Limits.AddressFree, now)
	if len(password) > maxPassword || len(name) > maxName {
		if wait > 0 {
			return Caller{}, false, errWait(wait)
		}
		s.attempts.failed(net, now) // such a name is no account's, and is not kept
		return Caller{}, false, errRefused()
	}
	u, t, g, err := s.find(ctx, name, password)
	if err != nil {
		return Caller{}, false, err
	}
	if t.ID != 0 && t.UserID == u.ID && !u.Disabled && good(t, now) {
		return Caller{User: u, Token: t.ID, ReadOnly: t.ReadOnly}, g.codes, nil
	}
	account := name + "\x00" + net
	if device && g != (guard{}) {
		// As if there were no password: what goes on with it has a wait of its own, and does not hold back its owner at the pages.
		u.PasswordHash, account = "", account+"\x00device"
	}
	if wait = max(wait, s.attempts.wait(account, s.o.Limits.Free, now)); wait > 0 && !s.knows(name, password, u.PasswordHash, now) {
		return Caller{}, false, errWait(wait)
	}
	ctx, cancel := context.WithTimeout(ctx, mostWait)
	defer cancel()
	if !s.remembers(name, password, u.PasswordHash, now) {
		leave, err := s.lines.enter(ctx, account, net)
		if err != nil {
			return Caller{}, false, err
		}
		defer leave()
		// Those who were in line before may have failed.
		wait = max(s.attempts.wait(net, s.o.Limits.AddressFree, now), s.attempts.wait(account, s.o.Limits.Free, now))
		if wait > 0 && !s.knows(name, password, u.PasswordHash, now) {
			return Caller{}, false, errWait(wait)
		}
	}
	c, err := s.judge(ctx, u, name, password, account, net, now)
	return c, g.codes, err
}

// mostWait is how long a login waits for its turn.
const mostWait = 15 * time.Second

// judge computes, and notes how it went.
func (s *Service) judge(ctx context.Context, u store.User, name, password, account, net string, now time.Time) (Caller, error) {
	err := s.check(ctx, u, name, password, now)
	switch {
	case errors.Is(err, pim.ErrAuth):
		// A network is held back for the accounts that are tried from it, not for one
		// device that goes on with an old password: that one has a wait of its own.
		if s.attempts.failed(account, now) {
			s.attempts.failed(net, now)
		}
	case err == nil:
		s.attempts.succeeded(account, net)
		return Caller{User: u}, nil
	}
	return Caller{}, err
}

func errWait(d time.Duration) error {
	return &pim.Error{Op: "auth: login", Kind: pim.ErrThrottled, After: d, Public: "too many failed logins; wait and try again"}
}

func errManyLogins() error {
	return &pim.Error{Op: "auth: login", Kind: pim.ErrThrottled, After: time.Second, Public: "too many logins at once; try again"}
}

// errTurn says why a turn did not come.
func errTurn(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return errManyLogins()
	}
	return pim.Wrap("auth: login", pim.ErrUnavailable, err)
}

// find looks up the account and the app password, each zero when there is none, and what the account has beside its password. Unless they
// belong together, all are looked up whatever the others give.
func (s *Service) find(ctx context.Context, name, password string) (u store.User, t store.Token, g guard, err error) {
	err = s.o.Store.Peek(ctx, func(tx *store.Tx) error {
		hash := HashSecret(password)
		var err error
		if u, t, err = tx.Login(name, hash); err == nil || !errors.Is(err, pim.ErrNotFound) {
			return err
		}
		if u, err = tx.UserByName(name); err != nil && !errors.Is(err, pim.ErrNotFound) {
			return err
		}
		if t, err = tx.TokenByHash(hash); err != nil && !errors.Is(err, pim.ErrNotFound) {
			return err
		}
		_, codes := tx.SecondFactor(u.ID)
		_, tied := tx.TieOfUser(u.ID)
		for _, err := range []error{codes, tied} {
			if err != nil && !errors.Is(err, pim.ErrNotFound) {
				return err
			}
		}
		g = guard{codes == nil, tied == nil}
		return nil
	})
	return u, t, g, err
}

// guard is what an account has beside its password. With either, the password is good for no device.
type guard struct{ codes, tied bool }

// check compares the account password; u is zero for an account that does not exist.
func (s *Service) check(ctx context.Context, u store.User, name, password string, now time.Time) error {
	hash := s.nobody
	if u.PasswordHash != "" {
		hash = u.PasswordHash
	}
	ok, err := s.verify(ctx, name, password, hash, now)
	if err != nil {
		return err
	}
	if !ok || u.PasswordHash == "" || u.Disabled {
		return errRefused()
	}
	return nil
}

func usable(t store.Token, now time.Time) bool {
	return t.RevokedAt == nil && (t.ExpiresAt == nil || now.Before(*t.ExpiresAt))
}

// verify is Verify with a memory and a bounded number of computations. The memory
// is of name, password and hash together, so a changed password is never
// remembered.
func (s *Service) verify(ctx context.Context, name, password, hash string, now time.Time) (bool, error) {
	if s.remembers(name, password, hash, now) {
		return true, nil
	}
	key := s.mark(name, password)
	if !s.waiting.TryAcquire(1) {
		return false, errManyLogins()
	}
	defer s.waiting.Release(1)
	if err := s.turn.Acquire(ctx, 1); err != nil {
		return false, errTurn(err)
	}
	ok := Verify(password, hash)
	s.turn.Release(1)
	if ok && s.o.Remember > 0 {
		s.remember(key, memory{hash: hash, until: now.Add(s.o.Remember), known: now.Add(knownFor)}, now)
	}
	return ok, nil
}

// knownFor is how long a password that was right is let in past a wait: a device that
// goes on with an old one must not hold back the others of its owner. Who guesses cannot
// have it.
const knownFor = 30 * 24 * time.Hour

// remembers reports whether password was right for this hash a moment ago, so that it need not be computed.
func (s *Service) remembers(name, password, hash string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.verified[s.mark(name, password)]
	return ok && m.hash == hash && now.Before(m.until)
}

// knows reports whether password was right for this hash before. It is still computed.
func (s *Service) knows(name, password, hash string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.verified[s.mark(name, password)]
	return ok && hash != "" && m.hash == hash && now.Before(m.known)
}

// mark stands for a name and a password in memory.
func (s *Service) mark(name, password string) [sha256.Size]byte {
	mac := hmac.New(sha256.New, s.key)
	_, _ = mac.Write([]byte(name + "\x00" + password))
	return [sha256.Size]byte(mac.Sum(nil))
}

func (s *Service) remember(key [sha256.Size]byte, m memory, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.verified) >= maxRemembered {
		for k, old := range s.verified {
			if !now.Before(old.known) || len(s.verified) >= maxRemembered {
				delete(s.verified, k)
			}
		}
	}
	s.verified[key] = m
}

// Close writes what was noted of app passwords and is not stored yet. The Service goes
// on to work, and notes nothing any more.
func (s *Service) Close(ctx context.Context) error { return s.uses.close(ctx) }

// HashPassword makes the hash of a new account password with the service's costs.
func (s *Service) HashPassword(password string) (string, error) {
	return Hash(password, s.o.Params, s.o.Random)
}
