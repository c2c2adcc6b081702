package graph_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/graph"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
)

// heard is a rig whose service reaches the hub, and a mailbox that never looks by itself.
func heard(t *testing.T) (*rig, *graph.Hub, exchange.Mailbox) {
	t.Helper()
	hub := graph.NewHub()
	r := newRig(t, func(o *graphsim.Options) {
		o.NotifyRetry = time.Millisecond
		o.Notify = func(q *http.Request) (*http.Response, error) {
			if q.URL.Host != "bridge.example.org" {
				return nil, errors.New("somewhere else")
			}
			w := httptest.NewRecorder()
			hub.ServeHTTP(w, q)
			return w.Result(), nil
		}
	})
	client, err := upstream.New(upstream.Options{Now: r.clock.now, Sleep: r.clock.sleep, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	m, err := graph.DriverWith(hub).Open(t.Context(), exchange.Env{HTTP: client, Now: r.clock.now, Log: slog.New(slog.DiscardHandler), Zone: zone}, exchange.Settings{
		"tenant": r.sim.Tenant(), "client_id": "bridge", "client_secret": secret, "mailbox": ann, "login_url": r.url, "graph_url": r.url,
		"poll_seconds": "3600", "notify_url": "https://bridge.example.org/notify",
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, hub, m
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
			// It is renewed at half of its life, so that it is there when the first life is over.
			r.clock.pass(40 * time.Hour)
			tells("near its end")
			eventually(t, "renewed", func() bool { return strings.Contains(posts(r), "PATCH /v1.0/subscriptions") })
			r.clock.pass(40 * time.Hour)
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

// Anybody can call the address: nothing but a state that was given out has an effect, and nothing comes back.
func TestHubBelievesNobody(t *testing.T) {
	t.Parallel()
	hub := graph.NewHub()
	for name, c := range map[string]struct {
		method, query, body string
		status              int
		says                string
	}{
		"validation":          {"POST", "?validationToken=" + url.QueryEscape("a <b> & c"), "", 200, "a <b> & c"},
		"a validation by GET": {"GET", "?validationToken=x", "", 405, ""},
		"a huge token":        {"POST", "?validationToken=" + strings.Repeat("x", 5000), "", 413, ""},
		"a foreign state":     {"POST", "", `{"value":[{"clientState":"guessed","subscriptionId":"x"}]}`, 202, ""},
		"no state":            {"POST", "", `{"value":[{}]}`, 202, ""},
		"nothing":             {"POST", "", `{}`, 202, ""},
		"no JSON":             {"POST", "", `<x>`, 400, ""},
		"too much":            {"POST", "", `{"value":["` + strings.Repeat("x", 2<<20) + `"]}`, 400, ""},
	} {
		w := httptest.NewRecorder()
		hub.ServeHTTP(w, httptest.NewRequest(c.method, "/notify"+c.query, strings.NewReader(c.body)))
		if w.Code != c.status || w.Body.String() != c.says {
			t.Errorf("%s: %d %q, want %d %q", name, w.Code, w.Body, c.status, c.says)
		}
		if typ := w.Header().Get("Content-Type"); c.says != "" && (typ != "text/plain; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("%s: a token is said back as %q", name, typ)
		}
	}
}

// An address without a program behind it is refused, and one that Graph does not reach leaves looking.
func TestWithoutAnAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil) // it reaches nobody
	settings := exchange.Settings{"notify_url": "https://bridge.example.org/notify"}
	if _, err := r.tryOpen(settings); pim.ReasonOf(err) != pim.ErrInvalid || !strings.Contains(pim.PublicText(err), "serves no address") {
		t.Errorf("without a hub: %v", err)
	}
	if _, err := r.tryOpen(exchange.Settings{"notify_url": "http://bridge.example.org"}); pim.ReasonOf(err) != pim.ErrInvalid {
		t.Errorf("without TLS: %v", err)
	}
	client, err := upstream.New(upstream.Options{Now: r.clock.now, Sleep: r.clock.sleep, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	all := exchange.Settings{"tenant": r.sim.Tenant(), "client_id": "bridge", "client_secret": secret, "mailbox": ann, "login_url": r.url, "graph_url": r.url, "poll_seconds": "1"}
	maps.Copy(all, settings)
	m, err := graph.DriverWith(graph.NewHub()).Open(t.Context(), exchange.Env{HTTP: client, Now: r.clock.now, Log: slog.New(slog.DiscardHandler), Zone: zone}, all)
	if err != nil {
		t.Fatal(err)
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
