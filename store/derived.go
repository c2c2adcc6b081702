package store

import "crmbridge/pim"

// SetDerived notes that a collection is made of another, and up to which change of it, in which edition.
// pim.ErrExists when the source has another collection of that kind.
func (t *Tx) SetDerived(d Derived) error {
	const op = "set derived"
	if err := t.writing(op); err != nil {
		return err
	}
	n, err := t.exec(`UPDATE derived SET seq = ?, edition = ?, title = ? WHERE collection_id = ? AND source_id = ? AND what = ?`,
		d.Seq, d.Edition, d.Title, d.CollectionID, d.SourceID, d.What)
	if err != nil || n > 0 {
		return fail(op, err)
	}
	added, err := t.insert(op, &d)
	if err == nil && !added {
		err = pim.Errorf("store: "+op, pim.ErrExists, "the collection is derived already")
	}
	return err
}

// DerivedOf returns what a collection is made of, else pim.ErrNotFound.
func (t *Tx) DerivedOf(c CollectionID) (Derived, error) {
	d, err := take[Derived](t, "collection_id = ?", c)
	return d, fail("derived of", err)
}

// DerivedFrom returns the collection of that kind that is made of source, else
// pim.ErrNotFound.
func (t *Tx) DerivedFrom(source CollectionID, what string) (Derived, error) {
	d, err := take[Derived](t, "source_id = ? AND what = ?", source, what)
	return d, fail("derived from", err)
}

// DeleteDerived forgets what a collection is made of; one that is not derived is no
// error.
func (t *Tx) DeleteDerived(c CollectionID) error {
	if err := t.writing("delete derived"); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM derived WHERE collection_id = ?`, c)
	return fail("delete derived", err)
}
