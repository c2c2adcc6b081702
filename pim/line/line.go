package line

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Line is one content line, or a blank one (Name ""). Lines do not change; the With
// methods give edited copies.
type Line struct {
	Group  string // "item1", as written; "" for none
	Name   string // upper case
	Params []Param
	Value  string // unfolded, otherwise as written
	No     int    // where it starts, counted from 1; 0 for a new line

	head string // all before the colon, unfolded
	raw  string // the bytes in the text, line ends included; "" for a new line
}

// Param is one parameter of a line.
type Param struct {
	// Name is in upper case; "" for the bare values of vCard 2.1 (TEL;HOME:).
	Name string
	// Values are without quotes and with RFC 6868 escapes undone.
	Values []string

	raw string // as written, without the ";"
}

// P makes a parameter for New and WithParam.
func P(name string, values ...string) Param {
	enc := make([]string, len(values))
	for i, v := range values {
		enc[i] = encodeParam(v)
	}
	return Param{Name: strings.ToUpper(name), Values: values, raw: name + "=" + strings.Join(enc, ",")}
}

// New makes a line. value is written as it is, so escape texts first; line breaks and
// other control characters in it are left out, so that no value can start a line of
// its own. name may carry a group: "item1.TEL".
func New(name, value string, params ...Param) *Line {
	group, base := cutGroup(name)
	l := &Line{Group: group, Name: strings.ToUpper(base), Params: params, Value: printable(value)}
	l.head = headOf(printable(name), params)
	return l
}

func headOf(name string, params []Param) string {
	var b strings.Builder
	b.WriteString(name)
	for _, p := range params {
		b.WriteByte(';')
		b.WriteString(p.raw)
	}
	return b.String()
}

// printable drops what no content line may hold (RFC 5545 3.1 CONTROL) and no XML can
// carry.
func printable(s string) string {
	if Carriable(s) && !strings.ContainsAny(s, "\r\n") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || !xmlChar(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// Carriable reports whether s is UTF-8 made of characters that XML can carry (XML 1.0
// 2.2), without which no multiget could deliver it.
func Carriable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !xmlChar(r) {
			return false
		}
	}
	return true
}

func xmlChar(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r == 0x7f, r == 0xfffe, r == 0xffff:
		return false
	}
	return true
}

// Param is the first value of the parameter called name, "" when there is none.
func (l *Line) Param(name string) string {
	for _, p := range l.Params {
		if p.Name == name && len(p.Values) > 0 {
			return p.Values[0]
		}
	}
	return ""
}

// HasParam reports whether there is a parameter called name.
func (l *Line) HasParam(name string) bool {
	return slices.ContainsFunc(l.Params, func(p Param) bool { return p.Name == name })
}

// All are the values of every parameter called name, in order.
func (l *Line) All(name string) []string {
	var vs []string
	for _, p := range l.Params {
		if p.Name == name {
			vs = append(vs, p.Values...)
		}
	}
	return vs
}

// WithValue is l with another value, cleaned as in New; its head stays as written.
func (l *Line) WithValue(value string) *Line {
	c := *l
	c.Value, c.raw, c.No = printable(value), "", 0
	return &c
}

// WithParam is l with p in place of the first parameter of that name, or behind the
// others; further ones of that name go. The other parameters stay as written.
func (l *Line) WithParam(p Param) *Line {
	var out []Param
	done := false
	for _, old := range l.Params {
		switch {
		case old.Name != p.Name:
			out = append(out, old)
		case !done:
			out = append(out, p)
			done = true
		}
	}
	if !done {
		out = append(out, p)
	}
	return l.withParams(out)
}

// WithoutParam is l without the parameters called name.
func (l *Line) WithoutParam(names ...string) *Line {
	out := slices.DeleteFunc(slices.Clone(l.Params), func(p Param) bool { return slices.Contains(names, p.Name) })
	return l.withParams(out)
}

// WithParams is l with exactly these parameters, which may be some of its own.
func (l *Line) WithParams(params ...Param) *Line { return l.withParams(params) }

func (l *Line) withParams(params []Param) *Line {
	c := *l
	name, _, _ := strings.Cut(l.head, ";")
	c.Params, c.head, c.raw, c.No = params, headOf(name, params), "", 0
	return &c
}

// WithName is l under another name, in the same group.
func (l *Line) WithName(name string) *Line { return l.called(l.Group, name) }

// WithGroup is l in another group, "" for none.
func (l *Line) WithGroup(group string) *Line { return l.called(group, l.Name) }

func (l *Line) called(group, name string) *Line {
	c := *l
	c.Group, c.Name = group, strings.ToUpper(name)
	if group != "" {
		name = group + "." + name
	}
	c.head, c.raw, c.No = headOf(printable(name), l.Params), "", 0
	return &c
}

// Blank reports a line without content.
func (l *Line) Blank() bool { return l.Name == "" }

// Text is the value with its escapes undone.
func (l *Line) Text() string { return Unescape(l.Value) }

// Carriable reports whether the line can be delivered inside XML and read back as one
// line: characters of XML, and no CR that ends no line.
func (l *Line) Carriable() bool {
	return Carriable(l.head) && Carriable(l.Value) && strings.IndexByte(l.head, '\r') < 0 && strings.IndexByte(l.Value, '\r') < 0
}
