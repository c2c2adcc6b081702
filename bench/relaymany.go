package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// polling is what many links that are polled every minute cost.
type polling struct {
	links, runs int
	every, over time.Duration // the interval, and how long it was watched
	late        times         // from the moment a run was due until it began
	requests    int           // of all runs
	busy        time.Duration
}

const (
	pollingRecords = 40 // in each link's calendar
	// pollingLate is how late a run may begin, pollingShare what the polls may cost of
	// two cores.
	pollingLate  = 2 * time.Second
	pollingShare = 0.5
)

// clocked notes how late the runs of links begin.
type clocked struct {
	relay.Opener
	mu   sync.Mutex
	late times
}

// Open implements relay.Opener.
func (c *clocked) Open(ctx context.Context, l store.Link, u store.User) (remote.Remote, error) {
	// A link that is not due is opened by its watcher, not by a run.
	if l.NextRun != nil && time.Since(*l.NextRun) >= 0 {
		c.mu.Lock()
		c.late = append(c.late, time.Since(*l.NextRun))
		c.mu.Unlock()
	}
	return c.Opener.Open(ctx, l, u)
}

// take returns what was noted, and forgets it.
func (c *clocked) take() times {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.late
	c.late = nil
	slices.Sort(out)
	return out
}

// watch waits for a time, and then for as many runs as there are links, each of which was due in it: on a machine that is
// busy with other things the last ones are late.
func (c *clocked) watch(ctx context.Context, runs int, span time.Duration) error {
	for end := time.Now().Add(span); ; {
		wait := time.Until(end)
		if wait <= 0 {
			if c.begun() >= runs || wait < -10*span {
				return nil
			}
			wait = span / 100
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *clocked) begun() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.late)
}

// manyLinks polls a simulated CRM through many links for the time of one interval (see watch).
func manyLinks(ctx context.Context, o options, url string) (p *polling, err error) {
	_, _ = fmt.Fprintf(o.progress, "%d links\n", o.polls)
	c, err := openFarSim(pollingRecords, &arrivals{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	dir, err := os.MkdirTemp("", "bridge-bench-key-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	b, err := openBridge(ctx, url, dir, map[string]remote.Driver{c.driver.Name: c.driver})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	clock := &clocked{Opener: b.conns}
	b.engine.Remotes = clock
	links, err := b.crowd(ctx, c, o)
	if err != nil {
		return nil, err
	}
	if err := b.firstRuns(ctx, links); err != nil {
		return nil, err
	}
	if err := b.spread(ctx, links, o.pollSpan); err != nil {
		return nil, err
	}
	clock.take()
	before, _ := c.requests()
	began, used := time.Now(), processorTime()
	if err := b.work(ctx); err != nil {
		return nil, err
	}
	if err := clock.watch(ctx, len(links), o.pollSpan); err != nil {
		return nil, err
	}
	after, _ := c.requests()
	late := clock.take()
	if len(late) == 0 {
		return nil, errors.New("no link was polled")
	}
	return &polling{links: len(links), runs: len(late), every: o.pollSpan, over: time.Since(began), late: late, requests: after - before, busy: processorTime() - used}, nil
}

// crowd makes links of as many accounts.
func (b *bridge) crowd(ctx context.Context, c *crm, o options) ([]store.LinkID, error) {
	full, err := c.driver.Complete(c.settings)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(full)
	if err != nil {
		return nil, err
	}
	rules, err := json.Marshal(rule.Rules{PastDays: -1, FutureDays: -1}.Defaults())
	if err != nil {
		return nil, err
	}
	var ids []store.LinkID
	err = b.store.Update(ctx, func(tx *store.Tx) error {
		ids = nil
		for i := range o.polls {
			u, err := tx.CreateUser(store.User{Name: fmt.Sprintf("person%d", i)})
			if err != nil {
				return err
			}
			col, err := tx.CreateCollection(store.Collection{UserID: u.ID, Home: store.Calendars, Slug: "crm", Components: "VEVENT"})
			if err != nil {
				return err
			}
			l, err := tx.CreateLink(store.Link{UserID: u.ID, CollectionID: col.ID, Side: store.CRM, Name: "crm", Driver: c.driver.Name,
				Remote: string(c.remote), Rules: rules, Interval: o.pollSpan})
			if err != nil {
				return err
			}
			if l.Settings, err = b.keeper.Seal(relay.SealPurpose(l.ID), plain); err != nil {
				return err
			}
			if err := tx.UpdateLink(l, "Settings"); err != nil {
				return err
			}
			ids = append(ids, l.ID)
		}
		return nil
	})
	return ids, err
}

// firstRuns brings everything over, so that the polls that are measured find nothing new.
func (b *bridge) firstRuns(ctx context.Context, links []store.LinkID) error {
	queue := make(chan store.LinkID)
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { // owner: firstRuns; ends when the queue is closed
			for id := range queue {
				if _, err := b.engine.Run(ctx, id, relay.RunOptions{Trigger: "first"}); err != nil {
					errs[i] = errors.Join(errs[i], err)
				}
			}
		})
	}
	for _, id := range links {
		queue <- id
	}
	close(queue)
	wg.Wait()
	return errors.Join(errs...)
}

// spread lets the links be due one after another over their interval.
func (b *bridge) spread(ctx context.Context, links []store.LinkID, every time.Duration) error {
	return b.store.Update(ctx, func(tx *store.Tx) error {
		now := time.Now()
		for i, id := range links {
			l, err := tx.Link(id)
			if err != nil {
				return err
			}
			at := now.Add(every * time.Duration(i) / time.Duration(len(links)))
			l.NextRun = &at
			if err := tx.UpdateLink(l, "NextRun"); err != nil {
				return err
			}
		}
		return nil
	})
}

// processorTime is the time that this process has used of the processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// share is the part of two cores that was busy.
func (p *polling) share() float64 { return float64(p.busy) / float64(2*p.over) }

func pollingHeader() []string {
	return []string{"links", "interval", "runs", "in", "late, p50", "late, p95", "latest", "requests a run", "of two cores"}
}

func (p *polling) cells() []string {
	return []string{fmt.Sprint(p.links), p.every.String(), fmt.Sprint(p.runs), duration(p.over), duration(p.late.median()), duration(p.late.p95()),
		duration(p.late[len(p.late)-1]), fmt.Sprintf("%.1f", float64(p.requests)/float64(p.runs)), fmt.Sprintf("%.0f %%", 100*p.share())}
}

// aims of many links.
func (p *polling) aims() []aim {
	what := fmt.Sprintf("%d links polled every %s", p.links, p.every)
	return []aim{
		{what: what, want: fmt.Sprintf("95 %% begin at most %s late", pollingLate), have: duration(p.late.p95()), measured: true, met: p.late.p95() <= pollingLate},
		{what: what, want: fmt.Sprintf("at most %.0f %% of two cores", 100*pollingShare), have: fmt.Sprintf("%.0f %%", 100*p.share()), measured: true, met: p.share() <= pollingShare},
		{what: what, want: "95 % of them within their interval", have: fmt.Sprintf("%d runs", p.runs), measured: true, met: p.runs >= p.links*95/100},
	}
}
