package likeness

import (
	"cmp"
	"strings"
	"unicode"
)

// phone is a number as it is dialled. abroad: digits begin with the country code; else
// they are what follows the trunk prefix 0, or a local number.
type phone struct {
	digits string
	abroad bool
}

// leastDigits is how many a number has to have to say anything.
const leastDigits = 6

// dialled reads a number however it is written; false for what is too short to tell
// anybody apart (an extension, a short code).
func dialled(s string) (phone, bool) {
	s, _, _ = strings.Cut(strings.ToLower(strings.TrimPrefix(strings.TrimSpace(s), "tel:")), ";")
	s = strings.ReplaceAll(s, "(0)", "") // +44 (0)20 …
	var b strings.Builder
	var p phone
	for _, r := range s {
		switch {
		case r == '+' && b.Len() == 0:
			p.abroad = true
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.IsLetter(r) && b.Len() >= leastDigits:
			return number(b.String(), p.abroad) // "ext. 12"
		}
	}
	return number(b.String(), p.abroad)
}

func number(digits string, abroad bool) (phone, bool) {
	if !abroad && strings.HasPrefix(digits, "00") {
		digits, abroad = digits[2:], true
	}
	if !abroad {
		digits = strings.TrimPrefix(digits, "0")
	}
	return phone{digits, abroad}, len(digits) >= leastDigits
}

// same reports two ways to write one number: equal, or one with the country code, which
// has one to three digits, and the other without.
func (p phone) same(o phone) bool {
	if p.abroad == o.abroad {
		return p.digits == o.digits
	}
	if o.abroad {
		p, o = o, p
	}
	n := len(p.digits) - len(o.digits)
	return n >= 1 && n <= 3 && strings.HasSuffix(p.digits, o.digits)
}

// tail is the same for all ways to write a number.
func (p phone) tail() string { return p.digits[len(p.digits)-leastDigits:] }

func (p phone) compare(o phone) int {
	if c := cmp.Compare(p.digits, o.digits); c != 0 || p.abroad == o.abroad {
		return c
	}
	if p.abroad {
		return -1
	}
	return 1
}
