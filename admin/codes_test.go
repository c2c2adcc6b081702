package admin

import (
	"encoding/base32"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"crmbridge/store"
)

var (
	keyShown      = regexp.MustCompile(`id="key">([A-Z2-7-]+)<`)
	offerField    = regexp.MustCompile(`name="offer" value="([^"]+)"`)
	wayField      = regexp.MustCompile(`name="way" value="([^"]+)"`)
	recoveryShown = regexp.MustCompile(`<li><code>([a-z2-9-]{19})</code>`)
)

// code is what an authenticator with a key shows.
func code(t *testing.T, key string, at time.Time) string {
	t.Helper()
	out, err := totp.GenerateCode(strings.ReplaceAll(key, "-", ""), at)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// withCodes turns codes on for somebody who is signed in.
func (w *world) withCodes(t *testing.T, b *browser) (key string, recovery []string) {
	t.Helper()
	s := b.get(t, "/web/me/codes")
	k, o := keyShown.FindStringSubmatch(s.text), offerField.FindStringSubmatch(s.text)
	if k == nil || o == nil || !strings.Contains(s.text, `src="data:image/png;base64,iVBOR`) {
		t.Fatalf("the page has no key: %d %s", s.status, s.text)
	}
	s = b.post(t, "/web/me", "/web/me/codes", "offer", html.UnescapeString(o[1]), "code", code(t, k[1], w.clock.Now()))
	for _, m := range recoveryShown.FindAllStringSubmatch(s.text, -1) {
		recovery = append(recovery, m[1])
	}
	if s.status != http.StatusOK || len(recovery) != 10 {
		t.Fatalf("turned on: %d %s", s.status, s.text)
	}
	w.clock.Advance(time.Minute)
	return k[1], recovery
}

// half gives the password, and returns what the form for the code has.
func (b *browser) half(t *testing.T, name, password string) string {
	t.Helper()
	s := b.signIn(t, name, password)
	m := wayField.FindStringSubmatch(s.text)
	if s.status != http.StatusOK || m == nil {
		t.Fatalf("no code is asked for: %d to %q", s.status, s.to)
	}
	return html.UnescapeString(m[1])
}

func (b *browser) sendCode(t *testing.T, way, code string) seen {
	t.Helper()
	return b.post(t, "/web/sign-in", "/web/sign-in/code", "way", way, "code", code, "next", "/web/me")
}

func TestSigningInWithACode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.signedIn(t, "ann", annPassword)
	first := w.signedIn(t, "ann", annPassword)
	key, recovery := w.withCodes(t, first)
	if s := first.get(t, "/web/me"); s.status != http.StatusOK || !strings.Contains(s.text, "10 recovery codes left") {
		t.Errorf("who turned them on: %d", s.status)
	}
	if s := other.get(t, "/web/me"); s.status != http.StatusSeeOther {
		t.Errorf("a session that was begun without a code goes on: %d", s.status)
	}
	b := w.browser(t)
	way := b.half(t, "ann", annPassword)
	if s := b.get(t, "/web/me"); s.status != http.StatusSeeOther {
		t.Errorf("half-way is a session: %d", s.status)
	}
	visitor := b.cookie(t)
	if s := b.sendCode(t, way, "000000"); s.status != http.StatusUnprocessableEntity || !strings.Contains(s.text, "This code is wrong") || !strings.Contains(s.text, `name="way"`) {
		t.Errorf("a wrong code: %d", s.status)
	}
	good := code(t, key, w.clock.Now())
	if s := w.browser(t).sendCode(t, way, good); s.status != http.StatusUnprocessableEntity || !strings.Contains(s.text, "Please sign in again") {
		t.Errorf("in another browser: %d", s.status)
	}
	if s := b.sendCode(t, way, good); s.to != "/web/me" {
		t.Errorf("the code: %d to %q", s.status, s.to)
	}
	if s := b.get(t, "/web/me"); s.status != http.StatusOK || b.cookie(t).Value == visitor.Value {
		t.Errorf("signed in: %d", s.status)
	}
	again := w.browser(t)
	if s := again.sendCode(t, again.half(t, "ann", annPassword), good); s.status != http.StatusUnprocessableEntity {
		t.Errorf("a code a second time: %d to %q", s.status, s.to)
	}
	if s := again.sendCode(t, again.half(t, "ann", annPassword), recovery[0]); s.to != "/web/me" {
		t.Errorf("a recovery code: %d", s.status)
	}
	once := w.browser(t)
	if s := once.sendCode(t, once.half(t, "ann", annPassword), recovery[0]); s.status != http.StatusUnprocessableEntity {
		t.Errorf("a recovery code a second time: %d to %q", s.status, s.to)
	}
}

func TestHalfWayEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world) error{
		"after five minutes": func(w *world) error { w.clock.Advance(halfWayLasts); return nil },
		"disabled":           func(w *world) error { _, err := w.office.SetDisabled(t.Context(), "ann", true); return err },
		"a new password": func(w *world) error {
			_, err := w.office.SetPassword(t.Context(), "ann", "yet another one", false)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			key, recovery := w.withCodes(t, w.signedIn(t, "ann", annPassword))
			b := w.browser(t)
			way := b.half(t, "ann", annPassword)
			if err := end(w); err != nil {
				t.Fatal(err)
			}
			for _, c := range []string{code(t, key, w.clock.Now()), recovery[0]} {
				if s := b.sendCode(t, way, c); s.status != http.StatusUnprocessableEntity || !strings.Contains(s.text, "Please sign in again") {
					t.Errorf("a good code: %d to %q", s.status, s.to)
				}
			}
		})
	}
}

func TestGuessedCodesWaitAtThePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withCodes(t, w.signedIn(t, "ann", annPassword))
	var last seen
	for range 8 {
		b := w.browser(t)
		last = b.sendCode(t, b.half(t, "ann", annPassword), "123456")
	}
	if last.status != http.StatusUnprocessableEntity || !strings.Contains(last.text, "Too many sign-ins failed.") {
		t.Errorf("after eight guesses: %d", last.status)
	}
	w.signedIn(t, "boss", bossPassword)
}

// A wrong code turns nothing on, and shows the same key again.
func TestAKeyIsConfirmedBeforeItCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "ann", annPassword)
	s := b.get(t, "/web/me/codes")
	key, offer := keyShown.FindStringSubmatch(s.text)[1], html.UnescapeString(offerField.FindStringSubmatch(s.text)[1])
	s = b.post(t, "/web/me", "/web/me/codes", "offer", offer, "code", "000000")
	if s.status != http.StatusUnprocessableEntity || keyShown.FindStringSubmatch(s.text)[1] != key || !strings.Contains(s.text, "not the code that belongs to the key") {
		t.Errorf("a wrong code: %d", s.status)
	}
	w.signedIn(t, "ann", annPassword)
	if s := b.post(t, "/web/me", "/web/me/codes", "offer", "x", "code", "000000"); s.status != http.StatusBadRequest {
		t.Errorf("no offer of ours: %d", s.status)
	}
}

func TestTurningCodesOffNeedsProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "ann", annPassword)
	key, old := w.withCodes(t, b)
	w.clock.Advance(freshFor)
	if s := b.post(t, "/web/me", "/web/me/codes/off", "password", annPassword); s.to != "/web/confirm?next=%2Fweb%2Fme" && s.to != "/web/confirm" {
		t.Fatalf("after a while: %d to %q", s.status, s.to)
	}
	if s := b.post(t, "/web/confirm", "/web/confirm", "password", annPassword); s.status != http.StatusUnprocessableEntity {
		t.Errorf("proof by the password alone: %d to %q", s.status, s.to)
	}
	if s := b.post(t, "/web/me", "/web/me/password", "old", annPassword, "password", "quite another one", "again", "quite another one"); !strings.HasPrefix(s.to, "/web/confirm") {
		t.Errorf("a new password without a code is proof: %d to %q", s.status, s.to)
	}
	if s := b.post(t, "/web/confirm", "/web/confirm", "password", annPassword, "code", code(t, key, w.clock.Now()), "next", "/web/me/codes"); s.to != "/web/me/codes" {
		t.Errorf("proved: %d", s.status)
	}
	s := b.post(t, "/web/me/codes", "/web/me/codes/recovery")
	if fresh := recoveryShown.FindAllString(s.text, -1); len(fresh) != 10 || strings.Contains(s.text, old[0]) {
		t.Errorf("new recovery codes: %d", s.status)
	}
	if s := b.post(t, "/web/me/codes", "/web/me/codes/off", "password", "wrong wrong wrong"); s.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password: %d", s.status)
	}
	if s := b.post(t, "/web/me/codes", "/web/me/codes/off", "password", annPassword); s.to != "/web/me" {
		t.Errorf("turned off: %d", s.status)
	}
	w.signedIn(t, "ann", annPassword)
}

// An administrator helps who lost everything, after a fresh proof; for themselves they have the page that asks for the password.
func TestAnAdministratorTurnsCodesOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withCodes(t, w.signedIn(t, "ann", annPassword))
	boss := w.signedIn(t, "boss", bossPassword)
	if s := boss.get(t, "/web/people/ann"); !strings.Contains(s.text, `action="/web/people/ann/codes/off"`) {
		t.Errorf("the page: %d", s.status)
	}
	if s := boss.post(t, "/web/people/boss", "/web/people/boss/codes/off"); s.status != http.StatusForbidden {
		t.Errorf("for themselves: %d", s.status)
	}
	if s := boss.post(t, "/web/people/ann", "/web/people/ann/codes/off"); s.to != "/web/people/ann" {
		t.Errorf("for another: %d", s.status)
	}
	w.signedIn(t, "ann", annPassword)
	if s := boss.post(t, "/web/people/ann", "/web/people/ann/codes/off"); s.status != http.StatusNotFound {
		t.Errorf("twice: %d", s.status)
	}
}

// What is known of codes is nowhere in the sessions and the log.
func TestCodesAreNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "ann", annPassword)
	key, recovery := w.withCodes(t, b)
	secret, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(key, "-", ""))
	if err != nil {
		t.Fatal(err)
	}
	err = w.store.View(t.Context(), func(tx *store.Tx) error {
		u, err := tx.UserByName("ann")
		if err != nil {
			return err
		}
		all, err := tx.Sessions(u.ID)
		for _, s := range all {
			if strings.Contains(string(s.Data), recovery[0]) || strings.Contains(string(s.Data), key) {
				t.Errorf("a session has %s", s.Data)
			}
		}
		f, _ := tx.SecondFactor(u.ID)
		if strings.Contains(string(f.Secret), string(secret)) || len(f.Secret) == 0 {
			t.Error("the secret is not sealed")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(w.logged.String(), recovery[0]) || strings.Contains(w.logged.String(), key) {
		t.Error("the log has codes")
	}
}
