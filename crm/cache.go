package crm

import (
	"context"
	"sync"
	"time"

	"crmbridge/pim"
)

// Cache keeps what was asked of a CRM for a while: one for each connection. Its methods
// may be called concurrently; one key is asked for once at a time.
type Cache[T any] struct {
	now  func() time.Time
	age  time.Duration // how long an answer is good
	most int           // answers kept; the oldest goes
	load func(ctx context.Context, key string) (T, error)

	mu sync.Mutex
	by map[string]*cached[T]
}

type cached[T any] struct {
	gate chan struct{} // a lock that obeys contexts
	v    T
	at   time.Time // zero: never loaded
	used time.Time
}

// youngest is how old an answer has to be before it is asked for anew because something
// was not in it.
const youngest = time.Minute

// NewCache makes a cache of load's answers.
func NewCache[T any](now func() time.Time, age time.Duration, most int, load func(ctx context.Context, key string) (T, error)) *Cache[T] {
	return &Cache[T]{now: now, age: age, most: max(1, most), load: load, by: map[string]*cached[T]{}}
}

// Get is the answer for key, asked for if there is none that is young enough. Failures
// are not kept.
func (c *Cache[T]) Get(ctx context.Context, key string) (T, error) {
	v, _, err := c.get(ctx, key, c.age)
	return v, err
}

// Again is Get for somebody who missed something in the answer; asked is false when it is
// too young for another one.
func (c *Cache[T]) Again(ctx context.Context, key string) (v T, asked bool, err error) {
	return c.get(ctx, key, min(c.age, youngest))
}

func (c *Cache[T]) get(ctx context.Context, key string, age time.Duration) (v T, asked bool, err error) {
	e := c.entry(key)
	select {
	case e.gate <- struct{}{}:
	case <-ctx.Done():
		return v, false, pim.Wrap("crm: lookup", pim.ErrUnavailable, ctx.Err())
	}
	defer func() { <-e.gate }()
	if !e.at.IsZero() && c.now().Sub(e.at) < age {
		return e.v, false, nil
	}
	if v, err = c.load(ctx, key); err != nil {
		return v, false, err
	}
	e.v, e.at = v, c.now()
	return v, true, nil
}

// Put makes v the answer for key, loaded now.
func (c *Cache[T]) Put(key string, v T) {
	e := c.entry(key)
	select {
	case e.gate <- struct{}{}:
		e.v, e.at = v, c.now()
		<-e.gate
	default: // somebody is asking just now
	}
}

// entry is the place of a key, made where there is none; the one that was used longest
// ago makes room.
func (c *Cache[T]) entry(key string) *cached[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.by[key]
	if e == nil {
		if len(c.by) >= c.most {
			oldest := ""
			for k, x := range c.by {
				if oldest == "" || x.used.Before(c.by[oldest].used) {
					oldest = k
				}
			}
			delete(c.by, oldest)
		}
		e = &cached[T]{gate: make(chan struct{}, 1)}
		c.by[key] = e
	}
	e.used = c.now()
	return e
}

// Forget lets everything be asked for anew.
func (c *Cache[T]) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by = map[string]*cached[T]{}
}

// Drop lets one key be asked for anew.
func (c *Cache[T]) Drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.by, key)
}
