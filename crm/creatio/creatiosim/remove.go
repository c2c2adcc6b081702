package creatiosim

// remove deletes a row and does to the rows that name it what their lookups call for: they go too, or the deletion is
// refused, or their lookup is emptied, in the database and so without a new ModifiedOn.
func (w *writing) remove(e *entity, r *row) error {
	if w.tx.table(e.name).byID[r.id] == nil {
		return nil // went with a parent
	}
	if err := w.beforeRemove(e, r); err != nil {
		return err
	}
	w.tx.remove(e, r.id)
	for _, child := range w.s.db.schema.list {
		for _, c := range child.cols {
			if c.ref != e.name {
				continue
			}
			if err := w.release(child, c, r.id); err != nil {
				return err
			}
		}
	}
	return w.afterRemove(e, r)
}

// release does what lookup c calls for to the rows that name a deleted one.
func (w *writing) release(child *entity, c *column, gone guid) error {
	t := w.tx.table(child.name)
	if !t.shared(c, gone) {
		return nil
	}
	for _, o := range t.sharing(c, gone) {
		switch c.deletion {
		case restrict:
			return w.s.stillReferenced(child, c)
		case cascade:
			if err := w.remove(child, o); err != nil {
				return err
			}
		default:
			n := copyRow(o)
			n.vals[c.pos] = nil
			w.tx.put(child, n)
		}
	}
	return nil
}
