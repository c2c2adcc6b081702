package graphsim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"crmbridge/internal/simkit"
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
type Duration = simkit.Duration

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

// newFaults keeps faults, none at first. Several may strike one request.
func newFaults(r *rand.Rand) *simkit.Faults[Fault] {
	return simkit.NewFaults(simkit.Rules[Fault]{Rand: r, Number: func(f *Fault, id int) { f.ID = id },
		Trial: func(f *Fault) simkit.Trial { return simkit.Trial{Nth: f.Nth, After: f.After, Count: f.Count, P: f.P} }})
}

// striking are the faults that strike a request.
func (s *Sim) striking(req *request) []Fault {
	return s.faults.Take(func(f *Fault) bool { return f.matches(req) })
}

// AddFault arms a fault and returns its id. Several may strike one request, in the order they were added.
func (s *Sim) AddFault(f Fault) (id int, err error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	return s.faults.Add(f), nil
}

// RemoveFault disarms a fault; an unknown id is no error.
func (s *Sim) RemoveFault(id int) { s.faults.Remove(id) }

// ClearFaults disarms all.
func (s *Sim) ClearFaults() { s.faults.Clear() }

// Faults returns what is armed.
func (s *Sim) Faults() []Fault { return s.faults.All() }

// Struck is how often the fault with this id has struck.
func (s *Sim) Struck(id int) int { return s.faults.Struck(id) }

// ParseFault reads a fault from a command line: JSON, or "kind,name=value,…" with the names of the JSON form, as in
// "throttled,entity=events,retryAfter=3,count=2".
func ParseFault(text string) (Fault, error) {
	var f Fault
	if err := simkit.ParseFault("graphsim", text, &f, "nth", "after", "count", "p", "retryAfter", "status"); err != nil {
		return f, err
	}
	return f, f.check()
}
