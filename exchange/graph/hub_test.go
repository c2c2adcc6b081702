package graph_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/graph"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

// heard is a rig whose service reaches the hub, and a mailbox that never looks by itself.
func heard(t *testing.T) (*rig, *graph.Hub, exchange.Mailbox) { return heardEvery(t, "3600") }

func heardEvery(t *testing.T, seconds string) (*rig, *graph.Hub, exchange.Mailbox) {
	t.Helper()
	hub, states := newHub(nil), make(chan string, 1)
	r := newRig(t, func(o *graphsim.Options) {
		o.NotifyRetry = time.Millisecond
		o.Notify = func(q *http.Request) (*http.Response, error) {
			if q.URL.Host != "bridge.example.org" {
				return nil, errors.New("somewhere else")
			}
			var in struct {
				Value []struct{ ClientState string }
			}
			var b []byte
			if q.Body != nil { // a validation has none
				b, _ = io.ReadAll(q.Body)
			}
			if json.Unmarshal(b, &in) == nil && len(in.Value) > 0 {
				select {
				case states <- in.Value[0].ClientState:
				default:
				}
			}
			q.Body = io.NopCloser(bytes.NewReader(b))
			w := httptest.NewRecorder()
			hub.ServeHTTP(w, q)
			return w.Result(), nil
		}
	})
	r.states = states
	return r, hub, r.openHeard(hub, exchange.Settings{"poll_seconds": seconds})
}

// openHeard opens the mailbox for a program with a hub, whose address is the one to be told at.
func (r *rig) openHeard(hub *graph.Hub, settings exchange.Settings) exchange.Mailbox {
	t := r.t
	t.Helper()
	client := remotetest.Client(t, r.clock)
	all := exchange.Settings{"tenant": r.sim.Tenant(), "client_id": "bridge", "client_secret": secret, "mailbox": ann, "login_url": r.url, "graph_url": r.url}
	maps.Copy(all, settings)
	m, err := graph.DriverWith(hub).Open(t.Context(), exchange.Env{HTTP: client, Now: r.clock.Now, Log: slog.New(slog.DiscardHandler), Zone: zone, Link: "7"}, all)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

// A change is told at once, subscriptions are kept alive and taken back.
func TestNotifications(t *testing.T) {
	t.Parallel()
	for _, k := range []pim.Kind{pim.KindEvent, pim.KindContact} {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			r, _, m := heard(t)
			hints := make(chan struct{}, 100)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			ended := make(chan error, 1)
			col := home(t, m, k)
			go func() { ended <- m.(remote.Watcher).Watch(ctx, col, func() { hints <- struct{}{} }) }()
			eventually(t, "a subscription", func() bool { return r.sim.Subscriptions() == 1 })
			n := 0
			tells := func(what string) {
				t.Helper()
				for len(hints) > 0 {
					<-hints
				}
				n++
				it := pim.Item(&pim.Contact{FullName: what})
				if k == pim.KindEvent {
					it = &pim.Event{Start: at(10, n, 10), End: at(10, n, 11)}
				}
				create(t, m, it, what)
				select {
				case <-hints:
				case err := <-ended:
					t.Fatalf("%s: the watch ended: %v", what, err)
				case <-time.After(20 * time.Second):
					t.Fatalf("%s: no hint in 20 s", what)
				}
			}
			tells("a change")
			r.sim.Lifecycle("reauthorizationRequired") // notifications are held back until we answer
			eventually(t, "reauthorized", func() bool { return strings.Contains(posts(r), "reauthorize") })
			tells("after authorising again")
			r.sim.Lifecycle("missed") // what was missed is behind the deltaLink
			select {
			case <-hints:
			case <-time.After(20 * time.Second):
				t.Fatal("no hint of what was missed in 20 s")
			}
			// It is renewed at half of its life, so that it is there when the first life is over.
			r.clock.Advance(40 * time.Hour)
			tells("near its end")
			eventually(t, "renewed", func() bool { return strings.Contains(posts(r), "PATCH /v1.0/subscriptions") })
			r.clock.Advance(40 * time.Hour)
			tells("beyond its first end")
			stop()
			if err := <-ended; pim.ReasonOf(err) != pim.ErrUnavailable || !errors.Is(err, context.Canceled) {
				t.Errorf("it ended with %v", err)
			}
			if n := r.sim.Subscriptions(); n != 0 {
				t.Errorf("%d subscriptions are left", n)
			}
		})
	}
}

// posts are the requests about subscriptions that were served.
func posts(r *rig) string {
	var b strings.Builder
	for _, e := range r.sim.Requests() {
		if strings.Contains(e.URL, "/subscriptions") {
			b.WriteString(e.Method + " " + e.URL + "\n")
		}
	}
	return b.String()
}

// newHub is one whose seal is a key of the test's own.
func newHub(change func(*graph.HubOptions)) *graph.Hub {
	key := []byte("a key of processes that share a database")
	sum := func(b []byte) []byte { m := hmac.New(sha256.New, key); m.Write(b); return m.Sum(nil) }
	o := graph.HubOptions{
		URL: "https://bridge.example.org/notify/graph", Now: time.Now,
		Seal: func(b []byte) ([]byte, error) { return append(sum(b), b...), nil },
		Open: func(b []byte) ([]byte, error) {
			if len(b) < sha256.Size || !hmac.Equal(b[:sha256.Size], sum(b[sha256.Size:])) {
				return nil, errors.New("not ours")
			}
			return b[sha256.Size:], nil
		},
	}
	if change != nil {
		change(&o)
	}
	return graph.NewHub(o)
}

// posted is a call at a hub.
func posted(hub *graph.Hub, method, query, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	hub.ServeHTTP(w, httptest.NewRequest(method, "/notify/graph"+query, strings.NewReader(body)))
	return w
}

// Anybody can call the address: nothing but a state that was given out has an effect, and nothing comes back.
func TestHubBelievesNobody(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	hinted := 0
	hub := newHub(func(o *graph.HubOptions) {
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		o.Hint = func(context.Context, string) error { hinted++; return nil }
	})
	wrong := strings.TrimSuffix(strings.Repeat(`{"clientState":"guessed-state"},`, 500), ",")
	for name, c := range map[string]struct {
		method, query, body string
		status              int
		says                string
	}{
		"validation":          {"POST", "?validationToken=" + url.QueryEscape("a <b> & c"), "", 200, "a <b> & c"},
		"a validation by GET": {"GET", "?validationToken=x", "", 405, ""},
		"a huge token":        {"POST", "?validationToken=" + strings.Repeat("x", 5000), "", 413, ""},
		"a foreign state":     {"POST", "", `{"value":[{"clientState":"guessed-state","subscriptionId":"x"}]}`, 403, ""},
		"many foreign states": {"POST", "", `{"value":[` + wrong + `]}`, 403, ""},
		"no state":            {"POST", "", `{"value":[{}]}`, 403, ""},
		"nothing":             {"POST", "", `{}`, 202, ""},
		"no JSON":             {"POST", "", `<x>`, 400, ""},
		"too many":            {"POST", "", `{"value":[` + strings.Repeat("{},", 5000) + `{}]}`, 413, ""},
		"no list":             {"POST", "", `{"value":{}}`, 400, ""},
		"too much":            {"POST", "", `{"value":["` + strings.Repeat("x", 2<<20) + `"]}`, 413, ""},
	} {
		w := posted(hub, c.method, c.query, c.body)
		if w.Code != c.status || w.Body.String() != c.says {
			t.Errorf("%s: %d %q, want %d %q", name, w.Code, w.Body, c.status, c.says)
		}
		if typ := w.Header().Get("Content-Type"); c.says != "" && (typ != "text/plain; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("%s: a token is said back as %q", name, typ)
		}
	}
	if hinted != 0 {
		t.Errorf("%d hints of notifications that are not ours", hinted)
	}
	if out := log.String(); strings.Count(out, "\n") != 1 || !strings.Contains(out, "refused") || strings.Contains(out, "guessed") {
		t.Errorf("the log is:\n%s", out)
	}
}

// One network cannot keep the address busy, and does not shut out others.
func TestHubIsNotFlooded(t *testing.T) {
	t.Parallel()
	at := testclock.New()
	hub := newHub(func(o *graph.HubOptions) {
		o.Now, o.Network = at.Now, func(r *http.Request) string { return r.URL.Query().Get("from") }
	})
	refused := 0
	for range 1000 {
		if w := posted(hub, "POST", "?from=a", `{}`); w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") != "" {
			refused++
		}
	}
	if refused < 700 {
		t.Errorf("%d of 1000 calls at once were refused", refused)
	}
	if w := posted(hub, "POST", "?from=b", `{}`); w.Code != http.StatusAccepted {
		t.Errorf("another network: %d", w.Code)
	}
	at.Advance(time.Second)
	if w := posted(hub, "POST", "?from=a", `{}`); w.Code != http.StatusAccepted {
		t.Errorf("a second later: %d", w.Code)
	}
}

// A notification for a watch of another process makes a hint where it comes in; when that fails, Graph is asked to try again.
func TestNotificationsReachOtherProcesses(t *testing.T) {
	t.Parallel()
	var hinted []string
	fail := error(nil)
	other := newHub(func(o *graph.HubOptions) {
		o.Hint = func(_ context.Context, link string) error { hinted = append(hinted, link); return fail }
	})
	r, _, m := heard(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- m.(remote.Watcher).Watch(ctx, home(t, m, pim.KindContact), func() {}) }()
	eventually(t, "a subscription", func() bool { return r.sim.Subscriptions() == 1 })
	create(t, m, &pim.Contact{FullName: "Somebody"}, "a change")
	state := <-r.states
	body := `{"value":[{"clientState":"` + state + `"},{"clientState":"` + state + `"},{"clientState":"wrong"}]}`
	if w := posted(other, "POST", "", body); w.Code != http.StatusAccepted || len(hinted) != 1 || hinted[0] != "7" {
		t.Errorf("%d, hints for %q", w.Code, hinted)
	}
	fail = errors.New("the database is away")
	if w := posted(other, "POST", "", body); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a hint that failed: %d", w.Code)
	}
	if len(state) > 128 {
		t.Errorf("a state of %d characters; Graph takes 128", len(state))
	}
	stop()
	<-ended
}

// A subscription that Graph has dropped is made anew, told of or not.
func TestLostSubscriptions(t *testing.T) {
	t.Parallel()
	for _, told := range []bool{true, false} {
		t.Run(fmt.Sprint("told: ", told), func(t *testing.T) {
			t.Parallel()
			r, _, m := heardEvery(t, map[bool]string{true: "3600", false: "1"}[told])
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			ended := make(chan error, 1)
			col := home(t, m, pim.KindContact)
			hints := make(chan struct{}, 100)
			go func() { ended <- m.(remote.Watcher).Watch(ctx, col, func() { hints <- struct{}{} }) }()
			eventually(t, "a subscription", func() bool { return r.sim.Subscriptions() == 1 })
			if told {
				r.sim.Lifecycle("subscriptionRemoved")
			} else {
				create(t, m, &pim.Contact{FullName: "Somebody"}, "a change") // after which it looks soon
				<-hints
				r.clock.Advance(80 * time.Hour) // it has ended
			}
			eventually(t, "another one", func() bool {
				return strings.Count(posts(r), "POST /v1.0/subscriptions") >= 2 && r.sim.Subscriptions() == 1
			})
			stop()
			<-ended
		})
	}
}

// An address without a program behind it is refused, and one that Graph does not reach leaves looking.
func TestWithoutAnAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil) // it reaches nobody
	settings := exchange.Settings{"notify_url": "https://bridge.example.org/notify"}
	checks := r.open(settings).(remote.Prober).Probe(t.Context())
	if last := checks[len(checks)-1]; last.Name != "notifications" || !last.Optional || !strings.Contains(pim.PublicText(last.Err), "server.notifications is off") {
		t.Errorf("without a hub: %+v", last)
	}
	for _, own := range []string{"http://127.0.0.1:8080/notify/graph", "http://localhost:8080/x", "off"} { // for a simulator
		if _, err := r.tryOpen(exchange.Settings{"notify_url": own}); err != nil {
			t.Errorf("%s: %v", own, err)
		}
	}
	if _, err := r.tryOpen(exchange.Settings{"notify_url": "http://bridge.example.org"}); pim.ReasonOf(err) != pim.ErrInvalid {
		t.Errorf("without TLS: %v", err)
	}
	client := remotetest.Client(t, r.clock)
	all := exchange.Settings{"tenant": r.sim.Tenant(), "client_id": "bridge", "client_secret": secret, "mailbox": ann, "login_url": r.url, "graph_url": r.url, "poll_seconds": "1"}
	maps.Copy(all, settings)
	m, err := graph.DriverWith(newHub(nil)).Open(t.Context(), exchange.Env{HTTP: client, Now: r.clock.Now, Log: slog.New(slog.DiscardHandler), Zone: zone}, all)
	if err != nil {
		t.Fatal(err)
	}
	checks = m.(remote.Prober).Probe(t.Context())
	if last := checks[len(checks)-1]; !last.Optional || !strings.Contains(pim.PublicText(last.Err), "does not reach https://bridge.example.org/notify") {
		t.Errorf("where nobody is reached: %+v", last)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	hinted, ended := make(chan struct{}, 1), make(chan error, 1)
	col := home(t, m, pim.KindContact)
	go func() {
		ended <- m.(remote.Watcher).Watch(ctx, col, func() {
			select {
			case hinted <- struct{}{}:
			default:
			}
		})
	}()
	eventually(t, "a refused subscription", func() bool { return strings.Contains(posts(r), "POST /v1.0/subscriptions") })
	for n := 0; len(hinted) == 0; n++ {
		create(t, m, &pim.Contact{FullName: "Somebody"}, strings.Repeat("k", n+1))
		select {
		case err := <-ended:
			t.Fatalf("the watch ended: %v", err)
		case <-time.After(300 * time.Millisecond):
		}
		if n > 100 {
			t.Fatal("no hint")
		}
	}
	stop()
	<-ended
}
