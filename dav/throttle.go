package dav

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// gate counts how many requests of one key (a user, an address) are being answered, and lets in no more than max. When all
// places are taken, the request whose body comes slowest loses its place to who comes.
type gate struct {
	max      int
	now      func() time.Time
	mu       sync.Mutex
	in       map[string]int
	arriving map[string][]*seat
}

// seat is the permission to be answered. Who has one must leave it.
type seat struct {
	g    *gate
	key  string
	body *arrival // while it comes
	lost bool
}

// arrival is a body that is on its way.
type arrival struct {
	began time.Time
	bytes atomic.Int64 // that have come
	cut   func()       // ends the reading
}

// patience is for how long a body may be on its way before it can be cut off for others.
const patience = time.Second

func newGate(max int, now func() time.Time) *gate {
	return &gate{max: max, now: now, in: map[string]int{}, arriving: map[string][]*seat{}}
}

// enter takes a place, or is nil when all are taken.
func (g *gate) enter(key string) *seat {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in[key] >= g.max && !g.evict(key) {
		return nil
	}
	g.in[key]++
	return &seat{g: g, key: key}
}

// evict takes the place of the slowest of the bodies that are on their way. g.mu is held.
func (g *gate) evict(key string) bool {
	var slowest *seat
	var least float64
	now := g.now()
	for _, p := range g.arriving[key] {
		age := now.Sub(p.body.began)
		rate := float64(p.body.bytes.Load()) / max(age, 1).Seconds()
		if age >= patience && (slowest == nil || rate < least) {
			slowest, least = p, rate
		}
	}
	if slowest == nil {
		return false
	}
	slowest.lost = true
	slowest.body.cut()
	g.settle(slowest)
	g.drop(key)
	return true
}

// settle ends the time in which a place can be lost. g.mu is held.
func (g *gate) settle(p *seat) {
	list := g.arriving[p.key]
	if i := slices.Index(list, p); i >= 0 {
		g.arriving[p.key] = slices.Delete(list, i, i+1)
	}
	if len(g.arriving[p.key]) == 0 {
		delete(g.arriving, p.key)
	}
}

// drop counts one less; a key without requests takes no room. g.mu is held.
func (g *gate) drop(key string) {
	if g.in[key]--; g.in[key] <= 0 {
		delete(g.in, key)
	}
}

// wait says that the body is on its way.
func (p *seat) wait(body *arrival) {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	p.body = body
	p.g.arriving[p.key] = append(p.g.arriving[p.key], p)
}

// arrived says that it is there, and reports whether the place is still held.
func (p *seat) arrived() bool {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	p.g.settle(p)
	return !p.lost
}

// leave gives the place back, unless it was lost.
func (p *seat) leave() {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	p.g.settle(p)
	if !p.lost {
		p.g.drop(p.key)
	}
}
