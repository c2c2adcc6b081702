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
	pp := paramParser{s: s}
	for s[i] == ';' {
		p, next, fault := pp.param(i + 1)
		if fault != "" {
			return nil, invalid(no, "%s", fault)
		}
		if maxParams > 0 && max(len(pp.values), len(l.Params)+1) > maxParams {
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

// paramParser reads the parameters of one line.
type paramParser struct {
	s      string
	values []string // of all parameters, so that each does not need room of its own
}

// param reads the parameter at s[i:] and gives the place of the ";" or ":" behind it, or
// the fault in words.
func (pp *paramParser) param(i int) (p Param, next int, fault string) {
	s, start := pp.s, i
	for i < len(s) && s[i] != '=' && s[i] != ';' && s[i] != ':' && s[i] != '"' {
		i++
	}
	first := len(pp.values)
	switch {
	case i == len(s):
		return p, 0, "there is no colon"
	case s[i] == '"':
		return p, 0, "a quote stands where a parameter's name should"
	case s[i] != '=':
		// vCard 2.1: a value alone stands for TYPE=value or ENCODING=value.
		p.raw = s[start:i]
		if p.raw != "" {
			pp.values = append(pp.values, p.raw)
			p.Values = pp.values[first:len(pp.values):len(pp.values)]
		}
		return p, i, ""
	}
	p.Name = strings.ToUpper(strings.TrimSpace(s[start:i]))
	for i < len(s) && (s[i] == '=' || s[i] == ',') {
		var v string
		v, i, fault = pp.value(i + 1)
		if fault != "" {
			return p, 0, fault
		}
		pp.values = append(pp.values, v)
	}
	p.Values = pp.values[first:len(pp.values):len(pp.values)]
	p.raw = s[start:i]
	return p, i, ""
}

// value reads one parameter value at s[i:] up to ",", ";" or ":".
func (pp *paramParser) value(i int) (v string, next int, fault string) {
	s, quoted := pp.s, ""
	if i < len(s) && s[i] == '"' {
		n := strings.IndexByte(s[i+1:], '"')
		if n < 0 {
			return "", 0, "a quote is not closed"
		}
		quoted = s[i+1 : i+1+n]
		i += n + 2
	}
	start := i
	for i < len(s) && s[i] != ',' && s[i] != ';' && s[i] != ':' {
		i++
	}
	if i == len(s) {
		return "", 0, "there is no colon"
	}
	return decodeParam(quoted + s[start:i]), i, ""
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
