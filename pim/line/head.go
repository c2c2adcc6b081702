package line

import (
	"strings"

	"crmbridge/pim"
)

// parseLine reads the content of one logical line. It looks at each byte a fixed number
// of times: every search forward either ends the line or moves past what it found.
func parseLine(s string, no, maxParams int) (*Line, error) {
	i := strings.IndexAny(s, ";:")
	if i < 0 {
		return nil, invalid(no, "there is no colon")
	}
	l := &Line{No: no}
	l.Group, l.Name = cutGroup(s[:i])
	if !isName(l.Name) || l.Group != "" && !isName(l.Group) {
		return nil, invalid(no, "the property name is missing or has odd characters")
	}
	l.Name = strings.ToUpper(l.Name)
	values := 0
	for s[i] == ';' {
		p, next, fault := parseParam(s, i+1)
		if fault != "" {
			return nil, invalid(no, "%s", fault)
		}
		values += max(len(p.Values), 1)
		if maxParams > 0 && values > maxParams {
			return nil, pim.Errorf(op, pim.ErrTooLarge, "line %d: it has more than %d parameters", no, maxParams)
		}
		l.Params = append(l.Params, p)
		i = next
	}
	l.head, l.Value = s[:i], s[i+1:]
	return l, nil
}

func cutGroup(name string) (group, rest string) {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}

// isName is wider than RFC 5545's iana-token: programs use "_", "/" and the like in
// names of their own.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`",;:=\`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// parseParam reads the parameter at s[i:] and gives the place of the ";" or ":" behind
// it, or the fault in words.
func parseParam(s string, i int) (p Param, next int, fault string) {
	start := i
	n := strings.IndexAny(s[i:], "=;:\"")
	switch {
	case n < 0:
		return p, 0, "there is no colon"
	case s[i+n] == '"':
		return p, 0, "a quote stands where a parameter's name should"
	case s[i+n] != '=':
		// vCard 2.1: a value alone stands for TYPE=value or ENCODING=value.
		p.raw = s[i : i+n]
		if p.raw != "" {
			p.Values = []string{p.raw}
		}
		return p, i + n, ""
	}
	p.Name = strings.ToUpper(strings.TrimSpace(s[i : i+n]))
	for i += n; i < len(s) && (s[i] == '=' || s[i] == ','); {
		var v string
		v, i, fault = parseValue(s, i+1)
		if fault != "" {
			return p, 0, fault
		}
		p.Values = append(p.Values, v)
	}
	p.raw = s[start:i]
	return p, i, ""
}

// parseValue reads one parameter value at s[i:] up to ",", ";" or ":".
func parseValue(s string, i int) (v string, next int, fault string) {
	quoted := ""
	if i < len(s) && s[i] == '"' {
		n := strings.IndexByte(s[i+1:], '"')
		if n < 0 {
			return "", 0, "a quote is not closed"
		}
		quoted = s[i+1 : i+1+n]
		i += n + 2
	}
	n := strings.IndexAny(s[i:], ",;:")
	if n < 0 {
		return "", 0, "there is no colon"
	}
	return decodeParam(quoted + s[i:i+n]), i + n, ""
}

// decodeParam undoes RFC 6868 3: ^n, ^' and ^^; any other ^ stays as it is.
func decodeParam(s string) string {
	if strings.IndexByte(s, '^') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '^' && i+1 < len(s) {
			if r := strings.IndexByte("n'^", s[i+1]); r >= 0 {
				b.WriteByte("\n\"^"[r])
				i++
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// encodeParam writes a value of a new parameter, quoted where it has to be.
func encodeParam(v string) string {
	v = strings.NewReplacer("^", "^^", "\r\n", "^n", "\n", "^n", "\r", "^n", `"`, "^'").Replace(v)
	v = printable(v)
	if strings.ContainsAny(v, ",;:") {
		return `"` + v + `"`
	}
	return v
}
