package ewssim

import (
	"slices"
	"strings"
	"time"
)

// rule is a recurrence: a pattern of days and a range. Days are midnights in UTC and mean no instant.
type rule struct {
	kind     string // WeeklyRecurrence, …
	interval int
	days     []string // Monday, …, Day, Weekday, WeekendDay
	firstDay time.Weekday
	monthDay int
	index    string // First to Fourth, Last
	month    time.Month
	from     time.Time
	until    time.Time // zero without
	count    int       // 0 without
}

// horizon ends series that never end.
const horizon = 4500

// readRule reads a t:Recurrence.
func readRule(n *node) (rule, error) {
	r := rule{interval: 1}
	invalid := fail("ErrorCalendarInvalidRecurrence", "The recurrence pattern is invalid.")
	for _, k := range n.kids {
		switch k.local() {
		case "NoEndRecurrence", "EndDateRecurrence", "NumberedRecurrence":
			r.from, _ = parseDate(k.str("StartDate"))
			if v := k.str("EndDate"); v != "" {
				r.until, _ = parseDate(v)
			}
			if v := k.kid("NumberOfOccurrences"); v != nil {
				if r.count = atoi(v.text); r.count < 1 || r.count > 999 {
					return r, invalid
				}
			}
			continue
		}
		r.kind = k.local()
		if v := k.kid("Interval"); v != nil {
			r.interval = atoi(v.text)
		}
		r.days = strings.Fields(k.str("DaysOfWeek"))
		r.index = k.str("DayOfWeekIndex")
		if v := k.kid("DayOfMonth"); v != nil {
			if r.monthDay = atoi(v.text); r.monthDay < 1 || r.monthDay > 31 {
				return r, invalid
			}
		}
		r.month = monthNamed(k.str("Month"))
		r.firstDay = max(weekdayNamed(k.str("FirstDayOfWeek")), 0)
	}
	limit := map[string]int{"DailyRecurrence": 999, "WeeklyRecurrence": 99, "AbsoluteMonthlyRecurrence": 99, "RelativeMonthlyRecurrence": 99}[r.kind]
	if r.interval < 1 || (limit > 0 && r.interval > limit) {
		return r, invalid
	}
	if r.kind == "WeeklyRecurrence" {
		for _, d := range r.days {
			if weekdayNamed(d) < 0 {
				return r, fail("ErrorCalendarInvalidDayForWeeklyRecurrence", "The day %q is invalid for a weekly recurrence.", d)
			}
		}
		if len(r.days) == 0 {
			return r, invalid
		}
	}
	if strings.HasPrefix(r.kind, "Relative") && (len(r.days) != 1 || r.index == "") || strings.HasSuffix(r.kind, "YearlyRecurrence") && r.month == 0 {
		return r, invalid
	}
	if !r.until.IsZero() && r.until.Before(r.from) {
		return r, fail("ErrorCalendarEndDateIsEarlierThanStartDate", "The recurrence ends before it starts.")
	}
	return r, nil
}

func monthNamed(name string) time.Month {
	for m := time.January; m <= time.December; m++ {
		if m.String() == name {
			return m
		}
	}
	return 0
}

// weekdayNamed is -1 for what is no single day.
func weekdayNamed(name string) time.Weekday {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if d.String() == name {
			return d
		}
	}
	return -1
}

// is says whether a day is one of the rule's, which may be kinds of days.
func (r rule) is(day time.Time) bool {
	wd := day.Weekday()
	weekend := wd == time.Saturday || wd == time.Sunday
	for _, name := range r.days {
		if name == wd.String() || name == "Day" || (name == "Weekday" && !weekend) || (name == "WeekendDay" && weekend) {
			return true
		}
	}
	return false
}

// each calls yield with the days in order, counted from 1, until it returns false.
func (r rule) each(yield func(n int, day time.Time) bool) {
	n := 0
	emit := func(day time.Time) bool {
		if day.Before(r.from) {
			return true
		}
		if n++; (r.count > 0 && n > r.count) || (!r.until.IsZero() && day.After(r.until)) || day.Year() > horizon {
			return false
		}
		return yield(n, day)
	}
	switch r.kind {
	case "DailyRecurrence":
		for day := r.from; emit(day); day = day.AddDate(0, 0, r.interval) {
		}
	case "WeeklyRecurrence":
		r.weeks(emit)
	case "AbsoluteMonthlyRecurrence", "RelativeMonthlyRecurrence":
		first := time.Date(r.from.Year(), r.from.Month(), 1, 0, 0, 0, 0, time.UTC)
		for m := first; emit(r.inMonth(m)); m = m.AddDate(0, r.interval, 0) {
		}
	case "AbsoluteYearlyRecurrence", "RelativeYearlyRecurrence":
		first := time.Date(r.from.Year(), r.month, 1, 0, 0, 0, 0, time.UTC)
		for m := first; emit(r.inMonth(m)); m = m.AddDate(1, 0, 0) {
		}
	}
}

func (r rule) weeks(emit func(time.Time) bool) {
	back := (int(r.from.Weekday()) - int(r.firstDay) + 7) % 7
	for week := r.from.AddDate(0, 0, -back); ; week = week.AddDate(0, 0, 7*r.interval) {
		for i := range 7 {
			day := week.AddDate(0, 0, i)
			if slices.Contains(r.days, day.Weekday().String()) && !emit(day) {
				return
			}
		}
	}
}

// inMonth is the rule's day in the month that begins with first. A day that the month does not have is its last one.
func (r rule) inMonth(first time.Time) time.Time {
	last := first.AddDate(0, 1, -1)
	if r.index == "" {
		return first.AddDate(0, 0, min(r.monthDay, last.Day())-1)
	}
	if r.index == "Last" {
		for day := last; ; day = day.AddDate(0, 0, -1) {
			if r.is(day) {
				return day
			}
		}
	}
	left := slices.Index([]string{"First", "Second", "Third", "Fourth"}, r.index)
	for day := first; ; day = day.AddDate(0, 0, 1) {
		if !r.is(day) {
			continue
		}
		if left == 0 {
			return day
		}
		left--
	}
}

// series is what a recurring master holds beside its properties.
type series struct {
	rule    rule
	loc     *time.Location
	start   time.Duration // wall clock of the start, from midnight
	end     time.Duration // wall clock of the end, from midnight of the start's day
	changed map[int64]*exception
	deleted map[int64]bool
}

// exception is an occurrence that differs. Both maps of series go by the start that the pattern gives (Unix seconds).
type exception struct {
	props    map[string]*node // nil values were deleted
	ext      map[string]*node
	start    time.Time
	end      time.Time
	modified time.Time
	files    []*attachment // its own, if hasFiles
	hasFiles bool
}

// occurrence is one position of a series.
type occurrence struct {
	index      int // from 1, deleted ones included
	orig       time.Time
	start, end time.Time
	ex         *exception
}

func (s *series) clone() *series {
	c := *s
	c.changed, c.deleted = map[int64]*exception{}, cloneMap(s.deleted)
	for k, e := range s.changed {
		copied := *e
		copied.props, copied.ext = cloneMap(e.props), cloneMap(e.ext)
		c.changed[k] = &copied
	}
	return &c
}

// wall is an instant of a wall clock on a day.
func wall(day time.Time, clock time.Duration, loc *time.Location) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, 0, int(clock/time.Second), 0, loc)
}

// each calls yield with all occurrences in the pattern's order, deleted ones too, until it returns false.
func (s *series) each(yield func(o occurrence, deleted bool) bool) {
	s.rule.each(func(n int, day time.Time) bool {
		o := occurrence{index: n, orig: wall(day, s.start, s.loc), end: wall(day, s.end, s.loc)}
		o.start = o.orig
		key := o.orig.Unix()
		if ex := s.changed[key]; ex != nil {
			o.ex, o.start, o.end = ex, ex.start, ex.end
		}
		return yield(o, s.deleted[key])
	})
}

// at is the occurrence whose start the pattern has at key; what says why there is none.
func (s *series) at(key int64) (occurrence, error) {
	var found *occurrence
	var err error
	s.each(func(o occurrence, deleted bool) bool {
		if k := o.orig.Unix(); k >= key {
			if k == key && deleted {
				err = errDeletedOccurrence()
			} else if k == key {
				found = &o
			}
			return false
		}
		return true
	})
	if found == nil {
		if err == nil {
			err = fail("ErrorItemNotFound", "The specified object was not found in the store.")
		}
		return occurrence{}, err
	}
	return *found, nil
}

func errDeletedOccurrence() error {
	return fail("ErrorCalendarOccurrenceIsDeletedFromRecurrence", "The specified occurrence has been deleted from the recurrence.")
}

// nth is the occurrence at a position, counted from 1 with the deleted ones.
func (s *series) nth(index int) (occurrence, error) {
	err := error(fail("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange", "Occurrence index is out of recurrence range."))
	var found occurrence
	if index < 1 {
		return found, err
	}
	s.each(func(o occurrence, deleted bool) bool {
		if o.index < index {
			return true
		}
		found, err = o, nil
		if deleted {
			err = errDeletedOccurrence()
		}
		return false
	})
	return found, err
}

// first is the first occurrence that is there, false when there is none.
func (s *series) first() (occurrence, bool) {
	var found occurrence
	ok := false
	s.each(func(o occurrence, deleted bool) bool {
		found, ok = o, !deleted
		return deleted
	})
	return found, ok
}

// last is the last one; false also for series without end.
func (s *series) last() (occurrence, bool) {
	var found occurrence
	ok := false
	if s.rule.count == 0 && s.rule.until.IsZero() {
		return found, false
	}
	s.each(func(o occurrence, deleted bool) bool {
		if !deleted {
			found, ok = o, true
		}
		return true
	})
	return found, ok
}

// between are the occurrences that touch [from, to). A changed one may lie anywhere, so the pattern is followed a bit
// beyond the end.
func (s *series) between(from, to time.Time) []occurrence {
	var list []occurrence
	latest := to
	for key := range s.changed {
		if t := time.Unix(key, 0); t.After(latest) && s.changed[key].start.Before(to) {
			latest = t.Add(time.Second)
		}
	}
	s.each(func(o occurrence, deleted bool) bool {
		if !o.orig.Before(latest) {
			return false
		}
		if !deleted && touches(o.start, o.end, from, to) {
			list = append(list, o)
		}
		return true
	})
	return list
}

// touches says whether [start, end) and [from, to) meet; what has no length meets where it begins.
func touches(start, end, from, to time.Time) bool {
	return start.Before(to) && (end.After(from) || (start.Equal(end) && !start.Before(from)))
}

// neighbours are the occurrences before and after one, without the deleted ones.
func (s *series) neighbours(key int64) (before, after *occurrence) {
	s.each(func(o occurrence, deleted bool) bool {
		k := o.orig.Unix()
		switch {
		case deleted || k == key:
		case k < key:
			before = &o
		default:
			after = &o
			return false
		}
		return true
	})
	return before, after
}

// checkMove refuses times of an occurrence that reach over a neighbour or onto its day.
func (s *series) checkMove(key int64, start, end time.Time) error {
	crossing := fail("ErrorOccurrenceCrossingBoundary", "Modified occurrence is crossing or overlapping adjacent occurrence.")
	before, after := s.neighbours(key)
	if before != nil && (start.Before(before.end) || !dayOf(start, s.loc).After(dayOf(before.start, s.loc))) {
		return crossing
	}
	if after != nil && (end.After(after.start) || !dayOf(start, s.loc).Before(dayOf(after.start, s.loc))) {
		return crossing
	}
	return nil
}

// checkSpan refuses series whose occurrences overlap.
func (s *series) checkSpan() error {
	var last *occurrence
	n := 0
	var err error
	s.each(func(o occurrence, _ bool) bool {
		if last != nil && last.end.After(o.start) {
			err = fail("ErrorOccurrenceTimeSpanTooBig", "The duration of an occurrence is longer than the pattern's interval.")
			return false
		}
		last = &o
		n++
		return n < 64
	})
	if n == 0 && err == nil {
		err = fail("ErrorRecurrenceHasNoOccurrence", "The recurrence has no occurrence.")
	}
	return err
}
