package feed_test

import (
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"crmbridge/feed"
)

// many is a source of n events in three zones, some of them series.
func many(n int, look func(i int)) feed.Source {
	zones := []string{"Europe/Berlin", "W. Europe Standard Time", "America/New_York"}
	return func(visit func(feed.Entry) error) error {
		for i := range n {
			if look != nil {
				look(i)
			}
			day := time.Date(2020, 1, 1+i%2500, 9, 0, 0, 0, time.UTC)
			uid := fmt.Sprintf("event-%d@example.org", i)
			text := fmt.Sprintf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=%s:%s\r\n"+
				"DURATION:PT1H\r\nSUMMARY:Meeting number %d\r\nDESCRIPTION:What is to be said of it\\, and a little more\r\nLOCATION:Room %d\r\n%s"+
				"ATTENDEE;CN=Ann:mailto:ann@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
				uid, zones[i%3], day.Format("20060102T150405"), i, i%10, []string{"", "", "RRULE:FREQ=WEEKLY;COUNT=10\r\n"}[i%3])
			if err := visit(feed.Entry{UID: uid, Text: []byte(text), Changed: day, First: day.Unix()}); err != nil {
				return err
			}
		}
		return nil
	}
}

// The memory that a feed takes does not grow with the calendar.
func TestMemoryIsFlat(t *testing.T) {
	peak := func(n int) uint64 {
		var most uint64
		look := func(i int) {
			if i%(n/8) == n/16 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
		c := feed.Calendar{Name: "large", Zone: berlin(t), Now: now, ProdID: "p", Outlook: true}
		res, err := feed.Render(io.Discard, c, many(n, look))
		if err != nil || res.Shown != n {
			t.Fatal(res, err)
		}
		return most
	}
	peak(100) // tables that are made once
	small, large := peak(1_000), peak(20_000)
	if large > small+2<<20 {
		t.Errorf("%d KiB for 1 000 events, %d KiB for 20 000", small>>10, large>>10)
	}
}

func BenchmarkRender(b *testing.B) {
	const n = 10_000
	for name, c := range map[string]feed.Calendar{
		"full":   {Zone: berlin(b), Now: now, ProdID: "p"},
		"busy":   {Zone: berlin(b), Now: now, ProdID: "p", Busy: true},
		"window": {Zone: berlin(b), Now: now, ProdID: "p", From: now.AddDate(0, -1, 0), Until: now.AddDate(1, 0, 0)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := feed.Render(io.Discard, c, many(n, nil)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/event")
		})
	}
}
