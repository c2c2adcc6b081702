package rrule

import (
	"slices"
	"sort"
)

// grid is the recurrence set of one period: every time on every day, without being written out. A year of seconds
// costs as little as a single date.
type grid struct {
	days                    []int64 // day numbers in order
	hours, minutes, seconds []int
	picked                  []int // BYSETPOS: which of the times, in order
	all                     bool  // picked does not apply
}

// times is how many there are on each day.
func (g *grid) times() int { return len(g.hours) * len(g.minutes) * len(g.seconds) }

func (g *grid) len() int {
	if !g.all {
		return len(g.picked)
	}
	return len(g.days) * g.times()
}

// at is the i-th wall reading in seconds.
func (g *grid) at(i int) int64 {
	if !g.all {
		i = g.picked[i]
	}
	perDay := g.times()
	day, rest := g.days[i/perDay], i%perDay
	second := g.seconds[rest%len(g.seconds)]
	rest /= len(g.seconds)
	minute, hour := g.minutes[rest%len(g.minutes)], g.hours[rest/len(g.minutes)]
	return day*secondsPerDay + int64(hour*secondsPerHour+minute*secondsPerMinute+second)
}

// search is the index of the first reading not before wall.
func (g *grid) search(wall int64) int {
	return sort.Search(g.len(), func(i int) bool { return g.at(i) >= wall })
}

// pick applies BYSETPOS to the whole of the period, also what lies before DTSTART (RFC 5545 3.3.10).
func (g *grid) pick(positions []int) {
	g.all, g.picked = true, g.picked[:0]
	if len(positions) == 0 {
		return
	}
	n := g.len()
	for _, p := range positions {
		i := p - 1
		if p < 0 {
			i = n + p
		}
		if i >= 0 && i < n {
			g.picked = append(g.picked, i)
		}
	}
	slices.Sort(g.picked)
	g.picked = slices.Compact(g.picked)
	g.all = false
}
