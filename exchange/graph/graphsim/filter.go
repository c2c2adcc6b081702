package graphsim

import (
	"cmp"
	"encoding/json"
	"fmt"
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
