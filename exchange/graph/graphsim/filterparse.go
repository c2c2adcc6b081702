package graphsim

import (
	"net/http"
	"strconv"
	"strings"
)

// parser reads a filter.
type parser struct {
	s         *Sim
	typ       string
	toks      []string
	variables map[string]bool
	depth     int
	bad       *refusal
}

// maxFilter bounds the tokens and the nesting of a filter.
const (
	maxFilter        = 500
	maxFilterNesting = 30
)

func (s *Sim) parseFilter(f, typ string) (node, *refusal) {
	toks, ok := lex(f)
	if !ok || len(toks) > maxFilter {
		return nil, badRequest("Invalid filter clause")
	}
	p := &parser{s: s, typ: typ, toks: toks, variables: map[string]bool{}}
	n := p.or()
	switch {
	case p.bad != nil:
		return nil, p.bad
	case len(p.toks) > 0:
		return nil, badRequest("Invalid filter clause: syntax error at '%s'.", p.toks[0])
	}
	return n, nil
}

// lex splits a filter into words, brackets and texts; a text keeps its opening quote.
func lex(f string) (toks []string, ok bool) {
	for i := 0; i < len(f); {
		switch c := f[i]; {
		case c == ' ':
			i++
		case strings.IndexByte("(),:", c) >= 0:
			toks = append(toks, f[i:i+1])
			i++
		case c == '\'':
			var b strings.Builder
			for i++; ; i++ {
				if i >= len(f) {
					return nil, false
				}
				if f[i] == '\'' {
					if i+1 >= len(f) || f[i+1] != '\'' {
						break
					}
					i++
				}
				b.WriteByte(f[i])
			}
			i++
			toks = append(toks, "'"+b.String())
		default:
			n := i
			for n < len(f) && strings.IndexByte(" (),'", f[n]) < 0 && (f[n] != ':' || f[i] >= '0' && f[i] <= '9') {
				n++
			}
			toks = append(toks, f[i:n])
			i = n
		}
	}
	return toks, true
}

func (p *parser) next() string {
	if len(p.toks) == 0 {
		p.fail("Invalid filter clause: it ends too early.")
		return ""
	}
	t := p.toks[0]
	p.toks = p.toks[1:]
	return t
}

func (p *parser) peek() string {
	if len(p.toks) == 0 {
		return ""
	}
	return p.toks[0]
}

func (p *parser) fail(format string, args ...any) node {
	if p.bad == nil {
		p.bad = badRequest(format, args...)
	}
	p.toks = nil
	return literal{}
}

// invalid is for what OData has and Exchange refuses.
func (p *parser) invalid() node {
	p.bad = refuse(http.StatusBadRequest, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")
	p.toks = nil
	return literal{}
}

func (p *parser) expect(tok string) {
	if got := p.next(); got != tok {
		p.fail("Invalid filter clause: '%s' expected.", tok)
	}
}

func (p *parser) or() node {
	n := p.and()
	for p.peek() == "or" {
		p.next()
		n = compute{"or", n, p.and()}
	}
	return n
}

func (p *parser) and() node {
	n := p.unary()
	for p.peek() == "and" {
		p.next()
		n = compute{"and", n, p.unary()}
	}
	return n
}

func (p *parser) unary() node {
	if p.depth++; p.depth > maxFilterNesting {
		return p.fail("Invalid filter clause: nested too deep.")
	}
	defer func() { p.depth-- }()
	switch p.peek() {
	case "not":
		p.next()
		return compute{"not", p.unary(), literal{}}
	case "(":
		p.next()
		n := p.or()
		p.expect(")")
		return n
	}
	a := p.term()
	switch op := p.peek(); op {
	case "eq", "ne", "gt", "ge", "lt", "le":
		p.next()
		return compute{op, a, p.term()}
	}
	return a
}

// term is a literal, a path, a function or a lambda.
func (p *parser) term() node {
	t := p.next()
	switch {
	case t == "":
		return literal{}
	case t[0] == '\'':
		return literal{t[1:]}
	case t == "true" || t == "false":
		return literal{t == "true"}
	case t == "null":
		return literal{nil}
	case t[0] >= '0' && t[0] <= '9' || t[0] == '-':
		if n, err := strconv.ParseFloat(t, 64); err == nil {
			return literal{n}
		}
		if at, ok := toTime(t); ok {
			return literal{at}
		}
		return p.fail("Invalid filter clause: '%s' is no literal.", t)
	case p.peek() == "(":
		return p.call(t)
	}
	return p.path(t)
}

func (p *parser) call(name string) node {
	p.next()
	if base, fn, ok := cutLastSlash(name); ok && (strings.EqualFold(fn, "any") || strings.EqualFold(fn, "all")) {
		return p.lambda(base, strings.EqualFold(fn, "all"))
	}
	switch name {
	case "contains", "startswith", "endswith":
		a := p.term()
		p.expect(",")
		b := p.term()
		p.expect(")")
		return compute{name, a, b}
	}
	return p.fail("An unknown function with name '%s' was found.", name)
}

func (p *parser) lambda(base string, all bool) node {
	c, ok := p.path(base).(path)
	if !ok {
		return literal{}
	}
	if prop := p.s.model.structs[p.typ].props[c[0]]; prop.navigation && prop.name != "singleValueExtendedProperties" {
		return p.invalid()
	}
	variable := p.next()
	p.expect(":")
	p.variables[variable] = true
	cond := p.or()
	delete(p.variables, variable)
	p.expect(")")
	return lambda{all: all, collection: c, variable: variable, cond: cond}
}

func (p *parser) path(t string) node {
	parts := path(strings.Split(t, "/"))
	if p.variables[parts[0]] {
		return parts
	}
	name, ok := p.s.declared(p.typ, parts[0])
	if !ok {
		return p.fail("Could not find a property named '%s' on type 'microsoft.graph.%s'.", parts[0], p.typ)
	}
	parts[0] = name
	return parts
}

func cutLastSlash(s string) (before, after string, ok bool) { return cutLast(s, '/') }

func cutLast(s string, sep byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}
