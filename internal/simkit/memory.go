package simkit

import (
	"maps"
	"slices"
	"sync"
)

// Memory is what a server remembers of its running, apart from the data: entries E of a log, counters, and mail M. The latest
// Keep of each are there, and up to twice as many.
type Memory[E, M any] struct {
	Keep int // set before it is used

	mu     sync.Mutex
	seq    int
	log    []E
	counts map[string]int
	mails  []M
	mailed int
}

// Record logs what entry makes of a number that was not given before, from 1 on, and counts it under names.
func (m *Memory[E, M]) Record(entry func(seq int) E, names ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seq++
	m.log = keepLast(append(m.log, entry(m.seq)), m.Keep)
	m.count(names)
}

// Count adds one to each name's counter.
func (m *Memory[E, M]) Count(names ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count(names)
}

func (m *Memory[E, M]) count(names []string) {
	if m.counts == nil {
		m.counts = map[string]int{}
	}
	for _, n := range names {
		m.counts[n]++
	}
}

// Mail remembers messages.
func (m *Memory[E, M]) Mail(all ...M) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mailed += len(all)
	m.mails = keepLast(append(m.mails, all...), m.Keep)
}

// keepLast drops the older half of a log that has grown to twice its limit.
func keepLast[T any](s []T, keep int) []T {
	if len(s) < 2*keep {
		return s
	}
	return slices.Clone(s[len(s)-keep:])
}

// Locked runs do while nothing else is remembered or looked up, for entries that are completed later.
func (m *Memory[E, M]) Locked(do func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	do()
}

// Each shows the log, oldest first, while nothing else is remembered.
func (m *Memory[E, M]) Each(show func(E)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.log {
		show(e)
	}
}

// Log returns the latest entries, oldest first.
func (m *Memory[E, M]) Log() []E {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.log)
}

// Counts returns the counters, never nil.
func (m *Memory[E, M]) Counts() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		return map[string]int{}
	}
	return maps.Clone(m.counts)
}

// Mails returns the latest messages, oldest first.
func (m *Memory[E, M]) Mails() []M {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.mails)
}

// MailCount is how many messages there were in all.
func (m *Memory[E, M]) MailCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mailed
}

// Reset forgets entries, counters and mail; numbers go on.
func (m *Memory[E, M]) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log, m.mails, m.mailed = nil, nil, 0
	clear(m.counts)
}
