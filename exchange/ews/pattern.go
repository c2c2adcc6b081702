package ews

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"crmbridge/exchange/series"
	"crmbridge/pim"
)

// The spelling of patterns (RecurrenceType; TaskRecurrenceType has the same and more).

// recurrence is one as it was read: one of the patterns and one of the ranges.
type recurrence struct {
	Daily           *repeats `xml:"DailyRecurrence"`
	Weekly          *repeats `xml:"WeeklyRecurrence"`
	AbsoluteMonthly *repeats `xml:"AbsoluteMonthlyRecurrence"`
	RelativeMonthly *repeats `xml:"RelativeMonthlyRecurrence"`
	AbsoluteYearly  *repeats `xml:"AbsoluteYearlyRecurrence"`
	RelativeYearly  *repeats `xml:"RelativeYearlyRecurrence"`

	EndDate struct {
		End val `xml:"EndDate"`
	} `xml:"EndDateRecurrence"`
	Numbered struct {
		Count val `xml:"NumberOfOccurrences"`
	} `xml:"NumberedRecurrence"`
}

type repeats struct {
	Interval   val
	Days       val `xml:"DaysOfWeek"`
	FirstDay   val `xml:"FirstDayOfWeek"`
	Index      val `xml:"DayOfWeekIndex"`
	DayOfMonth val
	Month      val
}

// indexes are the words for an Index, from the first; the last has none of these numbers.
var indexes = []string{"First", "Second", "Third", "Fourth"}

// pattern is ok for one that has a rule: tasks that are made anew whenever they are done have none.
func (r *recurrence) pattern() (p series.Pattern, ok bool) {
	if r == nil {
		return p, false
	}
	p.FirstDay = time.Monday
	for _, f := range []struct {
		form series.Form
		is   *repeats
	}{
		{series.Daily, r.Daily}, {series.Weekly, r.Weekly}, {series.AbsoluteMonthly, r.AbsoluteMonthly},
		{series.RelativeMonthly, r.RelativeMonthly}, {series.AbsoluteYearly, r.AbsoluteYearly}, {series.RelativeYearly, r.RelativeYearly},
	} {
		if f.is != nil {
			p.Form = f.form
			f.is.read(&p)
		}
	}
	p.Count = r.Numbered.Count.int()
	if t := r.EndDate.End.day(); !t.IsZero() {
		p.Until = pim.On(t.Date())
	}
	return p, p.Form != 0
}

func (r *repeats) read(p *series.Pattern) {
	p.Interval = max(1, r.Interval.int())
	p.Days = daysOf(r.Days.text())
	if first := daysOf(r.FirstDay.text()); len(first) == 1 {
		p.FirstDay = first[0]
	}
	switch i := slices.Index(indexes, r.Index.text()); {
	case i >= 0:
		p.Index = i + 1
	case r.Index.text() == "Last":
		p.Index = series.Last
	}
	p.DayOfMonth = r.DayOfMonth.int()
	for m := time.January; m <= time.December; m++ {
		if m.String() == r.Month.text() {
			p.Month = m
		}
	}
}

// day is an xs:date; its zone, which some servers add, is that of the series and says nothing new.
func (v val) day() time.Time {
	s := v.text()
	if len(s) > len(time.DateOnly) {
		s = s[:len(time.DateOnly)]
	}
	t, _ := time.Parse(time.DateOnly, s)
	return t
}

var (
	workdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	weekend  = []time.Weekday{time.Saturday, time.Sunday}
	allDays  = slices.Concat(workdays, weekend)
)

// daysOf reads DaysOfWeek, in the order of a week that begins on Monday.
func daysOf(s string) []time.Weekday {
	var out []time.Weekday
	for _, name := range strings.Fields(s) {
		switch name {
		case "Day":
			return slices.Clone(allDays)
		case "Weekday":
			out = append(out, workdays...)
		case "WeekendDay":
			out = append(out, weekend...)
		}
		for _, d := range allDays {
			if d.String() == name {
				out = append(out, d)
			}
		}
	}
	slices.SortFunc(out, func(a, b time.Weekday) int { return slices.Index(allDays, a) - slices.Index(allDays, b) })
	return slices.Compact(out)
}

// spelled is a pattern as it is written: EWS has no interval for years, but twelve months are one.
func spelled(p series.Pattern) series.Pattern {
	if p.Interval > 1 {
		switch p.Form {
		case series.AbsoluteYearly:
			p.Form, p.Interval, p.Month = series.AbsoluteMonthly, 12*p.Interval, 0
		case series.RelativeYearly:
			p.Form, p.Interval, p.Month = series.RelativeMonthly, 12*p.Interval, 0
		}
	}
	return p
}

// element is the Recurrence of a series that starts on a day.
func element(p series.Pattern, first time.Time) el {
	interval, month := leaf("t:Interval", strconv.Itoa(p.Interval)), leaf("t:Month", p.Month.String())
	day := leaf("t:DayOfMonth", strconv.Itoa(p.DayOfMonth))
	days, index := leaf("t:DaysOfWeek", oneWord(p.Days)), leaf("t:DayOfWeekIndex", "Last")
	if p.Index >= 1 && p.Index <= len(indexes) {
		index.text = indexes[p.Index-1]
	}
	var pattern el
	switch p.Form {
	case series.Daily:
		pattern = node("t:DailyRecurrence", interval)
	case series.Weekly:
		pattern = node("t:WeeklyRecurrence", interval, leaf("t:DaysOfWeek", listed(p.Days)), leaf("t:FirstDayOfWeek", p.FirstDay.String()))
	case series.AbsoluteMonthly:
		pattern = node("t:AbsoluteMonthlyRecurrence", interval, day)
	case series.RelativeMonthly:
		pattern = node("t:RelativeMonthlyRecurrence", interval, days, index)
	case series.AbsoluteYearly:
		pattern = node("t:AbsoluteYearlyRecurrence", day, month)
	case series.RelativeYearly:
		pattern = node("t:RelativeYearlyRecurrence", days, index, month)
	}
	start := leaf("t:StartDate", first.Format(time.DateOnly))
	bounds := node("t:NoEndRecurrence", start)
	switch {
	case p.Count > 0:
		bounds = node("t:NumberedRecurrence", start, leaf("t:NumberOfOccurrences", strconv.Itoa(p.Count)))
	case !p.Until.IsZero():
		bounds = node("t:EndDateRecurrence", start, leaf("t:EndDate", p.Until.Time.Format(time.DateOnly)))
	}
	return node("t:Recurrence", pattern, bounds)
}

func listed(days []time.Weekday) string {
	var out []string
	for _, d := range days {
		out = append(out, d.String())
	}
	return strings.Join(out, " ")
}

// oneWord is the single word that a relative pattern has for its days.
func oneWord(days []time.Weekday) string {
	switch {
	case len(days) == len(allDays):
		return "Day"
	case slices.Equal(days, workdays):
		return "Weekday"
	case slices.Equal(days, weekend):
		return "WeekendDay"
	}
	return listed(days)
}
