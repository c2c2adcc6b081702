package relay

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/store"
)

// readHub marks the pairs of changed objects, making those that are missing.
func (r *run) readHub(ctx context.Context) error {
	for {
		more := false
		err := r.Store.Update(ctx, func(tx *store.Tx) error {
			// Collected first: a connection cannot answer a second question
			// while it still answers the first.
			var changed []store.Object
			last, rest, err := tx.ObjectChanges(r.coll.ID, r.link.LocalSeq, 500, func(o store.Object) error {
				changed = append(changed, o)
				return nil
			})
			if err != nil {
				return err
			}
			for _, o := range changed {
				if err := r.mark(tx, o); err != nil {
					return err
				}
			}
			more = rest
			if last == r.link.LocalSeq {
				return nil
			}
			r.link.LocalSeq = last
			return tx.UpdateLink(r.link, "LocalSeq")
		})
		if err != nil || !more {
			return err
		}
		if err := r.at("hub page read"); err != nil {
			return err
		}
	}
}

func (r *run) mark(tx *store.Tx, o store.Object) error {
	p, err := tx.PairByObject(r.link.ID, o.ID)
	switch {
	case errors.Is(err, pim.ErrNotFound):
		if o.Deleted || !r.kinds.Has(o.Kind) {
			return nil
		}
		p = store.Pair{LinkID: r.link.ID, ObjectID: o.ID, UID: o.UID}
	case err != nil:
		return err
	case p.Seq == o.Seq:
		return nil // our own write
	}
	wake(&p)
	return tx.SavePair(&p)
}
