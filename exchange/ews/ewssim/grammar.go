package ewssim

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// grammarText says which element may stand where in a request: names, order, counts, types of values. TestGrammar
// compares it with the published schemas where they are at hand.
//
//go:embed grammar.txt
var grammarText string

// grammar is the structure of requests, and the order of properties in answers.
type grammar struct {
	elements map[string]element      // global ones, by name
	groups   map[string][]string     // names that may stand for an abstract element
	complex  map[string]*complexType // by name
	simple   map[string]*simpleType
}

type element struct{ typ, group string }

// complexType is a type with children or attributes; base has been merged into it.
type complexType struct {
	name    string
	base    string
	attrs   []attrRule
	open    bool   // any further attribute may stand there
	value   string // type of the text, "" when there are only children
	content *particle
	kids    map[string]string // name of a child to its type
	order   []string          // names of the children in the order of the schema
	rank    map[string]int    // their places in order
}

type attrRule struct {
	name, typ string
	required  bool
}

// simpleType is a type of text.
type simpleType struct {
	base     string
	enum     []string
	list     bool
	pattern  *regexp.Regexp
	min, max *int64
	minLen   int
}

// particle is a piece of a content model.
type particle struct {
	kind      byte // e element, s sequence, c choice, a any order, * anything
	name, typ string
	min, max  int // max -1 is no limit
	kids      []*particle
}

func parseGrammar(text string) (*grammar, error) {
	g := &grammar{elements: map[string]element{}, groups: map[string][]string{}, complex: map[string]*complexType{},
		simple: map[string]*simpleType{}}
	var cur *complexType
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		var err error
		cur, err = g.line(words, cur)
		if err != nil {
			return nil, fmt.Errorf("ewssim: grammar line %d: %w", i+1, err)
		}
	}
	for _, t := range g.complex {
		if err := g.inherit(t, 0); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *grammar) line(words []string, cur *complexType) (*complexType, error) {
	switch rest := words[1:]; words[0] {
	case "element":
		e := element{typ: rest[1]}
		if len(rest) > 2 {
			e.group = rest[2]
			g.groups[e.group] = append(g.groups[e.group], rest[0])
		}
		g.elements[rest[0]] = e
	case "type":
		cur = &complexType{name: rest[0], kids: map[string]string{}, rank: map[string]int{}}
		if len(rest) > 1 {
			cur.base = rest[1]
		}
		g.complex[rest[0]] = cur
	case "@":
		name, required := strings.CutSuffix(rest[0], "!")
		cur.attrs = append(cur.attrs, attrRule{name, rest[1], required})
	case "@*":
		cur.open = true
	case "text":
		cur.value = rest[0]
	case ":":
		p, left, err := parseParticle(rest)
		if err != nil || len(left) > 0 {
			return nil, fmt.Errorf("content of %s: %w %v", cur.name, err, left)
		}
		cur.content = p
	case "simple":
		st, err := parseSimple(rest[1:])
		g.simple[rest[0]] = st
		return cur, err
	default:
		return nil, fmt.Errorf("unknown word %q", words[0])
	}
	return cur, nil
}

func parseSimple(words []string) (*simpleType, error) {
	st := &simpleType{base: words[0]}
	for _, w := range words[1:] {
		key, v, _ := strings.Cut(w, "=")
		switch key {
		case "list":
			st.list = true
		case "enum":
			st.enum = strings.Split(v, "|")
		case "minlen":
			st.minLen, _ = strconv.Atoi(v)
		case "min", "max":
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return nil, err
			}
			if key == "min" {
				st.min = &n
			} else {
				st.max = &n
			}
		case "pattern":
			re, err := regexp.Compile("^(?:" + v + ")$")
			if err != nil {
				return nil, err
			}
			st.pattern = re
		}
	}
	return st, nil
}

// parseParticle reads one particle: NAME=TYPE, s( … ), c( … ), a( … ) or *, each with a count such as {0,1} behind.
func parseParticle(words []string) (*particle, []string, error) {
	if len(words) == 0 {
		return nil, nil, fmt.Errorf("particle missing")
	}
	w, rest := words[0], words[1:]
	p := &particle{min: 1, max: 1}
	if kind, ok := strings.CutSuffix(w, "("); ok {
		p.kind = kind[0]
		for len(rest) > 0 && !strings.HasPrefix(rest[0], ")") {
			var k *particle
			var err error
			if k, rest, err = parseParticle(rest); err != nil {
				return nil, nil, err
			}
			p.kids = append(p.kids, k)
		}
		if len(rest) == 0 {
			return nil, nil, fmt.Errorf("%s is not closed", w)
		}
		w, rest = rest[0], rest[1:]
	} else if strings.HasPrefix(w, "*") {
		p.kind = '*'
	} else {
		p.kind = 'e'
	}
	body, count, counted := strings.Cut(w, "{")
	if p.kind == 'e' {
		p.name, p.typ, _ = strings.Cut(body, "=")
	}
	if counted {
		low, high, _ := strings.Cut(strings.TrimSuffix(count, "}"), ",")
		p.min, _ = strconv.Atoi(low)
		if p.max = -1; high != "" {
			p.max, _ = strconv.Atoi(high)
		}
	}
	return p, rest, nil
}

// inherit puts what a type's base has before its own.
func (g *grammar) inherit(t *complexType, depth int) error {
	if base := t.base; base != "" {
		b := g.complex[base]
		if b == nil || depth > 10 {
			return fmt.Errorf("ewssim: grammar: %s has unknown base %s", t.name, base)
		}
		if err := g.inherit(b, depth+1); err != nil {
			return err
		}
		t.base, t.open = "", t.open || b.open
		t.attrs = append(slices.Clone(b.attrs), t.attrs...)
		if t.value == "" {
			t.value = b.value
		}
		if b.content != nil && t.content != nil {
			t.content = &particle{kind: 's', min: 1, max: 1, kids: []*particle{b.content, t.content}}
		} else if t.content == nil {
			t.content = b.content
		}
	}
	if t.content != nil && len(t.order) == 0 {
		g.collect(t, t.content)
	}
	return nil
}

func (g *grammar) collect(t *complexType, p *particle) {
	if p.kind == 'e' {
		names := []string{p.name}
		if members := g.groups[p.name]; len(members) > 0 {
			names = members
			if g.elements[p.name].typ != "" {
				names = append([]string{p.name}, members...)
			}
		}
		for _, name := range names {
			typ := p.typ
			if typ == "" {
				typ = g.elements[name].typ
			}
			if _, ok := t.kids[name]; !ok {
				t.kids[name], t.rank[name] = typ, len(t.order)
				t.order = append(t.order, name)
			}
		}
	}
	for _, k := range p.kids {
		g.collect(t, k)
	}
}

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
