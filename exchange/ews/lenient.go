package ews

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// lenient takes characters out of a text that XML 1.0 cannot have (2.2), which Exchange writes as references all the same (&#x1F;), and what
// stands before it as they are: people paste them into subjects, and one would make a whole page of items unreadable. What is no UTF-8
// becomes U+FFFD.
type lenient struct {
	in   io.Reader
	buf  [4096]byte
	out  []byte // clean, not given yet
	tail []byte // perhaps the begin of a reference or of a character
	err  error
}

// Read implements io.Reader.
func (l *lenient) Read(b []byte) (int, error) {
	for len(l.out) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		n := copy(l.buf[:], l.tail)
		m, err := l.in.Read(l.buf[n:])
		l.err = err
		l.out, l.tail = sift(l.buf[:n+m], err != nil)
	}
	n := copy(b, l.out)
	l.out = l.out[n:]
	return n, nil
}

// longestReference is more than that of &#x10FFFF;, for noughts before the number.
const longestReference = 20

// sift takes out what is forbidden. What may be the begin of something at its end is tail, unless it is the last of the text.
func sift(in []byte, last bool) (out, tail []byte) {
	out = make([]byte, 0, len(in))
	for i := 0; i < len(in); {
		switch c := in[i]; {
		case c == '&':
			n, is, cut := reference(in[i:])
			if cut && !last {
				return out, bytes.Clone(in[i:])
			}
			if !is {
				out = append(out, in[i:i+n]...)
			}
			i += n
		case c < utf8.RuneSelf:
			if !forbidden(rune(c)) {
				out = append(out, c)
			}
			i++
		default:
			if !last && !utf8.FullRune(in[i:]) {
				return out, bytes.Clone(in[i:])
			}
			r, n := utf8.DecodeRune(in[i:])
			if !forbidden(r) {
				out = utf8.AppendRune(out, r)
			}
			i += n
		}
	}
	return out, nil
}

// reference looks at what begins with the mark of one: is reports a reference to a forbidden character, n bytes long. Of anything else n is
// what is certain; cut reports that more has to be seen.
func reference(in []byte) (n int, is, cut bool) {
	if len(in) == 1 {
		return 1, false, true
	}
	if in[1] != '#' {
		return 1, false, false
	}
	end := bytes.IndexByte(in[:min(len(in), longestReference)], ';')
	if end < 0 {
		return 1, false, len(in) < longestReference
	}
	digits, base := string(in[2:end]), 10
	if len(digits) > 0 && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base = digits[1:], 16
	}
	r, err := strconv.ParseUint(digits, base, 31)
	is = errors.Is(err, strconv.ErrRange) || err == nil && forbidden(rune(r))
	return end + 1, is, false
}

// forbidden reports what is no character of XML 1.0 (2.2).
func forbidden(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0xD800 && r < 0xE000 || r == 0xFFFE || r == 0xFFFF || r > utf8.MaxRune
}
