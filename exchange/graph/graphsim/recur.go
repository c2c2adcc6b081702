package graphsim

import (
	"slices"
	"strings"
	"time"
)

// rule is a recurrence: which days it falls on. It knows no time of day and no zone.
type rule struct {
	kind     string // recurrencePatternType
	interval int
	days     [7]bool // by time.Weekday
	first    time.Weekday
	day      int // dayOfMonth
	month    int
	index    int // 0 first to 3 fourth, 4 last

	end   string // recurrenceRangeType
	from  int    // day number of startDate
	until int    // last day that may be one, for endDate
	count int    // for numbered
}

// maxInterval and maxCount are the largest numbers that Outlook's own forms take.
const (
	maxInterval = 999
	maxCount    = 999
)

// parseRule reads a patternedRecurrence that has been checked against its type. Its errors are those of values that do not
// go together.
func parseRule(rec object) (*rule, *refusal) {
	p, g := sub(rec, "pattern"), sub(rec, "range")
	if p == nil || g == nil {
		return nil, invalidProperty("recurrence needs a pattern and a range.")
	}
	r := &rule{kind: text(p["type"]), interval: number(p, "interval"), day: number(p, "dayOfMonth"), month: number(p, "month"),
		first: weekday(text(p["firstDayOfWeek"])), index: max(0, slices.Index(weekIndexes(), text(p["index"]))),
		end: text(g["type"]), count: number(g, "numberOfOccurrences")}
	for _, d := range list(p, "daysOfWeek") {
		r.days[weekday(text(d))] = true
	}
	if text(g["startDate"]) == "" {
		return nil, invalidProperty("recurrence.range.startDate is required.")
	}
	r.from, r.until = parseDate(text(g["startDate"])), parseDate(text(g["endDate"]))
	if why := r.check(text(g["endDate"]) != ""); why != "" {
		return nil, invalidProperty("%s", why)
	}
	r.forget()
	return r, nil
}

// forget clears what the type of pattern and range does not look at, so that rules that mean the same are equal.
func (r *rule) forget() {
	if r.kind == "daily" || strings.HasPrefix(r.kind, "absolute") {
		r.days = [7]bool{}
	}
	if r.kind != "weekly" {
		r.first = 0
	}
	if !strings.HasPrefix(r.kind, "absolute") {
		r.day = 0
	}
	if !strings.HasSuffix(r.kind, "Yearly") {
		r.month = 0
	}
	if !strings.HasPrefix(r.kind, "relative") {
		r.index = 0
	}
	if r.end != "endDate" {
		r.until = 0
	}
	if r.end != "numbered" {
		r.count = 0
	}
}

func weekIndexes() []string { return []string{"first", "second", "third", "fourth", "last"} }

// weekday is sunday for what is no day, which is the default of firstDayOfWeek.
func weekday(name string) time.Weekday {
	return time.Weekday(max(0, slices.Index([]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}, name)))
}

// check says what a pattern or range lacks that its type requires, by the tables of recurrencePattern and recurrenceRange.
func (r *rule) check(hasEnd bool) string {
	switch {
	case r.interval < 1 || r.interval > maxInterval:
		return "recurrence.pattern.interval is out of range."
	case slices.Contains([]string{"weekly", "relativeMonthly", "relativeYearly"}, r.kind) && r.days == [7]bool{}:
		return "recurrence.pattern.daysOfWeek is required."
	case (r.kind == "absoluteMonthly" || r.kind == "absoluteYearly") && (r.day < 1 || r.day > 31):
		return "recurrence.pattern.dayOfMonth is out of range."
	case (r.kind == "absoluteYearly" || r.kind == "relativeYearly") && (r.month < 1 || r.month > 12):
		return "recurrence.pattern.month is out of range."
	case r.kind == "absoluteYearly" && r.day > daysIn(2000, r.month):
		return "recurrence.pattern.dayOfMonth is not in recurrence.pattern.month."
	case r.kind == "":
		return "recurrence.pattern.type is required."
	}
	switch {
	case r.end == "endDate" && (!hasEnd || r.until < r.from):
		return "recurrence.range.endDate is missing or before startDate."
	case r.end == "numbered" && (r.count < 1 || r.count > maxCount):
		return "recurrence.range.numberOfOccurrences is out of range."
	case r.end == "":
		return "recurrence.range.type is required."
	}
	return ""
}

// horizon bounds a series without end: nothing looks further.
const horizon = 400 * 366

// each calls yield with the days of the recurrence in their order, until it returns false or there are no more.
func (r *rule) each(yield func(day int) bool) {
	n := 0
	r.pattern(func(day int) bool {
		if day < r.from {
			return true
		}
		if r.end == "endDate" && day > r.until || r.end == "numbered" && n == r.count || day > r.from+horizon {
			return false
		}
		n++
		return yield(day)
	})
}

// pattern calls yield with the days of the pattern in their order from the period that holds startDate on, without end.
func (r *rule) pattern(yield func(day int) bool) {
	switch r.kind {
	case "daily":
		for day := r.from; yield(day); {
			day += r.interval
		}
	case "weekly":
		r.weeks(yield)
	default:
		r.months(yield)
	}
}

func weekdayOf(day int) time.Weekday { return time.Weekday(((day+4)%7 + 7) % 7) } // 1970-01-01 was a Thursday

// weeks counts the interval in weeks that begin on firstDayOfWeek.
func (r *rule) weeks(yield func(day int) bool) {
	monday := r.from - (int(weekdayOf(r.from))-int(r.first)+7)%7
	for {
		for i := range 7 {
			if r.days[weekdayOf(monday+i)] && !yield(monday+i) {
				return
			}
		}
		monday += 7 * r.interval
	}
}

func (r *rule) months(yield func(day int) bool) {
	at := time.Unix(int64(r.from)*daySeconds, 0).UTC()
	year, month, step := at.Year(), int(at.Month()), r.interval
	if r.kind == "absoluteYearly" || r.kind == "relativeYearly" {
		month, step = r.month, 12*r.interval
	}
	for n := 0; ; n++ {
		m := month - 1 + n*step
		if !yield(r.inMonth(year+m/12, m%12+1)) {
			return
		}
	}
}

// inMonth is the one day of a month. A day that the month does not have is its last, as Outlook puts it.
func (r *rule) inMonth(year, month int) int {
	first := dayNumber(year, month, 1)
	n := daysIn(year, month)
	if r.kind == "absoluteMonthly" || r.kind == "absoluteYearly" {
		return first + min(r.day, n) - 1
	}
	var fit []int
	for day := first; day < first+n; day++ {
		if r.days[weekdayOf(day)] {
			fit = append(fit, day)
		}
	}
	if r.index == len(weekIndexes())-1 {
		return fit[len(fit)-1]
	}
	return fit[r.index] // each weekday comes four times a month
}

func dayNumber(year, month, day int) int {
	return wall(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix()).day()
}

func daysIn(year, month int) int { return dayNumber(year, month+1, 1) - dayNumber(year, month, 1) }
