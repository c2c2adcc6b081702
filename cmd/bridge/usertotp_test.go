package main

import (
	"context"
	"encoding/base32"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"crmbridge/auth"
	"crmbridge/manage"
)

// codes asks alice for codes as the page does, and returns the secret.
func (p *place) codes() (secret []byte, recovery []string) {
	p.t.Helper()
	var out strings.Builder
	prog := &program{streams: streams{in: strings.NewReader(""), out: &out, err: &out}, config: p.path("config.yaml")}
	err := prog.withApp(p.t.Context(), func(ctx context.Context, a *app) error {
		offer, err := a.office.OfferCodes(ctx, "alice")
		if err != nil {
			return err
		}
		secret = offer.Secret
		recovery, err = a.office.TurnOnCodes(ctx, "alice", offer.Sealed, codeNow(p.t, secret))
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return secret, recovery
}

// enters signs alice in at the pages with a code.
func (p *place) enters(code string) error {
	p.t.Helper()
	var out strings.Builder
	prog := &program{streams: streams{in: strings.NewReader(""), out: &out, err: &out}, config: p.path("config.yaml")}
	return prog.withApp(p.t.Context(), func(ctx context.Context, a *app) error {
		u, err := a.userOf(ctx, "alice")
		if err != nil {
			return err
		}
		return a.auth.Code(ctx, u, code, "192.0.2.1")
	})
}

// SECURITY 8 and 11: with codes the account's password lets no device in, the secret is sealed anew with the key, and the shell helps who lost
// everything.
func TestUserTOTP(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	if out := p.must("", "user", "totp", "alice"); !strings.Contains(out, "no codes") {
		t.Errorf("%s", out)
	}
	secret, _ := p.codes()
	s := p.serve()
	if status, _ := p.get("/dav/calendars/alice/"); status != http.StatusUnauthorized {
		t.Errorf("the password alone reads the calendars: %d", status)
	}
	s.stop()
	before, err := os.ReadFile(p.path("bridge.key"))
	if err != nil {
		t.Fatal(err)
	}
	p.must("", "secret", "rotate")
	if err := p.enters(nextCode(t, secret)); err != nil {
		t.Errorf("a code under the new key: %v", err)
	}
	if row, _ := jsonOf[manage.Codes](p, "user", "totp", "alice"); !row.On || row.Recovery != auth.RecoveryCodes || row.Since == nil {
		t.Errorf("%+v", row)
	}
	if err := os.Rename(p.path("bridge.key"), p.path("away")); err != nil {
		t.Fatal(err)
	}
	if out, code := p.cmd("", "user", "list"); code == 0 || !strings.Contains(out, "codes of 1 people") {
		t.Errorf("without the key file: %s", out)
	}
	if err := os.WriteFile(p.path("bridge.key"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.enters(nextCode(t, secret)); err == nil {
		t.Error("the old key still opens")
	}
	if out := p.must("", "user", "totp", "Alice", "--off"); !strings.Contains(out, "password alone") {
		t.Errorf("%s", out)
	}
	if out, code := p.cmd("", "user", "totp", "alice", "--off"); code == 0 || !strings.Contains(out, "no codes") {
		t.Errorf("twice: %s", out)
	}
}

// A copy that is put back without its key asks for codes all the same; recovery codes let in.
func TestRestoreWithoutTheKeyOfCodes(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	_, recovery := p.codes()
	file := p.path("backup")
	p.must("", "backup", file)
	q := newPlace(t, "")
	if out, code := q.cmd("", "restore", file); code == 0 || !strings.Contains(out, "codes of 1 people") || !strings.Contains(out, "nothing was changed") {
		t.Errorf("%s", out)
	}
	q.must("", "restore", file, "--without-credentials")
	if row, _ := jsonOf[manage.Codes](q, "user", "totp", "alice"); !row.On {
		t.Error("the password alone lets in")
	}
	if err := q.enters(recovery[0]); err != nil {
		t.Error(err)
	}
	q.must("", "secret", "rotate")
}

func codeNow(t testing.TB, secret []byte) string { return codeFor(t, secret, time.Now()) }

// nextCode is one that no test has used yet, within what clocks may differ by.
func nextCode(t testing.TB, secret []byte) string {
	return codeFor(t, secret, time.Now().Add(30*time.Second))
}

func codeFor(t testing.TB, secret []byte, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(base32.StdEncoding.EncodeToString(secret), at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}
