package ewssim

import (
	"maps"
	"sync"
	"time"
)

// Request is a request that was answered.
type Request struct {
	Op       string        `json:"op"`
	Login    string        `json:"login"`
	Mailbox  string        `json:"mailbox,omitempty"` // impersonated
	Anchor   string        `json:"anchor,omitempty"`  // X-AnchorMailbox
	Parts    int           `json:"parts"`             // entries of its list
	Status   int           `json:"status"`            // HTTP; 0 when it failed on demand before an answer
	Duration time.Duration `json:"duration"`
	Body     string        `json:"-"` // as sent, its first 64 KiB
}

const keepRequests = 5000

type stats struct {
	mu     sync.Mutex
	counts map[string]int
	list   []*Request
}

func (st *stats) count(in *incoming) {
	st.mu.Lock()
	defer st.mu.Unlock()
	r := &Request{Op: in.op, Login: in.acct.login, Anchor: in.Header.Get("X-AnchorMailbox"), Body: string(in.body[:min(len(in.body), 64<<10)])}
	if in.req != nil {
		r.Parts = len(partsOf(in.req))
	}
	if sid := in.header.path("ExchangeImpersonation", "ConnectingSID").first(); sid != nil {
		r.Mailbox = sid.text
	}
	st.counts[in.op]++
	if st.list = append(st.list, r); len(st.list) > keepRequests {
		st.list = st.list[len(st.list)-keepRequests/2:]
	}
	in.logged = r
}

func (st *stats) finish(in *incoming, status int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	in.logged.Status, in.logged.Duration = status, time.Since(in.began)
}

// Requests are the last requests, the oldest first.
func (s *Sim) Requests() []Request {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	out := make([]Request, 0, len(s.stats.list))
	for _, r := range s.stats.list {
		out = append(out, *r)
	}
	return out
}

// Counts are how many requests there were of each operation; "" stands for those that could not be read.
func (s *Sim) Counts() map[string]int {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return maps.Clone(s.stats.counts)
}

// ResetStats forgets requests and counts.
func (s *Sim) ResetStats() {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	s.stats.counts, s.stats.list = map[string]int{}, nil
}
