package tz

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"Europe/Berlin", "Europe/Berlin"},
		{"europe/BERLIN", "Europe/Berlin"},
		{" Europe/Berlin\t", "Europe/Berlin"},
		{"\u00a0Europe/Berlin\u00a0", "Europe/Berlin"},
		{`"Europe/Berlin"`, "Europe/Berlin"},
		{"'Europe/Berlin'", "Europe/Berlin"},
		{"America/Los Angeles", "America/Los_Angeles"},
		{"US/Eastern", "America/New_York"},
		{"Asia/Calcutta", "Asia/Kolkata"},
		{"Europe/Kiev", "Europe/Kyiv"},
		{"America/Montreal", "America/Toronto"},
		{"GB", "Europe/London"},
		{"Etc/UTC", "UTC"},
		{"Zulu", "UTC"},
		{"Etc/GMT", "Etc/GMT"},
		{"Etc/GMT+5", "Etc/GMT+5"},
		{"EST5EDT", "America/New_York"},

		{"W. Europe Standard Time", "Europe/Berlin"},
		{"w. europe standard time", "Europe/Berlin"},
		{"GMT Standard Time", "Europe/London"},
		{"Greenwich Standard Time", "Atlantic/Reykjavik"},
		{"Eastern Standard Time", "America/New_York"},
		{"Eastern Daylight Time", "America/New_York"},
		{"Eastern Standard Time (Mexico)", "America/Cancun"},
		{"India Standard Time", "Asia/Kolkata"},
		{"W. Europe Standard Time 1", "Europe/Berlin"},
		{"Russia Time Zone 10", "Asia/Srednekolymsk"},
		{"UTC-11", "Etc/GMT+11"},
		{"UTC+13", "Etc/GMT-13"},
		{"Mid-Atlantic Standard Time", "Etc/GMT+2"},
		{"Mexico Standard Time 2", "America/Mazatlan"},
		{"Armenian Standard Time", "Asia/Yerevan"},
		{"Pacific", "America/Los_Angeles"}, // Lotus Notes
		{"Western/Central Europe", "Europe/Berlin"},

		{"tzone://Microsoft/Utc", "UTC"},
		{"tzone://Microsoft/W. Europe Standard Time", "Europe/Berlin"},
		{"/mozilla.org/20050126_1/Europe/Berlin", "Europe/Berlin"},
		{"/mozilla.org/20070129_1/America/New_York", "America/New_York"},
		{"/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"},
		{"/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"},
		{"/freeassociation.sourceforge.net/UTC", "UTC"},
		{"/citadel.org/20210210_1/Europe/Berlin", "Europe/Berlin"},
		{"/softwarestudio.org/Olson_20011030_5/Europe/Berlin", "Europe/Berlin"},
		{"/Europe/Stockholm", "Europe/Stockholm"},
		{"posix/Europe/Vaduz", "Europe/Vaduz"},

		{"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"},
		{`(UTC+01:00) Amsterdam\, Berlin\, Bern\, Rome\, Stockholm\, Vienna`, "Europe/Berlin"},
		{"(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", "Europe/Berlin"},
		{"(GMT+01.00) Amsterdam/Berlin/Bern/Rome/Stockholm/Vienna", "Europe/Berlin"},
		{"Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"},
		{"(UTC+01:00) Vienna", "Europe/Vienna"},
		{"(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"},
		{"(GMT-08:00) Pacific Time (US & Canada); Tijuana", "America/Los_Angeles"},
		{"(UTC-03:00) Brasília", "America/Sao_Paulo"},
		{"(UTC) Coordinated Universal Time", "UTC"},
		{"(UTC) Dublin, Edinburgh, Lisbon, London", "Europe/London"},
		{"(GMT) Greenwich Mean Time : Dublin, Edinburgh, Lisbon, London", "Europe/London"},
		{"(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", "Asia/Kolkata"},
		{"(UTC+02:00) Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius", "Europe/Kyiv"},
		{"(UTC+09:00) Osaka, Sapporo, Tokyo", "Asia/Tokyo"},

		{"Z", "UTC"},
		{"utc", "UTC"},
		{"GMT", "Etc/GMT"},
		{"UTC+00:00", "UTC"},
		{"GMT+0100", "Etc/GMT-1"},
		{"UTC+02:00", "Etc/GMT-2"},
		{"UTC+2", "Etc/GMT-2"},
		{"UTC+11", "Etc/GMT-11"},
		{"GMT -0800", "Etc/GMT+8"},
		{"+05:30", "UTC+05:30"},
		{"GMT-0330", "UTC-03:30"},
		{"UTC−3", "Etc/GMT+3"},
	}
	for _, tt := range tests {
		zone, err := Resolve(tt.in)
		if err != nil || zone.Name != tt.want {
			t.Errorf("Resolve(%q) = %q, %v, want %q", tt.in, zone.Name, err, tt.want)
			continue
		}
		if isOffset := strings.HasPrefix(tt.want, "UTC") && tt.want != "UTC"; zone.IANA == isOffset || zone.Loc == nil {
			t.Errorf("Resolve(%q) = %+v", tt.in, zone)
		}
	}
}

func TestResolveUnknown(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", " ", "/", "(", "()", "(UTC", "(UTC+01:00)", "(UTC+01:00) ", "tzone://Microsoft/Custom", "tzone://Microsoft/",
		"Customized Time Zone", "MyTimezone", "Nowhere/Middle", "/Europe/CUSTOM", "custom_America/New_York",
		"GMT +0100 (Standard) / GMT +0200 (Daylight)", "(UTC+01:00) Atlantis, Lyonesse", "(UTC-05:00) Berlin",
		"UTC+15", "UTC+1:7", "UTC+01:60", "+", "+1:", "UTC+12345", "../../etc/passwd", "Factory", "localtime", "Local",
		"Standard Time", "S", "Western/Cuba", strings.Repeat("A", 10_000), "\x00", "\xff\xfe",
	} {
		if zone, err := Resolve(in); !errors.Is(err, ErrUnknown) {
			t.Errorf("Resolve(%.40q) = %q, %v, want ErrUnknown", in, zone.Name, err)
		} else if len(err.Error()) > 4*maxID+100 {
			t.Errorf("Resolve(%.40q): error of %d bytes", in, len(err.Error()))
		}
	}
}

func TestResolveOffset(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{
		"GMT+0100": 3600, "UTC-03:30": -12600, "+05:45": 20700, "Etc/GMT+5": -18000, "UTC-12": -43200, "UTC+14": 50400,
	} {
		zone, err := Resolve(in)
		if err != nil {
			t.Fatal(err)
		}
		if _, off := time.Unix(1e9, 0).In(zone.Loc).Zone(); off != want {
			t.Errorf("Resolve(%q) is %d s from UTC, want %d", in, off, want)
		}
	}
}

// Every name in the tables leads to a zone that the zone data have.
func TestTables(t *testing.T) {
	t.Parallel()
	tab := index()
	if len(tab.byName) < 590 || len(tab.windows) < 139 || len(displayNames()) < 150 {
		t.Fatalf("%d names, %d Windows names, %d display names", len(tab.byName), len(tab.windows), len(displayNames()))
	}
	for name, e := range tab.byName {
		zone, err := Resolve(name)
		if err != nil || zone.Name != e.name {
			t.Errorf("Resolve(%q) = %q, %v, want %q", name, zone.Name, err, e.name)
		}
	}
	for windows, territories := range tab.windows {
		for territory, iana := range territories {
			if got, ok := FromWindows(windows, territory); !ok || got != iana {
				t.Errorf("FromWindows(%q, %q) = %q, %v", windows, territory, got, ok)
			}
			if name, ok := Canonical(iana); !ok || name != iana {
				t.Errorf("%s in %s: %q is not the name in use, %q", windows, territory, iana, name)
			}
		}
		iana, ok := FromWindows(windows, "")
		back, ok2 := Windows(iana)
		if !ok || !ok2 || back != tab.windowsName[windows] {
			t.Errorf("%q -> %q -> %q", windows, iana, back)
		}
	}
	for phrase, windows := range displayNames() {
		want, ok := FromWindows(windows, "")
		if !ok {
			t.Errorf("display name %q: unknown Windows name %q", phrase, windows)
		}
		if zone, err := Resolve("(UTC+01:00) " + phrase); err != nil || zone.Name != want {
			t.Errorf("display name %q = %q, %v, want %q", phrase, zone.Name, err, want)
		}
	}
	for old, successor := range retiredWindows {
		if _, ok := FromWindows(successor, ""); !ok {
			t.Errorf("%q: no successor %q", old, successor)
		}
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	for iana, want := range map[string]string{
		"Europe/Berlin": "W. Europe Standard Time", "Europe/Vienna": "W. Europe Standard Time",
		"europe/paris": "Romance Standard Time", "Asia/Calcutta": "India Standard Time", "Asia/Kolkata": "India Standard Time",
		"US/Eastern": "Eastern Standard Time", "America/Toronto": "Eastern Standard Time", "UTC": "UTC", "Etc/GMT": "UTC",
		"America/Noronha": "UTC-02", "Antarctica/Troll": "", "No/Where": "", "": "",
	} {
		if got, ok := Windows(iana); got != want || ok != (want != "") {
			t.Errorf("Windows(%q) = %q, %v, want %q", iana, got, ok, want)
		}
	}
	for _, tt := range []struct{ name, territory, want string }{
		{"W. Europe Standard Time", "", "Europe/Berlin"},
		{"W. Europe Standard Time", "AT", "Europe/Vienna"},
		{"w. europe standard time", "at", "Europe/Vienna"},
		{"W. Europe Standard Time", "BR", "Europe/Berlin"},
		{"Mars Standard Time", "", ""},
	} {
		if got, ok := FromWindows(tt.name, tt.territory); got != tt.want || ok != (tt.want != "") {
			t.Errorf("FromWindows(%q, %q) = %q, %v", tt.name, tt.territory, got, ok)
		}
	}
}

func FuzzResolve(f *testing.F) {
	for _, s := range []string{
		"Europe/Berlin", "(UTC+01:00) Amsterdam, Berlin", "GMT +0100", "/a/b/c", "tzone://Microsoft/Utc", "+1:", "(", "W. 1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		zone, err := Resolve(s)
		if err != nil {
			if !errors.Is(err, ErrUnknown) {
				t.Fatal(err)
			}
			return
		}
		if zone.Loc == nil || zone.Name == "" {
			t.Fatalf("%q: %+v", s, zone)
		}
		if again, err := Resolve(zone.Name); err != nil || again.Name != zone.Name {
			t.Fatalf("%q is %q, which is %q, %v", s, zone.Name, again.Name, err)
		}
	})
}

func BenchmarkResolve(b *testing.B) {
	for _, id := range []string{"Europe/Berlin", "W. Europe Standard Time", "(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien"} {
		b.Run(id, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Resolve(id); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
