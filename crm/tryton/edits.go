package tryton

import "slices"

// edits are what is to happen to the rows that hang on a party.
type edits struct {
	create []values
	write  []rowWrite
	remove []int64
}

type rowWrite struct {
	id  int64
	set values
}

func (e *edits) add(o edits) {
	e.create, e.write, e.remove = append(e.create, o.create...), append(e.write, o.write...), append(e.remove, o.remove...)
}

// ops are the edits in the form that Tryton's one2many fields take. With archive,
// rows that are to go are archived instead, which Tryton allows even where a row is
// in use.
func (e edits) ops(archive bool) []any {
	var out []any
	if len(e.create) > 0 {
		out = append(out, []any{"create", e.create})
	}
	if len(e.write) > 0 {
		op := []any{"write"}
		for _, w := range e.write {
			op = append(op, []int64{w.id}, w.set)
		}
		out = append(out, op)
	}
	switch {
	case len(e.remove) == 0:
	case archive:
		out = append(out, []any{"write", e.remove, values{"active": false}})
	default:
		out = append(out, []any{"delete", e.remove})
	}
	return out
}

// pairing ties wanted values to rows that are there.
type pairing struct {
	rowOf []int // for each wanted value its row, -1 for none
	spare []int // rows without a wanted value
}

// pair gives each wanted value the row that alike finds most like it. The likenesses
// are tried one after the other, the strictest first, so that a value that stayed
// keeps its row and one that changed takes over the row it was in.
func pair(wanted, rows int, alike ...func(w, r int) bool) pairing {
	p := pairing{rowOf: make([]int, wanted)}
	taken := make([]bool, rows)
	for w := range p.rowOf {
		p.rowOf[w] = -1
	}
	for _, like := range alike {
		for w := range p.rowOf {
			for r := range rows {
				if p.rowOf[w] < 0 && !taken[r] && like(w, r) {
					p.rowOf[w], taken[r] = r, true
				}
			}
		}
	}
	for r := range rows {
		if !taken[r] {
			p.spare = append(p.spare, r)
		}
	}
	return p
}

// order lists the wanted values as their rows stand, the preferred first and new ones
// last. preferred is -1 for none.
func (p pairing) order(preferred int) []int {
	var out []int
	if preferred >= 0 {
		out = append(out, preferred)
	}
	byRow := make([]int, 0, len(p.rowOf))
	for w := range p.rowOf {
		if w != preferred {
			byRow = append(byRow, w)
		}
	}
	slices.SortStableFunc(byRow, func(a, b int) int { return rank(p.rowOf[a]) - rank(p.rowOf[b]) })
	return append(out, byRow...)
}

func rank(row int) int {
	if row < 0 {
		return 1 << 30
	}
	return row
}

// arrange gives new numbers to rows that should stand in this order. Tryton puts rows
// without a number first, and labeled takes a first row with a number for preferred:
// so with a preferred one all rows need rising numbers, and without one the first
// must have none. Numbers that fit stay.
func arrange(have []*int64, preferred bool) []*int64 {
	out := slices.Clone(have)
	if !preferred {
		if len(out) > 0 && !slices.Contains(out, nil) {
			out[0] = nil
		}
		return out
	}
	last := int64(0)
	for i, n := range out {
		if n == nil || i > 0 && *n <= last {
			next := last + 1
			out[i] = &next
		}
		last = *out[i]
	}
	return out
}

func sameNumber(a, b *int64) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func orNoNumber(n *int64) any {
	if n == nil {
		return nil
	}
	return *n
}
