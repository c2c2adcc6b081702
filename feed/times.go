package feed

import (
	"slices"
	"strings"
	"time"

	"crmbridge/pim/line"
	"crmbridge/pim/rrule"
	"crmbridge/pim/tz"
)

const (
	dateLayout  = "20060102"
	localLayout = "20060102T150405"
	utcLayout   = "20060102T150405Z"
)

// form is how a time is written (RFC 5545 3.3.4, 3.3.5).
type form uint8

const (
	noTime form = iota
	aDate
	aLocal // with TZID, or floating
	aUTC
)

// formOf reads one DATE or DATE-TIME in upper case.
func formOf(v string) (form, time.Time) {
	f, layout := noTime, ""
	switch len(v) {
	case len(dateLayout):
		f, layout = aDate, dateLayout
	case len(localLayout):
		f, layout = aLocal, localLayout
	case len(utcLayout):
		f, layout = aUTC, utcLayout
	default:
		return noTime, time.Time{}
	}
	t, err := time.Parse(layout, v)
	if err != nil {
		return noTime, time.Time{}
	}
	return f, t
}

// inUTC is a time that must be in UTC (DTSTAMP, COMPLETED), for programs that forget to
// say so too.
func inUTC(v string) (string, bool) {
	f, t := formOf(upper(v))
	return t.Format(utcLayout), f != noTime
}

// isDuration is RFC 5545 3.3.6, leniently.
func isDuration(v string) bool {
	rest, ok := strings.CutPrefix(strings.TrimLeft(v, "+-"), "P")
	return ok && len(v) < 40 && len(v)-len(rest) <= 2 && strings.Trim(rest, "0123456789WDTHMS") == "" && strings.ContainsAny(rest, "0123456789")
}

// times is a line of one or more times, dates or periods, in a zone of the feed; nil when
// there is no time in it.
func (x *object) times(l *line.Line) *line.Line {
	f, period := noTime, false
	var kept []string
	for v := range strings.SplitSeq(l.Value, ",") {
		start, end, both := strings.Cut(upper(v), "/")
		have, _ := formOf(start)
		if last, _ := formOf(end); both && last != have && !isDuration(end) {
			continue
		}
		// One line holds one form; the first says which.
		if have == noTime || f != noTime && (have != f || both != period) || both && have == aDate {
			continue
		}
		f, period = have, both
		kept = append(kept, upper(v))
	}
	if f == noTime {
		return nil
	}
	out := line.New(l.Name, strings.Join(kept, ","))
	if changes := upper(l.Param("RANGE")); l.Name == "RECURRENCE-ID" && changes == "THISANDFUTURE" {
		out = out.WithParam(line.P("RANGE", changes))
	}
	switch {
	case f == aDate:
		return out.WithParam(line.P("VALUE", "DATE"))
	case period:
		out = out.WithParam(line.P("VALUE", "PERIOD"))
	}
	if f == aUTC {
		return out
	}
	return x.placed(out, strings.TrimSpace(l.Param("TZID")))
}

// placed puts local times into the zone that tzid means; "" is floating. Outlook takes a
// floating time for a fault of the file, unless it is a date.
func (x *object) placed(l *line.Line, tzid string) *line.Line {
	var z *zone
	switch {
	case tzid != "":
		z = x.zones.find(x.ics, tzid, x.entry.First)
	case x.cal.Outlook:
		z = x.zones.enter(x.cal.Zone, x.entry.First)
	default:
		return l
	}
	switch {
	case z == nil:
		return nil
	case z.name == "":
		return l.WithValue(zulu(l.Value))
	}
	return l.WithParam(line.P("TZID", z.name))
}

// zulu makes the local times of a value times in UTC.
func zulu(value string) string {
	values := strings.Split(value, ",")
	for i, v := range values {
		ends := strings.Split(v, "/")
		for k, e := range ends {
			if f, _ := formOf(e); f == aLocal {
				ends[k] = e + "Z"
			}
		}
		values[i] = strings.Join(ends, "/")
	}
	return strings.Join(values, ",")
}

// untilInUTC rewrites the end of rules: RFC 5545 3.3.10 wants it in UTC where the start
// has a zone, and programs that read it otherwise lose the last occurrence.
func (x *object) untilInUTC(c *line.Block) {
	start := c.First("DTSTART")
	if start == nil {
		return
	}
	f, _ := formOf(start.Value)
	loc := time.UTC
	switch z := x.zones.byName[start.Param("TZID")]; {
	case f == aDate, f == aLocal && z == nil:
		return
	case z != nil:
		loc = z.tz.Loc
	}
	for i, p := range c.Parts {
		if p.Line == nil || !slices.Contains([]string{"RRULE", "EXRULE"}, p.Line.Name) {
			continue
		}
		rule, err := rrule.Parse(p.Line.Value)
		if err != nil || rule.Until.Form != rrule.UntilLocal {
			continue
		}
		rule.Until = rrule.Until{Form: rrule.UntilUTC, Time: tz.Instant(rule.Until.Time, loc).UTC()}
		c.Parts[i].Line = line.New(p.Line.Name, rule.String())
	}
}
