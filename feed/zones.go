package feed

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"crmbridge/pim/ics"
	"crmbridge/pim/line"
	"crmbridge/pim/tz"
)

// Limits on what one feed keeps of zones. The zone database has some 600 names; all else
// is made up by the texts.
const (
	maxCustom = 200
	maxKnown  = 4096
)

// zone is a time zone of the feed.
type zone struct {
	name string // as TZID; "" is UTC, which needs none
	tz   tz.Zone
	from int64 // the first time that needs it, Unix seconds
	done bool  // its VTIMEZONE is written
}

// zoneBook gives every zone of a feed one name and one definition, however the stored
// texts call and define it.
type zoneBook struct {
	cal     Calendar
	list    []*zone          // but UTC, in the order of their first use
	byName  map[string]*zone // as in the feed
	spelled map[string]*zone // by TZIDs that are names; nil: none
	defined map[string]*zone // by a hash of the VTIMEZONE
	custom  map[string]*zone // those without a common name, by what they define
	utc     *zone
	year    time.Time // the begin of this year: zones are described as of it
}

func newZoneBook(c Calendar) *zoneBook {
	return &zoneBook{
		cal: c, byName: map[string]*zone{}, spelled: map[string]*zone{}, defined: map[string]*zone{}, custom: map[string]*zone{},
		utc: &zone{tz: utc(), done: true, from: math.MinInt64}, year: tz.Year(c.Now),
	}
}

func utc() tz.Zone { return tz.Zone{Name: "UTC", IANA: true, Loc: time.UTC} }

// covers reports that every zone a text names is known, also for what begins at first. It
// only looks for the parameter as it is mostly written; false costs time, no more.
func (b *zoneBook) covers(text []byte, first int64) bool {
	mark := []byte(";TZID=")
	for i := bytes.Index(text, mark); i >= 0; i = bytes.Index(text, mark) {
		text = text[i+len(mark):]
		end := bytes.IndexAny(text, ":;\r\n")
		if end < 0 {
			return false
		}
		if z := b.spelled[string(text[:end])]; z == nil || z.from > first {
			return false
		}
	}
	// Times without a zone get that of the calendar in what Outlook reads.
	return !b.cal.Outlook || b.enterLocal(first)
}

// enterLocal reports whether the zone of the calendar is known from first on.
func (b *zoneBook) enterLocal(first int64) bool {
	z := b.spelled[b.cal.Zone.Name]
	return z != nil && z.from <= first
}

// find is the zone that a TZID means in an object that begins at first, nil when the feed
// has too many.
func (b *zoneBook) find(o *ics.Object, tzid string, first int64) *zone {
	z := b.spelled[tzid]
	if z == nil {
		z = b.resolve(o, tzid)
	}
	return z.since(first)
}

// enter is the zone of the feed for one that is known.
func (b *zoneBook) enter(known tz.Zone, first int64) *zone {
	z := b.spelled[known.Name]
	if z == nil {
		z = b.named(known)
		b.spelled[known.Name] = z
	}
	return z.since(first)
}

// since notes a time at which the zone is used.
func (z *zone) since(first int64) *zone {
	if z != nil {
		z.from = min(z.from, first)
	}
	return z
}

// resolve is find for an id that was not seen yet. One that neither is a name nor is
// defined means the calendar's zone.
func (b *zoneBook) resolve(o *ics.Object, tzid string) *zone {
	if len(b.spelled) > maxKnown {
		clear(b.spelled)
	}
	if known, err := tz.Resolve(tzid); err == nil {
		b.spelled[tzid] = b.named(known)
		return b.spelled[tzid]
	}
	def := definition(o, tzid)
	if def == nil {
		return b.named(b.cal.Zone)
	}
	at := b.around(o)
	hash := sha256.Sum256(append(def.Bytes(), strconv.Itoa(at.Year())...))
	if z, ok := b.defined[string(hash[:])]; ok {
		return z
	}
	if len(b.defined) > maxKnown {
		clear(b.defined)
	}
	known, err := tz.ResolveWith(tzid, ics.Definition(def), at)
	if err != nil {
		known = b.cal.Zone
	}
	z := b.named(known)
	b.defined[string(hash[:])] = z
	return z
}

// definition is the VTIMEZONE of that name.
func definition(o *ics.Object, tzid string) *line.Block {
	for _, v := range o.Calendar().Blocks("VTIMEZONE") {
		if strings.TrimSpace(line.Unescape(v.Value("TZID"))) == strings.TrimSpace(line.Unescape(tzid)) {
			return v
		}
	}
	return nil
}

// around is when the times of an object are, more or less.
func (b *zoneBook) around(o *ics.Object) time.Time {
	if m := o.Master(); m != nil {
		for _, name := range []string{"DTSTART", "DUE"} {
			if f, t := formOf(upper(m.Value(name))); f != noTime {
				return t
			}
		}
	}
	return b.year
}

// named is the one zone of the feed for all that are the same as known.
func (b *zoneBook) named(known tz.Zone) *zone {
	if known.IANA && known.Name == "UTC" {
		return b.utc
	}
	if !known.IANA {
		return b.unnamed(known)
	}
	name := known.Name
	if b.cal.Outlook {
		name, known = windows(known, b.year)
	}
	if z, ok := b.byName[name]; ok {
		return z
	}
	return b.add(name, known)
}

// unnamed is named for zones that only texts define: two of one name may differ, and two
// of different names be the same.
func (b *zoneBook) unnamed(known tz.Zone) *zone {
	d := tz.Define(known, time.Unix(0, 0).UTC(), time.Time{})
	d.TZID = ""
	key := string(d.Text())
	if z, ok := b.custom[key]; ok {
		return z
	}
	if len(b.custom) >= maxCustom {
		return nil
	}
	base := strings.Map(func(r rune) rune {
		if strings.ContainsRune("\\,;:\"^", r) {
			return ' '
		}
		return r
	}, known.Name)
	if base = strings.Join(strings.Fields(base), " "); b.cal.Busy || base == "" {
		base = "Zone" // a name that somebody made up may say anything
	}
	name := base
	for n := 2; b.byName[name] != nil; n++ {
		name = fmt.Sprintf("%s %d", base, n)
	}
	b.custom[key] = b.add(name, known)
	return b.custom[key]
}

func (b *zoneBook) add(name string, known tz.Zone) *zone {
	z := &zone{name: name, tz: known, from: math.MaxInt64}
	b.byName[name] = z
	b.list = append(b.list, z)
	return z
}

// define is the VTIMEZONEs that are not written yet. Of a feed in which nothing else is,
// it is the calendar's zone: RFC 5545 3.4 wants one component at least.
func (b *zoneBook) define(empty bool) []byte {
	var out []byte
	for _, z := range b.list {
		if !z.done {
			z.done = true
			out = append(out, b.text(z)...)
		}
	}
	if empty && len(out) == 0 {
		out = b.text(&zone{name: b.cal.Zone.Name, tz: b.cal.Zone, from: b.year.Unix()})
	}
	return out
}

func (b *zoneBook) text(z *zone) []byte {
	from := time.Unix(z.from, 0).UTC()
	// Outlook takes one STANDARD and one DAYLIGHT part, so it gets today's rules only. What
	// has no beginning, such as a task without times, needs no others either.
	if b.cal.Outlook || z.from == math.MinInt64 || from.After(b.year) {
		from = b.year
	}
	d := tz.Define(z.tz, from, time.Time{})
	d.TZID = z.name
	if b.cal.Busy && !z.tz.IANA {
		d.Location = ""
		for i := range d.Observances {
			d.Observances[i].Name = ""
		}
	}
	return d.Text()
}

// windows is the name by which Windows knows a zone, and the zone it means. Windows lumps
// zones together; where its zone has other clocks than the one asked for, the name stays.
func windows(known tz.Zone, at time.Time) (string, tz.Zone) {
	name, ok := tz.Windows(known.Name)
	if !ok {
		return known.Name, known
	}
	iana, ok := tz.FromWindows(name, "")
	if !ok {
		return known.Name, known
	}
	main, err := tz.Resolve(iana)
	if err != nil || !sameClocks(known.Loc, main.Loc, at) {
		return known.Name, known
	}
	return name, main
}

// sameClocks compares two zones from a year before at until three years after.
func sameClocks(a, b *time.Location, at time.Time) bool {
	for day := -366; day < 3*366; day++ {
		t := at.AddDate(0, 0, day)
		_, x := t.In(a).Zone()
		if _, y := t.In(b).Zone(); x != y {
			return false
		}
	}
	return true
}
