package rrule

import "slices"

// plan is a rule prepared for a start. Its periods are numbered from 0, the one that holds the start, each Interval
// periods of the calendar after the one before.
type plan struct {
	freq     Freq
	interval int64
	start    int64 // wall seconds
	first    date  // the start's day
	filter   dayFilter
	weekday0 int64 // day number on which week 0 begins

	// Times of day on which occurrences fall, where the frequency leaves that open; and those that periods of an hour
	// or less must lie in, which are nil for any.
	hours, minutes, seconds       []int
	hourSet, minuteSet, secondSet *bits
	positions                     []int

	g       grid
	scratch [3]int
	known   date // the day last looked at by a frequency below DAILY
	passes  bool
}

func newPlan(r Rule, start int64, dateOnly bool) *plan {
	if dateOnly {
		// RFC 5545 3.3.10: these MUST be ignored where DTSTART is a date.
		r.ByHour, r.ByMinute, r.BySecond = nil, nil, nil
		if !r.hasOtherBy() {
			r.BySetPos = nil
		}
	}
	r = lift(r)
	p := &plan{freq: r.Freq, interval: int64(max(1, r.Interval)), start: start, first: dateOf(floorDiv(start, secondsPerDay))}
	p.known.number = p.first.number - 1
	second := int(floorMod(start, secondsPerDay))
	r = fromStart(r, p.first)
	p.filter = newDayFilter(r)
	p.weekday0 = p.first.number - floorMod(int64(p.first.weekday-r.WeekStart), 7)
	p.hours, p.hourSet = part(r.ByHour, r.Freq < Daily, second/secondsPerHour)
	p.minutes, p.minuteSet = part(r.ByMinute, r.Freq < Hourly, second%secondsPerHour/secondsPerMinute)
	bySecond := slices.Clone(r.BySecond)
	for i := range bySecond {
		bySecond[i] = min(bySecond[i], 59)
	}
	p.seconds, p.secondSet = part(bySecond, r.Freq < Minutely, second%secondsPerMinute)
	p.positions = r.BySetPos
	return p
}

// part gives the values on which times fall, or where the period fixes the value, the set it must be in.
func part(list []int, fixed bool, start int) ([]int, *bits) {
	switch {
	case fixed && len(list) == 0:
		return nil, nil
	case fixed:
		b := bitsOf(list)
		return nil, &b
	case len(list) == 0:
		return []int{start}, nil
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list), nil
}

// lift writes a rule of short periods that names its times as one of longer periods: FREQ=HOURLY;BYHOUR=9,10 is
// FREQ=DAILY;BYHOUR=9,10. Longer periods take fewer steps.
func lift(r Rule) Rule {
	if r.Interval > 1 || len(r.BySetPos) > 0 {
		return r
	}
	names := [...]bool{
		Secondly: len(r.BySecond) > 0, Minutely: len(r.ByMinute) > 0, Hourly: len(r.ByHour) > 0, Daily: len(r.ByDay) > 0,
	}
	for r.Freq < Weekly && names[r.Freq] {
		r.Freq++
	}
	return r
}

// fromStart adds the day that the rule leaves to DTSTART (RFC 5545 3.3.10: "Information, not contained in the rule").
func fromStart(r Rule, start date) Rule {
	if len(r.ByYearDay) > 0 || len(r.ByMonthDay) > 0 || len(r.ByDay) > 0 {
		return r
	}
	switch r.Freq {
	case Yearly:
		if len(r.ByWeekNo) > 0 {
			r.ByDay = []NthDay{{Day: start.weekday}}
			return r
		}
		r.ByMonthDay = []int{start.day}
		if len(r.ByMonth) == 0 {
			r.ByMonth = []int{start.month}
		}
	case Monthly:
		r.ByMonthDay = []int{start.day}
	case Weekly:
		r.ByDay = []NthDay{{Day: start.weekday}}
	}
	return r
}

// lastWall is the last reading that can be written.
var lastWall = dayNumber(maxYear+1, 1, 1)*secondsPerDay - 1

// unit is the length in seconds of the periods that have one.
func (p *plan) unit() int64 {
	switch p.freq {
	case Secondly:
		return 1
	case Minutely:
		return secondsPerMinute
	case Hourly:
		return secondsPerHour
	case Weekly:
		return 7 * secondsPerDay
	}
	return secondsPerDay
}

// origin is the beginning of period 0 for frequencies up to WEEKLY.
func (p *plan) origin() int64 {
	if p.freq == Weekly {
		return p.weekday0 * secondsPerDay
	}
	return floorDiv(p.start, p.unit()) * p.unit()
}

// startOf is the first wall second of a period.
func (p *plan) startOf(k int64) int64 {
	switch p.freq {
	case Yearly:
		return dayNumber(p.first.year+int(k*p.interval), 1, 1) * secondsPerDay
	case Monthly:
		return dayNumber(p.first.year, p.first.month+int(k*p.interval), 1) * secondsPerDay
	}
	return p.origin() + k*p.interval*p.unit()
}

// indexOf is the last period that begins by wall, at least 0.
func (p *plan) indexOf(wall int64) int64 {
	wall = min(max(wall, p.start), lastWall)
	switch p.freq {
	case Yearly, Monthly:
		d := dateOf(floorDiv(wall, secondsPerDay))
		n := int64(d.year - p.first.year)
		if p.freq == Monthly {
			n = n*12 + int64(d.month-p.first.month)
		}
		return n / p.interval
	}
	return (wall - p.origin()) / (p.unit() * p.interval)
}

// after is the first period beyond k that begins at wall or later, or holds it if periods are long.
func (p *plan) after(k, wall int64) int64 {
	next := p.indexOf(wall)
	if p.freq < Weekly && p.startOf(next) < wall {
		next++
	}
	return max(k+1, next)
}

// load sets p.g to the occurrences of period k and returns the next period that can have any.
func (p *plan) load(k int64) (next int64) {
	p.g.days = p.g.days[:0]
	next = k + 1
	if p.freq < Daily {
		return p.loadTime(k)
	}
	p.g.hours, p.g.minutes, p.g.seconds = p.hours, p.minutes, p.seconds
	begin := p.startOf(k)
	d := dateOf(floorDiv(begin, secondsPerDay))
	switch p.freq {
	case Yearly:
		for month := 1; month <= 12; month++ {
			if p.filter.anyMonth || p.filter.months.has(month) {
				p.addDays(dateOf(dayNumber(d.year, month, 1)), monthLength(d.year, month))
			}
		}
	case Monthly:
		p.addDays(d, d.monthLength)
	case Weekly:
		if p.addDays(d, 7); len(p.g.days) == 0 {
			last := dateOf(d.number + 6)
			next = p.after(k, p.filter.skip(&last)*secondsPerDay)
		}
	default:
		if p.addDays(d, 1); len(p.g.days) == 0 {
			next = p.after(k, p.filter.skip(&d)*secondsPerDay)
		}
	}
	p.g.pick(p.positions)
	return next
}

// addDays adds the matching of n days from d on.
func (p *plan) addDays(d date, n int) {
	for i := 1; ; i++ {
		if p.filter.match(&d) {
			p.g.days = append(p.g.days, d.number)
		}
		if i == n {
			return
		}
		d.next()
	}
}

// loadTime is load for periods of an hour, a minute or a second: where one does not pass, the next to pass lies in a
// later day, hour or minute.
func (p *plan) loadTime(k int64) (next int64) {
	p.g.pick(nil)
	begin := p.startOf(k)
	if number := floorDiv(begin, secondsPerDay); number != p.known.number {
		p.known = dateOf(number)
		p.passes = p.filter.match(&p.known)
	}
	if !p.passes {
		return p.after(k, p.filter.skip(&p.known)*secondsPerDay)
	}
	inDay := int(floorMod(begin, secondsPerDay))
	hour, minute, second := inDay/secondsPerHour, inDay%secondsPerHour/secondsPerMinute, inDay%secondsPerMinute
	p.scratch = [3]int{hour, minute, second}
	p.g.hours, p.g.minutes, p.g.seconds = p.scratch[:1], p.minutes, p.seconds
	switch {
	case p.hourSet != nil && !p.hourSet.has(hour):
		return p.after(k, begin-floorMod(begin, secondsPerHour)+secondsPerHour)
	case p.minuteSet != nil && !p.minuteSet.has(minute):
		return p.after(k, begin-floorMod(begin, secondsPerMinute)+secondsPerMinute)
	case p.secondSet != nil && !p.secondSet.has(second):
		return k + 1
	}
	if p.minutes == nil {
		p.g.minutes = p.scratch[1:2]
	}
	if p.seconds == nil {
		p.g.seconds = p.scratch[2:]
	}
	p.g.days = append(p.g.days, p.known.number)
	p.g.pick(p.positions)
	return k + 1
}

// uniform reports that every period has as many occurrences as any other.
func (p *plan) uniform() bool {
	f := &p.filter
	switch p.freq {
	case Yearly, Monthly:
		return false
	case Weekly:
		return f.anyMonth && f.anyWeekNo && f.anyYearDay && f.anyMonthDay
	case Daily:
		return f.all()
	}
	return f.all() && p.hourSet == nil && p.minuteSet == nil && p.secondSet == nil
}
