package tz

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrUnknown says that an id names no zone. It may still be defined by a VTIMEZONE.
var ErrUnknown = errors.New("tz: unknown time zone")

// maxID bounds the ids looked at; the longest real ones, display names, are below 100 bytes.
const maxID = 256

// Zone is a time zone in use. The zero Zone is no zone; Resolve and Definition.Zone make them.
type Zone struct {
	// Name is the IANA name in use, or "UTC+05:30" for an offset without one, or a definition's TZID.
	Name string
	// IANA tells that Name is in the zone database and means the same everywhere.
	IANA bool
	// Loc is never nil in a Zone that came without an error.
	Loc *time.Location

	entry *entry // of an IANA zone, to remember its rules
}

// Resolve finds the zone that a program means by tzid. It knows IANA names, old and new, in any case; Windows names,
// also their daylight form; Windows display names in English and, by their cities, in other languages; names
// behind vendor prefixes (/mozilla.org/20050126_1/Europe/Berlin, tzone://Microsoft/Utc); and fixed offsets (GMT+0100,
// UTC-3, Z). Blanks and quotes around it do not matter.
//
// The error wraps ErrUnknown when the id is no name. Names that say nothing (tzone://Microsoft/Custom) or too much
// ("GMT +0100 (Standard) / GMT +0200 (Daylight)") are unknown rather than guessed.
func Resolve(tzid string) (Zone, error) {
	if len(tzid) > maxID {
		return Zone{}, fmt.Errorf("%w: id of %d bytes", ErrUnknown, len(tzid))
	}
	id := clean(tzid)
	for _, find := range []func(string) (Zone, bool){byName, byWindows, byOffset, byPath, byDisplay} {
		if zone, ok := find(id); ok {
			return zone, nil
		}
	}
	return Zone{}, fmt.Errorf("%w: %q", ErrUnknown, id)
}

// ResolveWith finds the zone of tzid when its VTIMEZONE is at hand: by name if it has one, else the IANA zone that
// agrees with the definition around at, else the definition itself. Names win because programs ship definitions
// that are out of date or cut to one year, and mean the zone by them. The error is that of Definition.Zone.
func ResolveWith(tzid string, d Definition, at time.Time) (Zone, error) {
	if zone, err := Resolve(tzid); err == nil {
		return zone, nil
	}
	own, err := d.Zone()
	if err != nil {
		return Zone{}, err
	}
	if name, ok := d.guess(own, at); ok {
		if zone, ok := byName(name); ok {
			return zone, nil
		}
	}
	return own, nil
}

func byName(id string) (Zone, bool) {
	e, ok := index().byName[strings.ToLower(strings.ReplaceAll(id, " ", "_"))]
	if !ok {
		return Zone{}, false
	}
	zone, err := e.zone()
	return zone, err == nil
}

// byWindows tries the name as it is, then the ways in which programs bend it: the daylight name, a number that
// Exchange appends to a copy, and the short form of Lotus Notes ("Eastern").
func byWindows(id string) (Zone, bool) {
	name := strings.ToLower(id)
	name = strings.Replace(name, " daylight time", " standard time", 1)
	base := strings.TrimRight(name, " 0123456789")
	for _, n := range []string{name, base, name + " standard time"} {
		if retired, ok := retiredWindows[n]; ok {
			n = retired
		}
		if iana, ok := FromWindows(n, ""); ok {
			return byName(iana)
		}
	}
	return Zone{}, false
}

// byPath drops leading parts until a name is left: vendor and version, "posix", a leading slash. A name of one part
// (UTC) counts only after RFC 5545's leading slash of global ids, as many words after a slash are names (Cuba, GB).
func byPath(id string) (Zone, bool) {
	if rest, ok := strings.CutPrefix(strings.ToLower(id), "tzone://microsoft/"); ok {
		if zone, ok := byName(rest); ok {
			return zone, true
		}
		return byWindows(rest)
	}
	for rest := id; ; {
		_, after, ok := strings.Cut(rest, "/")
		if !ok || id[0] != '/' && !strings.Contains(after, "/") {
			return Zone{}, false
		}
		if zone, ok := byName(after); ok {
			return zone, true
		}
		rest = after
	}
}
