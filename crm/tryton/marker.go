package tryton

import (
	"crypto/sha256"
	"regexp"
	"strings"
)

// Tryton takes no ids from outside, so that a record itself has to tell which create
// made it. What tells must be there from the first moment: a second request might
// never arrive.
//
// A party says it in an identifier without a type, the place that Tryton has for the
// numbers other systems give a party. A work has no such place, only texts that
// people read. So its mark is 32 characters that print as nothing (the invisible
// operators of mathematics), between two word joiners, at the end of the comment. It
// is taken off whatever is read, and put back when the comment is changed.

// identifierOf is the code of a party's identifier.
func identifierOf(key string) string {
	const prefix = "crmbridge:"
	if len(key) <= 100 {
		return prefix + key
	}
	return prefix + version(key)
}

const joiner = '\u2060'

// marks are the digits: two bits each.
var marks = [4]rune{'\u2061', '\u2062', '\u2063', '\u2064'}

// markerOf is the mark of a key: 64 bits of its hash.
func markerOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	var b strings.Builder
	b.WriteRune(joiner)
	for _, octet := range sum[:8] {
		for shift := 6; shift >= 0; shift -= 2 {
			b.WriteRune(marks[octet>>shift&3])
		}
	}
	b.WriteRune(joiner)
	return b.String()
}

var markerPattern = regexp.MustCompile("\u2060[\u2061-\u2064]{32}\u2060")

// withoutMarker is a comment as people wrote it, wherever in it they left the mark.
func withoutMarker(comment string) string {
	if !strings.ContainsRune(comment, joiner) {
		return comment
	}
	return markerPattern.ReplaceAllString(comment, "")
}

// withMarker puts the mark of the present comment, if it has one, behind the new text.
func withMarker(text, present string) string {
	return withoutMarker(strings.ReplaceAll(text, "\x00", "")) + markerPattern.FindString(present)
}
