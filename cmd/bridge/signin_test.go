package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/exchange/graph/graphsim"
	"crmbridge/internal/config"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

var signInPage = regexp.MustCompile(`https?://\S+/oauth2/v2\.0/authorize\S+`)

// signingInAt runs sign-in add; browse is the person, who is given the page and brings what is pasted, "" for nothing.
func (p *place) signingInAt(n *tenant, browse func(page string) (paste string), more ...string) (out string, code int) {
	p.t.Helper()
	in, typed := io.Pipe()
	shown, told := io.Pipe()
	args := append([]string{"sign-in", "add", "--user", "alice", "--driver", "graph", "--name", "ann", "--set", "tenant=" + n.Tenant(), "--set", "client_id=desktop",
		"--set", "login_url=" + n.url, "--set", "graph_url=" + n.url, "--set", "areas=calendars,contacts", "--config", p.path("config.yaml")}, more...)
	var o bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		code = run(context.Background(), args, streams{in: in, out: &o, err: told}, map[string]string{})
		_ = told.Close()
	}()
	var seen bytes.Buffer
	b := make([]byte, 4096)
	for asked := false; ; {
		k, err := shown.Read(b)
		seen.Write(b[:k])
		if at := signInPage.FindString(seen.String()); at != "" && !asked && strings.Contains(seen.String(), "here") {
			asked = true
			go func() {
				if paste := browse(at); paste != "" {
					_, _ = io.WriteString(typed, paste+"\n")
				}
			}()
		}
		if err != nil {
			break
		}
	}
	<-done
	_ = typed.Close()
	return o.String() + seen.String(), code
}

// visit opens the page in a browser, in which the person is signed in already, and returns where it ends.
func visit(t *testing.T, page string) string {
	t.Helper()
	c := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Get(page)
	if err != nil {
		t.Error(err)
		return ""
	}
	_ = res.Body.Close()
	return res.Header.Get("Location")
}

// TestAPersonSignsIn: on this machine and from another one, with the least that is needed; the links work by it, also after it was
// renewed; what was revoked is told with the remedy, and signing in again mends it.
func TestAPersonSignsIn(t *testing.T) {
	t.Parallel()
	_, port, err := net.SplitHostPort(freeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	n := newTenant(t, func(o *graphsim.Options) {
		o.TokenLifetime = 3 * time.Second // so that they are renewed
		o.RefreshOnce = true
		o.Apps = []graphsim.App{graphsim.PublicApp("desktop")} // that of the program graphsim
	})
	p := newPlace(t, "")
	p.alice()

	// The browser is on this machine.
	out, code := p.signingInAt(n, func(page string) string {
		q, err := url.Parse(page)
		if err != nil || q.Query().Get("code_challenge_method") != "S256" || strings.Contains(q.Query().Get("scope"), "Tasks") || strings.Contains(page, "client_secret") {
			t.Errorf("the page is %s", page)
		}
		end := visit(t, page)
		if res, err := client.Get(strings.Replace(end, "&state=", "&state=x", 1)); err != nil || res.StatusCode != http.StatusBadRequest {
			t.Errorf("somebody else's answer is taken: %v %v", res, err)
		}
		if res, err := client.Get(end); err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("the answer is not taken: %v %v", res, err)
		}
		return ""
	}, "--port", port)
	if code != 0 || !strings.Contains(out, "ann@example.org has signed in") {
		t.Fatalf("%d %s", code, out)
	}
	link := func(verb string) []string {
		return []string{"link", verb, "--user", "alice", "--driver", "graph", "--set", "tenant=" + n.Tenant(), "--set", "client_id=desktop", "--set", "sign_in=ann",
			"--set", "areas=calendars,contacts", "--set", "login_url=" + n.url, "--set", "graph_url=" + n.url, "--set", "poll_seconds=1"}
	}
	if out := p.must("", link("test")...); !strings.Contains(out, "calendars") || strings.Contains(out, "tasks") {
		t.Error(out)
	}
	p.must("", append(link("add"), "--collection", "calendar", "--name", "cal", "--interval", "1s")...)
	p.must("", append(link("add"), "--collection", "contacts", "--name", "book", "--interval", "1s")...)
	s := p.serve()
	renewed := list[signInShown](p, "sign-in", "list")[0].Renewed
	until(t, "the token was renewed", func() bool { return list[signInShown](p, "sign-in", "list")[0].Renewed.After(renewed) })
	n.add(t, "tok-mine")
	until(t, "it is here", func() bool { return p.here()["tok-mine"] == 1 })
	s.stop()

	// Another key seals it, too.
	p.must("", "secret", "rotate")
	p.must("", "link", "test", "cal")

	n.RevokeRefresh("ann@example.org")
	out, code = p.cmd("", "link", "test", "cal")
	if code == 0 || !strings.Contains(out, "sign in again") || !strings.Contains(out, "bridge sign-in add --driver graph --name ann") {
		t.Errorf("revoked: %d %s", code, out)
	}
	if got := list[signInShown](p, "sign-in", "list")[0]; !strings.Contains(got.Fault, "sign in again") || got.Account != "ann@example.org" {
		t.Errorf("%+v", got)
	}
	// The browser is on another machine.
	out, code = p.signingInAt(n, func(page string) string { return visit(t, page) }, "--port", port, "--paste", "--json")
	if code != 0 || !strings.Contains(out, `"account": "ann@example.org"`) || strings.Contains(out, "1.A") {
		t.Fatalf("%d %s", code, out)
	}
	p.must("", "link", "test", "cal")

	for what, paste := range map[string]func(page string) string{
		"another's answer": func(page string) string { return strings.Replace(visit(t, page), "&state=", "&state=x", 1) },
		"no answer":        func(string) string { return "hello" },
	} {
		if out, code := p.signingInAt(n, paste, "--port", port, "--paste"); code == 0 || !strings.Contains(out, "is not the address at which the browser ended") {
			t.Errorf("%s: %d %s", what, code, out)
		}
	}
	if out, code := p.signingInAt(n, func(page string) string {
		return visit(t, strings.Replace(page, "Calendars.ReadWrite", "Calendars.ReadWrite.Shared", 1))
	}, "--port", port); code == 0 || !strings.Contains(out, "did not agree") {
		t.Errorf("what nobody agreed to: %d %s", code, out)
	}
	if doc, code := jsonOf[map[string]any](p, "sign-in", "remove", "ann", "--user", "alice"); code != 0 || doc["removed"] != true || doc["name"] != "ann" {
		t.Errorf("%d %v", code, doc)
	}
	if out, code := p.cmd("", "link", "test", "cal"); code == 0 || !strings.Contains(out, `there is no sign-in "ann"`) {
		t.Errorf("removed: %d %s", code, out)
	}
}

// TestTokensThatAreGoodOnce: processes of one database use a sign-in in turn, so that none uses a token that another has used up; one
// that was killed with it holds up nobody.
func TestTokensThatAreGoodOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	var apps []*app
	for range 2 {
		cfg, err := (&program{config: p.path("config.yaml"), env: map[string]string{}}).load()
		if err != nil {
			t.Fatal(err)
		}
		apps = append(apps, opened(t, cfg))
	}
	u, err := apps[0].userOf(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	err = apps[0].store.Update(t.Context(), func(tx *store.Tx) error {
		in, err := tx.PutSignIn(store.SignIn{UserID: u.ID, Driver: "graph", Name: "ann"}, func(id store.SignInID) ([]byte, error) {
			return apps[0].keeper.Seal(manage.SignInPurpose(id), []byte("token 0"))
		})
		if err != nil {
			return err
		}
		dead := whereabouts() + "/4194305/1#x" // no process has this number
		_, err = tx.AcquireSignIn(in.ID, dead, tx.Now().Add(time.Hour), nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	now := 0
	service := func(_ context.Context, token string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if token != fmt.Sprint("token ", now) {
			return "", pim.Errorf("test", pim.ErrAuth, "%s was used before", token)
		}
		now++
		return fmt.Sprint("token ", now), nil
	}
	var all sync.WaitGroup
	for _, a := range apps {
		for range 3 {
			all.Go(func() {
				for range 3 {
					if err := (signIns{a, u.ID, "graph"}).Use(t.Context(), "ann", service); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	if now != 18 {
		t.Errorf("%d uses", now)
	}
	// Who asks may go meanwhile: the token that took the place of the used one is kept.
	ctx, leave := context.WithCancel(t.Context())
	late := func(ctx context.Context, token string) (string, error) {
		next, err := service(ctx, token)
		leave()
		if ctx.Err() != nil {
			return "", ctx.Err() // the answer got lost
		}
		return next, err
	}
	_ = (signIns{apps[0], u.ID, "graph"}).Use(ctx, "ann", late) // nobody waits for what it says
	apps[0].signing.Wait()
	if err := (signIns{apps[1], u.ID, "graph"}).Use(t.Context(), "ann", service); err != nil {
		t.Errorf("after somebody went: %v", err)
	}
	// What fails for another reason is no revocation.
	broken := errors.New("no network")
	fails := func(context.Context, string) (string, error) { return "", broken }
	if err := (signIns{apps[1], u.ID, "graph"}).Use(t.Context(), "ann", fails); !errors.Is(err, broken) {
		t.Error(err)
	}
	if err := (signIns{apps[1], u.ID, "graph"}).Use(t.Context(), "ann", service); err != nil {
		t.Errorf("after a failure: %v", err)
	}
}

// opened is the program's parts, closed with the test.
func opened(t *testing.T, cfg config.Config) *app {
	t.Helper()
	a, err := openApp(t.Context(), cfg, appOptions{log: slog.New(slog.DiscardHandler), now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.close() })
	return a
}
