package ewssim

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// violation is how a request departs from the schema.
type violation struct {
	at   *node
	text string
}

func (v *violation) Error() string { return v.text }

func broken(at *node, format string, args ...any) error {
	return &violation{at, fmt.Sprintf(format, args...)}
}

// check says how n departs from the schema as a global element.
func (g *grammar) check(n *node) error {
	e, ok := g.elements[n.name]
	if !ok {
		return broken(n, "Could not find schema information for the element '%s'.", n.name)
	}
	return g.checkType(n, e.typ)
}

func (g *grammar) checkType(n *node, typ string) error {
	t, ok := g.complex[typ]
	if !ok {
		if len(n.kids) > 0 || len(n.attr) > 0 {
			return broken(n, "The element '%s' cannot contain child elements or attributes.", n.name)
		}
		return g.checkValue(n, n.text, typ)
	}
	if err := g.checkAttrs(n, t); err != nil {
		return err
	}
	if t.value != "" {
		if len(n.kids) > 0 {
			return broken(n, "The element '%s' cannot contain child elements.", n.name)
		}
		return g.checkValue(n, n.text, t.value)
	}
	if strings.TrimSpace(n.text) != "" {
		return broken(n, "The element '%s' cannot contain text.", n.name)
	}
	return g.checkKids(n, t)
}

func (g *grammar) checkKids(n *node, t *complexType) error {
	if t.content == nil {
		if len(n.kids) > 0 {
			return broken(n.kids[0], "The element '%s' cannot contain child element '%s' because the parent element's content model is empty.",
				n.name, n.kids[0].name)
		}
		return nil
	}
	m := matcher{g: g, kids: n.kids}
	end, ok := m.many(t.content, 0)
	if !ok || end < len(n.kids) {
		if m.far = max(m.far, end); m.far < len(n.kids) {
			bad := n.kids[m.far]
			return broken(bad, "The element '%s' has invalid child element '%s'.", n.name, bad.name)
		}
		return broken(n, "The element '%s' has incomplete content.", n.name)
	}
	for _, k := range n.kids {
		typ, ok := t.kids[k.name]
		if !ok {
			continue // stands for an any
		}
		if err := g.checkType(k, typ); err != nil {
			return err
		}
	}
	return nil
}

func (g *grammar) checkAttrs(n *node, t *complexType) error {
	for _, a := range n.attr {
		i := slices.IndexFunc(t.attrs, func(r attrRule) bool { return r.name == a.name })
		switch {
		case i >= 0:
			if err := g.checkValue(n, a.value, t.attrs[i].typ); err != nil {
				return err
			}
		case t.open, strings.HasPrefix(a.name, "?:"), strings.HasPrefix(a.name, "xml:"):
		default:
			return broken(n, "The '%s' attribute is not declared.", a.name)
		}
	}
	for _, r := range t.attrs {
		if _, ok := n.has(r.name); r.required && !ok {
			return broken(n, "The required attribute '%s' is missing.", r.name)
		}
	}
	return nil
}

// matcher matches children with a content model. The schemas are unambiguous, so no step is ever taken back.
type matcher struct {
	g    *grammar
	kids []*node
	far  int
}

func (m *matcher) many(p *particle, i int) (int, bool) {
	for n := 0; ; n++ {
		if p.max >= 0 && n == p.max {
			return i, true
		}
		j, ok := m.once(p, i)
		switch {
		case !ok && n < p.min:
			return i, false
		case !ok:
			return i, true
		case j == i:
			return i, true
		}
		i = j
		m.far = max(m.far, i)
	}
}

func (m *matcher) once(p *particle, i int) (int, bool) {
	switch p.kind {
	case 'e':
		if i < len(m.kids) && (m.kids[i].name == p.name || m.g.elements[m.kids[i].name].group == p.name) {
			return i + 1, true
		}
		return i, false
	case '*':
		return i + 1, i < len(m.kids)
	case 's':
		for _, k := range p.kids {
			var ok bool
			if i, ok = m.many(k, i); !ok {
				return i, false
			}
		}
		return i, true
	case 'c':
		empty := len(p.kids) == 0
		for _, k := range p.kids {
			j, ok := m.many(k, i)
			if ok && j > i {
				return j, true
			}
			empty = empty || ok
		}
		return i, empty
	}
	return m.anyOrder(p, i)
}

func (m *matcher) anyOrder(p *particle, i int) (int, bool) {
	seen := make([]bool, len(p.kids))
	for {
		k := slices.IndexFunc(p.kids, func(k *particle) bool { return i < len(m.kids) && k.name == m.kids[i].name })
		if k < 0 || seen[k] {
			break
		}
		seen[k] = true
		i++
	}
	for k, p := range p.kids {
		if p.min > 0 && !seen[k] {
			return i, false
		}
	}
	return i, true
}

// checkValue checks a text against a simple type.
func (g *grammar) checkValue(n *node, text, typ string) error {
	st, ok := g.simple[typ]
	if !ok {
		if !validBuiltin(typ, text) {
			return broken(n, "The '%s' element is invalid - The value '%s' is invalid according to its datatype '%s'.", n.name, text, typ)
		}
		return nil
	}
	if st.list {
		for _, item := range strings.Fields(text) {
			if err := g.checkOne(n, item, typ, st); err != nil {
				return err
			}
		}
		return nil
	}
	return g.checkOne(n, text, typ, st)
}

func (g *grammar) checkOne(n *node, text, typ string, st *simpleType) error {
	bad := func(why string) error {
		return broken(n, "The '%s' element is invalid - The value '%s' is invalid according to its datatype '%s' - %s", n.name, text, typ, why)
	}
	if len(st.enum) > 0 && !slices.Contains(st.enum, text) {
		return bad("The Enumeration constraint failed.")
	}
	if st.pattern != nil && !st.pattern.MatchString(text) {
		return bad("The Pattern constraint failed.")
	}
	if len(text) < st.minLen {
		return bad("The actual length is less than the MinLength value.")
	}
	if st.min != nil || st.max != nil {
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || (st.min != nil && v < float64(*st.min)) || (st.max != nil && v > float64(*st.max)) {
			return bad("The MinInclusive or MaxInclusive constraint failed.")
		}
	}
	if st.pattern != nil || len(st.enum) > 0 {
		return nil
	}
	return g.checkValue(n, text, st.base)
}

// validBuiltin checks the lexical form of the types that XML Schema part 2 brings along.
func validBuiltin(typ, text string) bool {
	v := strings.TrimSpace(text)
	switch typ {
	case "xs:boolean":
		return v == "true" || v == "false" || v == "1" || v == "0"
	case "xs:int", "xs:integer", "xs:short", "xs:unsignedInt", "xs:unsignedShort", "xs:long":
		bits := map[string]int{"xs:int": 32, "xs:short": 16, "xs:unsignedInt": 33, "xs:unsignedShort": 17}[typ]
		if bits == 0 {
			bits = 64
		}
		n, err := strconv.ParseInt(v, 10, bits)
		return err == nil && (n >= 0 || !strings.HasPrefix(typ, "xs:unsigned"))
	case "xs:double", "xs:decimal", "xs:float":
		_, err := strconv.ParseFloat(v, 64)
		return err == nil
	case "xs:dateTime":
		_, ok := parseTime(v, time.UTC)
		return ok
	case "xs:date":
		_, ok := parseDate(v)
		return ok
	case "xs:time":
		_, err := time.Parse("15:04:05", strings.TrimSuffix(v, "Z"))
		return err == nil
	case "xs:base64Binary":
		_, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(v), ""))
		return err == nil
	}
	return true
}
