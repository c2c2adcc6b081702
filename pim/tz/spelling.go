package tz

import (
	"strings"
	"unicode"
)

// clean takes away what programs leave around and inside an id: blanks of any kind, control characters, quotes, and
// the backslashes of escaped text. Runs of blanks become one.
func clean(id string) string {
	var b strings.Builder
	b.Grow(len(id))
	blank := false
	for _, r := range id {
		switch {
		case unicode.IsSpace(r):
			blank = b.Len() > 0
			continue
		case r == '"' || r == '\\' || r == '\uFEFF' || unicode.IsControl(r):
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		b.WriteRune(r)
	}
	return strings.Trim(b.String(), "' ")
}

// foldLatin writes the accented letters of display names plainly, so that "Brasília" and "Brasilia" are one.
func foldLatin(s string) string {
	return latin.Replace(strings.ToLower(s))
}

var latin = strings.NewReplacer(
	"á", "a", "à", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "ç", "c", "é", "e", "è", "e", "ê", "e", "ë", "e",
	"í", "i", "ì", "i", "î", "i", "ï", "i", "ñ", "n", "ó", "o", "ò", "o", "ô", "o", "õ", "o", "ö", "o", "ø", "o",
	"ú", "u", "ù", "u", "û", "u", "ü", "u", "’", "'",
)
