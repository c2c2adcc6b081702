package sample

import (
	"strings"
	"unicode/utf8"
)

// text gathers content lines, folded as RFC 5545 3.1 and RFC 6350 3.2 ask for.
type text struct{ b []byte }

// foldAt is how many octets a line may have.
const foldAt = 75

func (t *text) line(parts ...string) {
	s := strings.Join(parts, "")
	for room := foldAt; len(s) > room; room = foldAt - 1 {
		cut := room
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		t.b = append(append(t.b, s[:cut]...), "\r\n "...)
		s = s[cut:]
	}
	t.b = append(append(t.b, s...), "\r\n"...)
}

// value escapes a TEXT value (RFC 5545 3.3.11, RFC 6350 3.4).
func value(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(s)
}
