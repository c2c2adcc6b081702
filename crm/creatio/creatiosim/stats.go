package creatiosim

import "time"

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

// names are the counters of a request: its kind, and its kind with its entity.
func names(kind, entity string) []string {
	if entity == "" {
		return []string{kind}
	}
	return []string{kind, kind + " " + entity}
}

// Requests returns the latest requests, oldest first.
func (s *Sim) Requests() []LogEntry { return s.stats.Log() }

// Counts returns how many requests of each kind were served: login, token, service, metadata, list, get, field, create,
// update, delete, batch, stream-get, stream-put, stream-delete, page, other, and each also with its entity ("list Activity").
// Requests inside a batch are counted as "batched create" and so on.
func (s *Sim) Counts() map[string]int { return s.stats.Counts() }

// ResetStats forgets requests, counts and mails.
func (s *Sim) ResetStats() { s.stats.Reset() }

// Mails returns the latest messages that would have gone to participants, oldest first.
func (s *Sim) Mails() []Mail { return s.stats.Mails() }

// MailCount is how many messages would have been sent in all.
func (s *Sim) MailCount() int { return s.stats.MailCount() }
