package davxml

import "unicode/utf8"

// text is what the appenders take: stored bytes need no conversion.
type text interface{ ~string | ~[]byte }

// EscapeText appends s as character data. It reads back as s byte for byte: CR is written as a reference, as a
// parser would turn it into LF (XML 1.0 2.11). What XML cannot hold is the exception: control characters are left
// out, bytes that are not UTF-8 and the non-characters U+FFFE and U+FFFF become U+FFFD.
func EscapeText[T text](dst []byte, s T) []byte {
	return escape(dst, s, false)
}

// EscapeAttr appends s for use between double quotes, by the rules of EscapeText.
func EscapeAttr[T text](dst []byte, s T) []byte {
	return escape(dst, s, true)
}

// asIs are the characters below 64 that stand for themselves everywhere: a set of bits, as every byte of every text is
// asked for.
const asIs uint64 = 1<<64 - 1<<' ' - 1<<'"' - 1<<'&' - 1<<'<' - 1<<'>'

func escape[T text](dst []byte, s T, attr bool) []byte {
	kept := asIs
	if !attr {
		kept |= 1<<'\n' | 1<<'"' | 1<<'\t'
	}
	from := 0 // s[from:i] is copied as it is
	for i := 0; i < len(s); {
		b := s[i]
		if b < 64 && kept>>b&1 != 0 || b >= 64 && b < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		instead, same := "\uFFFD", false
		if b < utf8.RuneSelf {
			instead, same = reference(b, attr)
		} else {
			size, same = runeSize(s[i:min(i+utf8.UTFMax, len(s))])
		}
		if same {
			i += size
			continue
		}
		dst = append(dst, s[from:i]...)
		dst = append(dst, instead...)
		i += size
		from = i
	}
	return append(dst, s[from:]...)
}

// reference returns what stands for an ASCII byte, or that it may stand for itself.
func reference(b byte, attr bool) (instead string, same bool) {
	switch b {
	case '&':
		return "&amp;", false
	case '<':
		return "&lt;", false
	case '>':
		return "&gt;", false // "]]>" must not stand in text (XML 1.0 2.4)
	case '\r':
		return "&#13;", false
	case '"':
		return "&#34;", !attr
	case '\t':
		return "&#9;", !attr // XML 1.0 3.3.3: white space in attributes is normalised unless it is a reference
	case '\n':
		return "&#10;", !attr
	}
	return "", b >= ' ' // XML 1.0 2.2: the other control characters are none
}

// runeSize returns the length of the first rune of s, and whether XML may hold it (XML 1.0 2.2).
func runeSize[T text](s T) (int, bool) {
	r, size := utf8.DecodeRuneInString(string(s))
	return size, !(r == utf8.RuneError && size == 1) && r != 0xFFFE && r != 0xFFFF
}
