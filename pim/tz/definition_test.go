package tz

import (
	"errors"
	"fmt"
	"math"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/internal/testenv"
)

func berlin(start time.Time, march, october string) Definition {
	return Definition{TZID: "Mitteleuropa", Observances: []Observance{
		{Start: start, OffsetFrom: 2 * hour, OffsetTo: hour, RRule: october, Name: "CET"},
		{Start: start, OffsetFrom: hour, OffsetTo: 2 * hour, RRule: march, Name: "CEST", Daylight: true},
	}}
}

// What programs write for one and the same zone. Times of day are those of DTSTART, which differ between parts.
func TestDefinitionSpellings(t *testing.T) {
	t.Parallel()
	want := mustResolve(t, "Europe/Berlin")
	at := func(y int, m time.Month, d, h int) time.Time { return time.Date(y, m, d, h, 0, 0, 0, time.UTC) }
	eachPart := func(d Definition, march, october time.Time) Definition {
		d.Observances[0].Start, d.Observances[1].Start = october, march
		return d
	}
	const march, october = "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"
	for name, d := range map[string]Definition{
		"iana":            eachPart(berlin(time.Time{}, march, october), at(1996, 3, 31, 2), at(1996, 10, 27, 3)),
		"1970":            eachPart(berlin(time.Time{}, march, october), at(1970, 3, 29, 2), at(1970, 10, 25, 3)),
		"1970 new year":   eachPart(berlin(time.Time{}, march, october), at(1970, 1, 1, 2), at(1970, 1, 1, 3)),
		"outlook 1601":    eachPart(berlin(time.Time{}, march, october), at(1601, 1, 1, 2), at(1601, 1, 1, 3)),
		"year 1":          eachPart(berlin(time.Time{}, march, october), at(1, 1, 1, 2), at(1, 1, 1, 3)),
		"lower case":      eachPart(berlin(time.Time{}, "freq=yearly;bymonth=3;byday=-1su;", strings.ToLower(october)+";"), at(1601, 1, 1, 2), at(1601, 1, 1, 3)),
		"hour in rule":    berlin(at(1601, 1, 1, 0), march+";BYHOUR=2;BYMINUTE=0", october+";BYHOUR=3;BYMINUTE=0;BYSECOND=0"),
		"days of month":   eachPart(berlin(time.Time{}, "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=25,26,27,28,29,30,31;BYDAY=SU", "FREQ=YEARLY;BYDAY=SU;BYMONTHDAY=-7,-6,-5,-4,-3,-2,-1;BYMONTH=10"), at(1970, 3, 29, 2), at(1970, 10, 25, 3)),
		"set position":    eachPart(berlin(time.Time{}, "FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYSETPOS=-1", "FREQ=YEARLY;BYMONTH=10;BYDAY=SU;BYSETPOS=-1"), at(1970, 3, 29, 2), at(1970, 10, 25, 3)),
		"with interval":   eachPart(berlin(time.Time{}, "FREQ=YEARLY;WKST=MO;INTERVAL=1;BYMONTH=3;BYDAY=-1SU", october), at(1996, 3, 31, 2), at(1996, 10, 27, 3)),
		"until far":       eachPart(berlin(time.Time{}, march+";UNTIL=20500101T000000Z", october+";UNTIL=20500101"), at(1996, 3, 31, 2), at(1996, 10, 27, 3)),
		"count":           eachPart(berlin(time.Time{}, march+";COUNT=50", october+";COUNT=50"), at(1996, 3, 31, 2), at(1996, 10, 27, 3)),
		"last year dated": eachPart(berlin(time.Time{}, march, october), at(2019, 3, 31, 2), at(2019, 10, 27, 3)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, want, d, date(2020, 1, 1), date(2044, 1, 1))
			if got, ok := d.Guess(date(2026, 6, 1)); !ok || got != "Europe/Berlin" {
				t.Errorf("guess %q, %v", got, ok)
			}
		})
	}
}

func TestDefinitionOnsets(t *testing.T) {
	t.Parallel()
	d := Definition{TZID: "x", Observances: []Observance{
		{Start: date(2000, 5, 1), OffsetFrom: hour, OffsetTo: 3 * hour, Daylight: true},
		{Start: date(2001, 5, 1), OffsetFrom: 3 * hour, OffsetTo: -2 * hour, RDates: []time.Time{date(2003, 5, 1)}},
		{Start: date(2002, 5, 1), OffsetFrom: -2 * hour, OffsetTo: 3 * hour, RRule: "FREQ=YEARLY;INTERVAL=2;UNTIL=20040501T015959Z"},
	}}
	zone, err := d.Zone()
	if err != nil || zone.Name != "x" || zone.IANA {
		t.Fatal(zone, err)
	}
	for _, tt := range []struct {
		at   string
		want int
	}{
		{"1950-01-01T00:00:00Z", hour}, // before all: what the first changes from
		{"2000-04-30T22:59:59Z", hour},
		{"2000-04-30T23:00:00Z", 3 * hour}, // midnight of the old clock
		{"2001-05-01T00:00:00Z", -2 * hour},
		{"2002-05-01T01:59:59Z", -2 * hour},
		{"2002-05-01T02:00:00Z", 3 * hour},
		{"2003-05-01T00:00:00Z", -2 * hour},
		{"2004-06-01T00:00:00Z", -2 * hour}, // UNTIL is a second before the onset of 2004
		{"2999-01-01T00:00:00Z", -2 * hour},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := at.In(zone.Loc).Zone(); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.at, got, tt.want)
		}
	}
}

func TestDefinitionErrors(t *testing.T) {
	t.Parallel()
	one := func(o Observance) Definition { return Definition{TZID: "x", Observances: []Observance{o}} }
	many := make([]Observance, maxObservances+1)
	for name, d := range map[string]Definition{
		"empty":            {},
		"too many":         {Observances: many},
		"offset":           one(Observance{OffsetTo: day}),
		"offset from":      one(Observance{OffsetFrom: -day}),
		"too many dates":   one(Observance{RDates: make([]time.Time, maxOnsets+1)}),
		"daily":            one(Observance{RRule: "FREQ=DAILY"}),
		"no freq":          one(Observance{RRule: "BYMONTH=3"}),
		"week number":      one(Observance{RRule: "FREQ=YEARLY;BYWEEKNO=3"}),
		"unknown part":     one(Observance{RRule: "FREQ=YEARLY;X=3"}),
		"bad month":        one(Observance{RRule: "FREQ=YEARLY;BYMONTH=13"}),
		"bad list":         one(Observance{RRule: "FREQ=YEARLY;BYMONTH=1,,2"}),
		"bad day":          one(Observance{RRule: "FREQ=YEARLY;BYDAY=UM"}),
		"bad nth":          one(Observance{RRule: "FREQ=YEARLY;BYDAY=54MO"}),
		"zeroth":           one(Observance{RRule: "FREQ=YEARLY;BYDAY=0MO"}),
		"short day":        one(Observance{RRule: "FREQ=YEARLY;BYDAY=M"}),
		"bad until":        one(Observance{RRule: "FREQ=YEARLY;UNTIL=tomorrow"}),
		"interval":         one(Observance{RRule: "FREQ=YEARLY;INTERVAL=0"}),
		"long rule":        one(Observance{RRule: "FREQ=YEARLY;BYMONTH=" + strings.Repeat("1,", 600) + "1"}),
		"every second":     one(Observance{Start: date(1990, 1, 1), RRule: "FREQ=YEARLY;BYYEARDAY=1;BYHOUR=" + upTo(23) + ";BYMINUTE=" + upTo(59) + ";BYSECOND=" + upTo(59)}),
		"much altogether":  {Observances: slicesRepeat(Observance{Start: date(1990, 1, 1), RRule: "FREQ=YEARLY;BYDAY=SU"}, 100)},
		"much to look for": {Observances: slicesRepeat(Observance{RRule: "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1"}, maxObservances)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			took := testenv.Work(t, func() {
				if _, err := d.Zone(); !errors.Is(err, ErrDefinition) {
					t.Errorf("error %v", err)
				}
				if _, ok := d.Guess(date(2026, 1, 1)); ok {
					t.Error("guessed")
				}
			})
			if took > 2*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func upTo(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,", i)
	}
	return fmt.Sprint(b.String(), n)
}

func slicesRepeat(o Observance, n int) []Observance {
	list := make([]Observance, n)
	for i := range list {
		list[i] = o
	}
	return list
}

func TestGuess(t *testing.T) {
	t.Parallel()
	at := date(2026, 6, 1)
	for _, tt := range []struct{ zone, tzid, want string }{
		{"Europe/London", "x", "Europe/London"},
		{"Europe/Lisbon", "x", "Europe/Lisbon"}, // same clocks, told apart by WET
		{"America/New_York", "x", "America/New_York"},
		{"Asia/Kolkata", "x", "Asia/Kolkata"},
		{"Australia/Lord_Howe", "x", "Australia/Lord_Howe"},
		{"UTC", "x", "UTC"},
		{"Europe/Vienna", "x", "Europe/Berlin"},             // nothing tells Vienna from Berlin
		{"Europe/Vienna", "Europe/Vienna", "Europe/Vienna"}, // but its name
		{"Europe/Vienna", "Asia/Tokyo", "Europe/Berlin"},    // a name that does not fit is no help
	} {
		d := Define(mustResolve(t, tt.zone), at, time.Time{})
		d.TZID = tt.tzid
		if got, ok := d.Guess(at); !ok || got != tt.want {
			t.Errorf("clocks of %s under %q: %q, %v, want %q", tt.zone, tt.tzid, got, ok, tt.want)
		}
	}
	odd := Definition{TZID: "x", Observances: []Observance{{Start: date(1970, 1, 1), OffsetTo: 17 * minute}}}
	if got, ok := odd.Guess(at); ok {
		t.Errorf("17 minutes east: %q", got)
	}
	located := Define(mustResolve(t, "Europe/Vienna"), at, time.Time{})
	located.TZID, located.Location = "x", "Europe/Vienna"
	if got, ok := located.Guess(at); !ok || got != "Europe/Vienna" {
		t.Errorf("with a location: %q, %v", got, ok)
	}
}

func TestResolveWith(t *testing.T) {
	t.Parallel()
	at := date(2026, 6, 1)
	tokyo := Define(mustResolve(t, "Asia/Tokyo"), at, time.Time{})
	odd := Definition{TZID: "Odd", Observances: []Observance{{Start: date(1970, 1, 1), OffsetTo: 17 * minute}}}
	for _, tt := range []struct {
		tzid, want string
		d          Definition
		iana       bool
	}{
		{"Europe/Berlin", "Europe/Berlin", tokyo, true},
		{"tzone://Microsoft/Custom", "Asia/Tokyo", tokyo, true},
		{"Odd", "Odd", odd, false},
		{"Europe/Berlin", "Europe/Berlin", Definition{}, true},
	} {
		zone, err := ResolveWith(tt.tzid, tt.d, at)
		if err != nil || zone.Name != tt.want || zone.IANA != tt.iana || zone.Loc == nil {
			t.Errorf("%q: %+v, %v, want %q", tt.tzid, zone, err, tt.want)
		}
	}
	if _, err := ResolveWith("tzone://Microsoft/Custom", Definition{}, at); !errors.Is(err, ErrDefinition) {
		t.Errorf("neither name nor definition: %v", err)
	}
}

// Definitions at random: the zone changes exactly where onsets are, and clocks convert there and back.
func TestDefinitionProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var d Definition
		for range rapid.IntRange(1, 5).Draw(t, "observances") {
			o := Observance{
				Start:      time.Unix(rapid.Int64Range(-5e9, 3e9).Draw(t, "start"), 0).UTC(),
				OffsetFrom: rapid.IntRange(-day+1, day-1).Draw(t, "from"),
				OffsetTo:   rapid.IntRange(-day+1, day-1).Draw(t, "to"),
				Daylight:   rapid.Bool().Draw(t, "daylight"),
				RRule:      rapid.SampledFrom([]string{"", "FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=YEARLY;INTERVAL=3;COUNT=4"}).Draw(t, "rule"),
			}
			d.Observances = append(d.Observances, o)
		}
		zone, err := d.Zone()
		if err != nil {
			t.Fatal(err)
		}
		clock := NewClock(zone.Loc)
		for range 10 {
			wall := rapid.Int64Range(-6e9, 5e9).Draw(t, "wall")
			unix, skipped := clock.Instant(wall)
			if shown := WallSeconds(time.Unix(unix, 0).In(zone.Loc)); !skipped && shown != wall {
				t.Fatalf("wall %d is %d, which shows %d", wall, unix, shown)
			}
		}
	})
}

// dateutil reads the components that we write and agrees on their meaning.
func TestVTimezoneByDateutil(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.Command(python, "-c", "import dateutil.tz").Run()
	}
	if err != nil {
		t.Skip("python3 with dateutil (python3-dateutil) is not installed")
	}
	var in, want strings.Builder
	for _, name := range []string{
		"Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "Africa/Casablanca", "Europe/Dublin",
		"America/Sao_Paulo", "Asia/Tehran", "Pacific/Apia", "America/Santiago", "Africa/Cairo", "America/Nuuk",
	} {
		zone := mustResolve(t, name)
		in.Write(VTimezone(zone, date(2005, 1, 1), date(2036, 1, 1)))
		for at := date(2006, 1, 1); at.Before(date(2035, 1, 1)); at = at.AddDate(0, 0, 9) {
			local := at.In(zone.Loc)
			_, off := local.Zone()
			fmt.Fprintf(&in, "AT:%s\n", local.Format(wallLayout))
			fmt.Fprintf(&want, "%s %s %d\n", name, local.Format(wallLayout), off)
		}
	}
	cmd := exec.Command(python, "-c", `
import sys, io, datetime, dateutil.tz
text, zone, name = "", None, ""
for line in sys.stdin.read().replace("\r\n", "\n").splitlines():
    if line.startswith("AT:"):
        if text:
            tz = dateutil.tz.tzical(io.StringIO(text)); name = tz.keys()[0]; zone = tz.get(name); text = ""
        t = datetime.datetime.strptime(line[3:], "%Y%m%dT%H%M%S")
        print(name, line[3:], int(t.replace(tzinfo=zone).utcoffset().total_seconds()))
    else:
        text += line + "\n"
`)
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	gotLines, wantLines := strings.Split(string(out), "\n"), strings.Split(want.String(), "\n")
	if len(gotLines) != len(wantLines) {
		t.Fatalf("%d lines instead of %d", len(gotLines), len(wantLines))
	}
	for i, line := range gotLines {
		if line != wantLines[i] {
			t.Errorf("dateutil says %s, want %s", line, wantLines[i])
		}
	}
}

func FuzzDefinition(f *testing.F) {
	f.Add("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", int64(0), 3600, 7200)
	f.Add("freq=yearly;until=19700101;count=2;bysetpos=-1;byday=su,mo", int64(-62135596800), -3600, 0)
	f.Add("FREQ=YEARLY;BYHOUR=1,2;BYYEARDAY=-1;INTERVAL=1000", int64(math.MinInt32), 0, 86399)
	f.Fuzz(func(t *testing.T, rule string, start int64, from, to int) {
		d := Definition{TZID: rule, Observances: []Observance{
			{Start: time.Unix(start, 0).UTC(), OffsetFrom: from, OffsetTo: to, RRule: rule},
		}}
		zone, err := d.Zone()
		if err != nil {
			if !errors.Is(err, ErrDefinition) {
				t.Fatal(err)
			}
			return
		}
		Instant(time.Unix(start, 0).UTC(), zone.Loc)
		d.Guess(time.Unix(1e9, 0))
		text := string(d.Text())
		for line := range strings.SplitSeq(text, "\r\n") {
			if len(line) > 75 {
				t.Fatalf("line of %d bytes", len(line))
			}
		}
	})
}

func BenchmarkDefinitionZone(b *testing.B) {
	d := Define(mustResolve(b, "Europe/Berlin"), date(2026, 1, 1), time.Time{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Zone(); err != nil {
			b.Fatal(err)
		}
	}
}
