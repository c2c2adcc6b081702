package feed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"crmbridge/store"
)

// slots bounds how many feeds are written at once. Each client has a slot while its feed is read from the store, and those
// of large feeds until they have read them; so that nobody's slowness keeps others from reading, one feed and one network
// have a share of them only. Who has to wait is served in the order of coming, but for those whose share is used up.
type slots struct {
	perFeed, perNetwork int

	mu       sync.Mutex
	free     int
	feeds    map[store.FeedID]int // slots taken
	networks map[string]int
	waiting  []*waiter
}

// share is on whose account a slot goes.
type share struct {
	feed    store.FeedID
	network string
}

type waiter struct {
	share
	came chan struct{} // closed when the slot is there
}

// errNoSlot says that none came within the time of waiting.
var errNoSlot = errors.New("feed: too many are being written")

// newSlots shares n slots: a quarter is for one feed, a half for one network, one at least.
func newSlots(n int) *slots {
	return &slots{perFeed: max(1, n/4), perNetwork: max(1, n/2), free: n, feeds: map[store.FeedID]int{}, networks: map[string]int{}}
}

// enter takes a slot, waiting for it no longer than wait. Who gets nil has to call leave.
func (s *slots) enter(ctx context.Context, of share, wait time.Duration) error {
	w := s.join(of)
	if w == nil {
		return nil
	}
	patience := time.NewTimer(wait)
	defer patience.Stop()
	select {
	case <-w.came:
		return nil
	case <-patience.C:
		return s.giveUp(w, errNoSlot)
	case <-ctx.Done():
		return s.giveUp(w, ctx.Err())
	}
}

// join takes a slot and returns nil, or else the place in the queue.
func (s *slots) join(of share) *waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.may(of) {
		s.take(of)
		return nil
	}
	w := &waiter{of, make(chan struct{})}
	s.waiting = append(s.waiting, w)
	return w
}

func (s *slots) may(of share) bool {
	return s.free > 0 && s.feeds[of.feed] < s.perFeed && s.networks[of.network] < s.perNetwork
}

func (s *slots) take(of share) {
	s.free--
	s.feeds[of.feed]++
	s.networks[of.network]++
}

// giveUp leaves the queue. A slot that has come meanwhile is taken after all.
func (s *slots) giveUp(w *waiter, why error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.waiting, w)
	if i < 0 {
		return nil
	}
	s.waiting = slices.Delete(s.waiting, i, i+1)
	return why
}

// leave gives a slot back and lets those in who may have one now.
func (s *slots) leave(of share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	if s.feeds[of.feed]--; s.feeds[of.feed] == 0 {
		delete(s.feeds, of.feed)
	}
	if s.networks[of.network]--; s.networks[of.network] == 0 {
		delete(s.networks, of.network)
	}
	s.waiting = slices.DeleteFunc(s.waiting, func(w *waiter) bool {
		if !s.may(w.share) {
			return false
		}
		s.take(w.share)
		close(w.came)
		return true
	})
}
