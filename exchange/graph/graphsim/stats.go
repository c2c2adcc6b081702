package graphsim

import "time"

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

// record logs and counts a request. It comes before the answer goes out, so whoever has the answer finds the entry.
func (s *Sim) record(req *request, status int, fault FaultKind) {
	name := req.method + " " + req.entity
	names := []string{name, "all"}
	if req.batched {
		names = []string{"batched " + name}
	}
	at := s.opt.Now()
	s.stats.Record(func(seq int) LogEntry {
		return LogEntry{Seq: seq, At: at, Method: req.method, URL: req.raw, Entity: req.entity, Batched: req.batched, Status: status,
			Fault: string(fault)}
	}, names...)
}

// count records a request of a batch.
func (s *Sim) count(req *request, status int) { s.record(req, status, "") }

// Requests returns the latest requests, oldest first. Those in batches come before the batch.
func (s *Sim) Requests() []LogEntry { return s.stats.Log() }

// Counts returns how many requests were served, by method and what they were about ("GET calendarView/delta", "POST $batch",
// "batched PATCH events", "POST token"), and "all" on the wire.
func (s *Sim) Counts() map[string]int { return s.stats.Counts() }

// ResetStats forgets requests, counts and mails.
func (s *Sim) ResetStats() { s.stats.Reset() }

// Mails returns the latest messages that would have gone out, oldest first.
func (s *Sim) Mails() []Mail { return s.stats.Mails() }

// MailCount is how many messages would have been sent in all.
func (s *Sim) MailCount() int { return s.stats.MailCount() }
