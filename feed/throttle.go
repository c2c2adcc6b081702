package feed

import (
	"sync"
	"time"
)

// maxTracked bounds the memory that many addresses can take.
const maxTracked = 20_000

// throttle lets a network ask so often. It is a bucket that fills at rate a second up to
// burst; a request takes one out of it, and one for an address that does not exist takes
// more.
type throttle struct {
	burst, rate float64
	mu          sync.Mutex
	m           map[string]*bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newThrottle(burst int, rate float64) *throttle {
	return &throttle{burst: float64(burst), rate: rate, m: map[string]*bucket{}}
}

// take takes n out of the bucket of key; when it holds none it says how long to wait for
// the next. A cost of more than is left leaves a debt.
func (t *throttle) take(key string, n int, now time.Time) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.m[key]
	if b == nil {
		if len(t.m) >= maxTracked {
			t.shrink(now)
		}
		b = &bucket{left: t.burst, at: now}
		t.m[key] = b
	}
	t.fill(b, now)
	if b.left < 1 {
		return time.Duration((1 - b.left) / t.rate * float64(time.Second))
	}
	b.left = max(b.left-float64(n), -t.burst)
	return 0
}

func (t *throttle) fill(b *bucket, now time.Time) {
	b.left = min(t.burst, b.left+max(0, now.Sub(b.at).Seconds())*t.rate)
	b.at = now
}

// shrink forgets who has a full bucket anyway and, if that is not enough, whoever comes
// first: under such a load single limits matter little.
func (t *throttle) shrink(now time.Time) {
	for k, b := range t.m {
		if t.fill(b, now); b.left >= t.burst {
			delete(t.m, k)
		}
	}
	for k := range t.m {
		if len(t.m) < maxTracked*3/4 {
			return
		}
		delete(t.m, k)
	}
}
