package creatiosim

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// maxLog is how many requests and mails are remembered.
const maxLog = 10_000

// LogEntry is one request served. It holds no header and no body, so no credentials.
type LogEntry struct {
	Seq    int       `json:"seq"`
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Query  string    `json:"query,omitempty"` // of OData requests only
	Kind   string    `json:"kind"`
	Entity string    `json:"entity,omitempty"`
	Status int       `json:"status"` // as decided; with a fault the client may have seen another, or none
	Fault  string    `json:"fault,omitempty"`
}

// Mail is a message the server would have sent to a participant.
type Mail struct {
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"` // invitation, update or cancellation
	To       string    `json:"to"`
	Activity string    `json:"activity"`
}

// stats is what the server remembers of its running, apart from the data.
type stats struct {
	mu     sync.Mutex
	seq    int
	log    []LogEntry
	counts map[string]int
	mails  []Mail
	mailed int
}

// count adds to the counters only; requests inside a batch are no log entries of their own.
func (st *stats) count(kind, entity string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.countLocked(kind, entity)
}

func (st *stats) countLocked(kind, entity string) {
	st.counts[kind]++
	if entity != "" {
		st.counts[kind+" "+entity]++
	}
}

func (st *stats) record(e LogEntry) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.seq++
	e.Seq = st.seq
	st.log = keepLast(append(st.log, e))
	st.countLocked(e.Kind, e.Entity)
}

func (st *stats) mail(m []Mail) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.mailed += len(m)
	st.mails = keepLast(append(st.mails, m...))
}

// keepLast drops the older half of a log that has grown to twice its limit.
func keepLast[T any](s []T) []T {
	if len(s) < 2*maxLog {
		return s
	}
	return slices.Clone(s[len(s)-maxLog:])
}

// Requests returns the latest requests, oldest first.
func (s *Sim) Requests() []LogEntry {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return slices.Clone(s.stats.log)
}

// Counts returns how many requests of each kind were served: login, token, service, metadata, list, get, field, create,
// update, delete, batch, stream-get, stream-put, stream-delete, page, other, and each also with its entity ("list Activity").
// Requests inside a batch are counted as "batched create" and so on.
func (s *Sim) Counts() map[string]int {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return maps.Clone(s.stats.counts)
}

// ResetStats forgets requests, counts and mails.
func (s *Sim) ResetStats() {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	s.stats.log, s.stats.mails, s.stats.mailed = nil, nil, 0
	clear(s.stats.counts)
}

// Mails returns the latest messages that would have gone to participants, oldest first.
func (s *Sim) Mails() []Mail {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return slices.Clone(s.stats.mails)
}

// MailCount is how many messages would have been sent in all.
func (s *Sim) MailCount() int {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return s.stats.mailed
}
