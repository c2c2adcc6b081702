package graphsim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// FaultKind is a way in which the service fails.
type FaultKind string

const (
	FaultLatency     FaultKind = "latency"       // wait Delay while a place is taken, then work as usual
	FaultThrottled   FaultKind = "throttled"     // 429, with Retry-After if RetryAfter is set, nothing done
	FaultUnavailable FaultKind = "unavailable"   // 503, with Retry-After if RetryAfter is set, nothing done
	FaultTimeout     FaultKind = "timeout"       // 504, nothing done
	FaultStatus      FaultKind = "status"        // the status, code and message given, nothing done
	FaultConflict    FaultKind = "conflict"      // 412 ErrorIrresolvableConflict although nobody else wrote, nothing done
	FaultConcurrent  FaultKind = "concurrent"    // 409 ConcurrentItemSave, nothing done
	FaultDelta       FaultKind = "delta-expired" // 410 with Location, or Status: the delta token is forgotten
	FaultUnsigned    FaultKind = "unauthorized"  // 401, as when a token was revoked
	FaultHTML        FaultKind = "html"          // 200 with a page of some proxy, nothing done
	FaultTruncate    FaultKind = "truncate"      // the work is done; the body ends in its middle, HTTP says all is well
	FaultAbort       FaultKind = "abort"         // the work is done; the connection ends in the middle of the body
	FaultReset       FaultKind = "reset"         // the connection is reset before the work
	FaultLost        FaultKind = "lost"          // the work is done and kept, then the connection is reset
	FaultSlow        FaultKind = "slow"          // the body trickles, taking Delay in all
)

// FaultKinds are all there are, for checks, messages and help.
func FaultKinds() []FaultKind {
	return []FaultKind{FaultLatency, FaultThrottled, FaultUnavailable, FaultTimeout, FaultStatus, FaultConflict, FaultConcurrent, FaultDelta,
		FaultUnsigned, FaultHTML, FaultTruncate, FaultAbort, FaultReset, FaultLost, FaultSlow}
}

// Duration is a time.Duration that is text ("150ms") in JSON.
type Duration time.Duration

// MarshalText writes it as time.Duration's String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// Fault is a failure with the requests it strikes, also those inside batches. Empty matchers strike every request but
// /__sim/. What concerns the connection strikes requests on the wire only.
type Fault struct {
	ID   int       `json:"id"` // given by AddFault
	Kind FaultKind `json:"kind"`

	Method string  `json:"method,omitempty"`
	Entity string  `json:"entity,omitempty"` // as in LogEntry
	Path   string  `json:"path,omitempty"`   // part of path and query
	Nth    int     `json:"nth,omitempty"`    // only the nth matching request, counted from 1
	After  int     `json:"after,omitempty"`  // not the first so many matching requests
	Count  int     `json:"count,omitempty"`  // at most so many times; 0 is no limit
	P      float64 `json:"p,omitempty"`      // with this probability; 0 is always

	Delay      Duration `json:"delay,omitempty"`
	RetryAfter int      `json:"retryAfter,omitempty"` // seconds
	Status     int      `json:"status,omitempty"`
	Code       string   `json:"code,omitempty"`
	Message    string   `json:"message,omitempty"`
}

// check finds what would make a fault do nothing or something else than was meant.
func (f Fault) check() error {
	switch {
	case !slices.Contains(FaultKinds(), f.Kind):
		return fmt.Errorf("graphsim: unknown fault kind %q; there are %v", f.Kind, FaultKinds())
	case f.P < 0 || f.P > 1:
		return fmt.Errorf("graphsim: fault probability %v is not between 0 and 1", f.P)
	case f.Kind == FaultStatus && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("graphsim: fault status %d is no error", f.Status)
	}
	return nil
}

// wire says whether a kind is about the connection.
func (k FaultKind) wire() bool {
	return slices.Contains([]FaultKind{FaultLatency, FaultHTML, FaultTruncate, FaultAbort, FaultReset, FaultLost, FaultSlow}, k)
}

func (f *Fault) matches(req *request) bool {
	return (f.Method == "" || f.Method == req.method) && (f.Entity == "" || f.Entity == req.entity) &&
		strings.Contains(req.raw, f.Path) && !(req.batched && f.Kind.wire()) &&
		(f.Kind != FaultDelta || strings.Contains(strings.ToLower(req.raw), "$deltatoken="))
}

// armed is a fault with how many requests it has seen and struck.
type armed struct {
	Fault
	seen, struck int
}

// faults are armed under their own lock: they are asked before any data is touched.
type faults struct {
	mu   sync.Mutex
	rand *rand.Rand
	next int
	list []*armed
}

// take returns the faults that strike this request.
func (fs *faults) take(req *request) []Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var hit []Fault
	for _, a := range fs.list {
		if !a.matches(req) {
			continue
		}
		a.seen++
		switch {
		case a.Nth > 0 && a.seen != a.Nth, a.seen <= a.After, a.Count > 0 && a.struck >= a.Count:
			continue
		case a.P > 0 && fs.rand.Float64() >= a.P:
			continue
		}
		a.struck++
		hit = append(hit, a.Fault)
	}
	return hit
}

// AddFault arms a fault and returns its id. Several may strike one request, in the order they were added.
func (s *Sim) AddFault(f Fault) (id int, err error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.next++
	f.ID = s.faults.next
	s.faults.list = append(s.faults.list, &armed{Fault: f})
	return f.ID, nil
}

// RemoveFault disarms a fault; an unknown id is no error.
func (s *Sim) RemoveFault(id int) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = slices.DeleteFunc(s.faults.list, func(a *armed) bool { return a.ID == id })
}

// ClearFaults disarms all.
func (s *Sim) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = nil
}

// Faults returns what is armed.
func (s *Sim) Faults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	out := []Fault{}
	for _, a := range s.faults.list {
		out = append(out, a.Fault)
	}
	return out
}

// Struck is how often the fault with this id has struck.
func (s *Sim) Struck(id int) int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, a := range s.faults.list {
		if a.ID == id {
			return a.struck
		}
	}
	return 0
}

// ParseFault reads a fault from a command line: JSON, or "kind,name=value,…" with the names of the JSON form, as in
// "throttled,entity=events,retryAfter=3,count=2".
func ParseFault(text string) (Fault, error) {
	var f Fault
	if !strings.HasPrefix(text, "{") {
		kind, rest, _ := strings.Cut(text, ",")
		m := map[string]any{"kind": kind}
		for part := range strings.SplitSeq(rest, ",") {
			name, value, found := strings.Cut(part, "=")
			switch {
			case part == "":
			case !found:
				return f, fmt.Errorf("graphsim: fault %q: %q is not name=value", text, part)
			case slices.Contains([]string{"nth", "after", "count", "p", "retryAfter", "status"}, name):
				m[name] = json.Number(value)
			default:
				m[name] = value
			}
		}
		b, err := json.Marshal(m)
		if err != nil {
			return f, fmt.Errorf("graphsim: fault %q: %w", text, err)
		}
		text = string(b)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return f, fmt.Errorf("graphsim: fault %q: %w", text, err)
	}
	return f, f.check()
}
