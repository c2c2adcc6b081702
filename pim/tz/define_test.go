package tz

import (
	"bytes"
	"fmt"
	"iter"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"crmbridge/internal/golden"
)

func splitLines(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			name, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			if !yield(name) {
				return
			}
		}
	}
}

func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func TestVTimezoneGolden(t *testing.T) {
	t.Parallel()
	var forEver time.Time
	for _, tt := range []struct {
		zone        string
		from, until time.Time
	}{
		{"Europe/Berlin", date(2026, 1, 1), forEver},
		{"Europe/Berlin", date(1979, 6, 1), date(1999, 1, 1)},
		{"America/New_York", date(2026, 1, 1), forEver},
		{"America/New_York", date(1986, 1, 1), forEver},
		{"Australia/Sydney", date(2026, 1, 1), forEver},
		{"Asia/Kolkata", date(2026, 1, 1), forEver},
		{"Africa/Casablanca", date(2026, 3, 1), date(2027, 3, 1)},
		{"Europe/Dublin", date(2026, 1, 1), forEver},
		{"America/Sao_Paulo", date(2026, 1, 1), forEver},
		{"America/Sao_Paulo", date(2017, 6, 1), date(2017, 6, 2)},
		{"America/Santiago", date(2026, 1, 1), forEver},
		{"America/Nuuk", date(2026, 1, 1), forEver},
		{"Africa/Cairo", date(2026, 1, 1), date(2031, 1, 1)},
		{"Asia/Tehran", date(2026, 1, 1), forEver},
		{"Europe/Istanbul", date(2026, 1, 1), forEver},
		{"Pacific/Apia", date(2026, 1, 1), forEver},
		{"Pacific/Apia", date(2011, 12, 1), date(2012, 1, 1)},
		{"UTC", date(2026, 1, 1), forEver},
		{"UTC+05:30", date(2026, 1, 1), forEver},
	} {
		name := strings.ReplaceAll(tt.zone, "/", "_") + "_" + strconv.Itoa(tt.from.Year())
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := VTimezone(mustResolve(t, tt.zone), tt.from, tt.until)
			golden.Compare(t, filepath.Join("testdata", name+".ics"), got)
		})
	}
}

// Two programs must not see two texts for the zone of two meetings of this year.
func TestVTimezoneIsStable(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo"} {
		zone := mustResolve(t, name)
		want := VTimezone(zone, date(2021, 1, 1), time.Time{})
		for day := range 2000 {
			from := date(2021, 1, 1).AddDate(0, 0, day)
			if got := VTimezone(zone, from, time.Time{}); !bytes.Equal(got, want) {
				t.Fatalf("%s from %v:\n%s\nwant\n%s", name, from, got, want)
			}
		}
	}
}

// same fails where clocks by the definition and by Go differ at or around any change between from and until.
func same(t testing.TB, zone Zone, d Definition, from, until time.Time) {
	t.Helper()
	own, err := d.Zone()
	if err != nil {
		t.Fatalf("%s: %v\n%s", zone.Name, err, d.Text())
	}
	check := func(at int64) {
		_, want := time.Unix(at, 0).In(zone.Loc).Zone()
		if _, got := time.Unix(at, 0).In(own.Loc).Zone(); got != want {
			t.Fatalf("%s at %s: offset %d, want %d\n%s", zone.Name, time.Unix(at, 0).UTC(), got, want, d.Text())
		}
	}
	check(from.Unix())
	check(until.Unix())
	for _, loc := range []*time.Location{zone.Loc, own.Loc} {
		for at := from.Unix(); at < until.Unix(); {
			check(at)
			s := stretchAt(loc, at)
			if s.end < until.Unix() {
				check(s.end - 1)
			}
			at = s.end
		}
	}
}

// All zones there are, all changes there are.
func TestDefineAllZones(t *testing.T) {
	t.Parallel()
	for _, name := range canonicalNames() {
		zone := mustResolve(t, name)
		for _, from := range []time.Time{date(1930, 5, 1), date(1975, 1, 1), date(2026, 1, 1)} {
			d := Define(zone, from, time.Time{})
			same(t, zone, d, from, date(2099, 1, 1))
			if size := len(d.Text()); from.Year() == 2026 && size > 6000 {
				t.Errorf("%s: VTIMEZONE of %d bytes", name, size)
			}
		}
	}
}

func TestDefineProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := anyZone(t)
		from := time.Unix(rapid.Int64Range(date(1975, 1, 1).Unix(), date(2036, 1, 1).Unix()).Draw(t, "from"), 0)
		until := from.AddDate(0, 0, rapid.IntRange(0, 5000).Draw(t, "days"))
		d := Define(zone, from, until)
		own, err := d.Zone()
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			at := time.Unix(rapid.Int64Range(from.Unix(), until.Unix()).Draw(t, "at"), 0)
			_, want := at.In(zone.Loc).Zone()
			if _, got := at.In(own.Loc).Zone(); got != want {
				t.Fatalf("%s at %v: offset %d, want %d\n%s", zone.Name, at.UTC(), got, want, d.Text())
			}
			wall := WallSeconds(at.In(zone.Loc))
			goUnix, _ := NewClock(zone.Loc).Instant(wall)
			if ownUnix, _ := NewClock(own.Loc).Instant(wall); ownUnix != goUnix {
				t.Fatalf("%s wall %d: %d, want %d\n%s", zone.Name, wall, ownUnix, goUnix, d.Text())
			}
		}
		checkText(t, d)
	})
}

// checkText wants RFC 5545's form, and the same definition when it is read again.
func checkText(t interface{ Fatalf(string, ...any) }, d Definition) {
	text := string(d.Text())
	if !strings.HasSuffix(text, "\r\n") || !utf8.ValidString(text) {
		t.Fatalf("text %q", text)
	}
	standard := false
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(line) > 75 || line == "" || strings.ContainsAny(line, "\r\n") {
			t.Fatalf("line %q", line)
		}
		standard = standard || line == "BEGIN:STANDARD"
	}
	if !standard {
		t.Fatalf("no STANDARD in\n%s", text)
	}
	back, err := parseText(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if again := string(back.Text()); again != text {
		t.Fatalf("read and written again:\n%s\nfrom\n%s", again, text)
	}
}

// parseText reads what Text writes, for tests.
func parseText(text string) (Definition, error) {
	var d Definition
	var o Observance
	unfolded := strings.ReplaceAll(text, "\r\n ", "")
	for line := range strings.SplitSeq(strings.TrimSuffix(unfolded, "\r\n"), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return d, fmt.Errorf("line %q", line)
		}
		var err error
		switch name {
		case "BEGIN":
			o = Observance{Daylight: value == "DAYLIGHT"}
		case "END":
			if value != "VTIMEZONE" {
				d.Observances = append(d.Observances, o)
			}
		case "TZID":
			d.TZID = strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",").Replace(value)
		case "TZNAME":
			o.Name = value
		case "TZOFFSETFROM":
			o.OffsetFrom, err = parseUTCOffset(value)
		case "TZOFFSETTO":
			o.OffsetTo, err = parseUTCOffset(value)
		case "DTSTART":
			o.Start, err = time.Parse(wallLayout, value)
		case "RRULE":
			o.RRule = value
		case "RDATE":
			for v := range strings.SplitSeq(value, ",") {
				var at time.Time
				if at, err = time.Parse(wallLayout, v); err != nil {
					return d, err
				}
				o.RDates = append(o.RDates, at)
			}
		default:
			return d, fmt.Errorf("property %s", name)
		}
		if err != nil {
			return d, err
		}
	}
	return d, nil
}

func parseUTCOffset(s string) (int, error) {
	n, err := strconv.Atoi(s + "00"[:7-len(s)])
	if err != nil {
		return 0, err
	}
	return n/10000*hour + n/100%100*minute + n%100, nil
}

func TestTextEscapes(t *testing.T) {
	t.Parallel()
	d := Definition{
		TZID:        "Zone, \"odd\"; back\\slash\r\nX-EVIL:1\x7f " + strings.Repeat("ä", 60),
		Observances: []Observance{{OffsetFrom: -3*hour - 30*minute - 52, OffsetTo: -3*hour - 30*minute, Start: date(1935, 3, 30)}},
	}
	text := string(d.Text())
	for _, want := range []string{`TZID:Zone\, "odd"\; back\\slashX-EVIL:1 `, "\r\nTZOFFSETFROM:-033052\r\nTZOFFSETTO:-0330\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
	checkText(t, d)
}

func BenchmarkVTimezone(b *testing.B) {
	for _, name := range []string{"Europe/Berlin", "Africa/Casablanca"} {
		b.Run(name, func(b *testing.B) {
			zone := mustResolve(b, name)
			b.ReportAllocs()
			for b.Loop() {
				VTimezone(zone, date(2026, 1, 1), time.Time{})
			}
		})
	}
}
