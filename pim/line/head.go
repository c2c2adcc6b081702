package line

import (
	"strings"

	"crmbridge/pim"
)

// room is where the lines of one text and their parameters are made, so that each does not need room of its own. Any
// line keeps its neighbours in memory.
type room struct {
	lines  []Line
	params []Param
	values []string
}

// roomLines is for how many lines room is made at once.
const roomLines = 16

func (r *room) line() *Line {
	if len(r.lines) == cap(r.lines) { // others point into it: it must not move
		r.lines = make([]Line, 0, roomLines)
	}
	r.lines = append(r.lines, Line{})
	return &r.lines[len(r.lines)-1]
}

// forParams makes room for those of most lines.
func (r *room) forParams() {
	if cap(r.params)-len(r.params) < 4 {
		r.params = make([]Param, 0, roomLines)
	}
	if cap(r.values)-len(r.values) < 4 {
		r.values = make([]string, 0, roomLines)
	}
}

// parseLine reads the content of one logical line. It looks at each byte a fixed number
// of times: every search forward either ends the line or moves past what it found.
func (r *room) parseLine(s string, no, maxParams int) (*Line, error) {
	i := headEnd(s)
	if i < 0 {
		return nil, invalid(no, "there is no colon")
	}
	l := r.line()
	l.No = no
	l.Group, l.Name = cutGroup(s[:i])
	if !isName(l.Name) || l.Group != "" && !isName(l.Group) {
		return nil, invalid(no, "the property name is missing or has odd characters")
	}
	l.Name = strings.ToUpper(l.Name)
	if s[i] == ';' {
		r.forParams()
	}
	pp := paramParser{s: s, values: r.values}
	params, values := len(r.params), len(r.values)
	for s[i] == ';' {
		p, next, fault := pp.param(i + 1)
		if fault != "" {
			return nil, invalid(no, "%s", fault)
		}
		r.params = append(r.params, p)
		if maxParams > 0 && max(len(pp.values)-values, len(r.params)-params) > maxParams {
			return nil, pim.Errorf(op, pim.ErrTooLarge, "line %d: it has more than %d parameters", no, maxParams)
		}
		i = next
	}
	r.values = pp.values
	if n := len(r.params); n > params {
		l.Params = r.params[params:n:n]
	}
	l.head, l.Value = s[:i], s[i+1:]
	return l, nil
}

// headEnd is where the name of a line ends, -1 when it does not.
func headEnd(s string) int {
	for i := range len(s) {
		if c := s[i]; c == ';' || c == ':' {
			return i
		}
	}
	return -1
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
	values []string // of all parameters, those of earlier lines ahead of them
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
