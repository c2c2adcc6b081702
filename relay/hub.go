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
		next := r.link // the transaction may be begun again: nothing of ours moves before it is committed
		err := r.update(ctx, func(tx *store.Tx) error {
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
			if next.LocalSeq = last; last == r.link.LocalSeq {
				return nil
			}
			return tx.UpdateLink(next, "LocalSeq")
		})
		if err != nil {
			return err
		}
		if r.link.LocalSeq = next.LocalSeq; !more {
			return r.sweep(ctx)
		}
		if err := r.at("hub page read"); err != nil {
			return err
		}
	}
}

func (r *run) mark(tx *store.Tx, o store.Object) error {
	stuck := r.expand(tx, o)
	if stuck != nil && !ofSeries(stuck) {
		return stuck
	}
	p, err := tx.PairByObject(r.link.ID, o.ID)
	switch {
	case errors.Is(err, pim.ErrNotFound):
		if o.Deleted || !r.kinds.Has(o.Kind) {
			return nil
		}
		if p, err = r.pairFor(tx, o); err != nil {
			return err
		}
	case err != nil:
		return err
	case p.Seq == o.Seq && stuck == nil:
		return nil // our own write
	}
	wake(&p)
	if stuck != nil {
		return r.noteFailure(tx, &p, stuck)
	}
	return tx.SavePair(&p)
}

// pairFor is the pair of an object that has none: that of a record with its UID which
// was read before the object was there, else a new one.
func (r *run) pairFor(tx *store.Tx, o store.Object) (store.Pair, error) {
	if o.UID != "" {
		known, err := tx.PairsByUID(r.link.ID, o.UID)
		if err != nil {
			return store.Pair{}, err
		}
		for _, p := range known {
			if p.ObjectID == 0 && p.RemoteID != "" && !p.RemoteGone {
				p.ObjectID = o.ID
				return p, nil
			}
		}
	}
	p := store.Pair{LinkID: r.link.ID, ObjectID: o.ID, UID: o.UID}
	return p, r.stayApart(tx, &p)
}
