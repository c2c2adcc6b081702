package auth

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// touchEvery is how exact an app password's last use is.
const touchEvery = time.Minute

// gather is how long uses are gathered before they are stored together: a commit for
// each of thousands of devices, once a minute, would have everybody wait for the disk.
const gather = 2 * time.Second

// maxAgent bounds what is kept of a User-Agent.
const maxAgent = 255

// uses notes when, from where and by what app passwords were used. What is not stored
// when the process dies is lost, and is noted again with the next use.
type uses struct {
	store *store.Store

	mu     sync.Mutex
	stored map[store.TokenID]time.Time // last noted
	due    map[store.TokenID]use
	timer  *time.Timer // runs while anything is due
	closed bool

	writing sync.Mutex // one writes at a time, so that close waits for the other
}

type use struct{ addr, agent string }

func newUses(s *store.Store) *uses {
	return &uses{store: s, stored: make(map[store.TokenID]time.Time), due: make(map[store.TokenID]use)}
}

func (u *uses) note(id store.TokenID, addr, agent string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || now.Sub(u.stored[id]) < touchEvery {
		return
	}
	u.stored[id] = now
	u.due[id] = use{addr, agent[:min(len(agent), maxAgent)]}
	if u.timer == nil {
		u.timer = time.AfterFunc(gather, func() { // owner: uses; ends with close, or when all is stored
			defer func() { _ = recover() }() // a fault here costs a note, and must not cost the server
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			_ = u.flush(ctx)
		})
	}
}

// flush stores what is due. A failure is nobody's business: the next use notes it.
func (u *uses) flush(ctx context.Context) error {
	u.writing.Lock()
	defer u.writing.Unlock()
	u.mu.Lock()
	due := u.due
	u.due, u.timer = make(map[store.TokenID]use), nil
	u.mu.Unlock()
	if len(due) == 0 {
		return nil
	}
	return u.store.Update(ctx, func(tx *store.Tx) error {
		for _, id := range slices.Sorted(maps.Keys(due)) { // in the same order in every process
			err := tx.TouchToken(id, due[id].addr, due[id].agent)
			if err != nil && !errors.Is(err, pim.ErrNotFound) {
				return err
			}
		}
		return nil
	})
}

func (u *uses) close(ctx context.Context) error {
	u.mu.Lock()
	u.closed = true
	if u.timer != nil {
		u.timer.Stop()
	}
	u.mu.Unlock()
	return u.flush(ctx)
}
