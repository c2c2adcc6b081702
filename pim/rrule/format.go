package rrule

import (
	"slices"
	"strconv"
	"strings"
)

// String writes the rule canonically: FREQ first (RFC 5545 3.3.10), parts in one order, lists sorted and without
// doubles, nothing that is the default. Two rules of the same text are the same rule.
func (r Rule) String() string {
	var b strings.Builder
	b.WriteString("FREQ=" + r.Freq.String())
	if r.Until.Form != UntilNone {
		b.WriteString(";UNTIL=" + r.Until.String())
	}
	if r.Count > 0 {
		b.WriteString(";COUNT=" + strconv.Itoa(r.Count))
	}
	if r.Interval > 1 {
		b.WriteString(";INTERVAL=" + strconv.Itoa(r.Interval))
	}
	for _, p := range listParts {
		if p.name == "BYHOUR" { // the order of evaluation has BYDAY before the times
			r.writeDays(&b)
		}
		list := slices.Clone(*p.list(&r))
		if len(list) == 0 {
			continue
		}
		slices.Sort(list)
		b.WriteString(";" + p.name + "=")
		for i, n := range slices.Compact(list) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Itoa(n))
		}
	}
	if r.WeekStart != Monday {
		b.WriteString(";WKST=" + r.WeekStart.String())
	}
	return b.String()
}

func (r Rule) writeDays(b *strings.Builder) {
	if len(r.ByDay) == 0 {
		return
	}
	days := slices.Clone(r.ByDay)
	slices.SortFunc(days, compareDays)
	b.WriteString(";BYDAY=")
	for i, d := range slices.Compact(days) {
		if i > 0 {
			b.WriteByte(',')
		}
		if d.N != 0 {
			b.WriteString(strconv.Itoa(d.N))
		}
		b.WriteString(d.Day.String())
	}
}

// String is the value of UNTIL, "" for none.
func (u Until) String() string {
	switch u.Form {
	case UntilDate:
		return u.Time.Format("20060102")
	case UntilLocal:
		return u.Time.Format("20060102T150405")
	case UntilUTC:
		return u.Time.UTC().Format("20060102T150405Z")
	case UntilNone:
	}
	return ""
}
