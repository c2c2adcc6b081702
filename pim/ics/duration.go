package ics

import (
	"strconv"
	"strings"
	"time"

	"crmbridge/pim/tz"
)

// span is a DURATION (RFC 5545 3.3.6): days are days of the calendar, 23 to 25 hours
// long, the rest is exact.
type span struct {
	days  int
	clock time.Duration
}

// maxDays keeps sums inside what time.Duration and time.Time can hold: a century.
const maxDays = 36525

// parseSpan reads P1W, -PT15M, P1DT2H and the like.
func parseSpan(value string) (span, bool) {
	s := strings.ToUpper(trim(value))
	sign := 1
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = -1, s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	s, ok := strings.CutPrefix(s, "P")
	if !ok || s == "" {
		return span{}, false
	}
	date, clock, timed := strings.Cut(s, "T")
	if timed && clock == "" {
		return span{}, false
	}
	weeks, days, hours, minutes, seconds := 0, 0, 0, 0, 0
	if !units(date, "WD", &weeks, &days) || !units(clock, "HMS", &hours, &minutes, &seconds) {
		return span{}, false
	}
	sp := span{days: sign * (weeks*7 + days)}
	secs := int64(hours)*3600 + int64(minutes)*60 + int64(seconds)
	if weeks*7+days > maxDays || secs > maxDays*86400 {
		return span{}, false
	}
	sp.clock = time.Duration(sign) * time.Duration(secs) * time.Second
	return sp, true
}

// units reads numbers with the given letters behind them, in that order, each once at
// most.
func units(s, letters string, out ...*int) bool {
	for next := 0; s != ""; {
		n := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
		if n < 1 || n > 10 {
			return false
		}
		at := strings.IndexByte(letters[next:], s[n])
		if at < 0 {
			return false
		}
		*out[next+at], _ = digits(s[:n])
		next += at + 1
		s = s[n+1:]
	}
	return true
}

// total counts a day as 24 hours, for reminders and efforts.
func (sp span) total() time.Duration { return time.Duration(sp.days)*24*time.Hour + sp.clock }

// after is the moment a span after the wall clock reading wall in loc.
func (sp span) after(wall time.Time, loc *time.Location) time.Time {
	return tz.Instant(wall.AddDate(0, 0, sp.days), loc).Add(sp.clock).UTC()
}

// add moves a wall clock reading.
func (sp span) add(wall time.Time) time.Time { return wall.AddDate(0, 0, sp.days).Add(sp.clock) }

// duration writes an exact length of time: whole days as such only when asked, since a
// day is not always 24 hours long.
func duration(d time.Duration, days bool) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	var b strings.Builder
	b.WriteString(sign + "P")
	if n := d / (24 * time.Hour); days && n > 0 {
		b.WriteString(strconv.Itoa(int(n)) + "D")
		d -= n * 24 * time.Hour
		if d < time.Second {
			return b.String()
		}
	}
	b.WriteByte('T')
	h, m, s := int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60
	for _, u := range []struct {
		n    int
		unit string
	}{{h, "H"}, {m, "M"}, {s, "S"}} {
		if u.n > 0 {
			b.WriteString(strconv.Itoa(u.n) + u.unit)
		}
	}
	if h+m+s == 0 {
		b.WriteString("0S")
	}
	return b.String()
}
