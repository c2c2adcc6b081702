package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"crmbridge/auth"
	"crmbridge/bench/sample"
	"crmbridge/store"
)

// Sizes of the load.
const (
	busy       = 20    // accounts that many programs use at once
	busyEvents = 1_000 // in the calendar of each
	polled     = 2_000 // accounts that are only polled
	polledHas  = 5     // events in the calendar of each
	pollers    = 50    // programs that poll at the same moment
)

// crowds are how many programs ask at once, one crowd after the other.
func crowds() []int { return []int{10, 100} }

// account is a person with a calendar.
type account struct {
	name, path    string
	passwords     []string // app passwords, one for each of its programs
	hrefs         []string
	token, before string
}

// loads lets many programs of many accounts ask one server process at once, whose
// database is at url.
func (s *section) loads(ctx context.Context, o options, url string) (err error) {
	if !o.only.MatchString("load") || o.profile != "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "bridge-bench-load-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	_, _ = fmt.Fprintf(o.progress, "%s: filling %d accounts\n", s.title, o.busy+o.polled)
	p, err := o.program(ctx, dir)
	if err != nil {
		return err
	}
	b, err := openBridge(ctx, url, dir, nil)
	if err != nil {
		return err
	}
	crowd, err := settle(ctx, b.store, "busy", o.busy, (slices.Max(crowds())+o.busy-1)/o.busy, o.busyEvents)
	if err != nil {
		return errors.Join(err, b.close())
	}
	idle, err := settle(ctx, b.store, "idle", o.polled, 1, polledHas)
	if err != nil {
		return errors.Join(err, b.close())
	}
	srv, err := p.serve(ctx, b, url, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.close()) }()
	return s.crowds(ctx, o, srv, crowd, idle)
}

func (s *section) crowds(ctx context.Context, o options, srv *serving, crowd, idle []account) error {
	defer uncollected()()
	fresh := counter()
	for _, n := range crowds() {
		devices := make([]*device, n)
		for i := range devices {
			a := crowd[i%len(crowd)]
			devices[i] = &device{client: clientFrom(i, a.name, a.passwords[i/len(crowd)]), base: srv.base, path: a.path, hrefs: a.hrefs, token: a.token, before: a.before,
				fresh: func() int { return 1_000_000 + fresh() }}
		}
		l := together(ctx, devices, o.span)
		l.name = fmt.Sprintf("%d clients at once, 90 %% reads", n)
		_, l.memory = memory(srv.pid)
		for _, d := range devices {
			d.client.close()
		}
		if err := s.keep(o, l); err != nil {
			return err
		}
	}
	l, err := poll(ctx, srv, idle)
	if err != nil {
		return err
	}
	return s.keep(o, l)
}

// uncollected lets the clients' garbage lie until the returned function is called: the collector of this process would hold up
// requests that it measures, and take a processor from the server.
func uncollected() (restore func()) {
	debug.FreeOSMemory()
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(mostGarbage)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// mostGarbage is what the clients may hold before they collect after all.
const mostGarbage = 4 << 30

// keep adds a load to the section. One in which requests fail is none.
func (s *section) keep(o options, l rush) error {
	if l.failed > 0 || len(l.times) == 0 {
		return fmt.Errorf("%s: %d of %d requests failed: %s", l.name, l.failed, l.failed+len(l.times), l.why)
	}
	_, _ = fmt.Fprintf(o.progress, "%s: %s: %s/s, p50 %s, p99 %s\n", s.title, l.name, digits(l.rate()), duration(l.times.median()), duration(l.times.quantile(0.99)))
	s.loaded = append(s.loaded, l)
	return nil
}

// clientFrom is the nth device: it has an address of its own, as the server lets only
// so many requests of one address in at once.
func clientFrom(n int, user, password string) *client {
	local := &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+n/200), byte(1+n%200))} //nolint:gosec // few devices
	return &client{user: user, password: password, http: &http.Client{Transport: &wire{dialer: net.Dialer{LocalAddr: local}}}}
}

// settle makes accounts, each with as many app passwords and with a calendar whose last events were changed once.
func settle(ctx context.Context, st *store.Store, prefix string, n, devices, events int) ([]account, error) {
	texts := make([]store.Put, 0, events+touched)
	for i := range events + min(touched, events) {
		o := sample.Calendar{}.Event(i, 0)
		if i >= events {
			o = sample.Calendar{}.Event(i-min(touched, events), 1)
		}
		p, err := event(o)
		if err != nil {
			return nil, err
		}
		texts = append(texts, p)
	}
	accounts := make([]account, n)
	for i := range accounts {
		a := &accounts[i]
		a.name = fmt.Sprintf("%s%d", prefix, i)
		a.passwords = make([]string, devices)
		a.path = "/dav/calendars/" + a.name + "/calendar/"
		for _, p := range texts[:events] {
			a.hrefs = append(a.hrefs, a.path+p.Name)
		}
		if err := a.settle(ctx, st, texts, events); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

func (a *account) settle(ctx context.Context, st *store.Store, texts []store.Put, first int) (err error) {
	for i := range a.passwords {
		if a.passwords[i], err = auth.NewSecret(rand.Reader); err != nil {
			return err
		}
	}
	return st.Update(ctx, func(tx *store.Tx) error {
		u, err := tx.CreateUser(store.User{Name: a.name, Zone: "Europe/Berlin"})
		if err != nil {
			return err
		}
		for i, p := range a.passwords {
			if _, err := tx.CreateToken(store.Token{UserID: u.ID, Name: fmt.Sprintf("device %d", i), Hash: auth.HashSecret(p), Hint: auth.Hint(p)}); err != nil {
				return err
			}
		}
		c, err := tx.CreateCollection(store.Collection{UserID: u.ID, Home: store.Calendars, Slug: "calendar", Components: "VEVENT"})
		if err != nil {
			return err
		}
		for i, p := range texts {
			if i == first {
				if c, err = tx.Collection(c.ID); err != nil {
					return err
				}
				a.before = store.SyncToken(c)
			}
			p.Collection = c.ID
			if _, err := tx.PutObject(p); err != nil {
				return err
			}
		}
		c, err = tx.Collection(c.ID)
		a.token = store.SyncToken(c)
		return err
	})
}

// pollRounds is how often each account is polled: the first time with a login that
// the server has not seen and a new connection, which stays open.
const pollRounds = 3

// poll asks for all accounts whether something has changed: the tag and the token of
// the calendar, then what changed since that token.
func poll(ctx context.Context, srv *serving, accounts []account) (rush, error) {
	clients := make([]*client, len(accounts))
	for i, a := range accounts {
		clients[i] = clientFrom(i, a.name, a.passwords[0])
	}
	next, l := counter(), rush{name: fmt.Sprintf("%s accounts polling, each with its own connection", number(uint64(len(accounts)))), clients: pollers}
	parts, errs := make([]times, pollers), make([]error, pollers)
	var wg sync.WaitGroup
	began := time.Now()
	for w := range pollers {
		wg.Go(func() {
			for n := next(); n < pollRounds*len(accounts) && errs[w] == nil; n = next() {
				a, c := accounts[n%len(accounts)], clients[n%len(accounts)]
				for _, do := range []call{propfind(a.path, "0", "<CS:getctag/><sync-token/>"), syncReport(a.path, a.token)} {
					took, _, err := c.timed(ctx, srv.base, do, http.StatusMultiStatus, io.Discard)
					parts[w], errs[w] = append(parts[w], took), errors.Join(errs[w], err)
				}
			}
		})
	}
	wg.Wait()
	l.took = time.Since(began)
	l.memory, _ = memory(srv.pid)
	for _, c := range clients {
		c.close()
	}
	for _, p := range parts {
		l.times = append(l.times, p...)
	}
	slices.Sort(l.times)
	return l, errors.Join(errs...)
}

// cells are the lines of a load: all requests, and those of each kind.
func (l rush) cells() [][]string {
	line := func(name string, ts times) []string {
		rate := float64(len(ts)) / l.took.Seconds()
		return []string{name, digits(rate), duration(ts.median()), duration(ts.quantile(0.99)), duration(ts[len(ts)-1]), times2(l.tail(ts)), "–"}
	}
	all := line(l.name, l.times)
	all[len(all)-1] = orDash(l.memory > 0, bytesOf(l.memory))
	out := [][]string{all}
	for _, s := range shares() {
		if ts := l.kinds[s.name]; len(ts) > 0 {
			out = append(out, line(fmt.Sprintf("%d clients: %s", l.clients, s.name), ts))
		}
	}
	return out
}

// tail is how many times the median the slowest hundredth takes at least.
func (l rush) tail(ts times) float64 {
	return float64(ts.quantile(0.99)) / float64(max(ts.median(), 1))
}
