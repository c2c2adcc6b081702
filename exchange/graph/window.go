package graph

import (
	"time"

	"crmbridge/pim"
	"crmbridge/pim/rrule"
	"crmbridge/remote"
)

// window is the time that a scope looks at.
type window struct {
	// from and until are the scope's own; zero is open.
	from, until time.Time
	// begin and end are those asked of Graph for a calendar, which has no open ones.
	begin, end time.Time
}

// step is the grid of windows. A scope moves with the clock, and Graph's token does not: a fresh one is asked for when the scope has
// moved over a line of the grid. What comes into a window some days early is no harm, and a fresh listing every day is one.
const step = 7 * 24 * time.Hour

// window compiles a scope. What lies further than Graph can look is left out at the end.
func (c *connector) window(s remote.Scope) window {
	now := c.env.Now().UTC()
	w := window{from: s.From, until: s.Until, begin: s.From.UTC(), end: s.Until.UTC()}
	if s.From.IsZero() {
		w.begin = now.AddDate(0, 0, -c.back)
	}
	if s.Until.IsZero() {
		w.end = now.AddDate(0, 0, c.ahead)
	}
	w.begin = w.begin.Truncate(step)
	if last := w.begin.AddDate(0, 0, maxWindow); w.end.After(last) {
		w.end = last
	}
	w.end = w.end.Truncate(step).Add(step)
	return w
}

// key names it for comparing.
func (w window) key() string {
	return w.begin.Format(time.DateOnly) + "/" + w.end.Format(time.DateOnly)
}

// holds reports whether a time from start to end, either of which may be absent, is in the scope's window. What has no time is.
func (w window) holds(start, end pim.When) bool {
	if start.IsZero() {
		start = end
	}
	if end.IsZero() {
		end = start
	}
	if start.IsZero() {
		return true
	}
	return (w.from.IsZero() || end.Time.After(w.from) || end.Time.Equal(start.Time) && !end.Time.Before(w.from)) && (w.until.IsZero() || start.Time.Before(w.until))
}

// shown reports whether Graph's view of the calendar has an event: some part of it, or of its occurrences, is in the window.
func (c *connector) shown(w window, it *pim.Event) bool {
	if it.Recurrence == nil {
		return it.End.Time.After(w.begin) && it.Start.Time.Before(w.end)
	}
	set, ok := c.set(it)
	if !ok {
		return true
	}
	_, some := set.Iter(w.begin.Add(-it.End.Time.Sub(it.Start.Time)), w.end, nil).Next()
	return some
}

// set is the recurrence of an event as times.
func (c *connector) set(it *pim.Event) (rrule.Set, bool) {
	zone := c.dayZone(it.Start)
	set := rrule.Set{Start: c.clock(it.Start), Date: it.Start.Date, Zone: zone}
	for _, text := range it.Recurrence.Rules {
		r, err := rrule.Parse(text)
		if err != nil {
			return set, false
		}
		set.Rules = append(set.Rules, r)
	}
	return set, true
}
