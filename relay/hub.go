package relay

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/relay/rule"
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
// was read before the object was there, or whose deletion was not done, as it came
// back then; else a new one.
func (r *run) pairFor(tx *store.Tx, o store.Object) (store.Pair, error) {
	if o.UID != "" {
		known, err := tx.PairsByUID(r.link.ID, o.UID)
		if err != nil {
			return store.Pair{}, err
		}
		for _, p := range known {
			if p.RemoteID == "" || p.RemoteGone {
				continue
			}
			if p.ObjectID == 0 {
				p.ObjectID = o.ID
				return p, nil
			}
			back, err := r.cameBackHere(tx, p, o)
			if err != nil {
				return p, err
			}
			if back {
				p.ObjectID, p.Hold = o.ID, ""
				p.Error, p.ErrorKind = "", ""
				return p, nil
			}
		}
	}
	p := store.Pair{LinkID: r.link.ID, ObjectID: o.ID, UID: o.UID}
	return p, r.stayApart(tx, &p)
}

// cameBackHere reports that the object of p was deleted, that its record is there still, because no run came to it,
// a person is to say whether it goes, or the remote would not have it, and that o is that item again: put back by an
// undone run of another link, by a device, or by a person. A record of its own would be a second one beside that.
func (r *run) cameBackHere(tx *store.Tx, p store.Pair, o store.Object) (bool, error) {
	if p.LocalGone || p.Intent != "" || rule.Tie(p.Tie).Parts() {
		return false, nil
	}
	was, err := tx.ObjectByID(p.ObjectID)
	if errors.Is(err, pim.ErrNotFound) {
		return false, nil // nobody can tell of what kind it was
	}
	return err == nil && was.Deleted && was.Kind == o.Kind, err
}
