package graph

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Calls that one network may make at the hub. Microsoft puts many changes into one.
const (
	callsPerSecond = 50
	callsAtOnce    = 200
	// maxNetworks bounds the memory that many networks can take.
	maxNetworks = 4096
)

// throttle lets each network call so often.
type throttle struct {
	mu sync.Mutex
	m  map[string]*rate.Limiter
}

func newThrottle() *throttle { return &throttle{m: map[string]*rate.Limiter{}} }

func (t *throttle) take(network string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.m[network]
	if l == nil {
		if len(t.m) >= maxNetworks { // under such a load single limits matter little
			clear(t.m)
		}
		l = rate.NewLimiter(callsPerSecond, callsAtOnce)
		t.m[network] = l
	}
	return l.AllowN(now, 1)
}

// refusals tells of calls with wrong states, once a minute: whoever makes them must not fill the log.
type refusals struct {
	mu    sync.Mutex
	count int
	told  time.Time
}

func (f *refusals) note(ctx context.Context, log *slog.Logger, now time.Time, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count += n
	if !f.told.IsZero() && now.Sub(f.told) < time.Minute {
		return
	}
	log.WarnContext(ctx, "graph: notifications without a state of ours were refused", "count", f.count)
	f.count, f.told = 0, now
}
