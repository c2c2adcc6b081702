package feed

import (
	"bytes"
	"fmt"
	"time"

	"crmbridge/pim/line"
)

// head is the begin of the VCALENDAR and its properties. The newer properties of RFC 7986
// stand beside the X- ones that programs read since long before.
func (r *renderer) head() []byte {
	c := r.cal
	b := line.NewBlock("VCALENDAR",
		line.New("PRODID", line.Escape(c.ProdID)),
		line.New("VERSION", "2.0"),
		line.New("CALSCALE", "GREGORIAN"),
		line.New("METHOD", "PUBLISH"),
	)
	text := func(value string, names ...string) {
		for _, name := range names {
			if value != "" {
				b.Add(line.New(name, line.Escape(value)))
			}
		}
	}
	text(c.Name, "NAME", "X-WR-CALNAME")
	if !c.Busy {
		text(c.Description, "DESCRIPTION", "X-WR-CALDESC")
	}
	if c.Zone.IANA {
		text(c.Zone.Name, "X-WR-TIMEZONE")
	}
	if c.Outlook {
		// MS-OXCICAL 2.1.3.1.1: by it Outlook knows a calendar again.
		h := r.hashed("calendar")
		text(fmt.Sprintf("{%s-%s-%s-%s-%s}", h[:8], h[8:12], h[12:16], h[16:20], h[20:32]), "X-WR-RELCALID")
	}
	if hex, name, ok := colorName(c.Color); ok {
		text(name, "COLOR") // RFC 7986 5.9: a CSS3 name
		text(hex, "X-APPLE-CALENDAR-COLOR")
	}
	if c.Refresh >= time.Minute {
		d := minutes(c.Refresh)
		b.Add(line.New("REFRESH-INTERVAL", d, line.P("VALUE", "DURATION")), line.New("X-PUBLISHED-TTL", d))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("END:VCALENDAR\r\n"))
}

// minutes is a DURATION in whole minutes: Outlook reads no finer ones.
func minutes(d time.Duration) string {
	m := int(d / time.Minute)
	switch {
	case m%(24*60) == 0:
		return fmt.Sprintf("P%dD", m/(24*60))
	case m%60 == 0:
		return fmt.Sprintf("PT%dH", m/60)
	}
	return fmt.Sprintf("PT%dM", m)
}
