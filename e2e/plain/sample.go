package plain

import (
	"strings"
	"testing"
	"time"
)

// Unfold joins folded content lines (RFC 5545 3.1, RFC 6350 3.2).
func Unfold(text string) string {
	return strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "").Replace(text)
}

// Shown is how an occurrence is told in lists: "2027-01-15 10:00 TITLE", or "2027-01-20 TITLE" of a whole day. Start is in
// iCalendar form, UTC or a date.
func Shown(tb testing.TB, start, title string) string {
	tb.Helper()
	for form, want := range map[string]string{"20060102T150405Z": "2006-01-02 15:04 ", "20060102": "2006-01-02 "} {
		if at, err := time.Parse(form, start); err == nil {
			return at.Format(want) + title
		}
	}
	tb.Fatalf("%q begins at %q", title, start)
	return ""
}

// Event is a VEVENT on 15 January 2027, 10:00 to 11:00 UTC, in a calendar of its own. More holds further content lines,
// those with the same name replacing the ones made here.
func Event(uid, summary string, more ...string) string {
	return component("VEVENT", uid, []string{"DTSTAMP:20270101T000000Z", "DTSTART:20270115T100000Z", "DTEND:20270115T110000Z",
		"SUMMARY:" + summary}, more)
}

// Task is an open VTODO due on 20 January 2027.
func Task(uid, summary string, more ...string) string {
	return component("VTODO", uid, []string{"DTSTAMP:20270101T000000Z", "DUE:20270120T120000Z", "STATUS:NEEDS-ACTION",
		"SUMMARY:" + summary}, more)
}

// Card is a vCard 3.0 of a person with one e-mail address; family is the last word of name.
func Card(uid, name, email string, more ...string) string {
	return card("3.0", uid, name, email, more)
}

// Card4 is the same as vCard 4.0.
func Card4(uid, name, email string, more ...string) string {
	return card("4.0", uid, name, email, more)
}

func card(version, uid, name, email string, more []string) string {
	given, family, _ := strings.Cut(name, " ")
	lines := []string{"BEGIN:VCARD", "VERSION:" + version}
	lines = append(lines, merge([]string{"UID:" + uid, "FN:" + name, "N:" + family + ";" + given + ";;;",
		"EMAIL;TYPE=HOME:" + email}, more)...)
	return strings.Join(append(lines, "END:VCARD", ""), "\r\n")
}

func component(name, uid string, lines, more []string) string {
	all := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//e2e//EN", "BEGIN:" + name, "UID:" + uid}
	all = append(all, merge(lines, more)...)
	return strings.Join(append(all, "END:"+name, "END:VCALENDAR", ""), "\r\n")
}

// merge appends more to lines, without those of lines whose property more brings at its top level.
func merge(lines, more []string) []string {
	given := map[string]bool{}
	depth := 0
	for _, line := range more {
		name := property(line)
		switch {
		case name == "BEGIN":
			depth++
		case name == "END":
			depth--
		case depth == 0:
			given[name] = true
		}
	}
	var all []string
	for _, line := range lines {
		if !given[property(line)] {
			all = append(all, line)
		}
	}
	return append(all, more...)
}

func property(line string) string {
	if end := strings.IndexAny(line, ":;"); end >= 0 {
		return line[:end]
	}
	return line
}
