package tz

import "time"

// Guess names the IANA zone whose clocks agree with the definition from a year before at until two years after. The
// zone that the TZID or Location names is tried first, then the zones that Windows knows, those with the same
// abbreviations before others, so that GMT/BST is London and WET/WEST Lisbon. It reports false when none agrees.
func (d Definition) Guess(at time.Time) (string, bool) {
	own, err := d.Zone()
	if err != nil {
		return "", false
	}
	return d.guess(own, at)
}

func (d Definition) guess(own Zone, at time.Time) (string, bool) {
	from, until := at.AddDate(-1, 0, 0), at.AddDate(2, 0, 0)
	for _, hint := range []string{d.TZID, d.Location} {
		if zone, err := Resolve(hint); err == nil && zone.IANA && agree(own.Loc, zone.Loc, from, until) {
			return zone.Name, true
		}
	}
	first := ""
	for _, name := range candidates() {
		zone, ok := byName(name)
		if !ok || !agree(own.Loc, zone.Loc, from, until) {
			continue
		}
		if sameNames(own.Loc, zone.Loc, at) {
			return name, true
		}
		if first == "" {
			first = name
		}
	}
	return first, first != ""
}

// candidates puts the zones of most people before others that agree with them.
func candidates() []string {
	common := []string{
		"UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Chicago", "America/Denver",
		"America/Los_Angeles", "Europe/Kyiv", "Europe/Moscow", "Asia/Shanghai", "Asia/Tokyo", "Asia/Kolkata",
		"Australia/Sydney", "America/Sao_Paulo", "America/Toronto", "Europe/Paris", "Europe/Lisbon",
	}
	return append(common, index().order...)
}

// agree compares what clocks show, stretch by stretch.
func agree(a, b *time.Location, from, until time.Time) bool {
	for t := from.Unix(); t < until.Unix(); {
		sa, sb := stretchAt(a, t), stretchAt(b, t)
		if sa.off != sb.off {
			return false
		}
		t = min(sa.end, sb.end)
	}
	return true
}

func sameNames(a, b *time.Location, at time.Time) bool {
	for _, t := range []time.Time{at, at.AddDate(0, 6, 0)} {
		nameA, _ := t.In(a).Zone()
		nameB, _ := t.In(b).Zone()
		if nameA != nameB {
			return false
		}
	}
	return true
}
