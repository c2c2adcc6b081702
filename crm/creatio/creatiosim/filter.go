package creatiosim

import (
	"fmt"
	"strings"
)

// ftype is the type of an expression. The integer and decimal types of OData are one here: they compare with each other.
type ftype uint8

const (
	typeNull ftype = iota
	typeBool
	typeNumber
	typeText
	typeDate
	typeGUID
	typeNav
)

// String is the name that type errors show.
func (t ftype) String() string {
	return [...]string{"<null>", "Edm.Boolean", "Edm.Decimal", "Edm.String", "Edm.DateTimeOffset", "Edm.Guid", "Entity"}[t]
}

// typeOf is the type of a column in an expression.
func typeOf(c *column) ftype {
	return map[kind]ftype{kindGUID: typeGUID, kindText: typeText, kindDate: typeDate, kindDay: typeDate, kindBool: typeBool,
		kindInt: typeNumber, kindNumber: typeNumber}[c.kind]
}

// node is one part of a filter. eval gives its value for a row; nil is NULL, which behaves as in SQL: a comparison with
// it is neither true nor false, so the row is left out by a condition and by its negation alike.
type node interface {
	typ() ftype
	eval(st *store, r *row) any
}

// litNode is a constant.
type litNode struct {
	val  any
	kind ftype
	more bool // a date with digits below the milliseconds that rows keep
}

func (n *litNode) typ() ftype            { return n.kind }
func (n *litNode) eval(*store, *row) any { return n.val }

// colNode is a column of the row, or of a row that lookups lead to. Its kind is typeNav when the path ends at a lookup.
type colNode struct {
	navs []*column // lookups to follow first
	col  *column
	kind ftype
}

func (n *colNode) typ() ftype { return n.kind }

// eval follows the lookups; a path through an empty one is NULL.
func (n *colNode) eval(st *store, r *row) any {
	for _, nav := range n.navs {
		g, ok := r.vals[nav.pos].(guid)
		if !ok {
			return nil
		}
		if r = st.tables[nav.ref].byID[g]; r == nil {
			return nil
		}
	}
	v := r.vals[n.col.pos]
	if v == nil {
		return defaultOf(n.col.kind)
	}
	return v
}

// defaultOf is what an unset column holds in the database: only ids and dates can be NULL there.
func defaultOf(k kind) any {
	switch k {
	case kindText:
		return ""
	case kindBool:
		return false
	case kindInt:
		return int64(0)
	case kindNumber:
		return float64(0)
	}
	return nil
}

// logicNode is and, or over two or more conditions, kept flat so that long chains do not nest.
type logicNode struct {
	or    bool
	parts []node
}

func (n *logicNode) typ() ftype { return typeBool }

// eval is SQL's three-valued logic: one false decides an and, one true an or; short of that NULL makes the whole NULL.
func (n *logicNode) eval(st *store, r *row) any {
	var unknown bool
	for _, p := range n.parts {
		switch b, ok := p.eval(st, r).(bool); {
		case !ok:
			unknown = true
		case b == n.or:
			return b
		}
	}
	if unknown {
		return nil
	}
	return !n.or
}

// notNode is not.
type notNode struct{ of node }

func (n *notNode) typ() ftype { return typeBool }

// eval leaves NULL as it is: a row about which nothing is known matches neither a condition nor its opposite.
func (n *notNode) eval(st *store, r *row) any {
	if b, ok := n.of.eval(st, r).(bool); ok {
		return !b
	}
	return nil
}

// compareNode is one comparison of two expressions of the same type.
type compareNode struct {
	op          string
	left, right node
	null        bool // compared with the literal null: IS NULL, always true or false
}

func (n *compareNode) typ() ftype { return typeBool }

// eval compares with the database's order. Text that is empty counts as NULL for "eq null", as the query engine writes it.
func (n *compareNode) eval(st *store, r *row) any {
	a := n.left.eval(st, r)
	if n.null {
		empty := a == nil || a == ""
		return empty == (n.op == "eq")
	}
	b := n.right.eval(st, r)
	if a == nil || b == nil {
		return nil
	}
	c := compareValues(a, b, st.postgres)
	switch n.op {
	case "eq":
		return c == 0
	case "ne":
		return c != 0
	case "gt":
		return c > 0
	case "ge":
		return c >= 0
	case "lt":
		return c < 0
	}
	return c <= 0
}

// incompatible is the OData library's complaint, which clients meet when they quote an id or a date.
func incompatible(a, b node, op string) *refusal {
	return badQuery("A binary operator with incompatible types was detected. Found operand types '%s' and '%s' for operator "+
		"kind '%s'.", a.typ(), b.typ(), op)
}

// newCompare checks the operands' types and brings the comparison into the form that eval and plan expect: a literal, if
// there is one, on the right, and only milliseconds in dates.
func newCompare(op string, a, b node) (node, *refusal) {
	kinds := map[string]string{"eq": "Equal", "ne": "NotEqual", "gt": "GreaterThan", "ge": "GreaterThanOrEqual",
		"lt": "LessThan", "le": "LessThanOrEqual"}
	ordered := op != "eq" && op != "ne"
	at, bt := a.typ(), b.typ()
	switch {
	case at == typeNull || bt == typeNull:
		if ordered {
			return nil, incompatible(a, b, kinds[op])
		}
	case at != bt, at == typeNav, at == typeBool && ordered:
		return nil, incompatible(a, b, kinds[op])
	}
	if _, ok := a.(*litNode); ok {
		if _, both := b.(*litNode); !both {
			a, b = b, a
			op = map[string]string{"gt": "lt", "ge": "le", "lt": "gt", "le": "ge", "eq": "eq", "ne": "ne"}[op]
		}
	}
	n := &compareNode{op: op, left: a, right: b}
	if l, ok := b.(*litNode); ok {
		n.null = l.val == nil && !ordered
		if l.more {
			n.op, n.right = withoutFraction(op, l)
		}
	}
	return n, nil
}

// withoutFraction rewrites a comparison with a date between two milliseconds. No stored stamp equals such a date.
func withoutFraction(op string, l *litNode) (string, node) {
	cut := &litNode{l.val, typeDate, false}
	switch op {
	case "ge":
		return "gt", cut
	case "lt":
		return "le", cut
	case "eq":
		return "eq", &litNode{stamp(-1 << 62), typeDate, false}
	case "ne":
		return "ne", &litNode{stamp(-1 << 62), typeDate, false}
	}
	return op, cut
}

// callNode is a function call. A NULL argument makes the result NULL.
type callNode struct {
	kind ftype
	args []node
	fn   func(args []any) any
}

func (n *callNode) typ() ftype { return n.kind }

func (n *callNode) eval(st *store, r *row) any {
	var buf [2]any
	for i, a := range n.args {
		if buf[i] = a.eval(st, r); buf[i] == nil {
			return nil
		}
	}
	return n.fn(buf[:len(n.args)])
}

// function is what a name stands for: argument types, result type, and the work on arguments that are not NULL.
type function struct {
	args   []ftype
	result ftype
	fn     func(args []any) any
}

// textTest is a function of two texts. Case does not count, as in the database's default collation.
func textTest(test func(s, part string) bool) function {
	return function{[]ftype{typeText, typeText}, typeBool, func(a []any) any {
		return test(strings.ToLower(a[0].(string)), strings.ToLower(a[1].(string)))
	}}
}

// datePart is a function that takes a date apart. The parts are those of UTC, not of a user's time zone.
func datePart(part func(s stamp) int) function {
	return function{[]ftype{typeDate}, typeNumber, func(a []any) any { return int64(part(a[0].(stamp))) }}
}

// lookupFunction knows the functions of OData 4 that live sites are seen to take; the others are refused as unknown.
func lookupFunction(name string) (function, bool) {
	switch name {
	case "contains":
		return textTest(strings.Contains), true
	case "startswith":
		return textTest(strings.HasPrefix), true
	case "endswith":
		return textTest(strings.HasSuffix), true
	case "tolower":
		return function{[]ftype{typeText}, typeText, func(a []any) any { return strings.ToLower(a[0].(string)) }}, true
	case "toupper":
		return function{[]ftype{typeText}, typeText, func(a []any) any { return strings.ToUpper(a[0].(string)) }}, true
	case "year":
		return datePart(func(s stamp) int { return s.time().Year() }), true
	case "month":
		return datePart(func(s stamp) int { return int(s.time().Month()) }), true
	case "day":
		return datePart(func(s stamp) int { return s.time().Day() }), true
	case "hour":
		return datePart(func(s stamp) int { return s.time().Hour() }), true
	case "minute":
		return datePart(func(s stamp) int { return s.time().Minute() }), true
	}
	return function{}, false
}

// newCall checks a call's name and arguments.
func newCall(name string, args []node) (node, *refusal) {
	f, ok := lookupFunction(name)
	if !ok {
		return nil, badQuery("An unknown function with name '%s' was found. This may also be a function import or a key "+
			"lookup on a navigation property, which is not allowed.", name)
	}
	fits := len(args) == len(f.args)
	for i := 0; fits && i < len(args); i++ {
		fits = args[i].typ() == f.args[i]
	}
	if !fits {
		var want []string
		for _, t := range f.args {
			want = append(want, fmt.Sprintf("%s Nullable=true", t))
		}
		return nil, badQuery("No function signature for the function with name '%s' matches the specified arguments. The "+
			"function signatures considered are: %s(%s).", name, name, strings.Join(want, ", "))
	}
	return &callNode{f.result, args, f.fn}, nil
}

// match says whether r is among the rows asked for. No filter matches all.
func (f *filter) match(st *store, r *row) bool {
	if f == nil {
		return true
	}
	b, _ := f.root.eval(st, r).(bool)
	return b
}
