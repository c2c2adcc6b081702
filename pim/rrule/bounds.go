package rrule

import (
	"math"
	"time"

	"crmbridge/pim/tz"
)

// Bounds are the first start and the last end of a set.
type Bounds struct {
	First, Last time.Time // Last is zero when Unbounded
	Unbounded   bool
}

// triesBack is how many periods before UNTIL are searched for its last occurrence before UNTIL itself has to do.
const triesBack = 64

// Bounds tells where the occurrences of the set lie, each lasting d from its start on clocks and in fact, whichever
// ends later. It is for an index: never narrower than the set, but perhaps wider, as exceptions are not looked at, a
// rule without end counts as unbounded even if it never matches, and a rule that ends soon after clocks change
// may seem to end by as much later. When the budget is spent counting COUNT, the result is unbounded, and the
// error ErrBudget; other errors are those of Rule.Validate.
func (s Set) Bounds(d time.Duration, b *Budget) (Bounds, error) {
	if err := s.validate(); err != nil {
		return Bounds{}, err
	}
	clock := tz.NewClock(s.Zone)
	start, _ := clock.Instant(s.startWall())
	first, last := start, start
	for _, t := range s.RDates {
		first, last = min(first, t.Unix()), max(last, t.Unix())
	}
	b = b.orDefault()
	bounds := Bounds{First: time.Unix(first, 0).In(s.location())}
	for _, r := range s.Rules {
		end, err := s.lastOf(r, clock, b)
		if err != nil || r.Endless() {
			bounds.Unbounded = true
			return bounds, err
		}
		last = max(last, end)
	}
	bounds.Last = s.endOf(last, d, clock)
	return bounds, nil
}

// endOf: a nominal day is longer than 24 hours when clocks are put back (RFC 5545 3.3.6); take what ends later.
func (s Set) endOf(unix int64, d time.Duration, clock *tz.Clock) time.Time {
	exact := time.Unix(unix, 0).Add(d)
	onClocks := time.Unix(clock.Wall(unix), 0).UTC().Add(d)
	if end := tz.Instant(onClocks, s.Zone); end.After(exact) {
		exact = end
	}
	return exact.In(s.location())
}

// lastOf is an instant not before the last occurrence of a rule that ends.
func (s Set) lastOf(r Rule, clock *tz.Clock, b *Budget) (int64, error) {
	switch {
	case r.Count > 0:
		wall, ok, err := newPlan(r, s.startWall(), s.Date).lastCounted(r.Count, b)
		if err != nil || !ok {
			return math.MinInt64, err
		}
		return latest(wall, clock), nil
	case r.Until.Form != UntilNone:
		until := s.untilUnix(r.Until, clock)
		p := newPlan(r, s.startWall(), s.Date)
		if wall, ok := p.lastUntil(window{until: until}.endWall(clock)); ok {
			return min(until, latest(wall, clock)), nil
		}
		return until, nil
	}
	return math.MinInt64, nil
}

// latest is an instant not before that of any reading up to wall, skipped ones included.
func latest(wall int64, clock *tz.Clock) int64 {
	unix, _ := clock.Instant(wall)
	before := clock.Wall(unix-farShift) - (unix - farShift) // what clocks were ahead of UTC by then
	return max(unix, wall-before)
}

// lastCounted is the last reading of a rule with COUNT; false when there is none besides the start.
func (p *plan) lastCounted(count int, b *Budget) (wall int64, ok bool, err error) {
	left := count
	for k := int64(0); ; {
		if p.startOf(k) > lastWall {
			return wall, ok, nil
		}
		if !b.spend() {
			return 0, false, ErrBudget
		}
		next := p.load(k)
		first := p.g.search(p.start)
		if k == 0 && (first == p.g.len() || p.g.at(first) != p.start) {
			left--
		}
		n := p.g.len() - first
		if left <= n {
			if left > 0 {
				return p.g.at(first + left - 1), true, nil
			}
			return wall, ok, nil
		}
		left -= n
		if n > 0 {
			wall, ok = p.g.at(p.g.len()-1), true
		}
		if k == 1 && n > 0 && p.uniform() {
			// Of the periods to come, all but the last are used up; stop at the end of the calendar.
			whole := min(int64(left-1)/int64(n), p.indexOf(lastWall)-k)
			left -= int(whole * int64(n))
			next = k + 1 + whole
			p.load(next - 1)
			wall = p.g.at(p.g.len() - 1)
		}
		k = next
	}
}

// lastUntil is the last reading up to wall, if one is found soon.
func (p *plan) lastUntil(wall int64) (int64, bool) {
	k := p.indexOf(wall)
	for range triesBack {
		p.load(k)
		i := p.g.search(wall + 1)
		if i > 0 && p.g.at(i-1) >= p.start {
			return p.g.at(i - 1), true
		}
		if k == 0 {
			return 0, false
		}
		k--
	}
	return 0, false
}
