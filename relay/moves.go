package relay

import (
	"context"
	"errors"
	"slices"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/remote/several"
	"crmbridge/store"
)

// What a person moves at a remote.Marker is gone from one collection and there in another, under another id. Its key
// (keys.go) tells that it is no deletion and no new item:
//
//   - The run of the link that lost it asks where it is before it does anything about that (followMoves, and one by one
//     while it acts). In a collection of another link of the account it goes there, with its object and all that was agreed
//     (take). In one without a link the two copies part (leave); moved back they are one again. Nowhere, it was deleted.
//   - The run of the link that gets it knows its key, and takes it (recognise). Should the record still be where it was, it
//     is a copy, and an item of its own.
//
// Which run comes first, or that both are under way, makes no difference: the pair and the object move in one transaction,
// the pair under another id, so that whoever still knows the old one finds nothing to write to.

// moving is the pair of a record that was moved, and the link it is of.
type moving struct {
	pair store.Pair
	from store.Link
}

// became is what a try to take a pair over came to.
type became uint8

const (
	stale   became = iota // it is another by now
	refused               // its object cannot come
	taken
)

// unplaced reports a pair whose record is gone and may be elsewhere.
func (r *run) unplaced(p store.Pair) bool {
	if _, ok := r.marker(); !ok || !p.RemoteGone || p.Mark == "" || rule.Tie(p.Tie).Parts() {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.placed[p.ID]
}

// nowhere notes that a record is in no other collection.
func (r *run) nowhere(id store.PairID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.placed == nil {
		r.placed = map[store.PairID]bool{}
	}
	r.placed[id] = true
}

// followMoves finds out where the records are that are gone from here.
func (r *run) followMoves(ctx context.Context) error {
	if _, ok := r.marker(); !ok {
		return nil
	}
	for after := store.PairID(0); ; {
		var missing []store.Pair
		err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
			missing, err = tx.MissingPairs(r.link.ID, fetchBatch, after)
			return err
		})
		if err != nil || len(missing) == 0 {
			return err
		}
		after = missing[len(missing)-1].ID
		missing = slices.DeleteFunc(missing, func(p store.Pair) bool { return !r.unplaced(p) })
		if err := r.locate(ctx, missing); err != nil {
			return err
		}
	}
}

// locate asks for the whereabouts of records that are gone, and has their pairs follow.
func (r *run) locate(ctx context.Context, missing []store.Pair) error {
	found, err := r.where(ctx, missing)
	if err != nil {
		return err
	}
	if err := r.at("whereabouts told"); err != nil {
		return err
	}
	var kin map[store.LinkID]store.Link
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		kin, err = r.kin(tx)
		return err
	})
	if err != nil {
		return err
	}
	there := map[store.LinkID][]store.Pair{}
	for _, p := range missing {
		w, is := found[p.Mark]
		if !is {
			r.nowhere(p.ID)
			continue
		}
		to := r.serves(kin, w.Collection)
		if to == 0 {
			if err := r.leave(ctx, p); err != nil {
				return err
			}
			continue
		}
		there[to] = append(there[to], p)
	}
	for id, pairs := range there {
		if err := r.follows(ctx, kin[id], pairs, found); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) where(ctx context.Context, missing []store.Pair) (map[string]remote.Whereabouts, error) {
	m, ok := r.marker()
	if !ok || len(missing) == 0 {
		return nil, nil
	}
	keys := make([]string, 0, len(missing))
	for _, p := range missing {
		keys = append(keys, p.Mark)
	}
	return m.Where(ctx, keys)
}

// serves is the link of a collection of the remote, 0 for none. A link of all collections that lost an item has no others beside it
// for the same kinds (Vacant).
func (r *run) serves(kin map[store.LinkID]store.Link, c remote.CollectionID) (id store.LinkID) {
	for _, l := range kin {
		if several.Holds(remote.CollectionID(l.Remote), c) && (id == 0 || l.ID < id) {
			id = l.ID
		}
	}
	if _, every := several.IsAll(remote.CollectionID(r.link.Remote)); every && id == 0 {
		return r.link.ID
	}
	return id
}

// idIn is the id that a record which was found somewhere has in a link.
func idIn(l store.Link, w remote.Whereabouts) remote.ItemID {
	return several.At(remote.CollectionID(l.Remote), w.Collection, w.Ref.ID)
}

// follows takes pairs over to the link whose collection has their records now.
func (r *run) follows(ctx context.Context, to store.Link, pairs []store.Pair, found map[string]remote.Whereabouts) error {
	heir := r
	if to.ID != r.link.ID {
		var err error
		if heir, err = r.reach(ctx, to.ID); err != nil {
			// It waits: nothing is deleted, and nothing made, before that link can take it.
			r.Log.WarnContext(ctx, "items were moved to a link that cannot take them now", "link", r.link.ID, "to", to.ID, "err", err)
			return ctx.Err()
		}
	}
	ids := make([]remote.ItemID, 0, len(pairs))
	for _, p := range pairs {
		ids = append(ids, idIn(to, found[p.Mark]))
	}
	recs, _, err := heir.fetch(ctx, ids)
	if err != nil {
		return err
	}
	if err := r.at("moved read"); err != nil {
		return err
	}
	for _, p := range pairs {
		i := slices.IndexFunc(recs, func(rec remote.Record) bool { return rec.ID == idIn(to, found[p.Mark]) })
		if i < 0 {
			continue // on its way somewhere; the next run asks again
		}
		if err := r.followed(ctx, heir, p, recs[i]); err != nil {
			return err
		}
	}
	return nil
}

// followed is follows for one pair.
func (r *run) followed(ctx context.Context, heir *run, p store.Pair, rec remote.Record) error {
	switch {
	case heir == r && string(rec.ID) == p.RemoteID:
		return r.update(ctx, func(tx *store.Tx) error { return r.ingest(tx, []remote.Record{rec}, nil) }) // it is here after all
	case !heir.kinds.Has(rec.Item.Kind()), r.rules.Direction == rule.Out, heir.rules.Direction == rule.Out:
		return r.leave(ctx, p)
	}
	m := moving{p, r.link}
	var got became
	err := r.update(ctx, func(tx *store.Tx) (err error) {
		if err := heir.holdBoth(tx, m); err != nil {
			return err
		}
		if _, got, err = heir.take(tx, m, rec, r); err != nil || got != taken || heir == r {
			return err
		}
		return r.Engine.wanted(tx.Context(), tx, heir.link.ID)
	})
	if err == nil && got == refused {
		r.nowhere(p.ID) // it goes here as what was deleted, and comes there as what is new
	}
	return err
}

// leave parts the two copies of an item whose record was moved to where no link is.
func (r *run) leave(ctx context.Context, was store.Pair) error {
	return r.update(ctx, func(tx *store.Tx) error {
		if err := tx.Hold(r.coll.ID); err != nil {
			return err
		}
		p, err := tx.Pair(was.ID)
		if errors.Is(err, pim.ErrNotFound) || err == nil && (!p.RemoteGone || p.RemoteID != was.RemoteID || rule.Tie(p.Tie).Parts()) {
			return nil
		}
		if err != nil {
			return err
		}
		o, err := tx.ObjectByID(p.ObjectID)
		if errors.Is(err, pim.ErrNotFound) || err == nil && o.Deleted {
			tx.AfterCommit(func() { r.nowhere(p.ID) }) // of two copies none is left here
			return nil
		}
		if err != nil {
			return err
		}
		if p.RemoteID == "" {
			if err := tx.SettleBegun(p.ID, p.UID, true); err != nil {
				return err
			}
		}
		p.Tie, p.Hold = string(rule.Moved), ""
		r.note(tx, store.Step{PairID: p.ID, UID: p.UID, Title: pairTitle(p), Side: "local", Action: "unlink"}, func(*Counts) {})
		return r.settle(tx, p)
	})
}

// goneElsewhere are those of some records that are gone from here and there in another collection.
func (r *run) goneElsewhere(ctx context.Context, gone []remote.ItemID) (map[remote.ItemID]bool, error) {
	out := map[remote.ItemID]bool{}
	if _, ok := r.marker(); !ok {
		return out, nil
	}
	for ids := range slices.Chunk(gone, fetchBatch) {
		names := make([]string, len(ids))
		for i, id := range ids {
			names[i] = string(id)
		}
		var missing []store.Pair
		err := r.Store.View(ctx, func(tx *store.Tx) error {
			missing = nil
			known, err := tx.PairsByRemote(r.link.ID, names)
			for _, p := range known {
				if p.Mark != "" {
					missing = append(missing, p)
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		found, err := r.where(ctx, missing)
		if err != nil {
			return nil, err
		}
		for _, p := range missing {
			if _, is := found[p.Mark]; is {
				out[remote.ItemID(p.RemoteID)] = true
			}
		}
	}
	return out, nil
}

// madeElsewhere reports that the record of a begun create is in another collection than it was made in.
func (r *run) madeElsewhere(ctx context.Context, p store.Pair) (bool, error) {
	found, err := r.where(ctx, []store.Pair{p})
	_, is := found[p.Mark]
	return is && p.Mark != "", err
}
