package simkit

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// Trial says which of the requests that a failure matches it strikes.
type Trial struct {
	Nth   int     // only the nth, counted from 1; 0 is any
	After int     // not the first so many
	Count int     // at most so many times; 0 is no limit
	P     float64 // with this probability; 0 is always
}

// Rules are how a simulator's failures of type F are kept.
type Rules[F any] struct {
	Trial  func(*F) Trial
	Number func(*F, int) // tells a failure the id that it was given; nil is not wanted
	Rand   *rand.Rand    // decides by P, used under a lock; nil when no failure has one
	First  bool          // one failure strikes a request, the first that was added; otherwise all that match
	Spend  bool          // what has struck as often as it was to is disarmed
}

// Faults are failures that are armed. They have a lock of their own: they are asked before any data is touched.
type Faults[F any] struct {
	rules Rules[F]
	mu    sync.Mutex
	next  int
	list  []*armed[F]
}

// armed is a failure with how many requests it has seen and struck.
type armed[F any] struct {
	fault        F
	id           int
	seen, struck int
}

// NewFaults has nothing armed.
func NewFaults[F any](rules Rules[F]) *Faults[F] { return &Faults[F]{rules: rules} }

// Take returns the failures that strike a request, in the order in which they were added; matches says whether it is one that
// a failure is about.
func (fs *Faults[F]) Take(matches func(*F) bool) []F {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var hit []F
	var spent []*armed[F]
	for _, a := range fs.list {
		if !matches(&a.fault) || !fs.strikes(a) {
			continue
		}
		a.struck++
		hit = append(hit, a.fault)
		if n := fs.rules.Trial(&a.fault).Count; fs.rules.Spend && n > 0 && a.struck >= n {
			spent = append(spent, a)
		}
		if fs.rules.First {
			break
		}
	}
	fs.list = slices.DeleteFunc(fs.list, func(a *armed[F]) bool { return slices.Contains(spent, a) })
	return hit
}

// strikes counts a request that a failure matches and says whether it is one to strike.
func (fs *Faults[F]) strikes(a *armed[F]) bool {
	t := fs.rules.Trial(&a.fault)
	a.seen++
	switch {
	case t.Nth > 0 && a.seen != t.Nth, a.seen <= t.After, t.Count > 0 && a.struck >= t.Count:
		return false
	}
	return t.P <= 0 || fs.rules.Rand.Float64() < t.P
}

// Add arms a failure and returns its id.
func (fs *Faults[F]) Add(f F) int {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.next++
	if fs.rules.Number != nil {
		fs.rules.Number(&f, fs.next)
	}
	fs.list = append(fs.list, &armed[F]{fault: f, id: fs.next})
	return fs.next
}

// Remove disarms a failure; an unknown id is no error.
func (fs *Faults[F]) Remove(id int) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.list = slices.DeleteFunc(fs.list, func(a *armed[F]) bool { return a.id == id })
}

// Clear disarms all.
func (fs *Faults[F]) Clear() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.list = nil
}

// All returns what is armed, never nil.
func (fs *Faults[F]) All() []F {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	out := []F{}
	for _, a := range fs.list {
		out = append(out, a.fault)
	}
	return out
}

// Struck is how often the failure with this id has struck; 0 for one that is not armed.
func (fs *Faults[F]) Struck(id int) int {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, a := range fs.list {
		if a.id == id {
			return a.struck
		}
	}
	return 0
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

// ParseFault reads a failure from a command line into f: JSON, or "kind,name=value,…" with the names of the JSON form, of which
// numbers are those whose values are. sim begins the texts of errors.
func ParseFault(sim, text string, f any, numbers ...string) error {
	written := text
	if !strings.HasPrefix(text, "{") {
		kind, rest, _ := strings.Cut(text, ",")
		m := map[string]any{"kind": kind}
		for part := range strings.SplitSeq(rest, ",") {
			name, value, found := strings.Cut(part, "=")
			switch {
			case part == "":
			case !found:
				return fmt.Errorf("%s: fault %q: %q is not name=value", sim, text, part)
			case slices.Contains(numbers, name):
				m[name] = json.Number(value)
			default:
				m[name] = value
			}
		}
		b, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("%s: fault %q: %w", sim, text, err)
		}
		written = string(b)
	}
	dec := json.NewDecoder(strings.NewReader(written))
	dec.DisallowUnknownFields()
	if err := dec.Decode(f); err != nil {
		return fmt.Errorf("%s: fault %q: %w", sim, text, err)
	}
	return nil
}
