package ewssim

import (
	"strings"
	"time"

	"crmbridge/pim/tz"
)

// stamp is an instant as answers show it: UTC, whole seconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// parseTime reads an xs:dateTime. Without offset it is a wall clock in loc.
func parseTime(v string, loc *time.Location) (time.Time, bool) {
	v = strings.TrimSpace(v)
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, v, loc); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseDate reads an xs:date; an offset says nothing about which day is meant.
func parseDate(v string) (time.Time, bool) {
	v = strings.TrimSpace(v)
	if len(v) < 10 {
		return time.Time{}, false
	}
	if rest := v[10:]; rest != "" && rest != "Z" {
		if _, err := time.Parse("-07:00", rest); err != nil {
			return time.Time{}, false
		}
	}
	t, err := time.Parse(time.DateOnly, v[:10])
	return t, err == nil
}

// zoneOf is the zone of a Windows id.
func zoneOf(id string) (*time.Location, bool) {
	if id == "UTC" || id == "tzone://Microsoft/Utc" {
		return time.UTC, true
	}
	name, ok := tz.FromWindows(id, "")
	if !ok {
		return nil, false
	}
	loc, err := time.LoadLocation(name)
	return loc, err == nil
}

// dayOf is midnight of t's day in loc.
func dayOf(t time.Time, loc *time.Location) time.Time {
	y, m, d := t.In(loc).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, loc)
}
