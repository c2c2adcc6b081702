package ics

import (
	"strconv"
	"time"

	"crmbridge/pim/line"
)

// The tables of RFC 4791 9.9, written as there: start and end are those of the range, and
// an open one counts as infinitely far away.

// upTo is start <= t.
func (r TimeRange) upTo(t time.Time) bool { return r.From.IsZero() || !t.Before(r.From) }

// ahead is start < t.
func (r TimeRange) ahead(t time.Time) bool { return r.From.IsZero() || t.After(r.From) }

// behind is end > t.
func (r TimeRange) behind(t time.Time) bool { return r.Until.IsZero() || t.Before(r.Until) }

// reaches is end >= t.
func (r TimeRange) reaches(t time.Time) bool { return r.Until.IsZero() || !t.After(r.Until) }

// has is (start <= t) AND (end > t).
func (r TimeRange) has(t time.Time) bool { return r.upTo(t) && r.behind(t) }

// meets is the table for the component of oc.
func (r TimeRange) meets(oc Occurrence) bool {
	switch oc.Component.Name {
	case event:
		return r.meetsEvent(oc)
	case todo:
		return r.meetsTask(oc)
	}
	return r.meetsJournal(oc)
}

func (r TimeRange) meetsEvent(oc Occurrence) bool {
	if oc.From.IsZero() {
		return false
	}
	// A DTEND, a day, or a DURATION of more than nothing; else the event is a moment.
	if oc.Component.First("DTEND") != nil || oc.Until.After(oc.From) {
		return r.ahead(oc.Until) && r.behind(oc.From)
	}
	return r.has(oc.From)
}

func (r TimeRange) meetsTask(oc Occurrence) bool {
	start, due := oc.From, oc.Until
	switch {
	case !start.IsZero() && !due.IsZero() && oc.Component.First("DUE") == nil: // DURATION
		return r.upTo(due) && (r.behind(start) || r.reaches(due))
	case !start.IsZero() && !due.IsZero():
		return (r.ahead(due) || r.upTo(start)) && (r.behind(start) || r.reaches(due))
	case !start.IsZero():
		return r.has(start)
	case !due.IsZero():
		return r.ahead(due) && r.reaches(due)
	}
	completed, ok1 := stampOf(oc.Component.First("COMPLETED"))
	created, ok2 := stampOf(oc.Component.First("CREATED"))
	// Both are in UTC (RFC 5545 3.8.2.1, 3.8.7.1).
	done, made := completed.wall, created.wall
	switch {
	case ok1 && ok2:
		return (r.upTo(made) || r.upTo(done)) && (r.reaches(made) || r.reaches(done))
	case ok1:
		return r.upTo(done) && r.reaches(done)
	case ok2:
		return r.behind(made)
	}
	return true
}

func (r TimeRange) meetsJournal(oc Occurrence) bool {
	switch {
	case oc.From.IsZero():
		return false
	case oc.Start.Date:
		return r.ahead(oc.From.Add(24*time.Hour)) && r.behind(oc.From)
	}
	return r.has(oc.From)
}

func (m *matcher) freeBusy(b *line.Block, r TimeRange) bool {
	start, ok1 := stampOf(b.First("DTSTART"))
	end, ok2 := stampOf(b.First("DTEND"))
	if ok1 && ok2 {
		return r.upTo(end.instant(m.o.tzs, m.z)) && r.behind(start.instant(m.o.tzs, m.z))
	}
	read := m.o.reader(b, m.z)
	for _, l := range b.All("FREEBUSY") {
		for st, e := range periods(l) {
			if e == nil {
				continue
			}
			_, until := e.of(read, st)
			if r.ahead(until) && r.behind(st.instant(m.o.tzs, m.z)) {
				return true
			}
		}
	}
	return false
}

// maxAlarmReach bounds REPEAT times DURATION.
const maxAlarmReach = maxDays * 24 * time.Hour

// alarm asks whether one of the triggers of b lies in r, for any occurrence that parent
// describes.
func (m *matcher) alarm(b, parent *line.Block, r TimeRange) bool {
	every, reach := repeats(b)
	fires := func(t time.Time) bool {
		if every <= 0 {
			return r.has(t)
		}
		// The first repetition at or after the start of the range decides.
		if !r.From.IsZero() && t.Before(r.From) {
			n := (r.From.Sub(t) + every - 1) / every
			t = t.Add(min(n*every, reach))
		}
		return r.has(t)
	}
	sp, end, ok := triggerOf(b)
	if !ok {
		st, ok := stampOf(b.First("TRIGGER"))
		return ok && fires(st.instant(m.o.tzs, m.z))
	}
	window := r
	if !r.From.IsZero() {
		window.From = r.From.Add(-sp.total() - reach)
	}
	if !r.Until.IsZero() {
		window.Until = r.Until.Add(-sp.total())
	}
	hits := m.overlapping(window, func(oc Occurrence) bool {
		at := oc.From
		if end || at.IsZero() {
			at = oc.Until
		}
		return !at.IsZero() && fires(at.Add(sp.total()))
	})
	return hits[parent]
}

// repeats reads REPEAT and DURATION of an alarm (RFC 5545 3.8.6.2): how far apart the
// repetitions are and how long after the first the last one is.
func repeats(b *line.Block) (every, reach time.Duration) {
	n, err := strconv.Atoi(trim(b.Value("REPEAT")))
	sp, ok := parseSpan(b.Value("DURATION"))
	every = sp.total()
	if err != nil || !ok || n < 1 || every < time.Second {
		return 0, 0
	}
	most := int(maxAlarmReach / every)
	return every, time.Duration(min(n, most)) * every
}
