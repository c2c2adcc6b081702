package line

import "strings"

// Escape writes a text as a TEXT value (RFC 5545 3.3.11, RFC 6350 3.4). Line ends of
// any kind become \n.
func Escape(s string) string {
	if !strings.ContainsAny(s, "\\;,\r\n") {
		return s
	}
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(s)
}

// Unescape undoes Escape. A backslash ahead of a letter other than n stays, as it comes
// from programs that do not escape at all (paths); ahead of any other mark it goes.
func Unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; {
		case c == 'n' || c == 'N':
			b.WriteByte('\n')
		case strings.IndexByte(`\;,:"'`, c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Split cuts a value at each sep that no backslash escapes. The pieces stay escaped; a
// value always has one at least.
func Split(value string, sep byte) []string {
	var out []string
	start := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case sep:
			out = append(out, value[start:i])
			start = i + 1
		}
	}
	return append(out, value[start:])
}

// Texts are the pieces of a list value (CATEGORIES), unescaped, empty ones left out.
func Texts(value string) []string {
	var out []string
	for _, s := range Split(value, ',') {
		if s = strings.TrimSpace(Unescape(s)); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// JoinTexts writes a list value.
func JoinTexts(texts []string) string {
	enc := make([]string, len(texts))
	for i, s := range texts {
		enc[i] = Escape(s)
	}
	return strings.Join(enc, ",")
}
