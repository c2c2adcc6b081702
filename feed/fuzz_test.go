package feed_test

import (
	"bytes"
	"testing"
	"time"

	"crmbridge/feed"
)

// Whatever text an object has, every feed it is in is one that readers take.
func FuzzRender(f *testing.F) {
	for _, e := range entries(f) {
		f.Add(e.Text)
	}
	zone := berlin(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		good := []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:good\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260310T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
		es := []feed.Entry{{UID: "x", Text: text, Changed: now}, {UID: "good", Text: good, Changed: now}}
		for i := range 8 {
			c := feed.Calendar{Zone: zone, Now: now, ProdID: "p", Key: []byte("k"), Refresh: time.Hour,
				Busy: i&1 != 0, Outlook: i&2 != 0, Private: i&4 != 0, Tasks: true, Alarms: true}
			if i&4 != 0 {
				c.From, c.Until = now, now.AddDate(1, 0, 0)
			}
			var b bytes.Buffer
			res, err := feed.Render(&b, c, source(es))
			if err != nil {
				t.Fatal(err)
			}
			wellFormed(t, b.Bytes())
			if res.Shown == 0 || !bytes.Contains(b.Bytes(), []byte("DTSTART:20260310T100000Z")) {
				t.Error("the good event is gone")
			}
		}
	})
}
