package ewssim

import "time"

// zonePeriods are the rules of a zone as EWS writes them, for clients that want to calculate themselves: standard time,
// and daylight time where it has one in a year.
func zonePeriods(id string, year int) []*node {
	loc, _ := zoneOf(id)
	jan := time.Date(year, 1, 1, 0, 0, 0, 0, loc)
	_, base := jan.Zone()
	var changes []time.Time
	for t := jan; t.Year() == year; {
		_, next := t.ZoneBounds()
		if next.IsZero() || next.Year() > year {
			break
		}
		changes = append(changes, next)
		t = next
	}
	if len(changes) == 2 {
		if _, mid := changes[0].Zone(); mid < base {
			base = mid // southern: the year begins in summer
		}
	}
	std := el("t:Period", attr{"Bias", bias(base)}, attr{"Name", "Standard"}, attr{"Id", "trule:Microsoft/Registry/" + id + "/1-Standard"})
	periods := el("t:Periods", std)
	group := el("t:TransitionsGroup", attr{"Id", "0"})
	if len(changes) != 2 {
		group.kids = []*node{el("t:Transition", el("t:To", attr{"Kind", "Period"}, std.at("Id")))}
	} else {
		day := "trule:Microsoft/Registry/" + id + "/1-Daylight"
		for _, t := range changes {
			_, after := t.Zone()
			_, before := t.Add(-time.Second).Zone()
			to := std.at("Id")
			if after > before {
				to = day
				periods.kids = append(periods.kids, el("t:Period", attr{"Bias", bias(after)}, attr{"Name", "Daylight"}, attr{"Id", day}))
			}
			group.kids = append(group.kids, yearly(t, before, to))
		}
	}
	return []*node{periods, el("t:TransitionsGroups", group),
		el("t:Transitions", el("t:Transition", el("t:To", attr{"Kind", "Group"}, "0")))}
}

// yearly is a change on the same weekday of every year, at a time of the wall clock before it.
func yearly(t time.Time, before int, to string) *node {
	w := t.UTC().Add(time.Duration(before) * time.Second)
	n := (w.Day()-1)/7 + 1
	if w.AddDate(0, 0, 7).Month() != w.Month() {
		n = -1
	}
	clock := "PT" + itoa(w.Hour()) + "H"
	if w.Minute() > 0 {
		clock += itoa(w.Minute()) + "M"
	}
	return el("t:RecurringDayTransition", el("t:To", attr{"Kind", "Period"}, to), el("t:TimeOffset", clock), el("t:Month", itoa(int(w.Month()))),
		el("t:DayOfWeek", w.Weekday().String()), el("t:Occurrence", itoa(n)))
}

// bias is minutes to add to local time for UTC, as a duration.
func bias(offset int) string {
	sign, m := "-", offset/60
	if m <= 0 {
		sign, m = "", -m
	}
	out := sign + "PT" + itoa(m/60) + "H"
	if m%60 > 0 {
		out += itoa(m%60) + "M"
	}
	return out
}
