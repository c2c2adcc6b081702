package graph

import (
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/tz"
)

// dateTime is Graph's dateTimeTimeZone: a clock reading and the zone it is of, by a Windows or an IANA name.
type dateTime struct {
	DateTime string `json:"dateTime"`
	TimeZone string `json:"timeZone"`
}

// inUTC asks for the times of events in UTC; the zone that a person chose is in originalStartTimeZone.
const inUTC = `outlook.timezone="UTC"`

const clockLayout = "2006-01-02T15:04:05"

// parseClock reads a clock reading; an offset, which some answers have, is taken into account.
func parseClock(s string) (time.Time, bool) {
	if t, err := time.Parse(clockLayout, s); err == nil { // a fraction is read with it
		return t, true
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UTC(), err == nil
}

// instant is the point of time; zero when it is absent or cannot be read.
func (d *dateTime) instant() time.Time {
	if d == nil {
		return time.Time{}
	}
	wall, ok := parseClock(d.DateTime)
	if !ok {
		return time.Time{}
	}
	zone, err := tz.Resolve(d.TimeZone)
	if err != nil {
		return wall
	}
	return tz.Instant(wall, zone.Loc).UTC()
}

// day is the date that it names. What was asked for in UTC and is no midnight there was midnight in another zone.
func (d *dateTime) day(zone *time.Location) pim.When {
	if d == nil {
		return pim.When{}
	}
	wall, ok := parseClock(d.DateTime)
	if !ok {
		return pim.When{}
	}
	if h, m, s := wall.Clock(); h+m+s != 0 {
		wall = d.instant().In(zone)
	}
	return pim.On(wall.Date())
}

// zoneNamed is the IANA name of a zone as Graph writes it, that of the user where several share a Windows name; "" for UTC and for
// zones that have no name.
func (c *connector) zoneNamed(name string) string {
	zone, err := tz.Resolve(name)
	if err != nil || zone.Name == "UTC" || zone.Name == "Etc/UTC" || !zone.IANA {
		return ""
	}
	if own, ok := tz.Windows(c.env.Zone); ok && strings.EqualFold(own, name) {
		return c.env.Zone
	}
	return zone.Name
}

// windowsName is how Graph is told a zone: the Windows name, which every mailbox server knows, else the IANA name.
func windowsName(iana string) string {
	if iana == "" {
		return "UTC"
	}
	if name, ok := tz.Windows(iana); ok {
		return name
	}
	return iana
}

// location is the zone of a When's clock: its own, or the user's for dates and floating times; UTC for an instant without one.
func (c *connector) location(w pim.When) *time.Location {
	if w.Date || w.Floating {
		return c.zone
	}
	if w.Zone == "" {
		return time.UTC
	}
	if zone, err := tz.Resolve(w.Zone); err == nil {
		return zone.Loc
	}
	return time.UTC
}

// written is a When as Graph takes it. Dates are midnight in the user's zone.
func (c *connector) written(w pim.When) dateTime {
	if w.Date || w.Floating {
		return dateTime{w.Time.Format(clockLayout), windowsName(c.env.Zone)}
	}
	loc := c.location(w)
	name := windowsName(w.Zone)
	if loc == time.UTC {
		name = "UTC"
	}
	return dateTime{w.Time.In(loc).Format(clockLayout), name}
}

// daily is the day of a task's date: To Do keeps no time of day. The day is that of the When's own clock.
func (c *connector) daily(w pim.When) any {
	if w.IsZero() {
		return nil
	}
	day := w.Time
	if !w.Date && !w.Floating {
		loc := c.location(w)
		if w.Zone == "" {
			loc = c.zone // an instant is a day only somewhere
		}
		day = w.Time.In(loc)
	}
	y, m, d := day.Date()
	return dateTime{time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Format(clockLayout), windowsName(c.env.Zone)}
}
