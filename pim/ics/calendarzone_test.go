package ics_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/tz"
)

func TestCalendarZone(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 7, 1, 12, 0, 0, 0, time.UTC)
	text := func(tzid string, rest ...string) string {
		lines := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VTIMEZONE", "TZID:" + tzid, "BEGIN:STANDARD", "DTSTART:19700101T000000",
			"TZOFFSETFROM:+0545", "TZOFFSETTO:+0545", "END:STANDARD", "END:VTIMEZONE"}, rest...)
		return strings.Join(append(lines, "END:VCALENDAR", ""), "\r\n")
	}
	for _, c := range []struct {
		text, name string
		offset     int
		err        error
	}{
		{text("Europe/Berlin"), "Europe/Berlin", 7200, nil},
		{text("W. Europe Standard Time"), "Europe/Berlin", 7200, nil},
		{text("Made up"), "Asia/Kathmandu", 5*3600 + 45*60, nil}, // the one zone that does so
		{"", "", 0, pim.ErrInvalid},
		{"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "", 0, pim.ErrInvalid},
		{text("Europe/Berlin", "BEGIN:VTIMEZONE", "TZID:UTC", "END:VTIMEZONE"), "", 0, pim.ErrInvalid},
		{"BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Made up\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n", "", 0, pim.ErrInvalid},
		{text("Europe/Berlin", "X-LONG:"+strings.Repeat("x", ics.MaxTimezone)), "", 0, pim.ErrTooLarge},
	} {
		z, err := ics.CalendarZone(c.text, now)
		if c.err != nil {
			if !errors.Is(err, c.err) {
				t.Errorf("%.80q: %v", c.text, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%.80q: %v", c.text, err)
			continue
		}
		if _, offset := now.In(z.Loc).Zone(); z.Name != c.name || offset != c.offset {
			t.Errorf("%.80q: %s, %d", c.text, z.Name, offset)
		}
	}
	if got := tz.Year(time.Date(2031, 1, 1, 0, 30, 0, 0, time.FixedZone("", 3600))); !got.Equal(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the year of the last half hour of 2030 in UTC is %s", got)
	}
}
