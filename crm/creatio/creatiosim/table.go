package creatiosim

import (
	"slices"
)

// row is one record. It is never changed once it is in a table: a change puts a new row in its place, so whoever holds
// a row may read it without a lock.
type row struct {
	id   guid
	key  guid  // id permuted to sort as the database sorts
	vals []any // by column position: guid, string, stamp, bool, int64, float64, []byte; nil is empty
}

// ref is a lookup's id; all zeros when it is empty.
func (r *row) ref(pos int) guid {
	g, _ := r.vals[pos].(guid)
	return g
}

func (r *row) text(pos int) string {
	s, _ := r.vals[pos].(string)
	return s
}

func (r *row) date(pos int) stamp {
	s, _ := r.vals[pos].(stamp)
	return s
}

func (r *row) bool(pos int) bool {
	b, _ := r.vals[pos].(bool)
	return b
}

func (r *row) modified() stamp { return r.date(colModifiedOn) }

// table holds an entity's rows and its indexes: by id, in id order, in order of ModifiedOn, and by target for each
// indexed lookup.
type table struct {
	ent   *entity
	byID  map[guid]*row
	order []*row
	mod   []*row
	refs  map[int]map[guid]map[guid]struct{}
}

// newTable makes an empty table with the indexes its columns ask for.
func newTable(e *entity) *table {
	t := &table{ent: e, byID: map[guid]*row{}, refs: map[int]map[guid]map[guid]struct{}{}}
	for _, c := range e.cols {
		if c.index {
			t.refs[c.pos] = map[guid]map[guid]struct{}{}
		}
	}
	return t
}

// byKey orders rows by id.
func byKey(a, b *row) int { return a.key.compare(b.key) }

// byModified orders rows by their last change and, within one stamp, by id, so that paging has a fixed order.
func byModified(a, b *row) int {
	switch x, y := a.modified(), b.modified(); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return byKey(a, b)
}

// put stores r in place of the row with its id, which it returns.
func (t *table) put(r *row) (old *row) {
	old = t.byID[r.id]
	t.byID[r.id] = r
	i, found := slices.BinarySearchFunc(t.order, r, byKey)
	if found {
		t.order[i] = r
	} else {
		t.order = slices.Insert(t.order, i, r)
	}
	if old != nil {
		t.dropModified(old)
		t.unindex(old)
	}
	// Stamps only grow in normal running, so the place is nearly always the end.
	if n := len(t.mod); n == 0 || byModified(t.mod[n-1], r) < 0 {
		t.mod = append(t.mod, r)
	} else {
		j, _ := slices.BinarySearchFunc(t.mod, r, byModified)
		t.mod = slices.Insert(t.mod, j, r)
	}
	t.indexRow(r)
	return old
}

// remove takes the row with this id out and returns it, or nil.
func (t *table) remove(id guid) (old *row) {
	old = t.byID[id]
	if old == nil {
		return nil
	}
	delete(t.byID, id)
	if i, found := slices.BinarySearchFunc(t.order, old, byKey); found {
		t.order = slices.Delete(t.order, i, i+1)
	}
	t.dropModified(old)
	t.unindex(old)
	return old
}

// putMany stores rows whose ids are new, sorting once: loading 100 000 rows one by one would move each of them often.
func (t *table) putMany(rows []*row) {
	for _, r := range rows {
		t.byID[r.id] = r
		t.indexRow(r)
	}
	t.order = append(t.order, rows...)
	slices.SortFunc(t.order, byKey)
	t.mod = append(t.mod, rows...)
	slices.SortFunc(t.mod, byModified)
}

// dropModified takes a row out of the ModifiedOn index.
func (t *table) dropModified(r *row) {
	if i, found := slices.BinarySearchFunc(t.mod, r, byModified); found {
		t.mod = slices.Delete(t.mod, i, i+1)
	}
}

// indexRow enters a row into the lookup indexes.
func (t *table) indexRow(r *row) {
	for pos, idx := range t.refs {
		target := r.ref(pos)
		if target == (guid{}) {
			continue
		}
		if idx[target] == nil {
			idx[target] = map[guid]struct{}{}
		}
		idx[target][r.id] = struct{}{}
	}
}

// unindex takes it out again; empty sets go, so that an index does not grow for ever.
func (t *table) unindex(r *row) {
	for pos, idx := range t.refs {
		target := r.ref(pos)
		if set := idx[target]; set != nil {
			delete(set, r.id)
			if len(set) == 0 {
				delete(idx, target)
			}
		}
	}
}

// sharing returns the rows whose lookup c holds target, in the order they were created.
func (t *table) sharing(c *column, target guid) []*row {
	var out []*row
	if idx, ok := t.refs[c.pos]; ok {
		for id := range idx[target] {
			out = append(out, t.byID[id])
		}
	} else {
		for _, r := range t.order {
			if r.ref(c.pos) == target {
				out = append(out, r)
			}
		}
	}
	slices.SortFunc(out, func(a, b *row) int {
		if x, y := a.date(colCreatedOn), b.date(colCreatedOn); x != y {
			return compareValues(x, y, false)
		}
		return byKey(a, b)
	})
	return out
}

// shared says whether any row's lookup c holds target.
func (t *table) shared(c *column, target guid) bool {
	if idx, ok := t.refs[c.pos]; ok {
		return len(idx[target]) > 0
	}
	return slices.ContainsFunc(t.order, func(r *row) bool { return r.ref(c.pos) == target })
}

// modifiedBetween returns the rows with lo <= ModifiedOn <= hi, oldest first. The slice is the index itself.
func (t *table) modifiedBetween(lo, hi stamp) []*row {
	from, _ := slices.BinarySearchFunc(t.mod, lo, func(r *row, s stamp) int {
		if r.modified() < s {
			return -1
		}
		return 1
	})
	to, _ := slices.BinarySearchFunc(t.mod, hi, func(r *row, s stamp) int {
		if r.modified() <= s {
			return -1
		}
		return 1
	})
	if to < from {
		return nil
	}
	return t.mod[from:to]
}
