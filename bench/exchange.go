package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// exchanges measures mail servers: a first sync and a run with nothing to do, near and 20 ms away, how long a change there takes to a
// client, and what mailboxes that are watched need.
func (s *section) exchanges(ctx context.Context, o options, open func(name string) (url string, drop func(), err error)) error {
	for _, kind := range mailKinds() {
		for _, with := range []side{
			{name: kind.name, open: func(n int, _ *arrivals) (*crm, error) { return mailbox(kind.open, n, 0) }, parts: nearMail},
			{name: kind.name + ", 20 ms away", open: func(n int, _ *arrivals) (*crm, error) { return mailbox(kind.open, n, away) }, parts: farMail},
		} {
			if !o.only.MatchString("exchange " + with.name) {
				continue
			}
			url, drop, err := open(with.name + ".db")
			if err != nil {
				return err
			}
			err = s.relay(ctx, o, url, with, o.records)
			drop()
			if err != nil {
				return fmt.Errorf("%s, %s: %w", s.title, with.name, err)
			}
		}
		if o.mailboxes <= 0 || !o.only.MatchString("exchange watched "+kind.name) {
			continue
		}
		url, drop, err := open("watched.db")
		if err != nil {
			return err
		}
		err = s.watched(ctx, o, url, kind.name, kind.open)
		drop()
		if err != nil {
			return fmt.Errorf("%s, %d mailboxes of %s: %w", s.title, o.mailboxes, kind.name, err)
		}
	}
	return nil
}

func nearMail(y *syncing) []func(context.Context) ([]row, error) {
	return []func(context.Context) ([]row, error){y.first, y.keyed, y.unchanged, y.hinted}
}

func farMail(y *syncing) []func(context.Context) ([]row, error) {
	return []func(context.Context) ([]row, error){y.first}
}

func mailbox(open func(boxes int) (*mailServer, error), n int, away time.Duration) (*crm, error) {
	m, err := open(1)
	if err != nil {
		return nil, err
	}
	return m.opened(n, away)
}

// keyed are the runs until every item carries its key, by which it is known when a person moves it: each run gives some theirs.
func (y *syncing) keyed(ctx context.Context) ([]row, error) {
	r := row{name: "keys for the items of " + y.name + ", in as many runs as it takes", size: y.o.records}
	for range y.o.records {
		took, rep, requests, answered, err := y.sync(ctx, false)
		if err == nil && rep.Counts.Done() != 0 {
			err = fmt.Errorf("giving keys was told as a change: %+v", rep.Counts)
		}
		if err != nil {
			return nil, err
		}
		if requests <= pollRequests {
			break
		}
		r.times, r.requests, r.answer = append(r.times, took), r.requests+requests, r.answer+answered
	}
	slices.Sort(r.times)
	return []row{r}, nil
}

// nameHintLag begins the names of rows whose link is told of changes.
const nameHintLag = "by a hint, from a change in "

// hinted are the times from a change on the server until a client reads it, where the server tells of changes and no poll falls into it.
func (y *syncing) hinted(ctx context.Context) ([]row, error) {
	if err := y.work(ctx); err != nil {
		return nil, err
	}
	if err := until(ctx, func() bool { return y.crm.watches() > 0 }); err != nil {
		return nil, err
	}
	r := row{name: nameHintLag + y.name + " to a client", size: y.o.records, requests: -1}
	var err error
	r.times, err = y.waysBack(ctx, 300*time.Millisecond)
	return []row{r}, err
}

// until waits for something to be so.
func until(ctx context.Context, so func() bool) error {
	for end := time.Now().Add(lagLimit); !so(); {
		if time.Now().After(end) {
			return fmt.Errorf("nothing came about within %s", lagLimit)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// watchedEvents are in each mailbox that is watched.
const watchedEvents = 20

// watched notes the memory of a bridge that watches many mailboxes, each by a connection or a subscription of its own.
func (s *section) watched(ctx context.Context, o options, url, name string, open func(boxes int) (*mailServer, error)) (err error) {
	_, _ = fmt.Fprintf(o.progress, "%s: %d mailboxes of %s\n", s.title, o.mailboxes, name)
	m, err := open(o.mailboxes)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	web, err := listen(m.handler)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, web.close()) }()
	dir, err := os.MkdirTemp("", "bridge-bench-key-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := openBridge(ctx, url, dir, map[string]remote.Driver{m.driver.Name: m.driver})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	links, err := b.mailLinks(ctx, m, web.base, o.mailboxes)
	if err != nil {
		return err
	}
	if err := b.firstRuns(ctx, links); err != nil {
		return err
	}
	p := peak{name: fmt.Sprintf("%d mailboxes of %s are watched, the simulator included", o.mailboxes, name), size: o.mailboxes * watchedEvents}
	before, watches := settledHeap(), m.watches()
	err = p.watch(func() error {
		if err := b.work(ctx); err != nil {
			return err
		}
		return until(ctx, func() bool { return m.watches()-watches >= o.mailboxes })
	})
	if err != nil {
		return err
	}
	s.peaks = append(s.peaks, p)
	s.watches = append(s.watches, crowdWatched{name: name, mailboxes: o.mailboxes, heap: above(settledHeap(), before), most: p.most})
	return nil
}

// crowdWatched is what mailboxes need that are watched.
type crowdWatched struct {
	name      string
	mailboxes int
	heap      uint64 // live, beyond what there was before the watches began
	most      uint64 // resident
}

// aims of mailboxes that are watched.
func (w crowdWatched) aims() []aim {
	const limit, each = 512 << 20, 256 << 10
	what := fmt.Sprintf("%d mailboxes of %s are watched, the simulator included", w.mailboxes, w.name)
	one := w.heap / uint64(max(w.mailboxes, 1)) //nolint:gosec // a count
	return []aim{
		{what: what, want: "below 512 MiB resident", have: bytesOf(w.most), measured: true, met: w.most < limit},
		{what: what, want: "at most 256 KiB of heap for each, with the server's end of it", have: bytesOf(one), measured: true, met: one <= each},
	}
}

// mailLinks makes links of as many accounts, each to the calendar of a mailbox of its own, which are not polled meanwhile.
func (b *bridge) mailLinks(ctx context.Context, m *mailServer, base string, n int) (ids []store.LinkID, err error) {
	rules, err := json.Marshal(rule.Rules{PastDays: -1, FutureDays: -1}.Defaults())
	if err != nil {
		return nil, err
	}
	for i := range n {
		if err := m.fill(ctx, base, i, watchedEvents); err != nil {
			return nil, err
		}
		_, calendar, done, err := m.session(ctx, base, i)
		if err != nil {
			return nil, err
		}
		full, err := m.driver.Complete(m.settings(base, i))
		if err = errors.Join(err, done()); err != nil {
			return nil, err
		}
		plain, err := json.Marshal(full)
		if err != nil {
			return nil, err
		}
		err = b.store.Update(ctx, func(tx *store.Tx) error {
			u, err := tx.CreateUser(store.User{Name: fmt.Sprintf("person%d", i), Zone: "Europe/Berlin"})
			if err != nil {
				return err
			}
			col, err := tx.CreateCollection(store.Collection{UserID: u.ID, Home: store.Calendars, Slug: "mail", Components: "VEVENT"})
			if err != nil {
				return err
			}
			l, err := tx.CreateLink(store.Link{UserID: u.ID, CollectionID: col.ID, Side: store.Exchange, Name: "mail", Driver: m.driver.Name,
				Remote: string(calendar), Rules: rules, Interval: time.Hour})
			if err != nil {
				return err
			}
			if l.Settings, err = b.keeper.Seal(relay.SealPurpose(l.ID), plain); err != nil {
				return err
			}
			ids = append(ids, l.ID)
			return tx.UpdateLink(l, "Settings")
		})
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// A first sync may make one request for every firstFor items, and keyRequests for each of the keys that it gives besides.
const (
	firstFor    = 20
	keyRequests = 2
	keysInRun   = 200
)

// exchangeAims judge a first sync by its requests, runs with nothing to do as those of CRMs, and the way of a change by its time.
func (s *section) exchangeAims() (out []aim) {
	for _, r := range s.rows {
		switch {
		case strings.HasPrefix(r.name, nameFirst):
			most := pollRequests + r.size/firstFor + keyRequests*min(keysInRun, r.size)
			out = append(out, aim{what: fmt.Sprintf("%s, %s", r.name, number(uint64(r.size))), want: fmt.Sprintf("at most %d requests: one for %d items, %d for a key", most, firstFor, keyRequests), //nolint:gosec // a count
				have: fmt.Sprint(r.requests), measured: true, met: r.requests <= most})
		case strings.HasPrefix(r.name, nameHintLag):
			out = append(out, s.within(r.name, r.size, 5*time.Second, times.p95))
		}
	}
	out = append(out, s.boundedPolls()...)
	for _, w := range s.watches {
		out = append(out, w.aims()...)
	}
	return out
}
