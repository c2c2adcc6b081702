package creatiosim

import (
	"slices"
	"strings"
)

// Limits that keep a filter's cost bounded; both are far above what a URL can usefully hold.
const (
	maxFilterNodes = 10_000
	maxFilterDepth = 100
)

// filter is a parsed $filter.
type filter struct {
	root node
	own  []*column // columns of the queried entity itself, as opposed to those behind a navigation
}

// parser turns tokens into nodes. Precedence, tightest first: not, gt ge lt le, eq ne, and, or (OData 4 URL
// conventions 5.1.1.14).
type parser struct {
	text    string
	toks    []token
	pos     int
	nodes   int
	depth   int
	ent     *entity
	schema  *schema
	lookups LookupFilter
	own     []*column
	engine  *refusal // what the query engine says once the syntax has passed
}

// parseFilter parses a $filter on entity e. Syntax and type errors are 400; a path that the query engine cannot resolve
// is its 500, and only said about a filter that is otherwise sound.
func (s *Sim) parseFilter(text string, e *entity) (*filter, *refusal) {
	return parseFilter(text, e, s.db.schema, s.opt.LookupFilter)
}

// parseFilter is the method's work without a server.
func parseFilter(text string, e *entity, sc *schema, lookups LookupFilter) (*filter, *refusal) {
	toks, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, toks: toks, ent: e, schema: sc, lookups: lookups}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokEnd {
		return nil, p.syntax(t)
	}
	if n.typ() != typeBool {
		return nil, badQuery("The $filter expression must evaluate to a single boolean value.")
	}
	if p.engine != nil {
		return nil, p.engine
	}
	return &filter{root: n, own: p.own}, nil
}

func (p *parser) peek() token { return p.toks[p.pos] }

// next takes a token; the end stays.
func (p *parser) next() token {
	t := p.toks[p.pos]
	if t.kind != tokEnd {
		p.pos++
	}
	return t
}

// syntax is a token that cannot stand where it does.
func (p *parser) syntax(t token) *refusal {
	return badQuery("Syntax error at position %d in '%s'.", t.at, p.text)
}

// word takes the next token if it is one of these operators, which are case-sensitive.
func (p *parser) word(ops ...string) (string, bool) {
	if t := p.peek(); t.kind == tokName && slices.Contains(ops, t.text) {
		p.pos++
		return t.text, true
	}
	return "", false
}

// enter counts a node and a level; whoever calls it leaves the level again.
func (p *parser) enter(t token) *refusal {
	if p.nodes++; p.nodes > maxFilterNodes {
		return badQuery("The node count limit of '%d' has been exceeded.", maxFilterNodes)
	}
	if p.depth++; p.depth > maxFilterDepth {
		return badQuery("Recursion limit reached at position %d.", t.at)
	}
	return nil
}

func (p *parser) or() (node, *refusal) { return p.logic("or", p.and) }

func (p *parser) and() (node, *refusal) { return p.logic("and", p.equality) }

// logic reads operands joined by op, which must all be conditions if there is more than one.
func (p *parser) logic(op string, operand func() (node, *refusal)) (node, *refusal) {
	if err := p.enter(p.peek()); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	first, err := operand()
	if err != nil {
		return nil, err
	}
	parts := []node{first}
	for {
		if _, ok := p.word(op); !ok {
			break
		}
		n, err := operand()
		if err != nil {
			return nil, err
		}
		parts = append(parts, n)
	}
	if len(parts) == 1 {
		return first, nil
	}
	for _, n := range parts {
		if n.typ() != typeBool {
			return nil, incompatible(first, n, map[string]string{"or": "Or", "and": "And"}[op])
		}
	}
	return &logicNode{or: op == "or", parts: parts}, nil
}

func (p *parser) equality() (node, *refusal) { return p.binary(p.relation, "eq", "ne") }

func (p *parser) relation() (node, *refusal) { return p.binary(p.unary, "gt", "ge", "lt", "le") }

// binary reads comparisons of one precedence, from left to right: a eq b eq true is (a eq b) eq true.
func (p *parser) binary(operand func() (node, *refusal), ops ...string) (node, *refusal) {
	left, err := operand()
	for err == nil {
		op, ok := p.word(ops...)
		if !ok {
			break
		}
		if err := p.enter(p.peek()); err != nil {
			return nil, err
		}
		p.depth--
		var right node
		if right, err = operand(); err == nil {
			left, err = newCompare(op, left, right)
		}
	}
	return left, err
}

// unary reads not, which binds tighter than any comparison: "not Title eq 'x'" is a type error, as on the product.
func (p *parser) unary() (node, *refusal) {
	at := p.peek()
	if _, ok := p.word("not"); !ok {
		return p.primary()
	}
	if err := p.enter(at); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	n, err := p.unary()
	if err != nil {
		return nil, err
	}
	if n.typ() != typeBool {
		return nil, badQuery("A unary operator with an incompatible type was detected. Found operand type '%s' for "+
			"operator kind 'Not'.", n.typ())
	}
	return &notNode{n}, nil
}

// primary reads a bracket, a literal, a path or a call.
func (p *parser) primary() (node, *refusal) {
	t := p.next()
	if err := p.enter(t); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	switch t.kind {
	case tokOpen:
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		if c := p.next(); c.kind != tokClose {
			return nil, p.syntax(c)
		}
		return n, nil
	case tokText:
		return &litNode{t.val, typeText, false}, nil
	case tokNumber:
		return &litNode{t.val, typeNumber, false}, nil
	case tokGUID:
		return &litNode{t.val, typeGUID, false}, nil
	case tokDate:
		d := t.val.(dateLiteral)
		return &litNode{d.stamp, typeDate, d.more}, nil
	case tokName:
		return p.name(t)
	}
	return nil, p.syntax(t)
}

// name reads what begins with a word. Operators are reserved only where they would be operators.
func (p *parser) name(t token) (node, *refusal) {
	switch t.text {
	case "null":
		return &litNode{nil, typeNull, false}, nil
	case "true", "false":
		return &litNode{t.text == "true", typeBool, false}, nil
	case "and", "or", "not", "eq", "ne", "gt", "ge", "lt", "le":
		return nil, p.syntax(t)
	}
	if p.peek().kind == tokOpen {
		return p.call(t)
	}
	return p.path(t)
}

// path resolves Name, Owner/Name, Activity/Owner/Id …
func (p *parser) path(t token) (node, *refusal) {
	n := &colNode{}
	e := p.ent
	names := []string{t.text}
	for seg := t; ; {
		nav, col := e.byNav[seg.text], e.byName[seg.text]
		last := p.peek().kind != tokSlash
		switch {
		case col != nil && last:
			n.col, n.kind = col, typeOf(col)
		case nav != nil && last:
			n.col, n.kind = nav, typeNav
		case nav != nil:
			n.navs = append(n.navs, nav)
			e = p.schema.byName[nav.ref]
		case col != nil:
			return nil, badQuery("The parent value for a property access of a property '%s' is not a single value.", seg.text)
		case e.collections[seg.text].child != nil:
			return nil, badQuery("The property '%s' is a collection and cannot be used in a comparison.", seg.text)
		default:
			return nil, noProperty(seg.text, e)
		}
		if n.col != nil {
			break
		}
		p.next()
		if seg = p.next(); seg.kind != tokName {
			return nil, p.syntax(seg)
		}
		names = append(names, seg.text)
	}
	if n.col.kind == kindStream {
		return nil, badQuery("The property '%s' of type Edm.Stream cannot be used in a filter.", n.col.name)
	}
	p.resolve(n, e, names)
	return n, nil
}

// resolve applies what the query engine does after parsing: which form of a lookup it knows, and which own columns the
// filter touches.
func (p *parser) resolve(n *colNode, e *entity, names []string) {
	isNav := len(n.navs) > 0 || n.kind == typeNav
	lookup := n.kind != typeNav && n.col.ref != ""
	refused := lookup && p.lookups == ByNavigation || isNav && p.lookups == ByColumn
	if refused && p.engine == nil {
		p.engine = noColumn(strings.Join(names, "."), p.ent.name)
	}
	// The last step to Id is the lookup column itself: no need to visit the row it names.
	if k := len(n.navs); k > 0 && n.col.pos == colID {
		n.navs, n.col, n.kind = n.navs[:k-1], n.navs[k-1], typeGUID
	}
	if !isNav {
		p.own = append(p.own, n.col)
	}
}

// call reads a call's arguments, which may be expressions themselves.
func (p *parser) call(t token) (node, *refusal) {
	p.next() // (
	var args []node
	for p.peek().kind != tokClose || len(args) > 0 {
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		args = append(args, n)
		c := p.next()
		if c.kind == tokClose {
			return newCall(t.text, args)
		}
		if c.kind != tokComma {
			return nil, p.syntax(c)
		}
	}
	p.next()
	return newCall(t.text, args)
}
