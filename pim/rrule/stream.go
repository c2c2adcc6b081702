package rrule

import (
	"math"
	"time"

	"crmbridge/pim/tz"
)

// farShift is further than a clock is put at once; Samoa skipped a day.
const farShift = 26 * secondsPerHour

// stream gives the occurrences of one rule as Unix seconds in order.
type stream struct {
	p     *plan
	b     *Budget
	clock *tz.Clock

	bare     bool  // DTSTART does not count unless the rule gives it
	low, end int64 // wall readings of interest
	first    int64 // DTSTART in Unix seconds; a start in a gap comes after some later readings
	until    int64 // Unix seconds, inclusive
	left     int   // of COUNT after the loaded period; -1 for no COUNT
	k        int64 // next period
	i, n     int   // in the loaded period

	// A reading that the zone skips means an instant after that of later readings. Such wait here for their turn.
	waiting  []int64
	ahead    int64
	hasAhead bool
	ended    bool
	err      error
}

// newStream prepares a rule for instants from a window. Earlier occurrences may come too.
func newStream(r Rule, s Set, clock *tz.Clock, w window, b *Budget) *stream {
	st := &stream{p: newPlan(r, s.startWall(), s.Date), b: b, clock: clock, until: math.MaxInt64, left: -1, bare: s.RulesOnly}
	st.first, _ = clock.Instant(st.p.start)
	st.low, st.end = w.lowWall(clock), min(w.endWall(clock), lastWall)
	if r.Until.Form != UntilNone {
		st.until = s.untilUnix(r.Until, clock)
		st.end = min(st.end, window{until: st.until}.endWall(clock))
	}
	if r.Count > 0 {
		st.left = r.Count
		st.enterCounted()
		return st
	}
	st.k = st.p.indexOf(st.low)
	return st
}

// enterCounted counts the first period and, if all others are alike, those up to the window.
func (s *stream) enterCounted() {
	if !s.step() {
		return
	}
	s.p.load(0)
	g := &s.p.g
	first := g.search(s.p.start)
	if !s.bare && (first == g.len() || g.at(first) != s.p.start) {
		s.left-- // RFC 5545 3.3.10: DTSTART always counts as the first occurrence
	}
	inFirst := g.len() - first
	k := s.p.indexOf(s.low)
	if k < 2 || s.left <= inFirst || !s.p.uniform() {
		return
	}
	if !s.step() {
		return
	}
	s.p.load(1)
	each := int64(g.len())
	if each > 0 && k-1 >= (int64(s.left-inFirst)+each-1)/each {
		s.left = 0
		return
	}
	s.left -= inFirst + int((k-1)*each)
	s.k = k
}

func (s *stream) step() bool {
	if !s.b.spend() {
		s.err, s.ended = ErrBudget, true
		return false
	}
	return true
}

// wall gives the next reading of the rule.
func (s *stream) wall() (int64, bool) {
	for s.i >= s.n {
		if s.left == 0 || s.p.startOf(s.k) > s.end || !s.step() {
			return 0, false
		}
		next := s.p.load(s.k)
		s.enterPeriod()
		s.k = next
	}
	if !s.step() {
		return 0, false
	}
	wall := s.p.g.at(s.i)
	s.i++
	return wall, true
}

// enterPeriod leaves out what is before the start and the window, and cuts at COUNT.
func (s *stream) enterPeriod() {
	g := &s.p.g
	s.i, s.n = g.search(s.p.start), g.len()
	if s.left >= 0 {
		s.n = min(s.n, s.i+s.left)
		s.left -= s.n - s.i
	}
	s.i = max(s.i, g.search(s.low))
}

// next gives the next occurrence. After false, err tells whether it was the end.
func (s *stream) next() (int64, bool) {
	for !s.hasAhead && !s.ended {
		wall, ok := s.wall()
		if !ok {
			s.ended = true
			break
		}
		unix, skipped := s.clock.Instant(wall)
		switch {
		case unix < s.first:
		case unix > s.until:
			s.ended = !skipped
		case skipped:
			s.waiting = append(s.waiting, unix)
		default:
			s.ahead, s.hasAhead = unix, true
		}
	}
	if len(s.waiting) > 0 && (!s.hasAhead || s.waiting[0] <= s.ahead) {
		unix := s.waiting[0]
		s.waiting = s.waiting[1:]
		return unix, true
	}
	had := s.hasAhead
	s.hasAhead = false
	return s.ahead, had
}

// frontier is an instant before which a stream that failed has nothing more to give.
func (s *stream) frontier() int64 {
	wall := s.p.startOf(s.k)
	if s.i < s.n {
		wall = s.p.g.at(s.i)
	}
	unix, skipped := s.clock.Instant(max(wall, s.p.start))
	if skipped {
		return unix - farShift
	}
	return unix
}

// window is a stretch of instants in Unix seconds, from inclusive, until exclusive.
type window struct{ from, until int64 }

func windowOf(from, until time.Time) window {
	w := window{math.MinInt64, math.MaxInt64}
	if !from.IsZero() {
		w.from = from.Unix()
		if from.Nanosecond() > 0 {
			w.from++
		}
	}
	if !until.IsZero() {
		w.until = until.Unix()
		if until.Nanosecond() > 0 {
			w.until++
		}
	}
	return w
}

// lowWall is a reading before which none means an instant in the window: that of clocks at its beginning, or of those
// a day before if they have been put forward since and skipped readings come late.
func (w window) lowWall(c *tz.Clock) int64 {
	if w.from == math.MinInt64 {
		return math.MinInt64
	}
	return min(c.Wall(w.from), c.Wall(w.from-farShift)+farShift)
}

// endWall is a reading after which none means an instant in the window.
func (w window) endWall(c *tz.Clock) int64 {
	if w.until == math.MaxInt64 {
		return math.MaxInt64
	}
	return max(c.Wall(w.until), c.Wall(w.until-farShift)+farShift)
}
