package series

import (
	"time"

	"crmbridge/pim"
)

// Form is which of the patterns it is. The names are those of both APIs.
type Form uint8

// Forms.
const (
	Daily           Form = 1 + iota // every Interval days
	Weekly                          // on Days, every Interval weeks
	AbsoluteMonthly                 // on DayOfMonth, every Interval months
	RelativeMonthly                 // on the Index-th of Days, every Interval months
	AbsoluteYearly                  // on DayOfMonth of Month, every Interval years
	RelativeYearly                  // on the Index-th of Days in Month, every Interval years
)

// Last is the Index of the last one in a month.
const Last = -1

// Pattern is a recurrence as Exchange has it. The zone of the days is that of the series.
type Pattern struct {
	Form     Form
	Interval int // at least 1
	// Days are, of a Weekly pattern, its days in the order of a week that begins on Monday. Of a relative one they
	// are a single day, the five from Monday to Friday ("Weekday"), Saturday and Sunday ("WeekendDay") or all seven ("Day"),
	// of which Index counts.
	Days []time.Weekday
	// Index is 1 to 4, or Last.
	Index int
	// DayOfMonth is 1 to 31. A month that is shorter has the occurrence on its last day, which is not what a
	// BYMONTHDAY of RFC 5545 does.
	DayOfMonth int
	Month      time.Month
	// FirstDay is the first day of the week; it matters to Weekly patterns of several days and an Interval.
	FirstDay time.Weekday

	// Count is how many occurrences there are, the changed and the deleted counted; 0: not limited so.
	Count int
	// Until is the day of the last occurrence or a later one; zero: not limited so. At most one of Count and Until is set.
	Until pim.When
}

// Limits of Exchange.
const (
	maxDays  = 999 // Interval of a Daily pattern
	maxOther = 99  // Interval of the others
	maxCount = 999
)
