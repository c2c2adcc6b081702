package ics

import (
	"strings"
	"time"

	"crmbridge/pim/line"
)

// Once reports that text, which Parse takes, is one VEVENT that takes place one time and neither repeats nor overrides
// anything. When its Bounds, of which some bound is not open, lie inside a range of time, it matches a time-range of
// it, without the text being parsed: the one occurrence is in them. It is no statement about other texts when it is
// false.
//
// An end ahead of the start is the exception (RFC 4791 9.9 then asks for the end, which Bounds leave out); those
// Bounds are as long as those of a moment, for which Once is false too.
func Once(text []byte, start, end int64) bool {
	const loose = 2 * int64(widest/time.Second)
	if length := end - start; length <= 2 || length == 2+loose {
		return false
	}
	scan := line.NewScan(text)
	depth, events, within := 0, 0, false
	for name, ok := scan.Next(); ok; name, ok = scan.Next() {
		switch {
		case strings.EqualFold(name, "BEGIN") && scan.Group() == "":
			if depth++; depth == 2 {
				block := blockName(scan.Content())
				if within = block == event; within {
					events++
				} else if block != timezone {
					return false
				}
			}
		case strings.EqualFold(name, "END") && scan.Group() == "":
			depth--
		case within && depth == 2 && repeating(name):
			return false
		}
	}
	return events == 1
}

// Repeats is false for a text that surely neither repeats nor overrides anything: none of its components has a rule, a
// date or an exception. Those by which a time zone changes its clocks do not count.
func Repeats(text []byte) bool {
	scan := line.NewScan(text)
	depth, within := 0, false
	for name, ok := scan.Next(); ok; name, ok = scan.Next() {
		switch {
		case strings.EqualFold(name, "BEGIN") && scan.Group() == "":
			if depth++; depth == 2 {
				within = blockName(scan.Content()) != timezone
			}
		case strings.EqualFold(name, "END") && scan.Group() == "":
			depth--
		case within && depth == 2 && repeating(name):
			return true
		}
	}
	return false
}

func blockName(content string) string {
	_, name, _ := strings.Cut(content, ":")
	return strings.ToUpper(trim(name))
}

// repeating reports the properties that make more or less of an event than one occurrence.
func repeating(name string) bool {
	if name == "" || strings.IndexByte("RrEe", name[0]) < 0 {
		return false
	}
	for _, n := range [...]string{"RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"} {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
