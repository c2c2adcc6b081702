package graph

import (
	"context"
	"maps"
	"sync"
	"time"
)

// keyring remembers the keys of the items in a folder while it is listed from the beginning: delta queries do not show them, and asking
// item by item would take as many requests as there are items, of which Exchange allows ten thousand in ten minutes.
type keyring struct {
	mu sync.Mutex
	of map[string]ring // by shelf.resource
}

type ring struct {
	read time.Time
	keys map[string]string // by item
}

// ringAge is how long keys are remembered: as long as a listing takes. What is made meanwhile is asked for by itself later.
const ringAge = 5 * time.Minute

func (k *keyring) last(of string, now time.Time) (map[string]string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, ok := k.of[of]
	return r.keys, ok && now.Sub(r.read) < ringAge
}

// note remembers a ring, and forgets those of listings that broke off.
func (k *keyring) note(of string, r ring) {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.DeleteFunc(k.of, func(_ string, old ring) bool { return r.read.Sub(old.read) >= ringAge })
	if k.of == nil {
		k.of = map[string]ring{}
	}
	k.of[of] = r
}

// forget lets go of a ring: a connection stays open between runs, and must not hold every key of a mailbox all that time.
func (k *keyring) forget(of string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.of, of)
}

// keys are those of all items of a shelf, by item; first says that a listing begins.
func (c *connector) keys(ctx context.Context, s shelf, first bool) (map[string]string, error) {
	if keys, ok := c.rings.last(s.resource(), c.env.Now()); ok && !first {
		return keys, nil
	}
	marked, err := s.marked(ctx, "")
	if err != nil {
		return nil, err
	}
	keys := make(map[string]string, len(marked))
	for key, ref := range marked {
		keys[string(ref.ID)] = key
	}
	c.rings.note(s.resource(), ring{c.env.Now(), keys})
	return keys, nil
}
