package rrule

import (
	"math"
	"slices"
	"time"

	"crmbridge/pim/tz"
)

// Iter walks over the occurrences of a Set. It is for one goroutine, and needs no closing.
type Iter struct {
	loc     *time.Location
	window  window
	sources []source
	gone    map[int64]bool // ExDates
	days    map[int64]bool // ExDays, by day number
	clock   *tz.Clock
	last    int64
	// stop is the instant after which occurrences may be missing because of err.
	stop int64
	err  error
}

// source is a rule or a list, and its next occurrence.
type source struct {
	next func() (int64, bool)
	head int64
}

// Iter starts a walk; the arguments and errors are those of Between. Occurrences are computed as Next asks for them.
func (s Set) Iter(from, until time.Time, b *Budget) *Iter {
	it := &Iter{
		loc: s.location(), window: windowOf(from, until), clock: tz.NewClock(s.Zone),
		last: math.MinInt64, stop: math.MaxInt64,
	}
	if it.err = s.validate(); it.err != nil {
		return it
	}
	it.except(s)
	it.add(s.dates(it.clock, it.window))
	b = b.orDefault()
	for _, r := range s.Rules {
		// Each rule has its own clock: they are quick only near what they were last asked for.
		st := newStream(r, s, tz.NewClock(s.Zone), it.window, b)
		it.add(func() (int64, bool) {
			unix, ok := st.next()
			if !ok && st.err != nil {
				it.err = st.err
				it.stop = min(it.stop, st.frontier())
			}
			return unix, ok
		})
	}
	return it
}

// dates gives the start and RDates of the window in order.
func (s Set) dates(clock *tz.Clock, w window) func() (int64, bool) {
	var list []int64
	if !s.RulesOnly {
		start, _ := clock.Instant(s.startWall())
		list = append(list, start)
	}
	for _, t := range s.RDates {
		list = append(list, t.Unix())
	}
	slices.Sort(list)
	i, _ := slices.BinarySearch(list, w.from)
	list = list[i:]
	return func() (int64, bool) {
		if len(list) == 0 {
			return 0, false
		}
		unix := list[0]
		list = list[1:]
		return unix, true
	}
}

func (it *Iter) except(s Set) {
	if len(s.ExDates) > 0 {
		it.gone = make(map[int64]bool, len(s.ExDates))
	}
	for _, t := range s.ExDates {
		it.gone[t.Unix()] = true
	}
	if len(s.ExDays) > 0 {
		it.days = make(map[int64]bool, len(s.ExDays))
	}
	for _, t := range s.ExDays {
		it.days[floorDiv(tz.WallSeconds(t), secondsPerDay)] = true
	}
}

func (it *Iter) add(next func() (int64, bool)) {
	if head, ok := next(); ok {
		it.sources = append(it.sources, source{next, head})
	}
}

// Next returns the start of the next occurrence. After false, Err tells whether that was the end.
func (it *Iter) Next() (time.Time, bool) {
	for {
		unix, ok := it.pull()
		if !ok {
			return time.Time{}, false
		}
		if unix <= it.last || unix < it.window.from || it.gone[unix] {
			continue
		}
		it.last = unix
		if it.days != nil && it.days[floorDiv(it.clock.Wall(unix), secondsPerDay)] {
			continue
		}
		return time.Unix(unix, 0).In(it.loc), true
	}
}

// Err is why Next returned false: nil at the end of set or window.
func (it *Iter) Err() error { return it.err }

// pull takes the earliest head.
func (it *Iter) pull() (int64, bool) {
	first := -1
	for i := range it.sources {
		if first < 0 || it.sources[i].head < it.sources[first].head {
			first = i
		}
	}
	if first < 0 {
		return 0, false
	}
	unix := it.sources[first].head
	if unix >= it.window.until {
		it.sources = nil
		return 0, false
	}
	if unix > it.stop {
		return 0, false
	}
	if head, ok := it.sources[first].next(); ok {
		it.sources[first].head = head
	} else {
		it.sources = slices.Delete(it.sources, first, first+1)
	}
	return unix, true
}
