package memory

import (
	"context"

	"crmbridge/remote"
)

// Watcher is the ability of a session to tell of changes.
type Watcher struct{ *Session }

var _ remote.Watcher = Watcher{}

// Watch implements remote.Watcher.
func (w Watcher) Watch(ctx context.Context, c remote.CollectionID, hint func()) error {
	m := w.m
	id := 0
	err := m.call(ctx, Call{Op: "watch", Collection: c}, func() error {
		if err := m.exists(c); err != nil {
			return err
		}
		if m.watches == nil {
			m.watches = map[int]func(){}
		}
		m.watched++
		id = m.watched
		m.watches[id] = hint
		return nil
	})
	if err != nil {
		return err
	}
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watches, id)
	}()
	<-ctx.Done()
	return ctx.Err()
}

// Watched is how many sessions watch now.
func (m *System) Watched() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.watches)
}
