package ewssim

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
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
