package tz

import "strings"

// defaultTerritory is CLDR's code for the world: the zone to take when no country is known.
const defaultTerritory = "001"

// Windows returns the Windows name of an IANA zone, old names included: "W. Europe Standard Time" for
// Europe/Vienna. It reports false where Windows has no such zone (Antarctica/Troll) and for unknown names.
func Windows(iana string) (string, bool) {
	e, ok := index().byName[strings.ToLower(iana)]
	if !ok || e.windows == "" {
		return "", false
	}
	return e.windows, true
}

// FromWindows returns the IANA zone of a Windows name, whatever its case. Territory is an ISO 3166 code that
// chooses among several ("W. Europe Standard Time" in "AT" is Europe/Vienna); empty or unlisted gives CLDR's
// default, Europe/Berlin.
func FromWindows(name, territory string) (string, bool) {
	byTerritory, ok := index().windows[strings.ToLower(name)]
	if !ok {
		return "", false
	}
	if zone, ok := byTerritory[strings.ToUpper(territory)]; ok {
		return zone, true
	}
	zone, ok := byTerritory[defaultTerritory]
	return zone, ok
}
