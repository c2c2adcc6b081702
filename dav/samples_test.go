package dav_test

import (
	"slices"
	"strings"
)

// event is a calendar object; extra are whole lines.
func event(uid, title string, extra ...string) string {
	return crlf("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//test//EN", "BEGIN:VEVENT", "UID:"+uid, "DTSTAMP:20260101T000000Z",
		"DTSTART:20260110T100000Z", "DTEND:20260110T110000Z", "SUMMARY:"+title, strings.Join(extra, "\r\n"), "END:VEVENT", "END:VCALENDAR")
}

func todo(uid, title string, extra ...string) string {
	return crlf("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//test//EN", "BEGIN:VTODO", "UID:"+uid, "DTSTAMP:20260101T000000Z",
		"SUMMARY:"+title, strings.Join(extra, "\r\n"), "END:VTODO", "END:VCALENDAR")
}

func card(uid, name string, extra ...string) string {
	given, family, _ := strings.Cut(name, " ")
	return crlf("BEGIN:VCARD", "VERSION:3.0", "UID:"+uid, "FN:"+name, "N:"+family+";"+given+";;;", strings.Join(extra, "\r\n"), "END:VCARD")
}

func crlf(lines ...string) string {
	lines = slices.DeleteFunc(lines, func(l string) bool { return l == "" })
	return strings.Join(lines, "\r\n") + "\r\n"
}
