package tz

import (
	_ "embed"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a bridge in a bare container has no zone files
)

//go:generate go run ./internal/gen -windows windowsZones.json -bcp47 timezone.json

//go:embed data/zones.txt
var zonesText string

//go:embed data/windows.txt
var windowsText string

// entry is one zone in use. What is read or computed when first asked for never changes afterwards.
type entry struct {
	name     string
	windows  string // Windows name, empty for none
	location func() (*time.Location, error)
	plan     func() plan // only after location gave no error
}

func newEntry(name string) *entry {
	e := &entry{name: name}
	e.location = sync.OnceValues(func() (*time.Location, error) { return time.LoadLocation(name) })
	e.plan = sync.OnceValue(func() plan {
		loc, err := e.location()
		if err != nil {
			return plan{}
		}
		return makePlan(loc, epoch.Year())
	})
	return e
}

func (e *entry) zone() (Zone, error) {
	loc, err := e.location()
	if err != nil {
		return Zone{}, err
	}
	return Zone{Name: e.name, IANA: true, Loc: loc, entry: e}, nil
}

type tables struct {
	byName      map[string]*entry            // lower-case name or old name
	windows     map[string]map[string]string // lower-case Windows name, territory, zone name
	windowsName map[string]string            // lower-case Windows name to its proper spelling
	order       []string                     // default zones in the order of the Windows table
	cities      map[string]*entry            // lower-case last part of a name, blanks for underscores
}

// index is built on first use from the embedded tables and only read afterwards.
var index = sync.OnceValue(buildTables)

func buildTables() *tables {
	t := &tables{
		byName:      map[string]*entry{},
		windows:     map[string]map[string]string{},
		windowsName: map[string]string{},
		cities:      map[string]*entry{},
	}
	for line := range strings.Lines(zonesText) {
		t.addZone(strings.TrimSuffix(line, "\n"))
	}
	for line := range strings.Lines(windowsText) {
		t.addWindows(strings.TrimSuffix(line, "\n"))
	}
	return t
}

func (t *tables) addZone(line string) {
	name, aliases, _ := strings.Cut(line, "\t")
	e := newEntry(name)
	for _, n := range append([]string{name}, strings.Fields(aliases)...) {
		t.byName[strings.ToLower(n)] = e
		region, city, ok := cutLast(n, "/")
		if ok && region != "Etc" {
			t.cities[strings.ToLower(strings.ReplaceAll(city, "_", " "))] = e
		}
	}
}

func (t *tables) addWindows(line string) {
	fields := strings.Split(line, "\t")
	if len(fields) != 3 {
		return
	}
	name, territory, zones := fields[0], fields[1], strings.Fields(fields[2])
	key := strings.ToLower(name)
	if t.windows[key] == nil {
		t.windows[key] = map[string]string{}
		t.windowsName[key] = name
	}
	t.windows[key][territory] = zones[0]
	if territory == defaultTerritory {
		t.order = append(t.order, zones[0])
	}
	for _, z := range zones {
		// A zone named as some name's default belongs to that name, whoever lists it besides.
		if e := t.byName[strings.ToLower(z)]; e.windows == "" || territory == defaultTerritory {
			e.windows = name
		}
	}
}

// Canonical returns the name in use of an IANA zone: America/New_York for US/Eastern, Asia/Kolkata for
// asia/calcutta, UTC for Etc/UTC. It reports false for what is not in the zone database; other spellings than
// upper and lower case are Resolve's work.
func Canonical(name string) (string, bool) {
	e, ok := index().byName[strings.ToLower(name)]
	if !ok {
		return "", false
	}
	return e.name, true
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(sep):], true
}
