package dav

import "sync"

// gate counts how many requests of one key (a user, an address) are being answered, and lets in no more than max.
type gate struct {
	max int
	mu  sync.Mutex
	in  map[string]int
}

func newGate(max int) *gate { return &gate{max: max, in: map[string]int{}} }

// enter takes a slot, or reports false when all are taken. Who entered must leave.
func (g *gate) enter(key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in[key] >= g.max {
		return false
	}
	g.in[key]++
	return true
}

// leave gives the slot back; a key without requests takes no room.
func (g *gate) leave(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in[key]--; g.in[key] <= 0 {
		delete(g.in, key)
	}
}
