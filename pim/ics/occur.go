package ics

import (
	"cmp"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
	"crmbridge/pim/rrule"
)

// MaxOccurrences is what Occurrences gives for one object when it is not told
// otherwise (SECURITY.md 5).
const MaxOccurrences = 10_000

// Occurrence is one instance of a component.
type Occurrence struct {
	// RecurrenceID is the original start (RFC 5545 3.8.4.4); zero for a component that does
	// not repeat.
	RecurrenceID pim.When
	// Start and End are as the calendar shows them; End is exclusive. Those of a task may be
	// absent.
	Start, End pim.When
	// From and Until are the same as instants, dates and floating times read in
	// Zones.Local. Zero where Start or End is.
	From, Until time.Time
	// Component is the master or the override that describes it; not to be changed.
	Component *line.Block
	// Override tells that Component is an override.
	Override bool
}

// TimeRange is CALDAV:time-range (RFC 4791 9.9), from From to before Until. A zero
// end is open.
type TimeRange struct{ From, Until time.Time }

// overlaps takes an occurrence without length as lasting a moment.
func (r TimeRange) overlaps(from, until time.Time) bool {
	if !r.Until.IsZero() && !from.Before(r.Until) {
		return false
	}
	return r.From.IsZero() || until.After(r.From) || from.Equal(until) && from.Equal(r.From)
}

func tooMany(limit int) error {
	return pim.Errorf("ics: occurrences", pim.ErrTooLarge, "there are more than %d occurrences", limit)
}

// Occurrences lists the instances that overlap r, sorted by From: the rules of the
// master with RDATE (PERIOD too) and EXDATE, overrides in place of what they override,
// wherever they moved it. An override that EXDATE names is gone; one whose RECURRENCE-ID
// is no occurrence stands for itself. A task without any time is one occurrence, whatever r.
//
// Both ends of r may be open. At most limit are given (0: MaxOccurrences); pim.ErrTooLarge
// when there would be more or a rule takes too many steps, pim.ErrInvalid when a rule cannot
// be read.
func (o *Object) Occurrences(z Zones, r TimeRange, limit int) ([]Occurrence, error) {
	if limit <= 0 {
		limit = MaxOccurrences
	}
	var out []Occurrence
	over := false
	err := o.each(z, r, limit, func(oc Occurrence) bool {
		from, until := oc.From, oc.Until
		switch {
		case from.IsZero() && until.IsZero():
		case from.IsZero():
			from = until
			fallthrough
		default:
			if until.IsZero() {
				until = from
			}
			if !r.overlaps(from, until) {
				return true
			}
		}
		over = len(out) == limit
		if !over {
			out = append(out, oc)
		}
		return !over
	})
	if over {
		return nil, tooMany(limit)
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b Occurrence) int { return a.order().Compare(b.order()) })
	return out, nil
}

func (oc Occurrence) order() time.Time {
	if oc.From.IsZero() {
		return oc.Until
	}
	return oc.From
}

// each gives every occurrence that can matter in r, and some that cannot, in no order,
// until yield returns false. Following the rules takes no more than some steps for each of
// limit occurrences.
func (o *Object) each(z Zones, r TimeRange, limit int, yield func(Occurrence) bool) error {
	m := o.Master()
	if m == nil {
		return nil
	}
	return o.newSeries(m, z).each(r, z.steps(limit), yield)
}

func (s *series) each(r TimeRange, budget *rrule.Budget, yield func(Occurrence) bool) error {
	for _, c := range s.changed {
		if !budget.Spend() {
			return errOverBudget()
		}
		if !yield(s.override(c)) {
			return nil
		}
	}
	if !s.repeats() {
		yield(s.single())
		return nil
	}
	return s.run(r, budget, yield)
}

// series is the master with what repeats it.
type series struct {
	o      *Object
	z      Zones
	read   reader
	anchor stamp // DTSTART, or the DUE of a task without one
	ok     bool  // there is an anchor
	due    bool  // it is DUE
	length lasting

	gone    map[occurrenceKey]bool // EXDATE and RECURRENCE-ID
	days    map[occurrenceKey]bool // those given as dates in a timed series
	exRules []rrule.Rule           // EXRULE
	thinned func(stamp)            // hears of what EXRULE takes away; nil: nobody
	changed []*line.Block          // overrides that EXDATE does not remove
	ranges  []rangeOverride        // RANGE=THISANDFUTURE, by RECURRENCE-ID
}

// occurrenceKey names an occurrence: seconds of the instant, or of the date.
type occurrenceKey int64

func (o *Object) newSeries(m *line.Block, z Zones) *series {
	s := &series{o: o, z: z, read: o.reader(m, z), gone: map[occurrenceKey]bool{}, days: map[occurrenceKey]bool{}}
	s.read.allDay = false
	s.anchor, s.ok = stampOf(m.First("DTSTART"))
	if !s.ok && m.Name == todo {
		s.anchor, s.ok = stampOf(m.First("DUE"))
		s.due = s.ok
	}
	s.length = s.read.lasting()
	for _, l := range m.All("EXDATE") {
		for _, st := range stampsOf(l) {
			s.drop(st)
		}
	}
	s.exRules = readable(m.All("EXRULE"))
	except := len(s.gone) + len(s.days)
	for _, c := range o.Overrides() {
		id, ok := stampOf(c.First("RECURRENCE-ID"))
		if !ok || except > 0 && s.dropped(id) {
			continue
		}
		s.changed = append(s.changed, c)
	}
	for _, c := range s.changed {
		id, _ := stampOf(c.First("RECURRENCE-ID"))
		s.drop(id)
		s.addRange(c, id)
	}
	slices.SortStableFunc(s.ranges, func(a, b rangeOverride) int { return cmp.Compare(a.from, b.from) })
	return s
}

func (s *series) repeats() bool {
	m := s.read.c
	return s.ok && m.First("RECURRENCE-ID") == nil &&
		(m.First("RRULE") != nil || m.First("RDATE") != nil || m.First("EXDATE") != nil || len(s.exRules) > 0 || len(s.changed) > 0)
}

// key names the occurrence that starts at st. In a series of dates only the date counts,
// as programs write 20260101T000000 for it too.
func (s *series) key(st stamp) occurrenceKey {
	if s.anchor.kind == dateOnly {
		return occurrenceKey(st.dated().wall.Unix())
	}
	return occurrenceKey(st.instant(s.o.tzs, s.z).Unix())
}

// native reads a floating time that names an occurrence of a series with a zone in that
// zone: programs leave the TZID out.
func (s *series) native(st stamp) stamp {
	if st.when(s.o.tzs, Zones{}).Floating && (s.anchor.kind == utc || s.anchor.kind == inZone) {
		st.kind, st.tzid = s.anchor.kind, s.anchor.tzid
	}
	return st
}

func (s *series) drop(st stamp) {
	st = s.native(st)
	if st.kind == dateOnly && s.anchor.kind != dateOnly {
		s.days[occurrenceKey(st.wall.Unix())] = true
		return
	}
	s.gone[s.key(st)] = true
}

func (s *series) dropped(st stamp) bool {
	st = s.native(st)
	return s.gone[s.key(st)] || len(s.days) > 0 && s.days[occurrenceKey(st.dated().wall.Unix())]
}

func (s *series) single() Occurrence {
	if !s.ok {
		return Occurrence{Component: s.read.c}
	}
	oc := s.at(s.read, s.length, s.anchor, s.due)
	if id, ok := stampOf(s.read.c.First("RECURRENCE-ID")); ok {
		oc.RecurrenceID, oc.Override = s.read.when(id), true
	}
	return oc
}

// override is the occurrence that an override describes.
func (s *series) override(c *line.Block) Occurrence {
	r := s.o.reader(c, s.z)
	r.allDay = false
	oc := Occurrence{Component: c}
	if st, ok := stampOf(c.First("DTSTART")); ok {
		oc = s.at(r, r.lasting(), st, false)
	} else if st, ok := stampOf(c.First("DUE")); ok && c.Name == todo {
		oc = s.at(r, r.lasting(), st, true)
	}
	if id, ok := stampOf(c.First("RECURRENCE-ID")); ok {
		oc.RecurrenceID = r.when(id)
	}
	oc.Override = true
	return oc
}

// at is the occurrence of r's component that begins (or, for due, is due) at st.
func (s *series) at(r reader, l lasting, st stamp, due bool) Occurrence {
	oc := Occurrence{Component: r.c}
	if due {
		oc.End = r.when(st)
		oc.Until = st.instant(s.o.tzs, s.z)
		return oc
	}
	oc.Start, oc.From = r.when(st), st.instant(s.o.tzs, s.z)
	oc.End, oc.Until = l.end(r, st, oc.Start, oc.From)
	return oc
}

// run gives the occurrences of rules and dates.
func (s *series) run(r TimeRange, budget *rrule.Budget, yield func(Occurrence) bool) error {
	var seen map[occurrenceKey]bool
	if m := s.read.c; m.First("RDATE") != nil || len(m.All("RRULE")) != 1 {
		seen = map[occurrenceKey]bool{}
	}
	window := s.window(r)
	without := s.exclusion(window, budget)
	stopped := false
	var failed error
	give := func(st stamp, end *periodEnd) bool {
		k := s.key(st)
		if seen != nil {
			if seen[k] {
				return true
			}
			seen[k] = true
		}
		if s.dropped(st) {
			return true
		}
		var gone bool
		if gone, failed = without.has(k); gone || failed != nil {
			if gone && s.thinned != nil {
				s.thinned(st)
			}
			return failed == nil
		}
		stopped = !yield(s.instance(st, end))
		return !stopped
	}
	// RFC 5545 3.8.5.3: DTSTART is the first instance, whether the rule has it or not.
	if !give(s.anchor, nil) || !s.extraDates(budget, &failed, give) {
		return failed
	}
	for _, l := range s.read.c.All("RRULE") {
		err := s.rule(l, window, budget, func(st stamp) bool {
			if st.wall.Equal(s.anchor.wall) {
				return true
			}
			return give(st, nil)
		})
		if err != nil || failed != nil || stopped {
			return cmp.Or(err, failed)
		}
	}
	return nil
}

func (s *series) extraDates(budget *rrule.Budget, failed *error, give func(stamp, *periodEnd) bool) bool {
	for _, l := range s.read.c.All("RDATE") {
		for st, end := range periods(l) {
			if !budget.Spend() {
				*failed = errOverBudget()
				return false
			}
			if (st.kind == dateOnly) != (s.anchor.kind == dateOnly) {
				if s.anchor.kind != dateOnly {
					continue // a day is no start of something timed
				}
				st = st.dated()
			}
			if !give(s.native(st), end) {
				return false
			}
		}
	}
	return true
}

// instance is the occurrence at st, by the master or by the THISANDFUTURE override that
// covers it.
func (s *series) instance(st stamp, end *periodEnd) Occurrence {
	if ro := s.rangeFor(st); ro != nil {
		moved := st
		moved.wall = moved.wall.Add(ro.shift)
		oc := s.at(ro.read, ro.length, moved, false)
		oc.RecurrenceID, oc.Override = s.read.when(st), true
		return oc
	}
	oc := s.at(s.read, s.length, st, s.due)
	oc.RecurrenceID = s.read.when(st)
	if end != nil {
		oc.End, oc.Until = end.of(s.read, st)
	}
	return oc
}

// window is where rules have to be followed so that every occurrence overlapping r is
// found: from a length and a day ahead of r on, and further where THISANDFUTURE moves and
// lengthens them.
func (s *series) window(r TimeRange) TimeRange {
	const slack = 48 * time.Hour
	length, later, earlier := s.length.longest(), time.Duration(0), time.Duration(0)
	for _, ro := range s.ranges {
		length, later, earlier = max(length, ro.length.longest()), max(later, ro.shift), max(earlier, -ro.shift)
	}
	if !r.From.IsZero() {
		r.From = r.From.Add(-length - later - slack)
	}
	if !r.Until.IsZero() {
		r.Until = r.Until.Add(earlier + slack)
	}
	return r
}
