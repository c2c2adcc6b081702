package tz

import (
	"fmt"
	"strings"
	"time"
)

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// byOffset reads fixed offsets: Z, UTC, GMT+1, UTC+02:00, GMT-0330, +05:30, with a colon or a point.
func byOffset(id string) (Zone, bool) {
	s := strings.ToUpper(strings.ReplaceAll(id, " ", ""))
	s = strings.ReplaceAll(s, "−", "-") // the minus of typeset names
	switch s {
	case "Z", "UTC", "GMT":
		return fixed(0), true
	}
	for _, prefix := range []string{"UTC", "GMT"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			s = rest
			break
		}
	}
	off, ok := parseOffset(s)
	if !ok {
		return Zone{}, false
	}
	return fixed(off), true
}

// parseOffset reads a sign and h, hh, hmm, hhmm, h:mm or hh:mm. No zone is further than 14 hours from UTC.
func parseOffset(s string) (int, bool) {
	if len(s) < 2 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	hours, minutes, split := strings.Cut(strings.ReplaceAll(s[1:], ".", ":"), ":")
	if !split && len(hours) > 2 {
		hours, minutes = hours[:len(hours)-2], hours[len(hours)-2:]
		split = true
	}
	h, ok := digits(hours, 2)
	if !ok {
		return 0, false
	}
	m := 0
	if split {
		if m, ok = digits(minutes, 2); !ok || len(minutes) != 2 || m > 59 {
			return 0, false
		}
	}
	off := h*hour + m*minute
	if off > 14*hour {
		return 0, false
	}
	if s[0] == '-' {
		off = -off
	}
	return off, true
}

// digits reads a number of one to most digits.
func digits(s string, most int) (int, bool) {
	if s == "" || len(s) > most {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// fixed is the zone that stays off seconds east of UTC. Whole hours have an IANA name, whose sign is reversed.
func fixed(off int) Zone {
	if off == 0 {
		if zone, ok := byName("UTC"); ok {
			return zone
		}
	}
	if off != 0 && off%hour == 0 && off >= -12*hour {
		if zone, ok := byName(fmt.Sprintf("Etc/GMT%+d", -off/hour)); ok {
			return zone
		}
	}
	sign, abs := '+', off
	if off < 0 {
		sign, abs = '-', -off
	}
	name := fmt.Sprintf("UTC%c%02d:%02d", sign, abs/hour, abs%hour/minute)
	return Zone{Name: name, Loc: time.FixedZone(name, off)}
}
