package admin

import (
	"context"
	"crypto/rand"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"crmbridge/auth"
	"crmbridge/internal/testclock"
	"crmbridge/internal/testenv"
	"crmbridge/manage"
	"crmbridge/relay"
	"crmbridge/secret"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const (
	bossPassword = "correct horse battery"
	annPassword  = "another staple pony"
)

// world is a server of pages, with the administrator boss and the person ann.
type world struct {
	*httptest.Server
	store  *store.Store
	office *manage.Office
	clock  *testclock.Clock
	logged *strings.Builder
	served *Server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{clock: testclock.New(), logged: &strings.Builder{}}
	w.store = storetest.OpenWith(t, store.Config{Now: w.clock.Now})
	keyFile := filepath.Join(t.TempDir(), "bridge.key")
	keeper, err := secret.Create(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(auth.Options{Store: w.store, Keeper: keeper, Now: w.clock.Now, Random: rand.Reader, Params: auth.Params{Memory: 8 * 1024, Time: 1, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(context.Background()) })
	log := slog.New(slog.NewTextHandler(w.logged, nil))
	conns := &relay.Connections{Now: w.clock.Now}
	engine := &relay.Engine{Store: w.store, Remotes: conns, Now: w.clock.Now, Log: log, Owner: "test"}
	w.office = &manage.Office{Store: w.store, Auth: a, Keeper: keeper, KeyFile: keyFile, Now: w.clock.Now, Engine: engine, Connections: conns, Random: rand.Reader, Address: "https://bridge.example.org"}
	for _, n := range []manage.NewAccount{{Name: "boss", Admin: true, Password: bossPassword}, {Name: "ann", Zone: "Europe/Helsinki", Password: annPassword}} {
		if _, err := w.office.AddAccount(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	s, err := New(Options{Office: w.office, Auth: a, Store: w.store, Now: w.clock.Now, Random: rand.Reader, Log: log,
		Secure: true, Address: func(r *http.Request) string { return "192.0.2.1" }, Version: "1.2.3",
		Support: func(_ context.Context, to io.Writer) error { _, err := io.WriteString(to, "a bundle"); return err }})
	if err != nil {
		t.Fatal(err)
	}
	w.served = s
	w.Server = httptest.NewTLSServer(s)
	t.Cleanup(w.Close)
	return w
}

// browser keeps cookies and follows no redirect.
type browser struct {
	*http.Client
	base, language, origin string
}

func (w *world) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{Client: &http.Client{Jar: jar, Transport: w.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		base: w.URL, origin: w.URL}
}

// seen is what a browser was answered.
type seen struct {
	status int
	to     string
	text   string
	header http.Header
}

func (b *browser) do(t *testing.T, method, path string, body url.Values) seen {
	t.Helper()
	var r io.Reader
	if body != nil {
		r = strings.NewReader(body.Encode())
	}
	req, err := http.NewRequestWithContext(t.Context(), method, b.base+path, r)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.origin != "" && method != http.MethodGet {
		req.Header.Set("Origin", b.origin)
	}
	req.Header.Set("Accept-Language", b.language)
	res, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return seen{res.StatusCode, res.Header.Get("Location"), string(text), res.Header}
}

func (b *browser) get(t *testing.T, path string) seen {
	t.Helper()
	return b.do(t, http.MethodGet, path, nil)
}

var tokenField = regexp.MustCompile(`name="token" value="([^"]+)"`)

// post sends a form as the page at from has it.
func (b *browser) post(t *testing.T, from, path string, values ...string) seen {
	t.Helper()
	m := tokenField.FindStringSubmatch(b.get(t, from).text)
	if m == nil {
		t.Fatalf("%s has no form", from)
	}
	form := url.Values{"token": {html.UnescapeString(m[1])}}
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	return b.do(t, http.MethodPost, path, form)
}

func (b *browser) signIn(t *testing.T, name, password string) seen {
	t.Helper()
	return b.post(t, "/web/sign-in", "/web/sign-in", "name", name, "password", password)
}

func (w *world) signedIn(t *testing.T, name, password string) *browser {
	t.Helper()
	b := w.browser(t)
	if s := b.signIn(t, name, password); s.status != http.StatusSeeOther || s.to != "/web/" {
		t.Fatalf("%s signs in: %d to %q", name, s.status, s.to)
	}
	return b
}

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	if s := b.get(t, "/web/me?x=1"); s.to != "/web/sign-in?next=%2Fweb%2Fme%3Fx%3D1" {
		t.Errorf("a visitor is sent to %q", s.to)
	}
	visitor := b.cookie(t)
	s := b.signIn(t, "ann", "wrong wrong wrong")
	if s.status != http.StatusUnprocessableEntity || !strings.Contains(s.text, "The account or the password is wrong.") || strings.Contains(s.text, "wrong wrong") {
		t.Errorf("a wrong password: %d %s", s.status, s.text)
	}
	s = b.post(t, "/web/sign-in", "/web/sign-in", "name", " Ann ", "password", annPassword, "next", "/web/me?x=1")
	if s.status != http.StatusSeeOther || s.to != "/web/me?x=1" {
		t.Errorf("signed in: %d, sent to %q", s.status, s.to)
	}
	c := b.cookie(t)
	if c.Value == visitor.Value || c.Value == "" {
		t.Error("the session was not renewed")
	}
	set := s.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-bridge=", "Path=/;", "HttpOnly", "Secure", "SameSite=Strict"} {
		if !strings.Contains(set, want) {
			t.Errorf("cookie %q without %q", set, want)
		}
	}
	if s := b.get(t, "/web/me"); s.status != http.StatusOK || !strings.Contains(s.text, "You are signed in as ann.") {
		t.Errorf("my account: %d", s.status)
	}
	old := b.cookie(t)
	if s := b.post(t, "/web/me", "/web/sign-out"); s.to != "/web/sign-in" {
		t.Errorf("signed out: %d to %q", s.status, s.to)
	}
	if s := b.get(t, "/web/me"); s.status != http.StatusSeeOther {
		t.Errorf("after signing out: %d", s.status)
	}
	b.setCookie(t, old)
	if s := b.get(t, "/web/me"); s.status != http.StatusSeeOther {
		t.Errorf("with the cookie of before: %d", s.status)
	}
}

func (b *browser) cookie(t *testing.T) *http.Cookie {
	t.Helper()
	u, _ := url.Parse(b.base)
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == "__Host-bridge" {
			return c
		}
	}
	return &http.Cookie{Name: "__Host-bridge"}
}

func (b *browser) setCookie(t *testing.T, c *http.Cookie) {
	t.Helper()
	u, _ := url.Parse(b.base)
	b.Jar.SetCookies(u, []*http.Cookie{{Name: c.Name, Value: c.Value, Path: "/", Secure: true}})
}

func TestOnlyTheHashOfASessionIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "ann", annPassword)
	err := w.store.View(t.Context(), func(tx *store.Tx) error {
		u, err := tx.UserByName("ann")
		if err != nil {
			return err
		}
		all, err := tx.Sessions(u.ID)
		if len(all) != 1 || strings.Contains(string(all[0].Data)+string(all[0].Hash), b.cookie(t).Value) || len(all[0].Hash) != 32 {
			t.Errorf("kept: %+v", all)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnAppPasswordLetsNobodyIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d, err := w.office.AddDevice(t.Context(), manage.NewDevice{User: "ann", Name: "phone"})
	if err != nil {
		t.Fatal(err)
	}
	if s := w.browser(t).signIn(t, "ann", d.Secret); s.status != http.StatusUnprocessableEntity {
		t.Errorf("with an app password: %d", s.status)
	}
}

func TestGuessingWaitsAndOthersDoNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var last seen
	for range 20 {
		last = w.browser(t).signIn(t, "ann", "guess guess guess")
	}
	if !strings.Contains(last.text, "Too many sign-ins failed.") {
		t.Errorf("after twenty guesses: %d", last.status)
	}
	w.signedIn(t, "boss", bossPassword)
}

func TestFormsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "ann", annPassword)
	other := w.signedIn(t, "boss", bossPassword)
	token := func(b *browser) string { return tokenField.FindStringSubmatch(b.get(t, "/web/me").text)[1] }
	for name, c := range map[string]struct {
		origin string
		form   url.Values
	}{
		"no token":             {w.URL, url.Values{}},
		"the token of another": {w.URL, url.Values{"token": {token(other)}}},
		"another site":         {"https://evil.example.org", url.Values{"token": {token(b)}}},
	} {
		b.origin = c.origin
		if s := b.do(t, http.MethodPost, "/web/me/sessions/end", c.form); s.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, s.status)
		}
	}
	b.origin = w.URL
	if s := b.do(t, http.MethodPost, "/web/me/sessions/end", url.Values{"token": {token(b)}}); s.status != http.StatusSeeOther {
		t.Errorf("its own form: %d", s.status)
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	in := func(b *browser) bool { return b.get(t, "/web/me").status == http.StatusOK }
	for name, end := range map[string]func(w *world) error{
		"a day without use": func(w *world) error { w.clock.Advance(sessionIdle + 1); return nil },
		"disabled":          func(w *world) error { _, err := w.office.SetDisabled(t.Context(), "ann", true); return err },
		"a new password": func(w *world) error {
			_, err := w.office.SetPassword(t.Context(), "ann", "yet another one", false)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.signedIn(t, "ann", annPassword)
			if !in(b) {
				t.Fatal("not signed in")
			}
			if err := end(w); err != nil {
				t.Fatal(err)
			}
			if in(b) {
				t.Error("still signed in")
			}
		})
	}
	w := newWorld(t)
	b := w.signedIn(t, "ann", annPassword)
	for range 29 * 2 {
		w.clock.Advance(sessionIdle / 2)
		if !in(b) {
			t.Fatal("a session in use ended")
		}
	}
	w.clock.Advance(sessionIdle / 2)
	w.clock.Advance(sessionIdle / 2)
	w.clock.Advance(1)
	if in(b) {
		t.Error("a session lasts for ever")
	}
}

func TestWhatNeedsProofAsksForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "ann", annPassword)
	w.clock.Advance(freshFor + 1)
	if s := b.post(t, "/web/me", "/web/me/devices", "name", "phone"); s.to != "/web/confirm" {
		t.Fatalf("an app password after a while: %d to %q", s.status, s.to)
	}
	if s := b.post(t, "/web/confirm", "/web/confirm", "password", bossPassword); s.status != http.StatusUnprocessableEntity {
		t.Errorf("the password of another: %d", s.status)
	}
	if s := b.post(t, "/web/confirm", "/web/confirm", "password", annPassword, "next", "/web/me"); s.to != "/web/me" {
		t.Errorf("proved: %d to %q", s.status, s.to)
	}
	if s := b.post(t, "/web/me", "/web/me/devices", "name", "phone"); s.status != http.StatusOK || !strings.Contains(s.text, `id="secret"`) {
		t.Errorf("an app password after proof: %d", s.status)
	}
}

func TestFirstAdministrator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if secret, err := w.office.InviteFirst(t.Context()); err != nil || secret != "" {
		t.Fatalf("with an administrator: %q, %v", secret, err)
	}
	if _, err := w.office.SetDisabled(t.Context(), "boss", true); err != nil {
		t.Fatal(err)
	}
	old, err := w.office.InviteFirst(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	secret, err := w.office.InviteFirst(t.Context())
	if err != nil || secret == "" {
		t.Fatal(secret, err)
	}
	b, at := w.browser(t), "/web/first/"+secret
	for _, bad := range []string{old, "x", "../me"} {
		if s := b.get(t, "/web/first/"+url.PathEscape(bad)); s.status != http.StatusNotFound {
			t.Errorf("%q: %d", bad, s.status)
		}
	}
	if s := b.post(t, at, at, "name", "chief", "password", "long enough now", "again", "long enough not"); s.status != http.StatusUnprocessableEntity || !strings.Contains(s.text, "not the same") {
		t.Errorf("two passwords: %d", s.status)
	}
	if s := b.post(t, at, at, "name", "../chief", "password", "long enough now", "again", "long enough now"); s.status != http.StatusUnprocessableEntity || !strings.Contains(s.text, `aria-invalid="true" aria-describedby="f-name-fault"`) {
		t.Errorf("a bad name: %d", s.status)
	}
	other := w.browser(t)
	other.get(t, at)
	if s := b.post(t, at, at, "name", "chief", "password", "long enough now", "again", "long enough now"); s.to != "/web/" {
		t.Errorf("made: %d %s", s.status, s.text)
	}
	if s := b.get(t, "/web/me"); !strings.Contains(s.text, "You are signed in as chief.") {
		t.Errorf("not signed in: %d", s.status)
	}
	if s := other.get(t, at); s.status != http.StatusNotFound {
		t.Errorf("a second use: %d", s.status)
	}
	if secret, err := w.office.InviteFirst(t.Context()); err != nil || secret != "" {
		t.Errorf("after it: %q, %v", secret, err)
	}
	if strings.Contains(w.logged.String(), secret) {
		t.Error("the secret is in the log of the pages")
	}
}

func TestTheFirstAddressEndsAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.office.SetDisabled(t.Context(), "boss", true); err != nil {
		t.Fatal(err)
	}
	secret, err := w.office.InviteFirst(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(manage.FirstLasts)
	if s := w.browser(t).get(t, "/web/first/"+secret); s.status != http.StatusNotFound {
		t.Errorf("a day later: %d", s.status)
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.language = "fi-FI,fi;q=0.9"
	if s := b.get(t, "/web/sign-in"); !strings.Contains(s.text, `<html lang="fi">`) || !strings.Contains(s.text, "Kirjaudu sisään") || s.header.Get("Content-Language") != "fi" {
		t.Errorf("as the browser asks: %s", s.text)
	}
	if s := b.post(t, "/web/sign-in", "/web/language", "language", "ru"); s.status != http.StatusSeeOther {
		t.Errorf("a choice: %d", s.status)
	}
	if s := b.get(t, "/web/sign-in"); !strings.Contains(s.text, `<html lang="ru">`) {
		t.Error("a visitor's choice is not kept")
	}
	if s := b.post(t, "/web/sign-in", "/web/language", "language", "../en"); s.status != http.StatusBadRequest {
		t.Errorf("no language: %d", s.status)
	}
	b = w.signedIn(t, "ann", annPassword)
	if s := b.post(t, "/web/me", "/web/language", "language", "sv"); s.status != http.StatusSeeOther {
		t.Errorf("ann's choice: %d", s.status)
	}
	again := w.signedIn(t, "ann", annPassword)
	if s := again.get(t, "/web/me"); !strings.Contains(s.text, "Du är inloggad som ann.") {
		t.Error("the choice is not the account's")
	}
}

func TestWhereSomebodyIsSentBack(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/web/me": "/web/me", "/web/me?x=%2F": "/web/me?x=%2F", "": Prefix, "/": Prefix, "/dav/": Prefix, "//evil.example.org/web/": Prefix,
		"https://evil.example.org/web/": Prefix, `/web/\evil`: Prefix, "/web/x\r\nSet-Cookie: a=b": Prefix, "javascript:alert(1)": Prefix, "/webx": Prefix,
	} {
		if got := back(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestNothingIsMarkup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "ann", annPassword)
	const evil = `<img src=x onerror=alert(1)>`
	if s := b.post(t, "/web/me", "/web/me/devices", "name", evil); strings.Contains(s.text, "<img") || !strings.Contains(s.text, "&lt;img") {
		t.Error("the name of a device is markup")
	}
	s := b.get(t, "/web/me")
	if strings.Contains(s.text, "<img") || strings.Contains(s.text, "<script>") || strings.Contains(s.text, " onclick") || strings.Contains(s.text, " style=") {
		t.Error("the page has code or style of its own")
	}
	for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Strict-Transport-Security": "max-age=31536000"} {
		if got := s.header.Get(header); got != want {
			t.Errorf("%s: %q", header, got)
		}
	}
	if csp := s.header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("policy %q", csp)
	}
}

// A person's own pages lead to nobody else's things, whatever numbers they are asked for.
func TestAPersonReachesOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d, err := w.office.AddDevice(t.Context(), manage.NewDevice{User: "boss", Name: "phone"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.office.AddFeed(t.Context(), manage.NewFeed{User: "boss", Collection: "calendar"})
	if err != nil {
		t.Fatal(err)
	}
	b := w.signedIn(t, "ann", annPassword)
	for _, path := range []string{fmt.Sprintf("/web/me/devices/%d/revoke", d.ID), fmt.Sprintf("/web/me/feeds/%d/revoke", f.ID), fmt.Sprintf("/web/me/feeds/%d/rotate", f.ID)} {
		if s := b.post(t, "/web/me", path); s.status != http.StatusNotFound || strings.Contains(s.text, "boss") {
			t.Errorf("%s: %d", path, s.status)
		}
	}
	boss := w.signedIn(t, "boss", bossPassword)
	if s := boss.post(t, "/web/me", fmt.Sprintf("/web/people/ann/devices/%d/revoke", d.ID)); s.status != http.StatusNotFound {
		t.Errorf("boss's device as ann's: %d", s.status)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "boss", bossPassword)
	if s := b.post(t, "/web/people", "/web/people", "name", "bo", "password", "long enough now", "again", "long enough now"); s.to != "/web/people" {
		t.Errorf("added: %d %s", s.status, s.text)
	}
	if s := b.post(t, "/web/people", "/web/people", "name", "bo", "password", "long enough now", "again", "long enough now"); s.status != http.StatusUnprocessableEntity {
		t.Errorf("added twice: %d", s.status)
	}
	bo := w.signedIn(t, "bo", "long enough now")
	for _, do := range []string{"disable", "enable", "admin", "person"} {
		if s := b.post(t, "/web/people/bo", "/web/people/bo/state", "do", do); s.to != "/web/people/bo" {
			t.Errorf("%s: %d %s", do, s.status, s.text)
		}
		u, err := w.office.Account(t.Context(), "bo")
		if err != nil || u.Disabled != (do == "disable") || u.Admin != (do == "admin") {
			t.Errorf("%s: %+v, %v", do, u, err)
		}
	}
	if s := bo.get(t, "/web/me"); s.status != http.StatusSeeOther {
		t.Errorf("who was disabled is signed in still: %d", s.status)
	}
	if s := b.post(t, "/web/people/boss", "/web/people/boss/state", "do", "disable"); s.status != http.StatusForbidden {
		t.Errorf("boss disables boss: %d", s.status)
	}
	if s := b.post(t, "/web/people/bo", "/web/people/bo/password", "password", "quite another one", "again", "quite another one"); s.to != "/web/people/bo" {
		t.Errorf("a password: %d", s.status)
	}
	w.signedIn(t, "bo", "quite another one")
	s := b.post(t, "/web/people/bo", "/web/people/bo/feeds", "collection", "calendar", "detail", "busy", "expires", "90d")
	if s.status != http.StatusOK || !strings.Contains(s.text, `id="feed">https://bridge.example.org/feeds/`) {
		t.Errorf("a feed: %d", s.status)
	}
	if s := b.get(t, "/web/people/nobody"); s.status != http.StatusNotFound {
		t.Errorf("nobody: %d", s.status)
	}
}

func TestBackupFromThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "boss", bossPassword)
	s := b.post(t, "/web/system", "/web/system/backup")
	if s.status != http.StatusOK || s.header.Get("Content-Disposition") != "attachment; filename=bridge-2026-05-20-0930.backup" {
		t.Fatalf("%d %v", s.status, s.header)
	}
	sum, err := store.CheckBackup(strings.NewReader(s.text))
	if err != nil || sum.Rows["users"] != 2 || sum.Program != "1.2.3" {
		t.Errorf("%+v, %v", sum, err)
	}
	if strings.Contains(s.text, b.cookie(t).Value) {
		t.Error("the session is in it")
	}
	w.clock.Advance(freshFor + 1)
	if s := b.post(t, "/web/system", "/web/system/backup"); s.to != "/web/confirm" {
		t.Errorf("later: %d", s.status)
	}
}

func TestConnectADevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signedIn(t, "ann", annPassword).get(t, "/web/me/connect")
	for _, want := range []string{"https://bridge.example.org/<", "https://bridge.example.org/dav/calendars/ann/calendar/", "https://bridge.example.org/dav/addressbooks/ann/contacts/", "Thunderbird", "DAVx"} {
		if !strings.Contains(s.text, want) {
			t.Errorf("%q is not there", want)
		}
	}
}
