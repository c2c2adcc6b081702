package ews

import (
	"time"

	"crmbridge/pim"
	"crmbridge/pim/tz"
)

// zones is what reading an item depends on: whose it is, and where he lives.
type zones struct {
	name string // the user's IANA zone; "" is UTC
	loc  *time.Location
	own  string // its Windows name; "" when Windows has none
	self string // the mailbox's address; "" when it is not known
}

func newZones(name string) (*zones, error) {
	z := &zones{name: name, loc: time.UTC}
	if name == "" {
		return z, nil
	}
	found, err := tz.Resolve(name)
	if err != nil {
		return nil, err
	}
	z.loc = found.Loc
	z.own, _ = tz.Windows(found.Name)
	return z, nil
}

// utc is the Windows name of the zone without rules.
const utc = "UTC"

// windows is the name that Exchange knows a zone by; what Windows does not know is UTC.
func (z *zones) windows(iana string) string {
	if iana == z.name && z.own != "" {
		return z.own
	}
	if w, ok := tz.Windows(iana); ok && iana != "" {
		return w
	}
	return utc
}

// iana is the zone of a Windows name: the user's own when that is one of those it stands for, so that an event of a Norwegian
// is not in Berlin. ok is false for names that say nothing.
func (z *zones) iana(windows string) (name string, ok bool) {
	switch {
	case windows == "":
		return "", false
	case windows == z.own:
		return z.name, true
	case windows == utc || windows == "tzone://Microsoft/Utc":
		return "", true
	}
	if name, ok = tz.FromWindows(windows, ""); ok {
		return name, true
	}
	found, err := tz.Resolve(windows)
	if err != nil {
		return "", false
	}
	return found.Name, true
}

func (z *zones) location(iana string) *time.Location {
	if iana == z.name {
		return z.loc
	}
	if iana == "" {
		return time.UTC
	}
	found, err := tz.Resolve(iana)
	if err != nil {
		return time.UTC
	}
	return found.Loc
}

// stamp is xs:dateTime in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// instant is the moment of a When: a day begins, and floating clocks go, in the user's zone.
func (z *zones) instant(w pim.When) time.Time {
	if w.Date || w.Floating {
		return tz.Instant(w.Time, z.loc).UTC()
	}
	return w.Time
}

// zoneOf is the IANA zone that a When is written in.
func (z *zones) zoneOf(w pim.When) string {
	if w.Date || w.Floating {
		return z.name
	}
	return w.Zone
}

// when is a time of Exchange with its zone.
func (z *zones) when(v val, zone zoneDef) pim.When {
	name, _ := z.iana(zone.ID)
	return pim.At(v.time(), name)
}

// day is the day on which an all-day event begins or ends. Exchange keeps midnight in the event's zone; where that zone says
// nothing it is the nearest day, which is right for the offsets from -12 to +12 hours.
func (z *zones) day(v val, zone zoneDef) pim.When {
	t := v.time()
	if t.IsZero() {
		return pim.When{}
	}
	if name, ok := z.iana(zone.ID); ok {
		if local := t.In(z.location(name)); atMidnight(local) {
			return pim.On(local.Date())
		}
	}
	return nearestDay(t)
}

func atMidnight(t time.Time) bool {
	h, m, s := t.Clock()
	return h == 0 && m == 0 && s == 0
}

// nearestDay is the date whose midnight in UTC is nearest to t, for dates that were stored as midnight of some zone.
func nearestDay(t time.Time) pim.When {
	if t.IsZero() {
		return pim.When{}
	}
	return pim.On(t.UTC().Add(12 * time.Hour).Date())
}

// date is the day of a When as the user sees it: of one in UTC, which says nothing of where, the day in the user's zone. Zero stays
// zero.
func (z *zones) date(w pim.When) pim.When {
	switch {
	case w.IsZero() || w.Date:
		return w
	case w.Floating:
		return pim.On(w.Time.Date())
	case w.Zone == "":
		return pim.On(w.Time.In(z.loc).Date())
	}
	return pim.On(w.Time.In(z.location(w.Zone)).Date())
}
