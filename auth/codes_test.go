package auth

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"image/png"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"crmbridge/pim"
	"crmbridge/store"
)

// plain seals nothing.
type plain struct{}

func (plain) Open(purpose string, sealed []byte) ([]byte, error) {
	out, ok := bytes.CutPrefix(sealed, []byte(purpose+"|"))
	if !ok {
		return nil, errors.New("sealed for something else")
	}
	return out, nil
}

var codeSecret = []byte("12345678901234567890")

func codeAt(t *testing.T, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(base32.StdEncoding.EncodeToString(codeSecret), at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func give(t *testing.T, s *Service, u store.User, hashes ...[]byte) {
	t.Helper()
	err := s.o.Store.Update(t.Context(), func(tx *store.Tx) error {
		return tx.SetSecondFactor(store.SecondFactor{UserID: u.ID, Secret: append([]byte(FactorPurpose(u.ID)+"|"), codeSecret...)}, hashes)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// RFC 6238 appendix B, the last six digits, and the skew of one step.
func TestCodeStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at, last int64
		code     string
		want     int64
	}{
		{59, 0, "287082", 1}, {59, 0, " 287-082 ", 1}, {1111111109, 0, "081804", 37037036}, {20000000000, 0, "353130", 666666666},
		{59 + 30, 0, "287082", 1}, {59 - 30, 0, "287082", 1}, {59 + 60, 0, "287082", 0}, {59, 1, "287082", 0}, {59, 2, "287082", 0},
		{59, 0, "287083", 0}, {59, 0, "", 0}, {59, 0, "94287082", 0}, {59, 0, "28708", 0}, {59, 0, "２８７０８２", 0},
	} {
		step, ok := CodeStep(codeSecret, c.code, c.last, time.Unix(c.at, 0))
		if step != c.want || ok != (c.want != 0) {
			t.Errorf("%q at %d after %d: %d, %v", c.code, c.at, c.last, step, ok)
		}
	}
}

func TestACodeIsAskedForBesideThePassword(t *testing.T) {
	t.Parallel()
	s, c, u := account(t, Options{Keeper: plain{}})
	give(t, s, u)
	_, err := s.SignIn(t.Context(), "alice", "open sesame", "192.0.2.1")
	var needed *CodeNeeded
	if !errors.As(err, &needed) || needed.User.ID != u.ID {
		t.Fatalf("the right password: %v", err)
	}
	if _, err := s.SignIn(t.Context(), "alice", "open says me", "192.0.2.1"); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("a wrong password: %v", err)
	}
	good := codeAt(t, c.Now())
	if err := s.Code(t.Context(), u, good, "192.0.2.1"); err != nil {
		t.Errorf("the code: %v", err)
	}
	if err := s.Code(t.Context(), u, good, "192.0.2.1"); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("the same code again: %v", err)
	}
	if err := s.Code(t.Context(), u, codeAt(t, c.Now().Add(-30*time.Second)), "192.0.2.1"); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("one before it: %v", err)
	}
	if err := s.Code(t.Context(), u, codeAt(t, c.Now().Add(30*time.Second)), "192.0.2.1"); err != nil {
		t.Errorf("the next: %v", err)
	}
}

// SECURITY 8: with a second factor, the account password lets no device in, and tells nobody whether it was right.
func TestThePasswordAloneLetsNoDeviceIn(t *testing.T) {
	t.Parallel()
	s, _, u := account(t, Options{Keeper: plain{}})
	if _, err := s.Authenticate(t.Context(), "alice", "open sesame", "192.0.2.1", "test"); err != nil {
		t.Fatal(err) // and it is remembered
	}
	give(t, s, u)
	_, right := s.Authenticate(t.Context(), "alice", "open sesame", "192.0.2.1", "test")
	_, wrong := s.Authenticate(t.Context(), "alice", "open says me", "192.0.2.1", "test")
	if !errors.Is(right, pim.ErrAuth) || right.Error() != wrong.Error() {
		t.Errorf("%v / %v", right, wrong)
	}
	err := s.o.Store.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.CreateToken(store.Token{UserID: u.ID, Hash: HashSecret("app password"), Name: "phone"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Authenticate(t.Context(), "alice", "app password", "192.0.2.1", "test"); err != nil || got.User.ID != u.ID {
		t.Errorf("an app password: %v", err)
	}
	// A device that goes on with it does not hold back its owner.
	for range 50 {
		_, _ = s.Authenticate(t.Context(), "alice", "open sesame", "192.0.2.1", "test")
	}
	s.verified = map[[32]byte]memory{}
	var needed *CodeNeeded
	if _, err := s.SignIn(t.Context(), "alice", "open sesame", "192.0.2.1"); !errors.As(err, &needed) {
		t.Errorf("the owner at the pages: %v", err)
	}
}

func TestGuessedCodesWait(t *testing.T) {
	t.Parallel()
	s, c, u := account(t, Options{Keeper: plain{}})
	codes, hashes, err := NewRecoveryCodes(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	give(t, s, u, hashes...)
	for range DefaultLimits.Free + 1 {
		if err := s.Code(t.Context(), u, "000000", "192.0.2.1"); !errors.Is(err, pim.ErrAuth) {
			t.Fatal(err)
		}
		// The right password between does not begin the count anew.
		_, _ = s.SignIn(t.Context(), "alice", "open sesame", "192.0.2.1")
	}
	if err := s.Code(t.Context(), u, codeAt(t, c.Now()), "192.0.2.1"); !errors.Is(err, pim.ErrThrottled) || pim.RetryAfter(err) <= 0 {
		t.Errorf("after %d guesses: %v", DefaultLimits.Free+1, err)
	}
	if err := s.Code(t.Context(), u, codeAt(t, c.Now()), "198.51.100.1"); err != nil {
		t.Errorf("the owner elsewhere: %v", err)
	}
	// Whoever asks from everywhere waits, too; a recovery code still lets the owner in.
	for i := range 60 {
		_ = s.Code(t.Context(), u, "000000", "2001:db8:0:"+string("0123456789abcdef"[i%16])+string("0123456789abcdef"[i/16])+"::1")
	}
	c.Advance(time.Second / 2)
	if err := s.Code(t.Context(), u, "000000", "203.0.113.9"); !errors.Is(err, pim.ErrThrottled) {
		t.Errorf("from a network of its own: %v", err)
	}
	if err := s.Code(t.Context(), u, codes[3], "192.0.2.1"); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
	if err := s.Code(t.Context(), u, codes[3], "192.0.2.1"); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("the same again: %v", err)
	}
	if err := s.Code(t.Context(), u, strings.ToUpper(strings.ReplaceAll(codes[4], "-", " ")), "192.0.2.1"); err != nil {
		t.Errorf("as somebody types it: %v", err)
	}
}

func TestKeysForPeople(t *testing.T) {
	t.Parallel()
	k, err := ShowKey("dav.example.org", "ann", codeSecret)
	if err != nil || k.Text != "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ" {
		t.Fatalf("%q, %v", k.Text, err)
	}
	if p, err := png.Decode(bytes.NewReader(k.PNG)); err != nil || p.Bounds().Dx() != 240 {
		t.Errorf("the picture: %v", err)
	}
	a, err := NewKey("dav.example.org", "ann", rand.Reader)
	b, _ := NewKey("dav.example.org", "ann", rand.Reader)
	if err != nil || len(a.Secret) != 20 || bytes.Equal(a.Secret, b.Secret) {
		t.Errorf("%v, %v", a.Secret, b.Secret)
	}
	codes, hashes, err := NewRecoveryCodes(rand.Reader)
	if err != nil || len(codes) != RecoveryCodes || len(codes[0]) != 19 || !bytes.Equal(hashes[0], HashSecret(codes[0])) {
		t.Errorf("%q, %v", codes, err)
	}
}

// RFC 6238 5.2: of many who send one code at the same moment, one is let in.
func TestOneCodeLetsOneIn(t *testing.T) {
	t.Parallel()
	s, c, u := account(t, Options{Keeper: plain{}})
	codes, hashes, err := NewRecoveryCodes(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	give(t, s, u, hashes...)
	for name, code := range map[string]string{"of an authenticator": codeAt(t, c.Now()), "for recovery": codes[0]} {
		var in atomic.Int32
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				if s.Code(t.Context(), u, code, fmt.Sprintf("192.0.2.%d", i)) == nil {
					in.Add(1)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 {
			t.Errorf("%s: %d are let in", name, in.Load())
		}
	}
}
