package tz

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// VTimezone is the text of the VTIMEZONE component that Define gives for zone, with CRLF line ends: what goes into a
// calendar object ahead of the events that use zone between from and until (zero for ever). Times in UTC need no
// component (RFC 5545 3.2.19).
func VTimezone(zone Zone, from, until time.Time) []byte {
	return Define(zone, from, until).Text()
}

// Text writes the definition as a VTIMEZONE component, lines ended by CRLF and folded to 75 octets. Control
// characters in names are left out.
func (d Definition) Text() []byte {
	var w writer
	w.line("BEGIN:VTIMEZONE")
	w.line("TZID:" + escape(d.TZID))
	if d.Location != "" {
		w.line("X-LIC-LOCATION:" + escape(d.Location))
	}
	for _, o := range d.Observances {
		o.write(&w)
	}
	w.line("END:VTIMEZONE")
	return w.text
}

const wallLayout = "20060102T150405"

func (o Observance) write(w *writer) {
	kind := "STANDARD"
	if o.Daylight {
		kind = "DAYLIGHT"
	}
	w.line("BEGIN:" + kind)
	w.line("TZOFFSETFROM:" + utcOffset(o.OffsetFrom))
	w.line("TZOFFSETTO:" + utcOffset(o.OffsetTo))
	if o.Name != "" {
		w.line("TZNAME:" + escape(o.Name))
	}
	w.line("DTSTART:" + o.Start.Format(wallLayout))
	if o.RRule != "" {
		w.line("RRULE:" + o.RRule)
	}
	const perLine = 4 // as many as fit without folding, for readers that do not unfold
	for dates := o.RDates; len(dates) > 0; {
		n := min(perLine, len(dates))
		texts := make([]string, n)
		for i, t := range dates[:n] {
			texts[i] = t.Format(wallLayout)
		}
		w.line("RDATE:" + strings.Join(texts, ","))
		dates = dates[n:]
	}
	w.line("END:" + kind)
}

// utcOffset writes RFC 5545 3.3.14: seconds only where there are any, and no negative zero.
func utcOffset(off int) string {
	sign := '+'
	if off < 0 {
		sign, off = '-', -off
	}
	text := fmt.Sprintf("%c%02d%02d", sign, off/hour, off%hour/minute)
	if off%minute != 0 {
		text += fmt.Sprintf("%02d", off%minute)
	}
	return text
}

// escape writes a TEXT value (RFC 5545 3.3.11).
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`).Replace(s)
}

type writer struct{ text []byte }

// line folds by RFC 5545 3.1: at most 75 octets without the line break, no character split.
func (w *writer) line(s string) {
	room := 75
	for len(s) > room {
		n := room
		for n > 1 && !utf8.RuneStart(s[n]) {
			n--
		}
		w.text = append(append(w.text, s[:n]...), "\r\n "...)
		s, room = s[n:], 74
	}
	w.text = append(append(w.text, s...), "\r\n"...)
}
