package relay

import (
	"context"
	"slices"
	"sync"
	"time"

	"crmbridge/store"
)

// gate decides which of the jobs that the queue hands out may run now, so that nobody
// waits for somebody else's links or for a first sync:
//
//   - a user has at most half of the places;
//   - a run that lasts longer than longAfter gives its place back and goes on as a long
//     one, of which there may be as many again, half of them one user's;
//   - what a device changed waits here for the next place; polls go back into the queue.
//
// So a place comes free within longAfter, unless several users have several long runs
// each under way.
type gate struct {
	places, each   int // of short runs, in all and of one user
	longs, longEch int // of long runs
	longAfter      time.Duration
	// tellEvery is how often a job that waits here says so.
	tellEvery time.Duration

	mu      sync.Mutex
	running []*turn
	waiting []*turn
	// putOff counts the jobs of a user that were sent back since one of its runs ended:
	// the more there are, the later they come again.
	putOff map[store.UserID]int
}

// turn is one job at the gate.
type turn struct {
	user    store.UserID
	long    bool // goes on without a place
	overdue bool // is to go on so as soon as it may
	open    chan struct{}
	timer   *time.Timer
}

func newGate(workers int, longAfter time.Duration) *gate {
	places := max(2, workers)
	return &gate{
		places: places, each: max(1, places/2), longs: places, longEch: max(1, places/2), longAfter: longAfter,
		tellEvery: 30 * time.Second,
		putOff:    map[store.UserID]int{},
	}
}

// jobs is how many the queue may hand out at once: those that run, and a few that wait.
func (g *gate) jobs() int { return g.places + g.longs + 8 }

// putOffStep and putOffMost are how much later each job that is sent back comes again.
const (
	putOffStep = 250 * time.Millisecond
	putOffMost = 10 * time.Second
)

// enter lets a job of user run. leave is nil when it is to come again after later. An
// urgent one waits instead while only places are missing, and calls waits now and then; the error is ctx's.
func (g *gate) enter(ctx context.Context, user store.UserID, urgent bool, waits func()) (leave func(), later time.Duration, err error) {
	t := &turn{user: user, open: make(chan struct{})}
	g.mu.Lock()
	switch {
	case g.fits(t):
		g.start(t)
		g.mu.Unlock()
		return func() { g.leave(t) }, 0, nil
	case !urgent || g.count(user, false)+g.waits(user) >= g.each:
		g.putOff[user]++
		later = min(time.Duration(g.putOff[user])*putOffStep, putOffMost)
		if urgent {
			later = putOffStep // its user's own jobs are in the way, not for long
		}
		g.mu.Unlock()
		return nil, later, nil
	default:
		g.waiting = append(g.waiting, t)
	}
	g.mu.Unlock()
	tell := time.NewTicker(g.tellEvery)
	defer tell.Stop()
	for {
		select {
		case <-t.open:
			return func() { g.leave(t) }, 0, nil
		case <-tell.C:
			waits()
		case <-ctx.Done():
			g.leave(t)
			return nil, 0, ctx.Err()
		}
	}
}

// The methods below run under mu, but for leave and lasts.

func (g *gate) fits(t *turn) bool {
	return g.count(0, false) < g.places && g.count(t.user, false) < g.each
}

// count is how many runs there are of a kind, of one user or (0) of all.
func (g *gate) count(user store.UserID, long bool) (n int) {
	for _, t := range g.running {
		if t.long == long && (user == 0 || t.user == user) {
			n++
		}
	}
	return n
}

// waits is how many jobs of a user wait here. With those that run they are no more than may
// run, so that one user's do not take the queue's slots from everybody else's.
func (g *gate) waits(user store.UserID) (n int) {
	for _, t := range g.waiting {
		if t.user == user {
			n++
		}
	}
	return n
}

func (g *gate) start(t *turn) {
	g.running = append(g.running, t)
	t.timer = time.AfterFunc(g.longAfter, func() { g.lasts(t) })
	close(t.open)
}

// lasts makes a run a long one, as soon as there may be another.
func (g *gate) lasts(t *turn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t.overdue = true
	g.settle()
}

func (g *gate) leave(t *turn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	same := func(o *turn) bool { return o == t }
	if slices.ContainsFunc(g.running, same) {
		t.timer.Stop()
		delete(g.putOff, t.user)
	}
	g.running, g.waiting = slices.DeleteFunc(g.running, same), slices.DeleteFunc(g.waiting, same)
	g.settle()
}

// settle makes long runs of those that are overdue, and lets in who waits.
func (g *gate) settle() {
	for _, t := range g.running {
		if t.overdue && !t.long && g.count(0, true) < g.longs && g.count(t.user, true) < g.longEch {
			t.long = true
		}
	}
	g.waiting = slices.DeleteFunc(g.waiting, func(t *turn) bool {
		if !g.fits(t) {
			return false
		}
		g.start(t)
		return true
	})
}
