package graph

import (
	"context"
	"sync"
	"time"
)

// keyring remembers the keys of the items in a folder while it is listed from the beginning: delta queries do not show them, and asking
// item by item would take as many requests as there are items, of which Exchange allows ten thousand in ten minutes.
type keyring struct {
	mu sync.Mutex
	of map[string]ring
}

type ring struct {
	read time.Time
	keys map[string]string // by item
}

// ringAge is how long keys are remembered: as long as a listing takes. What is made meanwhile is asked for by itself later.
const ringAge = 5 * time.Minute

func (k *keyring) last(home string, now time.Time) (map[string]string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, ok := k.of[home]
	return r.keys, ok && now.Sub(r.read) < ringAge
}

func (k *keyring) note(home string, r ring) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil {
		k.of = map[string]ring{}
	}
	k.of[home] = r
}

// keys are those of all items of a shelf, by item; first says that a listing begins.
func (c *connector) keys(ctx context.Context, s shelf, home string, first bool) (map[string]string, error) {
	if keys, ok := c.rings.last(home, c.env.Now()); ok && !first {
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
	c.rings.note(home, ring{c.env.Now(), keys})
	return keys, nil
}
