package upstream

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace holds calls back: so many at once, so many a second, and none to a host
// that asked for a pause.
type pace struct {
	slots   chan struct{}
	limit   *rate.Limiter
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
	maxWait time.Duration

	pauses *Pauses
}

// Pauses are the times until which hosts asked to be left alone. Clients that share one
// wait together; each would run into the same wall otherwise.
type Pauses struct {
	// Tell, if it is set, is told of pauses that were not known, so that other processes heed them, too (Heed). A pause is told of
	// again once it is a second longer, or more: of many answers that ask for the same one.
	Tell func(key string, until time.Time)

	mu    sync.Mutex
	until map[string]time.Time // by host, or host and account: not before
}

func newPace(o Options) *pace {
	l := rate.Inf
	if o.Rate > 0 {
		l = rate.Limit(o.Rate)
	}
	pauses := o.Pauses
	if pauses == nil {
		pauses = &Pauses{}
	}
	return &pace{
		slots: make(chan struct{}, o.Concurrency),
		limit: rate.NewLimiter(l, o.Burst),
		now:   o.Now, sleep: o.Sleep, maxWait: o.MaxWait,
		pauses: pauses,
	}
}

// enter takes one of the places for calls in flight.
func (p *pace) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// pauseError says that a host asked to be left alone for longer than a call may
// wait.
type pauseError struct{ left time.Duration }

func (e *pauseError) Error() string {
	return fmt.Sprintf("upstream: the server asked for a pause of another %s", e.left.Round(time.Second))
}

// turn waits until a request may go out: none of the keys has a pause.
func (p *pace) turn(ctx context.Context, keys ...string) error {
	var left time.Duration
	for _, k := range keys {
		left = max(left, p.pause(k))
	}
	if left > p.maxWait {
		return &pauseError{left}
	} else if left > 0 {
		if err := p.sleep(ctx, left); err != nil {
			return err
		}
	}
	now := p.now()
	res := p.limit.ReserveN(now, 1)
	if d := res.DelayFrom(now); d > 0 {
		if err := p.sleep(ctx, d); err != nil {
			res.CancelAt(p.now())
			return err
		}
	}
	return ctx.Err()
}

func (p *pace) pause(host string) time.Duration {
	return p.pauses.left(host, p.now())
}

// left is how much of a host's pause is left.
func (p *Pauses) left(host string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.until[host]
	if !ok {
		return 0
	}
	left := t.Sub(now)
	if left <= 0 {
		delete(p.until, host)
		return 0
	}
	return left
}

// extend notes that a host wants a pause until t, and tells of it.
func (p *Pauses) extend(host string, t time.Time) {
	p.mu.Lock()
	news := t.Sub(p.until[host]) >= time.Second
	p.mu.Unlock()
	p.Heed(host, t)
	if news && p.Tell != nil {
		p.Tell(host, t)
	}
}

// Heed notes a pause until t that somebody else was asked for, by the key that Tell was given.
func (p *Pauses) Heed(host string, t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until == nil {
		p.until = map[string]time.Time{}
	}
	if t.After(p.until[host]) {
		p.until[host] = t
	}
}

// hold notes a pause for a key; 0 is none.
func (p *pace) hold(key string, d time.Duration) {
	if d > 0 {
		p.pauses.extend(key, p.now().Add(d))
	}
}

// heed notes the pause that an answer asks for, so that the calls of other
// goroutines do not run into the same wall: that of a 503 for the host, that of a 429 for the account, who has sent too
// many requests (RFC 6585 4).
func (p *pace) heed(host, account string, resp *Response) {
	key := host
	switch resp.Status {
	case http.StatusTooManyRequests:
		key = account
	case http.StatusServiceUnavailable:
	default:
		return
	}
	now := p.now()
	after := retryAfter(resp.Header, now)
	if after <= 0 {
		return
	}
	p.pauses.extend(key, now.Add(after))
}
