package series

import (
	"slices"
	"time"
)

func workDays() []time.Weekday {
	return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
}

func weekend() []time.Weekday { return []time.Weekday{time.Saturday, time.Sunday} }

// sorted is in the order of a week that begins on Monday, without doubles.
func sorted(days []time.Weekday) []time.Weekday {
	slices.SortFunc(days, func(a, b time.Weekday) int { return fromMonday(a) - fromMonday(b) })
	return slices.Compact(days)
}

func fromMonday(d time.Weekday) int { return int(d+6) % 7 }

// dayOf is midnight of a wall clock's day.
func dayOf(wall time.Time) time.Time {
	y, m, d := wall.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func daysIn(year int, m time.Month) int { return time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC).Day() }

// relativeDay is the day of a relative pattern in a month.
func (p Pattern) relativeDay(year int, m time.Month) time.Time {
	day, step := time.Date(year, m, 1, 0, 0, 0, 0, time.UTC), 1
	left := p.Index
	if left == Last {
		day, step, left = time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC), -1, 1
	}
	for ; ; day = day.AddDate(0, 0, step) {
		if slices.Contains(p.Days, day.Weekday()) {
			if left--; left == 0 {
				return day
			}
		}
	}
}
