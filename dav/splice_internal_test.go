package dav

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Groups are numbered by each program: what comes from the other text takes its label along and no other's.
func TestThreeWayKeepsLabelsWithTheirLines(t *testing.T) {
	t.Parallel()
	person := "FN:Ada Lane\r\nN:Lane;Ada;;;"
	for name, c := range map[string]struct {
		base, mine, theirs []string
		want               []string // lines of meaning
	}{
		"numbered anew": {
			[]string{"item1.TEL:1", "item1.X-ABLABEL:Boat", "item2.TEL:2", "item2.X-ABLABEL:Barn"},
			[]string{"item2.TEL:1", "item2.X-ABLABEL:Boat", "item1.TEL:2", "item1.X-ABLABEL:Barn", "NOTE:n"},
			[]string{"item1.TEL:1", "item1.X-ABLABEL:Boat", "item2.TEL:2", "item2.X-ABLABEL:Shed"},
			[]string{"NOTE:n", "TEL:1 [Boat]", "TEL:2 [Shed]"},
		},
		"one number for two": {
			[]string{"NOTE:n"},
			[]string{"NOTE:n", "item1.TEL:1", "item1.X-ABLABEL:Boat"},
			[]string{"NOTE:n", "item1.EMAIL:a@example.org", "item1.X-ABLABEL:Barn"},
			[]string{"EMAIL:a@example.org [Barn]", "NOTE:n", "TEL:1 [Boat]"},
		},
		"shared": {
			[]string{"item1.TEL:1", "item1.EMAIL:a@example.org", "item1.X-ABLABEL:Boat"},
			[]string{"TEL:1", "item1.EMAIL:a@example.org", "item1.X-ABLABEL:Boat"},
			[]string{"item1.TEL:1", "item1.EMAIL:a@example.org", "item1.X-ABLABEL:Boat", "NOTE:n"},
			[]string{"EMAIL:a@example.org [Boat]", "NOTE:n", "TEL:1"},
		},
		"removed": {
			[]string{"item1.TEL:1", "item1.X-ABLABEL:Boat", "TEL:2"}, []string{"TEL:2"}, []string{"item1.TEL:1", "item1.X-ABLABEL:Boat", "TEL:2", "NOTE:n"},
			[]string{"NOTE:n", "TEL:2"},
		},
		"moved here, changed there": {
			[]string{"item1.TEL:1", "TEL:2", "item1.X-ABLABEL:Boat"}, []string{"TEL:1", "item1.TEL:2", "item1.X-ABLABEL:Boat"},
			[]string{"item1.TEL:1", "TEL:2", "item1.X-ABLABEL:Ship"}, nil,
		},
	} {
		of := func(lines []string) document { return cardOf(t, append([]string{person}, lines...)...) }
		for i := range 2 {
			mine, theirs := of(c.mine), of(c.theirs)
			if i == 1 {
				mine, theirs = theirs, mine
			}
			got := threeWay(of(c.base), mine, theirs, mergeTime, time.UTC)
			if got == nil || c.want == nil {
				if (got == nil) != (c.want == nil) {
					t.Errorf("%s: %v", name, got)
				}
				continue
			}
			var have []string
			for _, l := range meaning(string(got.bytes())) {
				if l = strings.TrimPrefix(l, "VCARD "); !strings.HasPrefix(l, "FN") && !strings.HasPrefix(l, "N:") && !strings.HasPrefix(l, "UID") && !strings.HasPrefix(l, "VERSION") {
					have = append(have, l)
				}
			}
			if !slices.Equal(have, c.want) {
				t.Errorf("%s: %q, want %q in\n%s", name, have, c.want, got.bytes())
			}
			if strings.Count(string(got.bytes()), "X-ABLABEL") != strings.Count(strings.Join(c.want, ""), "[") {
				t.Errorf("%s: labels of nothing in\n%s", name, got.bytes())
			}
		}
	}
}

// Cards of two versions merge in the stored one's, where that can say all.
func TestThreeWayAcrossVersions(t *testing.T) {
	t.Parallel()
	of := func(version string, lines ...string) document {
		text := strings.Join(slices.Concat([]string{"BEGIN:VCARD", "VERSION:" + version, "UID:u", "FN:Ada Lane", "N:Lane;Ada;;;"}, lines, []string{"END:VCARD", ""}), "\r\n")
		d, err := readCard(books, []byte(text), Limits{}.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	base := of("3.0", "TEL;TYPE=home,pref:1", "NOTE:a", "X-A:1")
	got := threeWay(base, of("3.0", "TEL;TYPE=home,pref:1", "NOTE:b", "X-A:2"), of("4.0", "TEL;TYPE=home;PREF=1:1", "NOTE:a", "X-A:1", "ROLE:r", "ANNIVERSARY:20100601"), mergeTime, time.UTC)
	if got == nil {
		t.Fatal("collides")
	}
	for _, l := range []string{"VERSION:4.0", "TEL;TYPE=home;PREF=1:1", "NOTE:b", "X-A:2", "ROLE:r", "ANNIVERSARY:20100601"} {
		if !strings.Contains(string(got.bytes()), l+"\r\n") {
			t.Errorf("no %s in\n%s", l, got.bytes())
		}
	}
}

// A time brings its zone along; two zones of one name do not go into one text.
func TestThreeWayBringsZones(t *testing.T) {
	t.Parallel()
	zone := func(id, offset string) string {
		return "BEGIN:VTIMEZONE\r\nTZID:" + id + "\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:" + offset + "\r\nTZOFFSETTO:" + offset + "\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	}
	of := func(zones string, lines ...string) document {
		text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + zones + "BEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		d, err := readCalendar(calendars, []byte(text), Limits{}.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	base := of("", "DTSTART:20260110T100000Z", "SUMMARY:a", "SEQUENCE:3")
	mine := of(zone("Our hall", "+0130"), "DTSTART;TZID=Our hall:20260110T113000", "SUMMARY:a", "SEQUENCE:5")
	got := threeWay(base, mine, of("", "DTSTART:20260110T100000Z", "SUMMARY:b", "SEQUENCE:4"), mergeTime, time.UTC)
	if got == nil || strings.Count(string(got.bytes()), "TZID:Our hall") != 1 || !strings.Contains(string(got.bytes()), "TZID=Our hall:20260110T113000") ||
		!strings.Contains(string(got.bytes()), "SUMMARY:b") || !strings.Contains(string(got.bytes()), "SEQUENCE:5") {
		t.Fatalf("got %s", got.bytes())
	}
	series := "RDATE;TZID=Our hall:20260111T113000"
	base = of(zone("Our hall", "+0130"), "DTSTART:20260110T100000Z", "SUMMARY;X-A=1:a")
	mine = of(zone("Our hall", "+0130"), "DTSTART:20260110T100000Z", "SUMMARY;X-A=1:a", series)
	theirs := of(zone("Our hall", "+0200"), "DTSTART:20260110T100000Z", "SUMMARY;X-A=1:b")
	if got := threeWay(base, mine, theirs, mergeTime, time.UTC); got != nil {
		t.Errorf("one name, two zones:\n%s", got.bytes())
	}
}
