package creatiosim

import (
	"fmt"
	"sync"
)

// store is the database: every table behind one lock, writes in transactions that are journalled before they show.
type store struct {
	mu      sync.RWMutex
	schema  *schema
	tables  map[string]*table
	journal *journal // nil keeps data in memory only
	closed  bool

	postgres bool
}

// newStore makes empty tables.
func newStore(s *schema, postgres bool) *store {
	st := &store{schema: s, tables: map[string]*table{}, postgres: postgres}
	for _, e := range s.list {
		st.tables[e.name] = newTable(e)
	}
	return st
}

// change is one row before and after; after nil is a deletion.
type change struct {
	table         *table
	id            guid
	before, after *row
}

// tx is a write under way. Changes are made to the tables at once, readers being locked out, and undone when it fails.
type tx struct {
	st      *store
	changes []change
}

func (t *tx) table(entity string) *table { return t.st.tables[entity] }

// put stores a row and remembers what it replaced.
func (t *tx) put(e *entity, r *row) {
	tab := t.st.tables[e.name]
	old := tab.put(r)
	t.changes = append(t.changes, change{tab, r.id, old, r})
}

// remove deletes a row and remembers it.
func (t *tx) remove(e *entity, id guid) {
	tab := t.st.tables[e.name]
	if old := tab.remove(id); old != nil {
		t.changes = append(t.changes, change{tab, id, old, nil})
	}
}

// rollbackTo undoes the changes made since there were mark of them, the last first.
func (t *tx) rollbackTo(mark int) {
	for i := len(t.changes) - 1; i >= mark; i-- {
		c := t.changes[i]
		if c.before == nil {
			c.table.remove(c.id)
		} else {
			c.table.put(c.before)
		}
	}
	t.changes = t.changes[:mark]
}

// update runs fn as one transaction: when it returns, either everything fn did is in the tables and, with a journal, on
// disk, or nothing is.
func (st *store) update(fn func(*tx) error) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.closed {
		return errClosed
	}
	t := &tx{st: st}
	done := false
	defer func() {
		if !done { // fn failed or panicked
			t.rollbackTo(0)
		}
	}()
	if err := fn(t); err != nil {
		return err
	}
	if st.journal != nil && len(t.changes) > 0 {
		if err := st.journal.append(t.changes); err != nil {
			return fmt.Errorf("creatiosim: write journal: %w", err)
		}
	}
	done = true
	return nil
}

// view runs fn while no write is under way.
func (st *store) view(fn func()) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	fn()
}

// load puts rows with new ids into a table in one go, journalled in pieces.
func (st *store) load(e *entity, rows []*row) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.closed {
		return errClosed
	}
	tab := st.tables[e.name]
	for i := 0; st.journal != nil && i < len(rows); i += 1000 {
		var changes []change
		for _, r := range rows[i:min(i+1000, len(rows))] {
			changes = append(changes, change{table: tab, id: r.id, after: r})
		}
		if err := st.journal.append(changes); err != nil {
			return fmt.Errorf("creatiosim: write journal: %w", err)
		}
	}
	tab.putMany(rows)
	return nil
}

// close ends the store; twice is no error.
func (st *store) close() error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.closed {
		return nil
	}
	st.closed = true
	if st.journal == nil {
		return nil
	}
	return st.journal.close()
}

// blank is a new row of an entity with nothing in it but its id.
func (st *store) blank(e *entity, id guid) *row {
	r := &row{id: id, key: id.sortKey(st.postgres), vals: make([]any, len(e.cols))}
	r.vals[colID] = id
	return r
}

// copyRow is a row that may be changed until it is put.
func copyRow(r *row) *row {
	n := *r
	n.vals = make([]any, len(r.vals))
	copy(n.vals, r.vals)
	return &n
}
