package tz

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// yearly is the RRULE of an observance. Package rrule reads rules in general; this small part of it is here because
// zones come before events, and because a zone's rule must never fail for want of budget.
type yearly struct {
	interval, count              int
	until                        int64 // inclusive, math.MaxInt64 for none
	untilUTC                     bool  // until is Unix seconds, otherwise wall seconds
	months, monthDays, yearDays  []int
	hours, minutes, seconds, pos []int
	days                         []nthDay
}

// nthDay is a weekday; n counts within month or year, from the end when negative, zero for every one.
type nthDay struct {
	n   int
	day time.Weekday
}

func parseYearly(text string) (yearly, error) {
	r := yearly{interval: 1, until: math.MaxInt64}
	if len(text) > 1024 {
		return r, fmt.Errorf("rule of %d bytes", len(text))
	}
	freq := ""
	for part := range strings.SplitSeq(strings.ToUpper(strings.ReplaceAll(text, " ", "")), ";") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		if name == "FREQ" {
			freq = value
			continue
		}
		if err := r.set(name, value); err != nil {
			return r, fmt.Errorf("%s: %w", name, err)
		}
	}
	if freq != "YEARLY" {
		return r, fmt.Errorf("FREQ=%.20s instead of YEARLY", freq)
	}
	return r, nil
}

func (r *yearly) set(name, value string) (err error) {
	switch name {
	case "INTERVAL":
		r.interval, err = number(value, 1, 1000)
	case "COUNT":
		r.count, err = number(value, 1, math.MaxInt32)
	case "UNTIL":
		err = r.setUntil(value)
	case "BYMONTH":
		r.months, err = numbers(value, 1, 12)
	case "BYMONTHDAY":
		r.monthDays, err = numbers(value, -31, 31)
	case "BYYEARDAY":
		r.yearDays, err = numbers(value, -366, 366)
	case "BYHOUR":
		r.hours, err = numbers(value, 0, 23)
	case "BYMINUTE":
		r.minutes, err = numbers(value, 0, 59)
	case "BYSECOND":
		r.seconds, err = numbers(value, 0, 60)
	case "BYSETPOS":
		r.pos, err = numbers(value, -366, 366)
	case "BYDAY":
		r.days, err = weekdays(value)
	case "WKST", "RSCALE", "SKIP": // of no effect on the parts read here; RSCALE is Gregorian in zones
	default:
		err = errors.New("not a part of a zone's rule")
	}
	return err
}

// setUntil reads the forms that occur: RFC 5545 3.6.5 wants UTC, older programs write local time or a date.
func (r *yearly) setUntil(value string) error {
	for _, layout := range []string{"20060102T150405Z", "20060102T150405", "20060102"} {
		t, err := time.Parse(layout, value)
		if err != nil {
			continue
		}
		r.until, r.untilUTC = t.Unix(), strings.HasSuffix(layout, "Z")
		if len(layout) == len("20060102") {
			r.until += day - 1
		}
		return nil
	}
	return fmt.Errorf("%.20q is no date", value)
}

func number(s string, low, high int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%.20q is not %d to %d", s, low, high)
	}
	return n, nil
}

func numbers(s string, low, high int) ([]int, error) {
	var list []int
	for item := range strings.SplitSeq(s, ",") {
		n, err := number(item, low, high)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

func weekdays(s string) ([]nthDay, error) {
	const names = "SUMOTUWETHFRSA"
	var list []nthDay
	for item := range strings.SplitSeq(s, ",") {
		if len(item) < 2 {
			return nil, fmt.Errorf("%q is no weekday", item)
		}
		head, name := item[:len(item)-2], item[len(item)-2:]
		i := strings.Index(names, name)
		if i < 0 || i%2 != 0 {
			return nil, fmt.Errorf("%.20q is no weekday", item)
		}
		n := 0
		if head != "" {
			var err error
			if n, err = number(head, -53, 53); err != nil || n == 0 {
				return nil, fmt.Errorf("%.20q is no weekday", item)
			}
		}
		list = append(list, nthDay{n, time.Weekday(i / 2)})
	}
	return list, nil
}

// expand returns the wall seconds of the rule from start, in order, up to lastYear. work is what may still be spent, in
// days looked at.
func (r yearly) expand(start time.Time, offsetFrom int, work *int) ([]int64, error) {
	first := WallSeconds(start)
	year := start.Year()
	if r.count == 0 && year < firstYear-r.interval { // keep step with the interval
		year += (firstYear - r.interval - year) / r.interval * r.interval
	}
	var all []int64
	for ; year <= lastYear; year += r.interval {
		times := r.year(year, start, work)
		if *work < 0 {
			return nil, errors.New("too much to compute")
		}
		for _, wall := range times {
			end := wall
			if r.untilUTC {
				end -= int64(offsetFrom)
			}
			switch {
			case wall < first:
				continue
			case end > r.until:
				return all, nil
			}
			if len(all) == 0 && wall != first {
				r.count-- // RFC 5545 3.3.10: DTSTART counts as the first occurrence
				if r.count == 0 {
					return all, nil
				}
			}
			all = append(all, wall)
			if len(all) == r.count {
				return all, nil
			}
			if len(all) > maxOnsets {
				return nil, fmt.Errorf("over %d changes", maxOnsets)
			}
		}
	}
	return all, nil
}

// year returns the wall seconds of one year in order.
func (r yearly) year(year int, start time.Time, work *int) []int64 {
	hours, minutes, seconds := r.hours, r.minutes, r.seconds
	if hours == nil {
		hours = []int{start.Hour()}
	}
	if minutes == nil {
		minutes = []int{start.Minute()}
	}
	if seconds == nil {
		seconds = []int{start.Second()}
	}
	var all []int64
	for _, d := range r.daysOf(year, start, work) {
		for _, h := range hours {
			for _, m := range minutes {
				*work -= len(seconds)
				if *work < 0 {
					return nil
				}
				for _, s := range seconds {
					all = append(all, d+int64(h*hour+m*minute+min(s, 59)))
				}
			}
		}
	}
	return pick(all, r.pos)
}

// pick applies BYSETPOS: the n-th of a sorted list, from the end when negative.
func pick(all []int64, pos []int) []int64 {
	if pos == nil {
		return all
	}
	var picked []int64
	for _, p := range pos {
		i := p - 1
		if p < 0 {
			i = len(all) + p
		}
		if p != 0 && i >= 0 && i < len(all) {
			picked = append(picked, all[i])
		}
	}
	slices.Sort(picked)
	return slices.Compact(picked)
}

// daysOf returns the midnights of the days of a year that match.
func (r yearly) daysOf(year int, start time.Time, work *int) []int64 {
	months, monthDays := r.months, r.monthDays
	if monthDays == nil && r.yearDays == nil && r.days == nil {
		monthDays = []int{start.Day()}
		if months == nil {
			months = []int{int(start.Month())}
		}
	}
	var all []int64
	newYear := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	inYear := time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	date := dateInYear{year: 1, inYear: inYear, weekday: newYear.Weekday()}
	for month := 1; month <= 12; month++ {
		date.inMonth = time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
		if months != nil && !slices.Contains(months, month) {
			date.weekday = (date.weekday + time.Weekday(date.inMonth)) % 7
			date.year += date.inMonth
			continue
		}
		*work -= date.inMonth
		for date.month = 1; date.month <= date.inMonth; date.month++ {
			if r.matches(date, monthDays) {
				all = append(all, newYear.Unix()+int64(date.year-1)*day)
			}
			date.year++
			date.weekday = (date.weekday + 1) % 7
		}
	}
	return all
}

// dateInYear says where a day stands: day of month and year, from 1, and the lengths of both.
type dateInYear struct {
	month, inMonth, year, inYear int
	weekday                      time.Weekday
}

func (r yearly) matches(d dateInYear, monthDays []int) bool {
	if monthDays != nil && !slices.Contains(monthDays, d.month) && !slices.Contains(monthDays, d.month-d.inMonth-1) {
		return false
	}
	if r.yearDays != nil && !slices.Contains(r.yearDays, d.year) && !slices.Contains(r.yearDays, d.year-d.inYear-1) {
		return false
	}
	if r.days == nil {
		return true
	}
	at, length := d.year, d.inYear
	if r.months != nil { // RFC 5545 3.3.10: with BYMONTH the n-th day is that of the month
		at, length = d.month, d.inMonth
	}
	return slices.ContainsFunc(r.days, func(want nthDay) bool {
		if want.day != d.weekday {
			return false
		}
		return want.n == 0 || want.n == (at-1)/7+1 || want.n == -((length-at)/7+1)
	})
}
