package graph

import (
	"slices"
	"strings"
	"time"

	"crmbridge/exchange/series"
	"crmbridge/pim"
	"crmbridge/pim/tz"
)

// recurrence is Graph's patternedRecurrence.
type recurrence struct {
	Pattern recurrencePattern `json:"pattern"`
	Range   recurrenceRange   `json:"range"`
}

type recurrencePattern struct {
	Type           string   `json:"type"`
	Interval       int      `json:"interval"`
	Month          int      `json:"month,omitempty"`
	DayOfMonth     int      `json:"dayOfMonth,omitempty"`
	DaysOfWeek     []string `json:"daysOfWeek,omitempty"`
	FirstDayOfWeek string   `json:"firstDayOfWeek,omitempty"`
	Index          string   `json:"index,omitempty"`
}

type recurrenceRange struct {
	Type      string `json:"type"`
	StartDate string `json:"startDate"`
	EndDate   string `json:"endDate,omitempty"`
	Zone      string `json:"recurrenceTimeZone,omitempty"`
	Count     int    `json:"numberOfOccurrences,omitempty"`
}

// The words of the pattern, in the order of series.Form and from the first to the last of a month.
func forms() []string {
	return []string{"", "daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"}
}

func indices() []string { return []string{"first", "second", "third", "fourth"} }

func weekday(name string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), name) {
			return d, true
		}
	}
	return 0, false
}

func dayName(d time.Weekday) string { return strings.ToLower(d.String()) }

// pattern is the recurrence in the terms of package series; ok is false when it cannot be read.
func (r *recurrence) pattern() (p series.Pattern, ok bool) {
	form := slices.Index(forms(), r.Pattern.Type)
	if form <= 0 {
		return p, false
	}
	p = series.Pattern{Form: series.Form(form), Interval: max(1, r.Pattern.Interval)}
	for _, name := range r.Pattern.DaysOfWeek {
		d, ok := weekday(name)
		if !ok {
			return p, false
		}
		p.Days = append(p.Days, d)
	}
	// In the order of a week that begins on Monday.
	slices.SortFunc(p.Days, func(a, b time.Weekday) int { return int(a+6)%7 - int(b+6)%7 })
	switch p.Form {
	case series.Weekly:
		p.FirstDay = time.Sunday // Graph's default
		if d, ok := weekday(r.Pattern.FirstDayOfWeek); ok {
			p.FirstDay = d
		}
	case series.AbsoluteMonthly, series.AbsoluteYearly:
		p.DayOfMonth = r.Pattern.DayOfMonth
	case series.RelativeMonthly, series.RelativeYearly:
		p.Index = series.Last
		if i := slices.Index(indices(), r.Pattern.Index); i >= 0 {
			p.Index = i + 1
		} else if r.Pattern.Index != "last" {
			p.Index = 1 // the default
		}
	}
	if p.Form == series.AbsoluteYearly || p.Form == series.RelativeYearly {
		p.Month = time.Month(r.Pattern.Month)
	}
	return p, r.bound(&p)
}

func (r *recurrence) bound(p *series.Pattern) bool {
	switch r.Range.Type {
	case "noEnd":
		return true
	case "numbered":
		p.Count = r.Range.Count
		return p.Count > 0
	case "endDate":
		t, err := time.Parse(time.DateOnly, r.Range.EndDate)
		p.Until = pim.When{Time: t, Date: true}
		return err == nil
	}
	return false
}

// recurring writes a pattern for a series that starts at start in the zone named zone.
func recurring(p series.Pattern, start time.Time, zone string) *recurrence {
	r := &recurrence{
		Pattern: recurrencePattern{Type: forms()[p.Form], Interval: p.Interval},
		Range:   recurrenceRange{Type: "noEnd", StartDate: start.Format(time.DateOnly), Zone: zone},
	}
	for _, d := range p.Days {
		r.Pattern.DaysOfWeek = append(r.Pattern.DaysOfWeek, dayName(d))
	}
	switch p.Form {
	case series.Weekly:
		r.Pattern.FirstDayOfWeek = dayName(p.FirstDay)
	case series.AbsoluteMonthly, series.AbsoluteYearly:
		r.Pattern.DayOfMonth = p.DayOfMonth
	case series.RelativeMonthly, series.RelativeYearly:
		r.Pattern.Index = "last"
		if p.Index != series.Last {
			r.Pattern.Index = indices()[p.Index-1]
		}
	}
	if p.Form == series.AbsoluteYearly || p.Form == series.RelativeYearly {
		r.Pattern.Month = int(p.Month)
	}
	switch {
	case p.Count > 0:
		r.Range.Type, r.Range.Count = "numbered", p.Count
	case !p.Until.IsZero():
		r.Range.Type, r.Range.EndDate = "endDate", p.Until.Time.Format(time.DateOnly)
	}
	return r
}

// clock is what the calendar shows at a When where its days begin and end.
func (c *connector) clock(w pim.When) time.Time {
	if w.Date || w.Floating {
		return w.Time
	}
	return w.Time.In(c.location(w))
}

// dayZone is where the days of a series begin and end: the zone of its start (UTC for one without a name, as RFC 5545 3.3.10 has it),
// or the user's for dates and floating times.
func (c *connector) dayZone(start pim.When) *time.Location { return c.location(start) }

// zoneOfRule is that of a series as Graph has it: its own word for it, else the start's.
func (c *connector) zoneOfRule(r *recurrence, start pim.When) *time.Location {
	if zone, err := tz.Resolve(r.Range.Zone); err == nil && r.Range.Zone != "" {
		return zone.Loc
	}
	return c.dayZone(start)
}

// ruleOf is the rule of a master, or of a task that repeats; nil for one that cannot be read.
func (c *connector) ruleOf(r *recurrence, start pim.When) *pim.Recurrence {
	if r == nil || r.Pattern.Type == "" {
		return nil
	}
	p, ok := r.pattern()
	if !ok {
		return nil
	}
	rule, err := p.Rule(start, c.zoneOfRule(r, start))
	if err != nil {
		return nil
	}
	return &pim.Recurrence{Rules: []string{rule}}
}

func (c *connector) readRule(e *event, it *pim.Event) {
	it.Recurrence = c.ruleOf(e.Recurrence, it.Start)
}

func (c *connector) writeRule(d *draft[*event], it *pim.Event) error {
	if it.Recurrence == nil {
		d.put("recurrence", nil)
		return nil
	}
	p, err := series.Of(it.Recurrence, it.Start, c.dayZone(it.Start))
	if err != nil {
		return err
	}
	d.put("recurrence", c.recurringAt(p, it.Start))
	return nil
}

// recurringAt writes a pattern for a series with this start.
func (c *connector) recurringAt(p series.Pattern, start pim.When) *recurrence {
	return recurring(p, c.clock(start), c.written(start).TimeZone)
}
