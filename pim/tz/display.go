package tz

import (
	_ "embed"
	"strings"
	"sync"
	"time"
)

//go:embed data/display.txt
var displayText string

// displayNames maps the English names of Windows' zone list, in lower case and without "(UTC+01:00)", to Windows names.
var displayNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for line := range strings.Lines(displayText) {
		if phrase, windows, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
			names[phrase] = windows
		}
	}
	return names
})

// retiredWindows are Windows names that CLDR no longer lists, with their successors.
var retiredWindows = map[string]string{
	"armenian standard time":        "caucasus standard time",
	"kamchatka standard time":       "russia time zone 11",
	"malay peninsula standard time": "singapore standard time",
	"mexico standard time":          "central standard time (mexico)",
	"mexico standard time 2":        "mountain standard time (mexico)",
	"mid-atlantic standard time":    "utc-02",
	"samoa standard time (old)":     "samoa standard time",
}

// byDisplay reads "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna" and its older forms with GMT,
// points and slashes. Names in other languages are found by the first city that the zone database knows too,
// if it ever keeps the offset in front: places of the same name are told apart by that.
func byDisplay(id string) (Zone, bool) {
	off, phrase, hasOffset := cutOffset(id)
	phrase = foldLatin(phrase)
	if phrase == "" {
		return Zone{}, false
	}
	for _, p := range []string{phrase, strings.Join(cities(phrase), ", ")} {
		if windows, ok := displayNames()[p]; ok {
			return byWindows(windows)
		}
	}
	if !hasOffset {
		return Zone{}, false
	}
	return byCity(cities(phrase), off)
}

// cutOffset separates "(UTC+01:00)" or "(GMT-03.30)" from the rest.
func cutOffset(id string) (off int, rest string, ok bool) {
	if !strings.HasPrefix(id, "(") {
		return 0, id, false
	}
	head, rest, ok := strings.Cut(id[1:], ")")
	if !ok {
		return 0, id, false
	}
	zone, ok := byOffset(strings.TrimSpace(head))
	if !ok {
		return 0, id, false
	}
	_, off = time.Unix(0, 0).In(zone.Loc).Zone()
	return off, strings.TrimSpace(rest), true
}

func cities(phrase string) []string {
	parts := strings.FieldsFunc(phrase, func(r rune) bool { return r == ',' || r == ';' || r == '/' })
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func byCity(names []string, off int) (Zone, bool) {
	for _, name := range names {
		e, ok := index().cities[name]
		if !ok || !keeps(e, off) {
			continue
		}
		// A list of cities stands for a Windows zone, a single city for itself.
		if len(names) > 1 && e.windows != "" {
			return byWindows(e.windows)
		}
		zone, err := e.zone()
		return zone, err == nil
	}
	return Zone{}, false
}

// keeps tells whether the zone was ever off seconds east of UTC since Windows lists zones by such names.
func keeps(e *entry, off int) bool {
	loc, err := e.location()
	if err != nil {
		return false
	}
	for year := 1995; year <= 2037; year++ {
		for _, month := range []time.Month{time.January, time.July} {
			if _, o := time.Date(year, month, 1, 0, 0, 0, 0, loc).Zone(); o == off {
				return true
			}
		}
	}
	return false
}
