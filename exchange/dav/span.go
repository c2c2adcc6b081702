package dav

import (
	"crypto/sha256"
	"math"
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/remote"
)

// span is when an item is, in Unix seconds: of a series from its first occurrence to its last.
type span struct {
	kind       pim.Kind
	start, end int64
}

// in reports a span that touches the window of a scope.
func (sp span) in(kinds pim.KindSet, s remote.Scope) bool {
	return kinds.Has(sp.kind) && (s.From.IsZero() || sp.end >= s.From.Unix()) && (s.Until.IsZero() || sp.start <= s.Until.Unix())
}

// span is when it is; a task without any time is always.
func (c codec) span(it pim.Item, text []byte) span {
	sp := span{it.Kind(), math.MinInt64, math.MaxInt64}
	var rec *pim.Recurrence
	switch v := it.(type) {
	case *pim.Event:
		rec = v.Recurrence
		sp.start, sp.end = c.instant(v.Start).Unix(), c.instant(v.End).Unix()
	case *pim.Task:
		start, due := v.Start, v.Due
		if rec = v.Recurrence; start.IsZero() {
			start = due
		}
		if due.IsZero() {
			due = start
		}
		if !start.IsZero() {
			sp.start, sp.end = c.instant(start).Unix(), c.instant(due).Unix()
		}
	}
	if rec != nil {
		if o, err := ics.Parse(text, limits()); err == nil {
			sp.start, sp.end = o.Bounds()
		}
	}
	return sp
}

// instant is when w is in the user's zone.
func (c codec) instant(w pim.When) time.Time {
	if !w.Date && !w.Floating {
		return w.Time
	}
	y, mo, d := w.Time.Date()
	h, mi, sec := w.Time.Clock()
	return time.Date(y, mo, d, h, mi, sec, 0, c.loc)
}

// maxSpans is how many of them are remembered, some 60 bytes each.
const maxSpans = 50_000

// spans remembers when items are, by version, so that listings of a window need not read them.
type spans struct {
	mu    sync.Mutex
	known map[[12]byte]span
}

func (s *spans) key(r ref) (k [12]byte) {
	sum := sha256.Sum256([]byte(r.path + "\x00" + r.tag))
	copy(k[:], sum[:])
	return k
}

func (s *spans) of(r ref) (span, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp, ok := s.known[s.key(r)]
	return sp, ok
}

// note remembers one more. When there are too many all are forgotten: versions that have passed are among them.
func (s *spans) note(r ref, sp span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= maxSpans {
		s.known = map[[12]byte]span{}
	}
	s.known[s.key(r)] = sp
}
