package creatiosim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"crmbridge/internal/simkit"
)

// FaultKind is a way in which a server fails.
type FaultKind string

const (
	FaultLatency     FaultKind = "latency"     // wait Delay, then work as usual
	FaultBusy        FaultKind = "busy"        // 429 with Retry-After, nothing done
	FaultUnavailable FaultKind = "unavailable" // 503, with Retry-After if RetryAfter is set, nothing done
	FaultRule        FaultKind = "rule"        // 500 with Message as a business rule's text, nothing done
	FaultStatus      FaultKind = "status"      // the status and message given, nothing done
	FaultHTML        FaultKind = "html"        // 200 with an HTML page instead of the answer, nothing done
	FaultEmpty       FaultKind = "empty"       // a list that should have rows has none
	FaultTruncate    FaultKind = "truncate"    // the work is done; the body ends in its middle, HTTP says all is well
	FaultAbort       FaultKind = "abort"       // the work is done; the connection ends in the middle of the body
	FaultReset       FaultKind = "reset"       // the connection is reset before the work
	FaultResetAfter  FaultKind = "reset-after" // the work is done and committed, then the connection is reset: a lost answer
	FaultCut         FaultKind = "cut"         // the connection is reset when half of the request's body was read, nothing done
	FaultTorn        FaultKind = "torn"        // half of a stream's bytes are kept, then the connection is reset
	FaultSession     FaultKind = "session"     // the sender's session is ended first
	FaultSlow        FaultKind = "slow"        // the body trickles, taking Delay in all
)

// FaultKinds are all there are, for checks, messages and help.
func FaultKinds() []FaultKind {
	return []FaultKind{FaultLatency, FaultBusy, FaultUnavailable, FaultRule, FaultStatus, FaultHTML, FaultEmpty, FaultTruncate,
		FaultAbort, FaultReset, FaultResetAfter, FaultCut, FaultTorn, FaultSession, FaultSlow}
}

// Duration is a time.Duration that is text ("150ms") in JSON.
type Duration = simkit.Duration

// Fault is a failure with the requests it strikes. Empty matchers strike every request but /__sim/.
type Fault struct {
	ID   int       `json:"id"` // given by AddFault
	Kind FaultKind `json:"kind"`

	Method string  `json:"method,omitempty"` // tunnelled methods count as themselves
	Entity string  `json:"entity,omitempty"` // entity set, or Login, Token, $batch, $metadata
	Path   string  `json:"path,omitempty"`   // part of the path
	Nth    int     `json:"nth,omitempty"`    // only the nth matching request, counted from 1
	After  int     `json:"after,omitempty"`  // not the first so many matching requests
	Count  int     `json:"count,omitempty"`  // at most so many times; 0 is no limit
	P      float64 `json:"p,omitempty"`      // with this probability; 0 is always

	Delay      Duration `json:"delay,omitempty"`
	RetryAfter int      `json:"retryAfter,omitempty"` // seconds
	Status     int      `json:"status,omitempty"`
	Message    string   `json:"message,omitempty"`
}

// check finds what would make a fault do nothing or something else than was meant.
func (f Fault) check() error {
	switch {
	case !slices.Contains(FaultKinds(), f.Kind):
		return fmt.Errorf("creatiosim: unknown fault kind %q; there are %v", f.Kind, FaultKinds())
	case f.P < 0 || f.P > 1:
		return fmt.Errorf("creatiosim: fault probability %v is not between 0 and 1", f.P)
	case f.Kind == FaultStatus && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("creatiosim: fault status %d", f.Status)
	}
	return nil
}

// matches says whether a request is one that the fault is about, before counting and chance.
func (f *Fault) matches(method, entity, path string) bool {
	return (f.Method == "" || f.Method == method) && (f.Entity == "" || f.Entity == entity) &&
		strings.Contains(path, f.Path)
}

// newFaults keeps faults, none at first. Several may strike one request.
func newFaults(r *rand.Rand) *simkit.Faults[Fault] {
	return simkit.NewFaults(simkit.Rules[Fault]{Rand: r, Number: func(f *Fault, id int) { f.ID = id },
		Trial: func(f *Fault) simkit.Trial { return simkit.Trial{Nth: f.Nth, After: f.After, Count: f.Count, P: f.P} }})
}

// striking are the faults that strike a request.
func (s *Sim) striking(in *incoming) []Fault {
	method := effectiveMethod(in.Method, in.Header)
	return s.faults.Take(func(f *Fault) bool { return f.matches(method, in.ent, in.URL.Path) })
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
// "busy,entity=Activity,retryAfter=3,count=2".
func ParseFault(text string) (Fault, error) {
	var f Fault
	if err := simkit.ParseFault("creatiosim", text, &f, "nth", "after", "count", "p", "retryAfter", "status"); err != nil {
		return f, err
	}
	return f, f.check()
}
