package creatiosim

import (
	"strings"
)

// maxExpand is how deep $expand may nest.
const maxExpand = 4

// expansion is one item of $expand: a lookup's row, or the rows of a collection.
type expansion struct {
	name  string
	nav   *column
	coll  collection
	query query
}

// target is the entity that the expansion's rows belong to.
func (x *expansion) target(s *schema) *entity {
	if x.nav != nil {
		return s.byName[x.nav.ref]
	}
	return x.coll.child
}

// parseExpand reads Owner($select=Id,Name;$expand=Account),Type …
func (s *Sim) parseExpand(text string, e *entity, depth int) ([]expansion, *refusal) {
	if depth >= maxExpand {
		return nil, badQuery("The request includes a $expand path which is too deep. The maximum depth allowed is %d.", maxExpand)
	}
	items, ok := splitTop(text, ',')
	if !ok {
		return nil, badQuery("Found an unbalanced bracket expression in '%s'.", text)
	}
	var out []expansion
	for _, item := range items {
		x, err := s.parseExpansion(strings.Trim(item, " "), e, depth)
		if err != nil {
			return nil, err
		}
		for _, o := range out {
			if o.name == x.name {
				return nil, badQuery("Found mulitple expansions of '%s' in one $expand.", x.name)
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// parseExpansion reads one item. Collections take the options of a list, a lookup's row $select and $expand only.
func (s *Sim) parseExpansion(item string, e *entity, depth int) (expansion, *refusal) {
	name, inner := item, ""
	if i := strings.IndexByte(item, '('); i >= 0 {
		if !strings.HasSuffix(item, ")") {
			return expansion{}, badQuery("Syntax error at position %d in '%s'.", len(item), item)
		}
		name, inner = strings.Trim(item[:i], " "), item[i+1:len(item)-1]
	}
	x := expansion{name: name, nav: e.byNav[name], coll: e.collections[name]}
	switch {
	case strings.Contains(name, "/"):
		return x, badQuery("Found a path traversing multiple navigation properties. Please rephrase the query such that each "+
			"expand path contains only type segments and navigation properties: '%s'.", name)
	case name == "":
		return x, badQuery("Syntax error at position 0 in '%s'.", item)
	case e.byName[name] != nil:
		return x, badQuery("Property '%s' on type '%s' is not a navigation property or complex property. Only navigation "+
			"properties can be expanded.", name, e.typeName())
	case x.nav == nil && x.coll.child == nil:
		return x, noProperty(name, e)
	}
	opts, err := splitNested(inner)
	if err != nil {
		return x, err
	}
	nested := opts["$expand"]
	delete(opts, "$expand")
	allowed := []string{"$select"}
	if x.nav == nil {
		allowed = append(allowed, "$filter", "$orderby", "$top", "$skip")
	}
	target := x.target(s.db.schema)
	if x.query, err = s.parseQuery(opts, target, allowed...); err != nil {
		return x, err
	}
	if nested != "" {
		x.query.expands, err = s.parseExpand(nested, target, depth+1)
	}
	return x, err
}

// splitNested reads the options in an item's brackets, which semicolons separate (OData 4 URL conventions 5.1.2).
func splitNested(inner string) (options, *refusal) {
	opts := options{}
	if strings.Trim(inner, " ") == "" {
		return opts, nil
	}
	parts, ok := splitTop(inner, ';')
	if !ok {
		return nil, badQuery("Found an unbalanced bracket expression in '%s'.", inner)
	}
	for _, part := range parts {
		name, value, found := strings.Cut(strings.Trim(part, " "), "=")
		if !found || value == "" {
			return nil, badQuery("Syntax error at position 0 in '%s'.", part)
		}
		if err := opts.set(name, value); err != nil {
			return nil, err
		}
	}
	return opts, nil
}

// splitTop splits at separators outside of brackets and strings; ok is false when brackets or quotes do not match.
func splitTop(s string, sep byte) (parts []string, ok bool) {
	depth, start, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return nil, false
			}
		case c == sep && depth == 0:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:]), depth == 0 && !quoted
}
