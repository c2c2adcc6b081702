package creatiosim

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// tokenKind is a sort of token. Ids and dates have their own, being recognised by their form alone.
type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokName
	tokText
	tokNumber
	tokGUID
	tokDate
	tokOpen
	tokClose
	tokComma
	tokSlash
)

// token is a piece of a filter with its place, for messages.
type token struct {
	kind tokenKind
	text string // as written; of a quoted string, its value
	val  any    // of a literal
	at   int
}

// dateLiteral is a date in a filter, cut to the milliseconds that rows keep. More is set when digits were cut: no row then
// equals it, and a row stamped with these milliseconds is earlier than it.
type dateLiteral struct {
	stamp
	more bool
}

// lex splits a filter into tokens. Ids and dates are bare in OData 4: a quote is always a string, and a word that touches
// a quote is the OData 3 form guid'…' or datetime'…', which the product refuses.
func lex(s string) ([]token, *refusal) {
	var out []token
	for i := 0; i < len(s); {
		if s[i] == ' ' || s[i] == '\t' {
			i++
			continue
		}
		t, n, err := lexOne(s, i)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
		i += n
	}
	return append(out, token{kind: tokEnd, at: len(s)}), nil
}

// lexOne reads the token at i and returns its length.
func lexOne(s string, i int) (token, int, *refusal) {
	rest := s[i:]
	switch c := rest[0]; {
	case c == '(':
		return token{tokOpen, "(", nil, i}, 1, nil
	case c == ')':
		return token{tokClose, ")", nil, i}, 1, nil
	case c == ',':
		return token{tokComma, ",", nil, i}, 1, nil
	case c == '/':
		return token{tokSlash, "/", nil, i}, 1, nil
	case c == '\'':
		return lexText(s, i)
	case isWordByte(c) || c == '-':
		return lexWord(s, i)
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return token{}, 0, badQuery("Syntax error: character '%c' is not valid at position %d in '%s'.", r, i, s)
}

// lexText reads a string; nothing but a doubled quote is special in it (OData 4 ABNF, SQUOTE-in-string).
func lexText(s string, i int) (token, int, *refusal) {
	var b strings.Builder
	for j := i + 1; j < len(s); j++ {
		if s[j] != '\'' {
			b.WriteByte(s[j])
			continue
		}
		if j+1 < len(s) && s[j+1] == '\'' { // a doubled quote is one quote
			b.WriteByte('\'')
			j++
			continue
		}
		return token{tokText, b.String(), b.String(), i}, j + 1 - i, nil
	}
	return token{}, 0, badQuery("There is an unterminated string literal at position %d in '%s'.", len(s), s)
}

// isWordByte says whether c can be part of a name. Bytes of other scripts can, so that the error names the whole word.
func isWordByte(c byte) bool {
	return c == '_' || c == '$' || c == '@' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// lexWord reads an id, a date, a number or a name, whichever the longest run of their characters is.
func lexWord(s string, i int) (token, int, *refusal) {
	rest := s[i:]
	if len(rest) >= 36 {
		if g, ok := parseGUID(rest[:36]); ok && (len(rest) == 36 || !isWordByte(rest[36]) && rest[36] != '-') {
			return token{tokGUID, rest[:36], g, i}, 36, nil
		}
	}
	n := 1
	number := rest[0] == '-' || rest[0] >= '0' && rest[0] <= '9'
	for n < len(rest) && (isWordByte(rest[n]) || number && strings.IndexByte("-+.:", rest[n]) >= 0) {
		n++
	}
	word := rest[:n]
	if n < len(rest) && rest[n] == '\'' {
		return token{}, 0, badQuery("Unrecognized literal '%s' at '%d' in '%s'.", word+"'", i, s)
	}
	if !number {
		return token{tokName, word, nil, i}, n, nil
	}
	if v, ok := numberOf(word); ok {
		return token{tokNumber, word, v, i}, n, nil
	}
	t, ok := parseDate(word)
	if !ok && len(word) == 10 {
		t, ok = parseDate(word + "T00:00:00Z")
	}
	if ok {
		return token{tokDate, word, dateLiteral{stampOf(t), t.Nanosecond()%1e6 != 0}, i}, n, nil
	}
	return token{}, 0, badQuery("Unrecognized literal '%s' at '%d' in '%s'.", word, i, s)
}

// numberOf reads an integer or a decimal.
func numberOf(s string) (any, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && strings.IndexByte("-+.eE", c) < 0 {
			return nil, false // Go would also read hex, underscores, Inf and NaN
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}
