package line

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"crmbridge/pim"
)

// Match applies m to one text. The error is pim.ErrUnsupported for a collation or a
// type that is not known (precondition supported-collation).
func (m TextMatch) Match(s string) (bool, error) { return m.MatchAny([]string{s}) }

// MatchAny asks whether one of several values matches. Negate turns the answer for all
// of them round, as filters mean "no value that contains".
func (m TextMatch) MatchAny(values []string) (bool, error) {
	fold, err := collation(m.Collation)
	if err != nil {
		return false, err
	}
	test, err := matchType(m.Type)
	if err != nil {
		return false, err
	}
	// A search looks at each value of each card: nothing is to be allocated for those
	// that are short and ASCII, which are most.
	var roomWant, roomValue [128]byte
	want := fold.append(roomWant[:0], m.Text)
	for _, v := range values {
		if test.holds(fold.append(roomValue[:0], v), want) {
			return !m.Negate, nil
		}
	}
	return m.Negate, nil
}

// folding is a mapping under which two texts are compared byte for byte.
type folding int

const (
	foldASCII   folding = iota // i;ascii-casemap, RFC 4790 9.2
	foldNothing                // i;octet, RFC 4790 9.3
	foldUnicode                // i;unicode-casemap, RFC 5051 2
)

func collation(name string) (folding, error) {
	switch name {
	case "", "default", "i;ascii-casemap":
		return foldASCII, nil
	case "i;octet":
		return foldNothing, nil
	case "i;unicode-casemap":
		return foldUnicode, nil
	}
	return 0, pim.Errorf("line: match", pim.ErrUnsupported, "the collation is not supported")
}

// append adds the mapped text to dst.
func (f folding) append(dst []byte, s string) []byte {
	switch {
	case f == foldNothing:
		return append(dst, s...)
	case f == foldUnicode && !ascii(s):
		return append(dst, unicodeFold(s)...)
	}
	// RFC 5051 maps ASCII as RFC 4790 does: NFKD leaves it alone.
	from := len(dst)
	dst = append(dst, s...)
	for i, c := range dst[from:] {
		if 'A' <= c && c <= 'Z' {
			dst[from+i] = c + 'a' - 'A'
		}
	}
	return dst
}

func unicodeFold(s string) string {
	return norm.NFKD.String(cases.Fold().String(norm.NFKD.String(s)))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// test is a match-type.
type test int

const (
	contains test = iota
	equals
	startsWith
	endsWith
)

func matchType(name string) (test, error) {
	switch name {
	case "", "contains":
		return contains, nil
	case "equals":
		return equals, nil
	case "starts-with":
		return startsWith, nil
	case "ends-with":
		return endsWith, nil
	}
	return 0, pim.Errorf("line: match", pim.ErrUnsupported, "the match type is not supported")
}

func (t test) holds(value, want []byte) bool {
	switch t {
	case equals:
		return bytes.Equal(value, want)
	case startsWith:
		return bytes.HasPrefix(value, want)
	case endsWith:
		return bytes.HasSuffix(value, want)
	}
	return bytes.Contains(value, want)
}

// Match applies f to the parameters of l.
func (f ParamFilter) Match(l *Line) (bool, error) {
	name := strings.ToUpper(f.Name)
	if f.NotDefined || f.Text == nil {
		return l.HasParam(name) != f.NotDefined, nil
	}
	values := l.All(name)
	if len(values) == 0 {
		return false, nil
	}
	return f.Text.MatchAny(values)
}

// Fold is a text as i;unicode-casemap compares it (RFC 5051 2).
func Fold(s string) string { return string(foldUnicode.append(nil, s)) }

// Known reports that the collation and the type of m are, so that Match does not fail.
func (m TextMatch) Known() bool {
	_, err := collation(m.Collation)
	_, wrong := matchType(m.Type)
	return err == nil && wrong == nil
}

// Core is a text that Fold(s) contains for every s that m matches, Negate aside; "" when there is none that is sure. It is
// valid UTF-8 without NUL and U+FFFD, which may stand for what cannot be kept as text.
//
// Under i;unicode-casemap it is the mapped text itself. Under the others s has m.Text before it is mapped, and mapping may put
// the accents in it into another order; what is ASCII only becomes lower case and stays together.
func (m TextMatch) Core() string {
	text, lost := m.Text, func(r rune) bool { return r == 0 || r >= utf8.RuneSelf }
	if m.Collation == "i;unicode-casemap" {
		text, lost = Fold(m.Text), func(r rune) bool { return r == 0 || r == utf8.RuneError }
	}
	longest, most := "", 0
	for _, run := range strings.FieldsFunc(text, lost) {
		if n := utf8.RuneCountInString(run); n > most {
			longest, most = run, n
		}
	}
	if m.Collation == "i;unicode-casemap" {
		return longest
	}
	return Fold(longest)
}
