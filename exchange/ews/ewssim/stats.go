package ewssim

import "time"

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

// count logs a request that came.
func (s *Sim) count(in *incoming) {
	r := &Request{Op: in.op, Login: in.acct.login, Anchor: in.Header.Get("X-AnchorMailbox"), Body: string(in.body[:min(len(in.body), 64<<10)])}
	if in.req != nil {
		r.Parts = len(partsOf(in.req))
	}
	if sid := in.header.path("ExchangeImpersonation", "ConnectingSID").first(); sid != nil {
		r.Mailbox = sid.text
	}
	s.stats.Record(func(int) *Request { return r }, in.op)
	in.logged = r
}

// finish notes how it was answered.
func (s *Sim) finish(in *incoming, status int) {
	s.stats.Locked(func() { in.logged.Status, in.logged.Duration = status, time.Since(in.began) })
}

// Requests are the last requests, the oldest first.
func (s *Sim) Requests() []Request {
	out := []Request{}
	s.stats.Each(func(r *Request) { out = append(out, *r) })
	return out
}

// Counts are how many requests there were of each operation; "" stands for those that could not be read.
func (s *Sim) Counts() map[string]int { return s.stats.Counts() }

// ResetStats forgets requests and counts.
func (s *Sim) ResetStats() { s.stats.Reset() }
