package series

import (
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/rrule"
)

const op = "exchange: series"

func refused(format string, args ...any) error {
	return pim.Errorf(op, pim.ErrUnsupported, format, args...)
}

// Of is the recurrence of a series that starts at start. zone is where days begin and end: that of start, or, of a date, of a floating
// time and of an instant in UTC, the user's; nil is UTC.
//
// The error is pim.ErrUnsupported with the reason for people when Exchange has no pattern with exactly these days: several rules,
// extra dates, rules by the hour, by number of week or day of year, or a 31st that shorter months leave out; pim.ErrInvalid when the
// rule cannot be read.
func Of(rec *pim.Recurrence, start pim.When, zone *time.Location) (Pattern, error) {
	switch {
	case len(rec.Dates) > 0:
		return Pattern{}, refused("the series has extra dates besides its rule, which Exchange cannot keep")
	case len(rec.Rules) > 1:
		return Pattern{}, refused("the series has several rules, and Exchange keeps one")
	case len(rec.Rules) == 0:
		return Pattern{}, refused("the series has no rule")
	}
	r, err := rrule.Parse(rec.Rules[0])
	if err != nil {
		return Pattern{}, pim.Errorf(op, pim.ErrInvalid, "the rule of the series cannot be read")
	}
	f := from{rule: r, start: wallOf(start, zone), date: start.Date, zone: zone}
	p, err := f.pattern()
	if err != nil {
		return Pattern{}, err
	}
	if err := f.within(p); err != nil {
		return Pattern{}, err
	}
	return p, f.bound(&p)
}

// wallOf is what a clock and a calendar show at a point of time, as if it were UTC.
func wallOf(w pim.When, zone *time.Location) time.Time {
	if w.Date || w.Floating || zone == nil {
		return w.Time
	}
	t := w.Time.In(zone)
	_, offset := t.Zone()
	return w.Time.Add(time.Duration(offset) * time.Second).UTC()
}

// from is a rule on its way to a pattern.
type from struct {
	rule  rrule.Rule
	start time.Time // wall clock
	date  bool
	zone  *time.Location
}

func (f from) pattern() (Pattern, error) {
	r := f.rule
	if len(r.ByHour)+len(r.ByMinute)+len(r.BySecond) > 0 || r.Freq < rrule.Daily {
		return Pattern{}, refused("the series repeats within a day, which Exchange cannot keep")
	}
	if len(r.ByWeekNo)+len(r.ByYearDay) > 0 {
		return Pattern{}, refused("the series is counted by weeks or days of the year, which Exchange cannot keep")
	}
	p := Pattern{Interval: max(r.Interval, 1), FirstDay: r.WeekStart.Std()}
	var err error
	switch r.Freq {
	case rrule.Daily:
		err = f.daily(&p)
	case rrule.Weekly:
		err = f.weekly(&p)
	case rrule.Monthly:
		err = f.monthly(&p)
	default:
		err = f.yearly(&p)
	}
	return p, err
}

func (f from) daily(p *Pattern) error {
	r := f.rule
	if len(r.ByMonth)+len(r.ByMonthDay)+len(r.BySetPos) > 0 {
		return refused("the series repeats daily, but on some days only, which Exchange cannot keep")
	}
	p.Form = Daily
	if len(r.ByDay) == 0 {
		return nil
	}
	if p.Interval > 1 {
		return refused("the series repeats every %d days, but on some days of the week only, which Exchange cannot keep", p.Interval)
	}
	p.Form = Weekly // each day of the week that is named
	return f.onDays(p)
}

func (f from) weekly(p *Pattern) error {
	r := f.rule
	if len(r.ByMonth)+len(r.BySetPos) > 0 {
		return refused("the series repeats weekly, but in some months or weeks only, which Exchange cannot keep")
	}
	p.Form = Weekly
	return f.onDays(p)
}

func (f from) onDays(p *Pattern) error {
	for _, d := range f.rule.ByDay {
		p.Days = append(p.Days, d.Day.Std())
	}
	if len(p.Days) == 0 {
		p.Days = []time.Weekday{f.start.Weekday()}
	}
	p.Days = sorted(p.Days)
	if !slices.Contains(p.Days, f.start.Weekday()) {
		return f.unsynchronised()
	}
	return nil
}

// unsynchronised: RFC 5545 3.8.5.3 leaves open what such a rule means.
func (f from) unsynchronised() error {
	return refused("the first of the series is on a day that its rule does not name, which Exchange cannot keep")
}

func (f from) monthly(p *Pattern) error {
	if len(f.rule.ByMonth) > 0 {
		return refused("the series repeats monthly, but in some months only, which Exchange cannot keep")
	}
	return f.inMonth(p, AbsoluteMonthly, RelativeMonthly)
}

func (f from) yearly(p *Pattern) error {
	r := f.rule
	switch {
	case len(r.ByMonth) > 1:
		return refused("the series repeats yearly in several months, which Exchange cannot keep")
	case len(r.ByMonth) == 0 && len(r.ByDay) > 0:
		return refused("the series is counted by weekdays of the year, which Exchange cannot keep")
	case len(r.ByMonth) == 0 && len(r.ByMonthDay) > 0:
		return refused("the series repeats in every month of a year by a rule for years, which Exchange cannot keep")
	}
	p.Month = f.start.Month()
	if len(r.ByMonth) == 1 && time.Month(r.ByMonth[0]) != p.Month {
		return f.unsynchronised()
	}
	return f.inMonth(p, AbsoluteYearly, RelativeYearly)
}

// inMonth finds the day of the month, or which of its weekdays.
func (f from) inMonth(p *Pattern, absolute, relative Form) error {
	r := f.rule
	switch {
	case len(r.ByDay) > 0 && len(r.ByMonthDay) > 0:
		return refused("the series is on days that have both a date and a day of the week, which Exchange cannot keep")
	case len(r.ByDay) > 0:
		p.Form = relative
		return f.byDay(p)
	}
	p.Form = absolute
	return f.byMonthDay(p)
}

func (f from) byDay(p *Pattern) error {
	r := f.rule
	index := 0
	for _, d := range r.ByDay {
		p.Days = append(p.Days, d.Day.Std())
		if d.N != 0 && len(r.ByDay) > 1 || d.N != 0 && len(r.BySetPos) > 0 {
			return refused("the series names several numbered weekdays of a month, and Exchange keeps one")
		}
		index = d.N
	}
	p.Days = sorted(p.Days)
	switch len(r.BySetPos) {
	case 0:
		if index == 0 {
			return refused("the series is on every such weekday of a month, which Exchange cannot keep")
		}
	case 1:
		index = r.BySetPos[0]
	default:
		return refused("the series is on several of the named days of a month, and Exchange keeps one")
	}
	if len(p.Days) > 1 && !slices.Equal(p.Days, workDays()) && !slices.Equal(p.Days, weekend()) && len(p.Days) != 7 {
		return refused("the series is on one of several weekdays of a month, which Exchange keeps for all days, for Monday to Friday and for Saturday and Sunday only")
	}
	if index != Last && (index < 1 || index > 4) {
		return refused("the series is on a weekday that is counted as %d in the month; Exchange has the first to the fourth and the last", index)
	}
	p.Index = index
	if !p.relativeDay(f.start.Year(), f.start.Month()).Equal(dayOf(f.start)) {
		return f.unsynchronised()
	}
	return nil
}

// byMonthDay finds the one day. What RFC 5545 leaves out in short months, Exchange moves to their last day, so that only days up to
// the 28th, "the last", and "the last of those from the 28th on" mean the same to both.
func (f from) byMonthDay(p *Pattern) error {
	r := f.rule
	days := r.ByMonthDay
	if len(days) == 0 {
		if len(r.BySetPos) > 0 {
			return refused("the series counts among days that it does not name, which Exchange cannot keep")
		}
		days = []int{f.start.Day()}
	}
	longest := 31
	if p.Form == AbsoluteYearly {
		longest = daysIn(2024, p.Month) // of a leap year
	}
	switch {
	case len(days) == 1 && len(r.BySetPos) <= 1 && (len(r.BySetPos) == 0 || r.BySetPos[0] == 1 || r.BySetPos[0] == Last):
		p.DayOfMonth = days[0]
		if days[0] == Last {
			p.DayOfMonth = longest
		} else if days[0] < 0 {
			return refused("the series is counted from the end of the month, which Exchange does for the last day only")
		} else if !f.everyMonthHas(days[0], p) {
			return refused("the series is on the %d. and leaves out what has no such day; Exchange would put it on the last day there", days[0])
		}
	case slices.Equal(r.BySetPos, []int{Last}) && slices.Equal(days, upTo(days)):
		p.DayOfMonth = days[len(days)-1]
	default:
		return refused("the series is on several days of a month, which Exchange cannot keep")
	}
	if want := min(p.DayOfMonth, daysIn(f.start.Year(), f.start.Month())); want != f.start.Day() {
		return f.unsynchronised()
	}
	return nil
}

// upTo is 28 to the last of days: the days that not every month has, after one that every has.
func upTo(days []int) []int {
	var out []int
	for d := 28; d <= days[len(days)-1]; d++ {
		out = append(out, d)
	}
	return out
}

func (f from) everyMonthHas(day int, p *Pattern) bool {
	if p.Form == AbsoluteYearly {
		return day <= daysIn(2023, p.Month)
	}
	return day <= 28
}

// within checks the limits of Exchange.
func (f from) within(p Pattern) error {
	most := maxOther
	if p.Form == Daily {
		most = maxDays
	}
	if p.Interval > most {
		return refused("the series repeats every %d times; Exchange takes %d at most", p.Interval, most)
	}
	return nil
}

// bound sets the end.
func (f from) bound(p *Pattern) error {
	r := f.rule
	switch {
	case r.Count > maxCount:
		last, err := f.last()
		if err != nil {
			return err
		}
		p.Until = pim.On(last.Date())
	case r.Count > 0:
		p.Count = r.Count
	case r.Until.Form == rrule.UntilNone:
		return nil
	default:
		p.Until = f.until()
		if p.Until.Time.Before(dayOf(f.start)) {
			return refused("the series ends before it begins")
		}
	}
	return nil
}

// until is the last day on which an occurrence may begin.
func (f from) until() pim.When {
	u := f.rule.Until
	end := u.Time
	if u.Form == rrule.UntilUTC && !f.date {
		end = wallOf(pim.At(u.Time, ""), f.zone)
	}
	day := dayOf(end)
	if u.Form != rrule.UntilDate && !f.date && end.Before(day.Add(f.start.Sub(dayOf(f.start)))) {
		day = day.AddDate(0, 0, -1) // on that day it would begin too late
	}
	return pim.On(day.Date())
}

// last is the day of the last of more occurrences than Exchange counts.
func (f from) last() (time.Time, error) {
	zone := f.zone
	if f.date || zone == nil {
		zone = time.UTC
	}
	set := rrule.Set{Start: f.start, Zone: zone, Rules: []rrule.Rule{f.rule}}
	b, err := set.Bounds(0, rrule.NewBudget(100_000))
	if err != nil {
		return time.Time{}, pim.Errorf(op, pim.ErrTooLarge, "the series has too many occurrences")
	}
	return b.Last.In(zone), nil
}
