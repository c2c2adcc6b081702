package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// aim is something that was to be reached, and whether it was.
type aim struct {
	what, want, have string
	measured, met    bool
}

func (a aim) cells() []string {
	verdict := "not measured"
	switch {
	case a.measured && a.met:
		verdict = "met"
	case a.measured:
		verdict = "**missed**"
	}
	return []string{a.what, a.want, orDash(a.measured, a.have), verdict}
}

// flatWithin is how much more an operation may take in a large collection than in a
// small one and still be called flat.
const flatWithin = 1.5

// tailWithin is how many times the median the slowest hundredth of requests under load
// may take.
const tailWithin = 5

// heapSlack is how much a heap differs from one run to the next.
const heapSlack = 8 << 20

// flatMemory compares the heap while something is answered with the smallest and the
// largest collection.
func (s *section) flatMemory() (out []aim) {
	for i, small := range s.peaks {
		at := slices.IndexFunc(s.peaks, func(p peak) bool { return p.name == small.name && p.size > small.size })
		if at < 0 || slices.ContainsFunc(s.peaks[:i], func(p peak) bool { return p.name == small.name }) {
			continue
		}
		large := s.peaks[at]
		out = append(out, aim{what: "heap while answering: " + small.name, want: fmt.Sprintf("flat: at most %.1f×, give or take %s", flatWithin, bytesOf(heapSlack)),
			have:     fmt.Sprintf("%s at %s, %s at %s", bytesOf(small.heap), number(uint64(small.size)), bytesOf(large.heap), number(uint64(large.size))), //nolint:gosec // counts
			measured: true, met: float64(large.heap) <= flatWithin*float64(small.heap)+heapSlack})
	}
	return out
}

// names of rows that aims speak of.
const (
	nameSteady  = "calendar-query, a month with "
	nameUsual   = "calendar-query, a month with 1/24 of all"
	namePutLag  = "from PUT "
	nameBackLag = "from a change in "
	nameFirst   = "first sync from "
)

// aims judges the rows of one database.
func (s *section) aims() (out []aim) {
	if s.part.has(partServer) {
		out = s.serverAims()
	}
	if s.part.has(partRelay) {
		out = append(out, s.relayAims()...)
	}
	if s.part == partPages {
		out = append(out, s.pageAims()...)
	}
	if s.part == partExchange {
		out = append(out, s.exchangeAims()...)
	}
	return out
}

func (s *section) serverAims() (out []aim) {
	for _, prefix := range []string{"GET event", "GET card", "PUT new event", "PUT new card", "PUT update of event", "PUT update of card",
		"sync-collection, nothing changed, events", fmt.Sprintf("sync-collection, %d changed, events", touched), s.steadyName()} {
		out = append(out, s.flat(prefix))
	}
	for _, what := range []string{"PROPFIND 1 of ETags, events", "PROPFIND 1 of ETags, cards"} {
		for _, r := range s.rows {
			if r.name == what {
				out = append(out, aim{what: fmt.Sprintf("%s, %s", what, number(uint64(r.size))), want: "at most 2× its floor", have: times2(r.ratio()),
					measured: r.ratio() > 0, met: r.ratio() <= 2})
			}
		}
	}
	const at = 10_000
	out = append(out,
		s.within("PROPFIND 1 of ETags, events", at, 150*time.Millisecond, times.median),
		s.within("PROPFIND 1 of ETags, cards", at, 150*time.Millisecond, times.median),
		s.within("sync-collection, nothing changed, events", at, 5*time.Millisecond, times.median),
		s.within("sync-collection, nothing changed, cards", at, 5*time.Millisecond, times.median),
		s.within(s.steadyName(), at, 30*time.Millisecond, times.median),
		s.within(s.steadyName()+", expanded", at, 30*time.Millisecond, times.median),
		s.within(nameUsual, at, 30*time.Millisecond, times.median),
		s.within("PUT new event", at, 15*time.Millisecond, times.p95),
		s.within("PUT update of event", at, 15*time.Millisecond, times.p95),
	)
	for _, l := range s.loaded {
		out = append(out, aim{what: l.name, want: fmt.Sprintf("p99 at most %d× p50", tailWithin), measured: true, met: l.tail(l.times) <= tailWithin,
			have: fmt.Sprintf("%.1f× (%s and %s)", l.tail(l.times), duration(l.times.quantile(0.99)), duration(l.times.median()))})
	}
	out = append(out, s.flatMemory()...)
	for _, p := range s.peaks {
		const limit = 256 << 20
		out = append(out, aim{what: fmt.Sprintf("memory at %s: %s", number(uint64(p.size)), p.name), want: "below 256 MiB resident",
			have: bytesOf(p.most), measured: true, met: p.most < limit})
	}
	return out
}

func (s *section) relayAims() (out []aim) {
	for _, r := range s.rows {
		if strings.HasPrefix(r.name, namePutLag) {
			out = append(out, s.within(r.name, r.size, 2*time.Second, times.p95))
		}
	}
	out = append(out, s.boundedPolls()...)
	if s.polls != nil {
		out = append(out, s.polls.aims()...)
	}
	return out
}

// pollRequests is how many requests to the CRM a poll that finds nothing may make.
const pollRequests = 6

// boundedPolls wants few requests of a poll with nothing to do, whatever the size.
func (s *section) boundedPolls() (out []aim) {
	for _, r := range s.rows {
		if strings.HasPrefix(r.name, "poll of ") && strings.HasSuffix(r.name, "nothing changed") {
			out = append(out, aim{what: fmt.Sprintf("%s, %s", r.name, number(uint64(r.size))), want: fmt.Sprintf("at most %d requests", pollRequests), //nolint:gosec // a count
				have: fmt.Sprint(r.requests), measured: true, met: r.requests <= pollRequests})
		}
	}
	return out
}

func (s *section) steadyName() string {
	for _, r := range s.rows {
		if strings.HasPrefix(r.name, nameSteady) && strings.HasSuffix(r.name, "events") {
			return r.name
		}
	}
	return nameSteady + "a fixed number of events"
}

func (s *section) find(name string, size int) (row, bool) {
	for _, r := range s.rows {
		if r.name == name && r.size == size && len(r.times) > 0 {
			return r, true
		}
	}
	return row{}, false
}

// flat compares the smallest and the largest collection. What their floors grew by,
// which is the database's share and the machine's mood, is no fault of the operation.
func (s *section) flat(name string) aim {
	a := aim{what: name, want: fmt.Sprintf("flat: from the smallest to the largest collection at most %.1f× (and what its floor grows by)", flatWithin)}
	var small, large row
	for _, r := range s.rows {
		if r.name != name || len(r.times) == 0 {
			continue
		}
		if small.size == 0 || r.size < small.size {
			small = r
		}
		if r.size > large.size {
			large = r
		}
	}
	if small.size >= large.size {
		return a
	}
	grew, under := growth(small.times, large.times), growth(small.floor, large.floor)
	a.measured, a.met = true, grew <= flatWithin*max(1, under)
	a.have = fmt.Sprintf("%.1f× (%s at %s, %s at %s), its floor %.1f×", grew, duration(small.times.median()), number(uint64(small.size)), //nolint:gosec // a count
		duration(large.times.median()), number(uint64(large.size)), under) //nolint:gosec // a count
	return a
}

// growth is how many times longer the second takes; 0 without both.
func growth(from, to times) float64 {
	if from.median() == 0 {
		return 0
	}
	return float64(to.median()) / float64(from.median())
}

func (s *section) within(name string, size int, limit time.Duration, how func(times) time.Duration) aim {
	r, ok := s.find(name, size)
	took := how(r.times)
	kind := "median"
	if took == r.times.p95() && took != r.times.median() {
		kind = "p95"
	}
	return aim{what: fmt.Sprintf("%s, %s", name, number(uint64(size))), want: fmt.Sprintf("%s at most %s", kind, duration(limit)), //nolint:gosec // a count
		have: duration(took), measured: ok, met: took <= limit}
}
