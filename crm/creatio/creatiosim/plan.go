package creatiosim

import (
	"math"
)

// bounds is a range of ModifiedOn, both ends included.
type bounds struct{ lo, hi stamp }

// unbounded is every stamp there is.
func unbounded() bounds { return bounds{math.MinInt64, math.MaxInt64} }

// modifiedBounds is a range outside of which no row can match n. It need not be the narrowest.
func modifiedBounds(n node) bounds {
	switch x := n.(type) {
	case *logicNode:
		b := modifiedBounds(x.parts[0])
		for _, p := range x.parts[1:] {
			c := modifiedBounds(p)
			if x.or {
				b = bounds{min(b.lo, c.lo), max(b.hi, c.hi)}
			} else {
				b = bounds{max(b.lo, c.lo), min(b.hi, c.hi)}
			}
		}
		return b
	case *compareNode:
		col, lit := columnAndLiteral(x)
		s, ok := lit.(stamp)
		if col == nil || col.pos != colModifiedOn || !ok {
			return unbounded()
		}
		b := unbounded()
		switch x.op {
		case "eq":
			b = bounds{s, s}
		case "ge", "gt": // gt keeps one stamp too many; the filter itself drops it
			b.lo = s
		case "le", "lt":
			b.hi = s
		}
		return b
	}
	return unbounded()
}

// columnAndLiteral splits "own column op literal"; the column is nil for any other comparison.
func columnAndLiteral(n *compareNode) (*column, any) {
	c, ok := n.left.(*colNode)
	l, lit := n.right.(*litNode)
	if !ok || !lit || len(c.navs) > 0 || c.kind == typeNav {
		return nil, nil
	}
	return c.col, l.val
}

// idsOf lists the only ids that can match n; ok is false when it does not say.
func idsOf(n node) (ids []guid, ok bool) {
	switch x := n.(type) {
	case *logicNode:
		for _, p := range x.parts {
			more, found := idsOf(p)
			switch {
			case found && !x.or:
				return more, true
			case !found && x.or:
				return nil, false
			}
			ids = append(ids, more...)
		}
		return ids, x.or
	case *compareNode:
		col, lit := columnAndLiteral(x)
		g, isID := lit.(guid)
		if col != nil && col.pos == colID && x.op == "eq" && isID {
			return []guid{g}, true
		}
	}
	return nil, false
}

// refsOf lists the only ids that an indexed lookup of a row that matches n can hold; ok is false when n does not say.
func refsOf(n node) (c *column, ids []guid, ok bool) {
	switch x := n.(type) {
	case *logicNode:
		for _, p := range x.parts {
			col, more, found := refsOf(p)
			switch {
			case found && !x.or:
				return col, more, true
			case x.or && (!found || c != nil && col != c):
				return nil, nil, false
			case found:
				c, ids = col, append(ids, more...)
			}
		}
		return c, ids, c != nil
	case *compareNode:
		col, lit := columnAndLiteral(x)
		g, isID := lit.(guid)
		if col != nil && col.index && x.op == "eq" && isID {
			return col, []guid{g}, true
		}
	}
	return nil, nil, false
}

// family are the rows whose lookup c holds one of ids; ok is false when they are limit or more.
func (t *table) family(c *column, ids []guid, limit int) (rows []*row, ok bool) {
	seen := make(map[guid]bool, len(ids))
	for _, g := range ids {
		set := t.refs[c.pos][g]
		if seen[g] {
			continue
		}
		seen[g] = true
		if len(rows)+len(set) >= limit {
			return nil, false
		}
		for id := range set {
			rows = append(rows, t.byID[id])
		}
	}
	return rows, true
}

// candidates returns the rows that may match f and whether they come in order of ModifiedOn and Id; otherwise they come
// in no order. The slice must not be changed.
func (t *table) candidates(f *filter) (rows []*row, modOrder bool) {
	if f == nil {
		return t.mod, true
	}
	if ids, ok := idsOf(f.root); ok {
		seen := make(map[guid]bool, len(ids))
		for _, id := range ids {
			if r := t.byID[id]; r != nil && !seen[id] {
				seen[id] = true
				rows = append(rows, r)
			}
		}
		return rows, false
	}
	b := modifiedBounds(f.root)
	rows = t.modifiedBetween(b.lo, b.hi)
	if c, ids, ok := refsOf(f.root); ok {
		// A small family beats a long range, the range beats a family of about its size since it is sorted already.
		if few, ok := t.family(c, ids, (len(rows)+3)/4); ok {
			return few, false
		}
	}
	return rows, true
}
