package pim

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// FileName makes the name of a file that somebody else gave harmless for whatever keeps or shows it. It is without a path, without what
// cannot be seen or turns the order of letters round, names no folder, and has most UTF-16 units at most, of which the end, which tells what
// the file is, stays. What is left of nothing is "file". FileName of it is the same.
func FileName(name string, most int) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r == '\u200c' || r == '\u200d': // they join letters of Persian and Indian scripts, and pictures
			return r
		case unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs):
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	name = strings.TrimSpace(name[strings.LastIndexAny(name, `/\`)+1:])
	ext := extension(name)
	name = strings.TrimSpace(firstUnits(name[:len(name)-len(ext)], most-units(ext))) + ext
	if !strings.ContainsFunc(name, tells) {
		return "file"
	}
	return name
}

// extensionMost is how long the end of a name may be that tells what a file is.
const extensionMost = 20

func extension(name string) string {
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && units(name[dot:]) <= extensionMost {
		return name[dot:]
	}
	return ""
}

// tells reports a letter that makes a name one: "." and ".." are folders, and what is blank cannot be seen.
func tells(r rune) bool {
	return r != '.' && !unicode.IsSpace(r) && !unicode.In(r, unicode.Cf)
}

// units is the length of a text as UTF-16, in which most systems count.
func units(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

func firstUnits(s string, n int) string {
	for i, r := range s {
		if n -= utf16.RuneLen(r); n < 0 {
			return s[:i]
		}
	}
	return s
}
