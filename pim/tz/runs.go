package tz

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// run is a stretch of years with one and the same change each, which a yearly rule can say.
type run struct {
	kind
	onsets []onset
	open   bool // until the end of all years looked at
	fit    fit
}

const (
	// shortRun is the least number of years for which a rule is worth it.
	shortRun = 3
	// longRun is the number of years after which dates fall on the same weekdays again: a rule that has held for so
	// long up to lastYear is the rule, and not a chance.
	longRun = 28
	// mostRuns is the number of rules that take turns before dates say it better. Cairo's clocks change on the day
	// after the last Thursday of October, at times the 1st of November, which takes two rules in turns.
	mostRuns = 2
)

// findRuns deals all onsets into runs, those of one kind following each other in time. Runs may be a single onset.
func findRuns(all []onset) []*run {
	var runs []*run
	latest := map[kind]*run{}
	for _, o := range all {
		if r := latest[o.kind]; r != nil {
			if f, ok := r.fit.with(o.wall()); ok {
				r.onsets, r.fit = append(r.onsets, o), f
				continue
			}
		}
		r := &run{kind: o.kind, onsets: []onset{o}, fit: newFit(o.wall())}
		latest[o.kind] = r
		runs = append(runs, r)
	}
	for _, r := range runs {
		r.open = len(r.onsets) >= longRun && r.fit.lastYear >= lastYear-1
	}
	return runs
}

// tail is the index from which on there are only runs without end: today's rules. Without any it is the last onset.
func tail(all []onset, runs []*run) int {
	open := map[int64]bool{}
	for _, r := range runs {
		if r.open {
			for _, o := range r.onsets {
				open[o.at] = true
			}
		}
	}
	i := len(all)
	for i > 0 && open[all[i-1].at] {
		i--
	}
	if i == len(all) && i > 0 {
		i--
	}
	return i
}

// observances writes the runs from the onset at lo on that begin by hi. Onsets outside a rule go together as dates by
// kind.
func observances(runs []*run, lo, hi int64) []Observance {
	var list []Observance
	var loose []onset
	turns := countTurns(runs, lo)
	for _, r := range runs {
		onsets := r.since(lo)
		if len(onsets) == 0 || onsets[0].at > hi {
			continue
		}
		if len(onsets) < shortRun || !r.open && turns[r.kind] > mostRuns {
			loose = append(loose, onsets...)
			continue
		}
		o := plain(onsets[:1])
		o.RRule = r.fit.rule()
		if !r.open {
			// RFC 5545 3.3.10: UNTIL of an observance is in UTC. Programs that compare it with local time (dateutil)
			// would lose the last change east of Greenwich, so it is as late as that reading.
			last := onsets[len(onsets)-1]
			until := time.Unix(last.at+max(0, int64(last.from)), 0).UTC()
			o.RRule += ";UNTIL=" + until.Format(wallLayout+"Z")
		}
		list = append(list, o)
	}
	return append(list, dated(loose, hi)...)
}

func (r *run) since(lo int64) []onset {
	i := slices.IndexFunc(r.onsets, func(o onset) bool { return o.at >= lo })
	if i < 0 {
		return nil
	}
	return r.onsets[i:]
}

func countTurns(runs []*run, lo int64) map[kind]int {
	turns := map[kind]int{}
	for _, r := range runs {
		if !r.open && len(r.since(lo)) >= shortRun {
			turns[r.kind]++
		}
	}
	return turns
}

// dated makes one observance of each kind among the onsets up to hi, in no order.
func dated(loose []onset, hi int64) []Observance {
	slices.SortFunc(loose, func(a, b onset) int { return cmp.Compare(a.at, b.at) })
	byKind := map[kind][]onset{}
	for _, o := range loose {
		if o.at <= hi {
			byKind[o.kind] = append(byKind[o.kind], o)
		}
	}
	var list []Observance
	for _, onsets := range byKind {
		list = append(list, plain(onsets))
	}
	return list
}

// plain is the observance of onsets of one kind, given by date.
func plain(onsets []onset) Observance {
	o := Observance{
		Daylight: onsets[0].daylight, Name: onsets[0].name,
		OffsetFrom: onsets[0].from, OffsetTo: onsets[0].to, Start: onsets[0].wall(),
	}
	for _, more := range onsets[1:] {
		o.RDates = append(o.RDates, more.wall())
	}
	return o
}

// fit holds what the dates of a run have in common. Two years at least can always be told by several rules; each further
// year leaves fewer.
type fit struct {
	lastYear, month, day, timeOfDay int
	weekday                         time.Weekday
	nth                             int  // n-th weekday of the month in every year, else 0
	last                            bool // last weekday of the month in every year
	sameDay, sameWeekday            bool
	minDay, maxDay                  int
}

func newFit(t time.Time) fit {
	f := fit{
		lastYear: t.Year(), month: int(t.Month()), day: t.Day(), timeOfDay: int(WallSeconds(t) % day),
		weekday: t.Weekday(), nth: (t.Day()-1)/7 + 1, last: t.AddDate(0, 0, 7).Month() != t.Month(),
		sameDay: true, sameWeekday: true, minDay: t.Day(), maxDay: t.Day(),
	}
	if f.nth == 5 { // not every year has a fifth
		f.nth = 0
	}
	return f
}

// with adds the next year's date, if a rule can still say all of them.
func (f fit) with(t time.Time) (fit, bool) {
	next := newFit(t)
	if next.lastYear != f.lastYear+1 || next.month != f.month || next.timeOfDay != f.timeOfDay {
		return f, false
	}
	f.lastYear = next.lastYear
	f.sameDay = f.sameDay && next.day == f.day
	f.sameWeekday = f.sameWeekday && next.weekday == f.weekday
	if next.nth != f.nth {
		f.nth = 0
	}
	f.last = f.last && next.last
	f.minDay, f.maxDay = min(f.minDay, next.day), max(f.maxDay, next.day)
	weekly := f.sameWeekday && (f.nth != 0 || f.last || f.maxDay-f.minDay < 7)
	return f, weekly || f.sameDay
}

// rule is the RRULE for the dates, in the form that most programs understand.
func (f fit) rule() string {
	name := strings.ToUpper(f.weekday.String()[:2])
	head := "FREQ=YEARLY;BYMONTH=" + strconv.Itoa(f.month)
	switch {
	case f.sameWeekday && f.last:
		return head + ";BYDAY=-1" + name
	case f.sameWeekday && f.nth != 0:
		return fmt.Sprintf("%s;BYDAY=%d%s", head, f.nth, name)
	case f.sameDay:
		return fmt.Sprintf("%s;BYMONTHDAY=%d", head, f.day)
	}
	// "Sunday on or after the 9th": any seven days around those seen hold it exactly once.
	longest := time.Date(2000, time.Month(f.month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	first := min(f.minDay, longest-6)
	days := make([]string, 7)
	for i := range days {
		days[i] = strconv.Itoa(first + i)
	}
	return head + ";BYMONTHDAY=" + strings.Join(days, ",") + ";BYDAY=" + name
}
