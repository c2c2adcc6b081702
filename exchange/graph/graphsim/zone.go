package graphsim

import (
	"regexp"
	"strings"
	"time"

	"crmbridge/pim/tz"
)

// zone is a time zone as somebody named it.
type zone struct {
	name string // Windows name where there is one, as Exchange stores it
	loc  *time.Location
}

func utc() zone { return zone{"UTC", time.UTC} }

// parseZone knows Windows and IANA names, in any case, and nothing else: other spellings are refused as the service does.
func parseZone(name string) (zone, bool) {
	if strings.EqualFold(name, "UTC") || strings.EqualFold(name, "tzone://Microsoft/Utc") {
		return utc(), true
	}
	iana, ok := tz.FromWindows(name, "")
	if !ok {
		if iana, ok = tz.Canonical(name); !ok {
			return zone{}, false
		}
	}
	z, err := tz.Resolve(iana)
	if err != nil {
		return zone{}, false
	}
	if w, ok := tz.Windows(iana); ok {
		return zone{w, z.Loc}, true
	}
	return zone{iana, z.Loc}, true
}

// wall is what a clock shows, in seconds since 1970-01-01T00:00:00 of a clock without zone.
type wall int64

const daySeconds = 24 * 60 * 60

func (w wall) day() int    { return floorDiv(int(w), daySeconds) }
func (w wall) clock() wall { return w - wall(w.day()*daySeconds) }
func onDay(day int) wall   { return wall(day * daySeconds) }
func wallOf(t time.Time) wall {
	_, off := t.Zone()
	return wall(t.Unix() + int64(off))
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// instant is the moment at which clocks of loc show w: the earlier of two when a clock is turned back, and read with the
// offset before the change when it is turned forward over w.
func (w wall) instant(loc *time.Location) time.Time {
	before := w.with(loc, time.Unix(int64(w)-daySeconds, 0))
	after := w.with(loc, time.Unix(int64(w)+daySeconds, 0))
	if wallOf(before) == w || wallOf(after) != w {
		return before
	}
	return after
}

// with reads w with the offset that loc has at another moment.
func (w wall) with(loc *time.Location, at time.Time) time.Time {
	_, off := at.In(loc).Zone()
	return time.Unix(int64(w)-int64(off), 0).In(loc)
}

func (w wall) String() string {
	return time.Unix(int64(w), 0).UTC().Format("2006-01-02T15:04:05") + ".0000000"
}

// date writes a day number as an Edm.Date.
func date(day int) string { return time.Unix(int64(day)*daySeconds, 0).UTC().Format(time.DateOnly) }

// parseDate reads an Edm.Date that has been checked.
func parseDate(s string) int {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0
	}
	return wall(t.Unix()).day()
}

var dateTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z?)$`)

// parseDateTime reads a dateTimeTimeZone. A dateTime has no offset: the zone stands beside it. Only a Z beside UTC says
// nothing wrong.
func parseDateTime(o object) (wall, zone, *refusal) {
	name := text(o["timeZone"])
	z, ok := parseZone(name)
	if !ok {
		return 0, zone{}, refuse(400, "TimeZoneNotSupportedException", "A valid TimeZone value must be specified. The following TimeZone value is not supported: '%s'.", name)
	}
	s := text(o["dateTime"])
	if m := dateTime.FindStringSubmatch(s); m == nil || m[3] != "" && z.name != "UTC" {
		return 0, zone{}, cannotConvert(s, "microsoft.graph.dateTimeTimeZone")
	}
	s = strings.TrimSuffix(s, "Z")
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			return wall(t.Unix()), z, nil
		}
	}
	return 0, zone{}, cannotConvert(s, "microsoft.graph.dateTimeTimeZone")
}

// inZone writes an instant as a dateTimeTimeZone, under the name that the reader gave the zone.
func inZone(t time.Time, z zone) object {
	return object{"dateTime": wallOf(t.In(z.loc)).String(), "timeZone": z.name}
}
