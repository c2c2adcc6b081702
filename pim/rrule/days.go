package rrule

import "time"

// maxYear is the last year that RFC 5545 can write.
const maxYear = 9999

const (
	secondsPerMinute = 60
	secondsPerHour   = 60 * secondsPerMinute
	secondsPerDay    = 24 * secondsPerHour
)

// date is a day and where it stands. Days are numbered from 1970-01-01.
type date struct {
	number               int64
	year, month, day     int
	yearDay              int
	monthLength, yearLen int
	weekday              Weekday
}

func dateOf(number int64) date {
	t := time.Unix(number*secondsPerDay, 0).UTC()
	d := date{number: number, year: t.Year(), month: int(t.Month()), day: t.Day(), yearDay: t.YearDay()}
	d.monthLength, d.yearLen = monthLength(d.year, d.month), yearLength(d.year)
	d.weekday = weekdayOf(number)
	return d
}

// dayNumber takes months beyond 12, too.
func dayNumber(year, month, day int) int64 {
	return floorDiv(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix(), secondsPerDay)
}

// next is the following day; within a month it costs next to nothing.
func (d *date) next() {
	if d.day == d.monthLength {
		*d = dateOf(d.number + 1)
		return
	}
	d.number++
	d.day++
	d.yearDay++
	d.weekday = (d.weekday + 1) % 7
}

func weekdayOf(number int64) Weekday {
	return Weekday(floorMod(number+int64(Thursday), 7)) // 1970-01-01 was one
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func yearLength(year int) int {
	if leap(year) {
		return 366
	}
	return 365
}

func monthLength(year, month int) int {
	switch month {
	case 2:
		return yearLength(year) - 337
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

// bits is a set of numbers from -383 to 383.
type bits [12]uint64

func bitsOf(list []int) (b bits) {
	for _, n := range list {
		b.add(n)
	}
	return b
}

func (b *bits) add(n int)      { b[(n+384)/64] |= 1 << ((n + 384) % 64) }
func (b *bits) has(n int) bool { return b[(n+384)/64]&(1<<((n+384)%64)) != 0 }
func (b *bits) empty() bool    { return *b == bits{} }

// hasEither looks for a place counted from 1, or from -1 at the end of length places.
func (b *bits) hasEither(place, length int) bool { return b.has(place) || b.has(place-length-1) }

// dayFilter holds what a rule says of days. Parts that are absent let every day pass.
type dayFilter struct {
	months                         bits
	weekNos, yearDays, monthDays   bits
	anyMonth, anyWeekNo            bool
	anyYearDay, anyMonthDay, anyWD bool
	weekdays                       [7]bool // those without a number
	nth                            []NthDay
	nthInYear                      bool // numbers count in the year, not in the month
	weekStart                      Weekday
}

func newDayFilter(r Rule) dayFilter {
	f := dayFilter{
		months: bitsOf(r.ByMonth), weekNos: bitsOf(r.ByWeekNo), yearDays: bitsOf(r.ByYearDay), monthDays: bitsOf(r.ByMonthDay),
		weekStart: r.WeekStart,
		// RFC 5545 3.3.10, notes 1 and 2: the offset is within the month for MONTHLY and where BYMONTH is given.
		nthInYear: r.Freq == Yearly && len(r.ByMonth) == 0,
	}
	f.anyMonth, f.anyWeekNo = f.months.empty(), f.weekNos.empty()
	f.anyYearDay, f.anyMonthDay, f.anyWD = f.yearDays.empty(), f.monthDays.empty(), len(r.ByDay) == 0
	for _, d := range r.ByDay {
		if d.N == 0 {
			f.weekdays[d.Day] = true
		} else {
			f.nth = append(f.nth, d)
		}
	}
	return f
}

// all reports that every day passes.
func (f *dayFilter) all() bool {
	return f.anyMonth && f.anyWeekNo && f.anyYearDay && f.anyMonthDay && f.anyWD
}

func (f *dayFilter) match(d *date) bool {
	return (f.anyMonth || f.months.has(d.month)) &&
		(f.anyMonthDay || f.monthDays.hasEither(d.day, d.monthLength)) &&
		(f.anyYearDay || f.yearDays.hasEither(d.yearDay, d.yearLen)) &&
		(f.anyWD || f.matchWeekday(d)) &&
		(f.anyWeekNo || f.matchWeek(d))
}

func (f *dayFilter) matchWeekday(d *date) bool {
	if f.weekdays[d.weekday] {
		return true
	}
	at, length := d.day, d.monthLength
	if f.nthInYear {
		at, length = d.yearDay, d.yearLen
	}
	for _, n := range f.nth {
		if n.Day == d.weekday && (n.N == (at-1)/7+1 || n.N == -((length-at)/7+1)) {
			return true
		}
	}
	return false
}

// matchWeek: RFC 5545 3.3.10: week 1 is the first with four days in the year. So a week belongs to the year of its
// fourth day, and its number is how many fourth days the year has had.
func (f *dayFilter) matchWeek(d *date) bool {
	fourth := d.yearDay + 3 - int(floorMod(int64(d.weekday-f.weekStart), 7))
	length := d.yearLen
	switch {
	case fourth < 1:
		length = yearLength(d.year - 1)
		fourth += length
	case fourth > length:
		fourth -= length
		length = yearLength(d.year + 1)
	}
	number := (fourth-1)/7 + 1
	weeks := number + (length-fourth)/7
	return f.weekNos.hasEither(number, weeks)
}

// skip is the first day after d that can pass when d does not: the next day, or that of the next month in BYMONTH.
func (f *dayFilter) skip(d *date) int64 {
	if f.anyMonth || f.months.has(d.month) {
		return d.number + 1
	}
	month := d.month + 1
	for month < d.month+12 && !f.months.has((month-1)%12+1) {
		month++
	}
	return dayNumber(d.year, month, 1)
}
