package rrule

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrRule says that a rule is not one of RFC 5545.
	ErrRule = errors.New("rrule: invalid rule")
	// ErrUnsupported says that a rule is well formed but asks for what is not done here: another calendar than the
	// Gregorian (RFC 7529).
	ErrUnsupported = errors.New("rrule: unsupported rule")
)

// Freq is the FREQ part. The zero Freq is none, and invalid in a rule. Longer periods are greater.
type Freq int

// The seven frequencies.
const (
	Secondly Freq = iota + 1
	Minutely
	Hourly
	Daily
	Weekly
	Monthly
	Yearly
)

var freqNames = [...]string{"", "SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"}

// String is the name as written in a rule, or "" for what is none.
func (f Freq) String() string {
	if f < 0 || int(f) >= len(freqNames) {
		return ""
	}
	return freqNames[f]
}

// Weekday counts from Monday, so that the zero value is RFC 5545's default for WKST.
type Weekday int

// The days of the week.
const (
	Monday Weekday = iota
	Tuesday
	Wednesday
	Thursday
	Friday
	Saturday
	Sunday
)

var weekdayNames = [...]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

// String is the two letters of a rule, or "" for what is none.
func (d Weekday) String() string {
	if d < 0 || int(d) >= len(weekdayNames) {
		return ""
	}
	return weekdayNames[d]
}

// WeekdayOf converts from the standard library, which counts from Sunday.
func WeekdayOf(d time.Weekday) Weekday { return Weekday((d + 6) % 7) }

// Std converts to the standard library.
func (d Weekday) Std() time.Weekday { return time.Weekday((d + 1) % 7) }

// NthDay is a value of BYDAY: the N-th such day of month or year, from the end when negative, every one when zero.
type NthDay struct {
	N   int
	Day Weekday
}

// UntilForm is how UNTIL was written.
type UntilForm int

// UntilNone is the zero value: no UNTIL.
const (
	UntilNone UntilForm = iota
	UntilDate
	UntilLocal
	UntilUTC
)

// Until is the inclusive end of a rule. Time carries date and clock reading in time.UTC, for UntilUTC the
// instant; for UntilDate its clock is midnight.
type Until struct {
	Form UntilForm
	Time time.Time
}

// Rule is one RRULE. Fields are named by their parts; nil and zero mean absent. Parse gives rules whose lists are
// sorted and without doubles; String and expansion do not need that. Rules are values: nothing here changes
// the lists.
type Rule struct {
	Freq       Freq
	Interval   int // zero means 1
	Count      int // zero means without end, or until Until
	Until      Until
	BySecond   []int // 0 to 60
	ByMinute   []int
	ByHour     []int
	ByDay      []NthDay
	ByMonthDay []int // 1 to 31, -1 to -31
	ByYearDay  []int // 1 to 366, -1 to -366
	ByWeekNo   []int // 1 to 53, -1 to -53
	ByMonth    []int
	BySetPos   []int // 1 to 366, -1 to -366
	WeekStart  Weekday
}

// Endless reports a rule with neither COUNT nor UNTIL.
func (r Rule) Endless() bool { return r.Count == 0 && r.Until.Form == UntilNone }

// Limits: no list needs more values than there are different ones, and periods are counted in 64 bits.
const (
	maxText   = 8192
	maxNumber = 1<<31 - 1
)

// listPart describes a part whose value is a list of numbers, in the canonical order of writing.
type listPart struct {
	name      string
	low, high int
	negative  bool // -high to -low as well
	list      func(*Rule) *[]int
}

var listParts = [...]listPart{
	{"BYMONTH", 1, 12, false, func(r *Rule) *[]int { return &r.ByMonth }},
	{"BYWEEKNO", 1, 53, true, func(r *Rule) *[]int { return &r.ByWeekNo }},
	{"BYYEARDAY", 1, 366, true, func(r *Rule) *[]int { return &r.ByYearDay }},
	{"BYMONTHDAY", 1, 31, true, func(r *Rule) *[]int { return &r.ByMonthDay }},
	{"BYHOUR", 0, 23, false, func(r *Rule) *[]int { return &r.ByHour }},
	{"BYMINUTE", 0, 59, false, func(r *Rule) *[]int { return &r.ByMinute }},
	{"BYSECOND", 0, 60, false, func(r *Rule) *[]int { return &r.BySecond }},
	{"BYSETPOS", 1, 366, true, func(r *Rule) *[]int { return &r.BySetPos }},
}

func (p listPart) has(n int) bool {
	if p.negative && n < 0 {
		n = -n
	}
	return n >= p.low && n <= p.high
}

// most is how many values the part may list.
func (p listPart) most() int {
	n := p.high - p.low + 1
	if p.negative {
		n *= 2
	}
	return n
}

// maxDays is how many values BYDAY may list: 53 from either end and the plain one, for seven days.
const maxDays = 7 * (2*53 + 1)

// Validate checks a rule, parsed or made, against RFC 5545 3.3.10. The error wraps ErrRule and names the part.
func (r Rule) Validate() error {
	if r.Freq.String() == "" {
		return fmt.Errorf("%w: FREQ is missing", ErrRule)
	}
	if r.Interval < 0 || r.Interval > maxNumber {
		return fmt.Errorf("%w: INTERVAL=%d: want 1 to %d", ErrRule, r.Interval, maxNumber)
	}
	if r.Count < 0 || r.Count > maxNumber {
		return fmt.Errorf("%w: COUNT=%d: want 1 to %d", ErrRule, r.Count, maxNumber)
	}
	if r.Count > 0 && r.Until.Form != UntilNone {
		return fmt.Errorf("%w: both COUNT and UNTIL", ErrRule)
	}
	if r.Until.Form < UntilNone || r.Until.Form > UntilUTC {
		return fmt.Errorf("%w: UNTIL: unknown form", ErrRule)
	}
	if y := r.Until.Time.Year(); r.Until.Form != UntilNone && (y < 1 || y > maxYear) {
		return fmt.Errorf("%w: UNTIL: year %d", ErrRule, y)
	}
	if r.WeekStart.String() == "" {
		return fmt.Errorf("%w: WKST: no such day", ErrRule)
	}
	if err := r.validateLists(); err != nil {
		return err
	}
	return r.validateParts()
}

func (r Rule) validateLists() error {
	for _, p := range listParts {
		list := *p.list(&r)
		if len(list) > p.most() {
			return fmt.Errorf("%w: %s: %d values, at most %d", ErrRule, p.name, len(list), p.most())
		}
		for _, n := range list {
			if !p.has(n) {
				return fmt.Errorf("%w: %s: %d: want %s", ErrRule, p.name, n, p.wanted())
			}
		}
	}
	if len(r.ByDay) > maxDays {
		return fmt.Errorf("%w: BYDAY: %d values, at most %d", ErrRule, len(r.ByDay), maxDays)
	}
	for _, d := range r.ByDay {
		if d.Day.String() == "" || d.N < -53 || d.N > 53 {
			return fmt.Errorf("%w: BYDAY: no such day", ErrRule)
		}
	}
	return nil
}

func (p listPart) wanted() string {
	if p.negative {
		return fmt.Sprintf("%d to %d or -%d to -%d", p.low, p.high, p.high, p.low)
	}
	return fmt.Sprintf("%d to %d", p.low, p.high)
}

// validateParts checks which parts may stand together, the MUST NOTs of RFC 5545 3.3.10.
func (r Rule) validateParts() error {
	switch {
	case len(r.ByWeekNo) > 0 && r.Freq != Yearly:
		return fmt.Errorf("%w: BYWEEKNO with FREQ=%s", ErrRule, r.Freq)
	case len(r.ByYearDay) > 0 && (r.Freq == Daily || r.Freq == Weekly || r.Freq == Monthly):
		return fmt.Errorf("%w: BYYEARDAY with FREQ=%s", ErrRule, r.Freq)
	case len(r.ByMonthDay) > 0 && r.Freq == Weekly:
		return fmt.Errorf("%w: BYMONTHDAY with FREQ=%s", ErrRule, r.Freq)
	case r.hasNth() && r.Freq != Monthly && r.Freq != Yearly:
		return fmt.Errorf("%w: BYDAY with a number with FREQ=%s", ErrRule, r.Freq)
	case r.hasNth() && len(r.ByWeekNo) > 0:
		return fmt.Errorf("%w: BYDAY with a number with BYWEEKNO", ErrRule)
	case len(r.BySetPos) > 0 && !r.hasOtherBy():
		return fmt.Errorf("%w: BYSETPOS without another BY part", ErrRule)
	}
	return nil
}

func (r Rule) hasNth() bool {
	for _, d := range r.ByDay {
		if d.N != 0 {
			return true
		}
	}
	return false
}

func (r Rule) hasOtherBy() bool {
	return len(r.BySecond) > 0 || len(r.ByMinute) > 0 || len(r.ByHour) > 0 || len(r.ByDay) > 0 || len(r.ByMonthDay) > 0 ||
		len(r.ByYearDay) > 0 || len(r.ByWeekNo) > 0 || len(r.ByMonth) > 0
}
