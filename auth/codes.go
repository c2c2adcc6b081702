package auth

import (
	"bytes"
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"image/png"
	"io"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"crmbridge/pim"
	"crmbridge/store"
)

// CodeNeeded says that a password was right and that its account has a second factor, which Code asks for. It lets nobody in by itself.
type CodeNeeded struct{ User store.User }

// Error implements error.
func (*CodeNeeded) Error() string { return "auth: a code is needed beside the password" }

const (
	codeStep   = 30 // seconds, RFC 6238 5.2; what every authenticator takes without being told
	codeDigits = 6
	// codeSkew is by how many steps the clocks of the two may differ.
	codeSkew = 1
	// RecoveryCodes is how many a person gets.
	RecoveryCodes = 10
	// recoveryBytes of randomness make one: 80 bits, which nobody guesses, and which can be copied from paper.
	recoveryBytes  = 10
	recoveryLength = recoveryBytes * 8 / 5
)

// Key is the secret of an authenticator's codes, as people get it.
type Key struct {
	Secret []byte
	Text   string // to be typed, in groups of four
	PNG    []byte // to be scanned
}

// NewKey draws a secret for an account at a server.
func NewKey(server, account string, random io.Reader) (Key, error) {
	secret := make([]byte, secretBytes) // RFC 4226 4, R6: 160 bits
	if _, err := io.ReadFull(random, secret); err != nil {
		return Key{}, fmt.Errorf("auth: key: %w", err)
	}
	return ShowKey(server, account, secret)
}

// ShowKey shows a secret that was drawn before.
func ShowKey(server, account string, secret []byte) (Key, error) {
	k, err := totp.Generate(totp.GenerateOpts{Issuer: server, AccountName: account, Secret: secret, Period: codeStep, Digits: otp.DigitsSix})
	if err != nil {
		return Key{}, fmt.Errorf("auth: key: %w", err)
	}
	picture, err := k.Image(240, 240)
	if err != nil {
		return Key{}, fmt.Errorf("auth: key: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return Key{}, fmt.Errorf("auth: key: %w", err)
	}
	return Key{secret, groups(k.Secret()), b.Bytes()}, nil
}

// NewRecoveryCodes draws codes for people to keep on paper, and what is stored of them.
func NewRecoveryCodes(random io.Reader) (codes []string, hashes [][]byte, err error) {
	for range RecoveryCodes {
		b := make([]byte, recoveryBytes)
		if _, err := io.ReadFull(random, b); err != nil {
			return nil, nil, fmt.Errorf("auth: recovery code: %w", err)
		}
		code := groups(secretAlphabet.EncodeToString(b))
		codes, hashes = append(codes, code), append(hashes, HashSecret(code))
	}
	return codes, hashes, nil
}

// CodeStep finds the time step that a code of a secret belongs to, not before the one after last: a code is good once (RFC 6238 5.2).
func CodeStep(secret []byte, code string, last int64, now time.Time) (step int64, ok bool) {
	code = bare(code)
	text := base32.StdEncoding.EncodeToString(secret)
	present := now.Unix() / codeStep
	for s := present - codeSkew; s <= present+codeSkew; s++ {
		good, err := hotp.ValidateCustom(code, uint64(s), text, hotp.ValidateOpts{Digits: otp.DigitsSix}) //nolint:gosec // steps are not negative since 1970
		if err == nil && good && s > last && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}

// bare is a code without what people put between its groups.
func bare(code string) string {
	return strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(code)
}

// FactorPurpose is what the secret of a user's codes is sealed for.
func FactorPurpose(u store.UserID) string { return fmt.Sprintf("second factor:%d", u) }

// Code takes a code from somebody whose password was right: of their authenticator, or one of their recovery codes. Errors: pim.ErrAuth for one that is
// not good, also for one that was used before; pim.ErrThrottled for those who failed too often. A recovery code cannot be guessed and does not
// wait, so that nobody who knows a password keeps its owner out.
func (s *Service) Code(ctx context.Context, u store.User, code, addr string) error {
	now := s.o.Now()
	code = bare(code)
	if len(code) == recoveryLength {
		return s.recovery(ctx, u, code, addr, now)
	}
	net := Network(addr)
	account := fmt.Sprintf("code\x00%d", u.ID)
	from := account + "\x00" + net
	ctx, cancel := context.WithTimeout(ctx, mostWait)
	defer cancel()
	// One after another from everywhere: whoever is here has the password, and might ask from many networks at once.
	leave, err := s.lines.enter(ctx, account, net)
	if err != nil {
		return err
	}
	defer leave()
	if wait := max(s.attempts.wait(from, s.o.Limits.Free, now), s.attempts.wait(account, s.o.Limits.AddressFree, now)); wait > 0 {
		return errWait(wait)
	}
	err = s.o.Store.Update(ctx, func(tx *store.Tx) error {
		f, err := tx.SecondFactor(u.ID)
		if errors.Is(err, pim.ErrNotFound) || err == nil && f.Secret == nil {
			return errCode()
		}
		if err != nil {
			return err
		}
		secret, err := s.o.Keeper.Open(FactorPurpose(u.ID), f.Secret)
		if err != nil {
			return err
		}
		step, ok := CodeStep(secret, code, f.Step, now)
		if !ok {
			return errCode()
		}
		return tx.UseStep(u.ID, step)
	})
	switch {
	case errors.Is(err, pim.ErrAuth):
		s.attempts.failed(account, now)
		s.attempts.failed(from, now)
	case err == nil:
		s.attempts.succeeded(from, account)
	}
	return err
}

// recovery takes a recovery code.
func (s *Service) recovery(ctx context.Context, u store.User, code, addr string, now time.Time) error {
	net := Network(addr)
	if wait := s.attempts.wait(net, s.o.Limits.AddressFree, now); wait > 0 { // each try is a write
		return errWait(wait)
	}
	err := s.o.Store.Update(ctx, func(tx *store.Tx) error { return tx.UseRecoveryCode(u.ID, HashSecret(code)) })
	if errors.Is(err, pim.ErrNotFound) {
		s.attempts.failed(net, now)
		return errCode()
	}
	return err
}

func errCode() error {
	return pim.Errorf("auth: code", pim.ErrAuth, "the code is wrong, or was used already")
}
