package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/secret"
	"crmbridge/store"
)

const (
	// signInLease is how long one process may have a token, signInUse how long it may use it: less, so that it has stored what
	// came of that when another may begin.
	signInLease = 2 * time.Minute
	signInUse   = time.Minute
	// signInLast is how much longer a use may take when nobody waits for it any more.
	signInLast = 5 * time.Second
	// signInAsk is how often a process asks whether the other is ready.
	signInAsk = 50 * time.Millisecond
)

// signIns implements remote.Tokens for the links of one user with one driver.
type signIns struct {
	app    *app
	user   store.UserID
	driver string
}

// Use implements remote.Tokens. Who asked for it may go while it is under way: it comes to its end all the same, as a token that is
// good once would be lost with its answer.
func (s signIns) Use(ctx context.Context, name string, use func(ctx context.Context, token string) (string, error)) error {
	owner := processName() + "#" + rand.Text()
	in, err := s.acquire(ctx, name, owner)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	s.app.signing.Go(func() { ended <- s.turn(ctx, in, owner, use) }) // owner: the app, which waits for it when it closes
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return pim.Wrap("sign-in", pim.ErrUnavailable, ctx.Err())
	}
}

// turn uses the token and keeps what came of it.
func (s signIns) turn(ctx context.Context, in store.SignIn, owner string, use func(ctx context.Context, token string) (string, error)) (err error) {
	done := false
	// Whatever becomes of this, others need not wait for the lease to end.
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("sign-in: panic: " + pim.PanicWords(r))
		}
		if !done {
			_ = s.keep(ctx, in, owner, nil, in.Fault)
		}
	}()
	if in.Fault != "" && in.Token == nil {
		return pim.Errorf("sign-in", pim.ErrAuth, "%s", in.Fault)
	}
	plain, err := s.app.keeper.Open(manage.SignInPurpose(in.ID), in.Token)
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), signInUse)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		select {
		case <-time.After(signInLast):
			cancel()
		case <-within.Done():
		}
	})()
	next, err := use(within, string(plain))
	fault := ""
	switch {
	case pim.ReasonOf(err) == pim.ErrAuth:
		fault = pim.PublicText(err)
		err = &pim.Error{Op: "sign-in", Kind: pim.ErrAuth, Err: err,
			Public: fault + fmt.Sprintf(" (bridge sign-in add --driver %s --name %s, with the options of before)", s.driver, in.Name)}
	case err != nil:
		fault = in.Fault
	}
	var sealed []byte
	if next != "" && next != string(plain) {
		var failed error
		if sealed, failed = s.app.keeper.Seal(manage.SignInPurpose(in.ID), []byte(next)); failed != nil {
			return errors.Join(err, failed)
		}
	}
	done = true
	return errors.Join(err, s.keep(ctx, in, owner, sealed, fault))
}

// acquire waits for its turn. A token is read once it is this process's own: before that another may have renewed it.
func (s signIns) acquire(ctx context.Context, name, owner string) (in store.SignIn, err error) {
	t := time.NewTicker(signInAsk)
	defer t.Stop()
	for {
		ok := false
		err := s.app.store.Update(ctx, func(tx *store.Tx) error {
			var err error
			if in, err = tx.SignInByName(s.user, s.driver, name); err != nil {
				return err
			}
			ok, err = tx.AcquireSignIn(in.ID, owner, tx.Now().Add(signInLease), processGone)
			return err
		})
		if pim.ReasonOf(err) == pim.ErrNotFound {
			return in, pim.Errorf("sign-in", pim.ErrAuth, "there is no sign-in %q (any more); bridge sign-in add makes one", name)
		}
		if err != nil || ok {
			return in, err
		}
		select {
		case <-ctx.Done():
			return in, pim.Wrap("sign-in", pim.ErrUnavailable, ctx.Err())
		case <-t.C:
		}
	}
}

// keep stores what came of a use, also when who asked for it is gone. Where somebody signed in anew meanwhile, theirs counts.
func (s signIns) keep(ctx context.Context, in store.SignIn, owner string, sealed []byte, fault string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := s.app.store.Update(ctx, func(tx *store.Tx) error { return tx.KeepSignIn(in.ID, owner, sealed, fault) })
	if pim.ReasonOf(err) == pim.ErrConflict {
		return nil
	}
	return err
}

// processGone reports the owner of a lease as one that has ended.
func processGone(owner string) bool {
	for i := range len(owner) {
		if owner[i] == '#' {
			return !processAlive(owner[:i])
		}
	}
	return false
}

// loseSignIns counts the tokens that the key does not open, and gives them up where that is allowed: after a restore without the
// right one.
func loseSignIns(tx *store.Tx, k *secret.Keeper, allowed bool) (n int, err error) {
	all, err := tx.SignIns(0)
	if err != nil {
		return 0, err
	}
	for _, in := range all {
		if len(in.Token) == 0 {
			continue
		}
		if k != nil {
			if _, err := k.Open(manage.SignInPurpose(in.ID), in.Token); err == nil {
				continue
			}
		}
		n++
		if !allowed {
			continue
		}
		if err := tx.ResealSignIn(in.ID, nil, "the sign-in is lost: the database was put back without its key file; sign in again"); err != nil {
			return n, err
		}
	}
	return n, nil
}
