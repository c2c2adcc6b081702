package graphsim

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// maxLog is how many requests and mails are remembered.
const maxLog = 10_000

// LogEntry is one request served. It holds no header and no body, so no credentials.
type LogEntry struct {
	Seq     int       `json:"seq"`
	At      time.Time `json:"at"`
	Method  string    `json:"method"`
	URL     string    `json:"url"`            // path and query
	Entity  string    `json:"entity"`         // what it was about: events, calendarView/delta, tasks, $batch, …
	Batched bool      `json:"batched"`        // came inside a $batch
	Status  int       `json:"status"`         // as decided; with a fault the client may have seen another, or none
	Fault   string    `json:"fault,omitzero"` // kind
}

// stats is what the service remembers of its running, apart from the data.
type stats struct {
	mu      sync.Mutex
	seq     int
	tickets int
	log     []LogEntry
	counts  map[string]int
	mails   []Mail
	mailed  int
}

// ticket is a number that was not given before.
func (st *stats) ticket() string {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.tickets++
	return strconv.Itoa(st.tickets)
}

func (st *stats) record(e LogEntry) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.seq++
	e.Seq = st.seq
	st.log = keepLast(append(st.log, e))
	name := e.Method + " " + e.Entity
	if e.Batched {
		name = "batched " + name
	}
	st.counts[name]++
	if !e.Batched {
		st.counts["all"]++
	}
}

func (st *stats) mail(m Mail) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.mailed++
	st.mails = keepLast(append(st.mails, m))
}

// keepLast drops the older half of a log that has grown to twice its limit.
func keepLast[T any](s []T) []T {
	if len(s) < 2*maxLog {
		return s
	}
	return slices.Clone(s[len(s)-maxLog:])
}

// record logs and counts a request. It comes before the answer goes out, so whoever has the answer finds the entry.
func (s *Sim) record(req *request, status int, fault FaultKind) {
	s.stats.record(LogEntry{At: s.opt.Now(), Method: req.method, URL: req.raw, Entity: req.entity, Batched: req.batched, Status: status,
		Fault: string(fault)})
}

// count records a request of a batch.
func (s *Sim) count(req *request, status int) { s.record(req, status, "") }

// Requests returns the latest requests, oldest first. Those in batches come before the batch.
func (s *Sim) Requests() []LogEntry {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return slices.Clone(s.stats.log)
}

// Counts returns how many requests were served, by method and what they were about ("GET calendarView/delta", "POST $batch",
// "batched PATCH events", "POST token"), and "all" on the wire.
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

// Mails returns the latest messages that would have gone out, oldest first.
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
