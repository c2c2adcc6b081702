package series

import (
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/rrule"
)

// Rule is the RRULE of a pattern whose series starts at start; zone as for Of. It names every part that decides, so that the rule
// means the same wherever start moves. pim.ErrInvalid for a pattern that is none.
func (p Pattern) Rule(start pim.When, zone *time.Location) (string, error) {
	r := rrule.Rule{Interval: p.Interval, Count: p.Count}
	switch p.Form {
	case Daily:
		r.Freq = rrule.Daily
	case Weekly:
		r.Freq, r.WeekStart = rrule.Weekly, rrule.Monday
		if p.Interval > 1 && len(p.Days) > 1 {
			r.WeekStart = rrule.WeekdayOf(p.FirstDay) // it decides which days are in one week
		}
		r.ByDay = nthDays(0, p.Days)
	case AbsoluteMonthly, RelativeMonthly:
		r.Freq = rrule.Monthly
		p.inMonth(&r)
	case AbsoluteYearly, RelativeYearly:
		r.Freq, r.ByMonth = rrule.Yearly, []int{int(p.Month)}
		p.inMonth(&r)
	}
	if !p.Until.IsZero() {
		r.Until = p.until(start, zone)
	}
	if err := r.Validate(); err != nil || (p.Form == Weekly && len(p.Days) == 0) {
		return "", pim.Errorf(op, pim.ErrInvalid, "the server has a series with a pattern that cannot be read")
	}
	return r.String(), nil
}

func nthDays(n int, days []time.Weekday) (out []rrule.NthDay) {
	for _, d := range days {
		out = append(out, rrule.NthDay{N: n, Day: rrule.WeekdayOf(d)})
	}
	return out
}

func (p Pattern) inMonth(r *rrule.Rule) {
	switch {
	case p.Form == RelativeMonthly || p.Form == RelativeYearly:
		if len(p.Days) == 1 {
			r.ByDay = nthDays(p.Index, p.Days)
			return
		}
		r.ByDay, r.BySetPos = nthDays(0, p.Days), []int{p.Index}
	case p.Form == AbsoluteYearly && p.DayOfMonth <= daysIn(2023, p.Month), p.DayOfMonth <= 28:
		r.ByMonthDay = []int{p.DayOfMonth}
	case p.DayOfMonth == 31, p.Form == AbsoluteYearly:
		r.ByMonthDay = []int{Last}
	default:
		r.ByMonthDay, r.BySetPos = upTo([]int{p.DayOfMonth}), []int{Last}
	}
}

// until is the start of an occurrence on the last day, in the form that RFC 5545 3.3.10 wants with such a start.
func (p Pattern) until(start pim.When, zone *time.Location) rrule.Until {
	day := p.Until.Time
	if start.Date {
		return rrule.Until{Form: rrule.UntilDate, Time: day}
	}
	wall := wallOf(start, zone)
	at := day.Add(wall.Sub(dayOf(wall)))
	if start.Floating {
		return rrule.Until{Form: rrule.UntilLocal, Time: at}
	}
	return rrule.Until{Form: rrule.UntilUTC, Time: instant(at, zone)}
}

// Same reports patterns that give the same days from the same start.
func (p Pattern) Same(o Pattern) bool {
	weekly := p.Form == Weekly && p.Interval > 1 && len(p.Days) > 1
	return p.Form == o.Form && p.Interval == o.Interval && slices.Equal(sorted(slices.Clone(p.Days)), sorted(slices.Clone(o.Days))) &&
		p.Index == o.Index && p.DayOfMonth == o.DayOfMonth && p.Month == o.Month && (!weekly || p.FirstDay == o.FirstDay) &&
		p.Count == o.Count && p.Until.Equal(o.Until)
}
