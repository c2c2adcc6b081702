package graphsim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// scope is what a filter looks at: a resource, and the element that a lambda variable stands for.
type scope struct {
	o        object
	ext      map[string]extended
	variable string
	element  any
}

// node is an expression of $filter (OData URL conventions 5.1.1).
type node interface{ eval(sc scope) any }

type (
	literal struct{ v any }
	path    []string
	compute struct {
		op   string
		a, b node
	}
	lambda struct {
		all        bool
		collection path
		variable   string
		cond       node
	}
)

func (l literal) eval(scope) any { return l.v }

func (p path) eval(sc scope) any {
	if sc.variable != "" && p[0] == sc.variable {
		return member(sc.element, p[1:])
	}
	return member(sc.o, p)
}

// member follows a path into a value; what is not there is null.
func member(v any, p []string) any {
	for _, name := range p {
		o, ok := v.(object)
		if !ok {
			return nil
		}
		v = o[name]
	}
	return v
}

func (c compute) eval(sc scope) any {
	a := c.a.eval(sc)
	switch c.op {
	case "and":
		return a == true && c.b.eval(sc) == true
	case "or":
		return a == true || c.b.eval(sc) == true
	case "not":
		return a == false
	}
	b := c.b.eval(sc)
	switch c.op {
	case "eq":
		return compare(a, b) == 0
	case "ne":
		return compare(a, b) != 0
	case "contains":
		return strings.Contains(lower(a), lower(b))
	case "startswith":
		return strings.HasPrefix(lower(a), lower(b))
	case "endswith":
		return strings.HasSuffix(lower(a), lower(b))
	}
	if a == nil || b == nil {
		return false
	}
	n := compare(a, b)
	return c.op == "lt" && n < 0 || c.op == "le" && n <= 0 || c.op == "gt" && n > 0 || c.op == "ge" && n >= 0
}

func lower(v any) string { return strings.ToLower(text(v)) }

func (l lambda) eval(sc scope) any {
	var elements []any
	if l.collection[0] == "singleValueExtendedProperties" {
		for key, p := range sc.ext {
			elements = append(elements, object{"id": extendedValue(key), "value": p.value})
		}
	} else {
		elements, _ = l.collection.eval(sc).([]any)
	}
	for _, e := range elements {
		met := l.cond.eval(scope{o: sc.o, ext: sc.ext, variable: l.variable, element: e}) == true
		if met != l.all {
			return met
		}
	}
	return l.all
}

// extendedValue is the key of an extended property, which compares with its case.
type extendedValue string

// compare orders two values; null comes first and is no value's equal. Texts compare without case, instants in time.
func compare(a, b any) int {
	if a == nil || b == nil {
		return cmp.Compare(b2i(a != nil), b2i(b != nil))
	}
	if key, ok := a.(extendedValue); ok {
		own, _ := extendedKey(text(b))
		return cmp.Compare(string(key), own)
	}
	if x, ok := toNumber(a); ok {
		if y, ok := toNumber(b); ok {
			return cmp.Compare(x, y)
		}
	}
	if x, ok := toTime(a); ok {
		if y, ok := toTime(b); ok {
			return x.Compare(y)
		}
	}
	return cmp.Compare(strings.ToLower(fmt.Sprint(a)), strings.ToLower(fmt.Sprint(b)))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func toNumber(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case float64:
		return n, true
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}

// toTime reads instants, and the dateTime of a dateTimeTimeZone as one of UTC.
func toTime(v any) (time.Time, bool) {
	if t, ok := v.(time.Time); ok {
		return t, true
	}
	s, ok := v.(string)
	if !ok || len(s) < 10 || s[4] != '-' {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.9999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

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

func cutLastSlash(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}
