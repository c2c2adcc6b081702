package feed_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/feed"
	"crmbridge/internal/testenv"
	"crmbridge/pim/ics"
	"crmbridge/pim/tz"
)

// corpus is real calendars of other programs, one object each, where they are at hand. The samples of package ics are always there.
func corpus(t *testing.T) []string {
	t.Helper()
	files := testenv.SharedIfThere(t, "corpus/ics/*.ics")
	if len(files) == 0 {
		t.Log("SKIPPED: no calendars of other programs; set BRIDGE_SHARED")
	}
	own, err := filepath.Glob("../pim/ics/testdata/*.ics")
	if err != nil || len(own) == 0 {
		t.Fatal("no samples", err)
	}
	return append(files, own...)
}

// An event is in the feed when it is in the calendar, whatever program reads it: as often,
// and every time from the same moment to the same moment.
func TestNothingMoves(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	z := ics.Zones{Local: zone.Loc}
	seen := 0
	for _, f := range corpus(t) {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		o, err := ics.Parse(text, ics.DefaultLimits())
		if err != nil || o.Component() != "VEVENT" || len(o.Validate()) > 0 || cancelled(o) {
			continue
		}
		for _, outlook := range []bool{false, true} {
			c := feed.Calendar{Zone: zone, Now: now, ProdID: "p", Private: true, Outlook: outlook}
			got, _ := rendered(t, c, []feed.Entry{{UID: o.UID(), Text: text, Changed: now, First: first(o)}})
			shown, err := ics.Parse([]byte(got), ics.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if !outlook { // which gets the rules of today only
				defined(t, filepath.Base(f), shown)
			}
			for _, year := range []int{1997, 2008, 2018, 2026} {
				r := ics.TimeRange{From: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(year+2, 1, 1, 0, 0, 0, 0, time.UTC)}
				want, have := spans(o, z, r), spans(shown, z, r)
				if seen += len(want); !slices.Equal(want, have) {
					t.Errorf("%s, Outlook %t, %d:\n%s\nbut in the feed\n%s", filepath.Base(f), outlook, year, strings.Join(want, "\n"), strings.Join(have, "\n"))
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d occurrences were looked at", seen)
	}
}

// defined checks that the zones of a feed are defined as the ones that they are named
// after, at every time in it.
func defined(t *testing.T, name string, o *ics.Object) {
	t.Helper()
	for _, v := range o.Calendar().Blocks("VTIMEZONE") {
		d := ics.Definition(v)
		have, err := d.Zone()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, err := tz.Resolve(d.TZID)
		if err != nil {
			continue // what only the text defines
		}
		for _, e := range o.Calendar().Blocks("VEVENT") {
			for _, l := range e.All("") {
				at, err := time.Parse("20060102T150405", l.Value)
				if err == nil && l.Param("TZID") == d.TZID && !tz.Instant(at, have.Loc).Equal(tz.Instant(at, want.Loc)) {
					t.Errorf("%s: %s:%s is another time in the VTIMEZONE of %s", name, l.Name, l.Value, d.TZID)
				}
			}
		}
	}
}

func first(o *ics.Object) int64 {
	at, _ := o.Bounds()
	return at
}

func cancelled(o *ics.Object) bool {
	return strings.Contains(string(o.Bytes()), "STATUS:CANCELLED")
}

func spans(o *ics.Object, z ics.Zones, r ics.TimeRange) []string {
	all, err := o.Occurrences(z, r, 0)
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for _, oc := range all {
		out = append(out, fmt.Sprintf("%d to %d, date %t", oc.From.Unix(), oc.Until.Unix(), oc.Start.Date))
	}
	slices.Sort(out)
	return out
}
