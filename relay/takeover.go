package relay

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/google/uuid"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/remote/several"
	"crmbridge/store"
)

// The part of moves.go that the link which gets a moved item does, or has done for it.

// recognise finds among records those that were moved here: new to the link, with the key of a record that is not where it
// was any more.
func (r *run) recognise(ctx context.Context, recs []remote.Record) error {
	if _, ok := r.marker(); !ok {
		return nil
	}
	known, err := r.keyHolders(ctx, recs)
	if err != nil || len(known) == 0 {
		return err
	}
	// Of those that are not known to be gone the remote is asked; there they are originals, and these are copies. One that
	// kept its id is no copy, and may be shown by that id wherever it is.
	ask := map[string][]remote.ItemID{}
	kept := map[remote.ItemID]store.Pair{}
	for id, m := range known {
		switch {
		case several.Bare(remote.ItemID(m.pair.RemoteID)) == several.Bare(id):
			kept[id] = m.pair
		case m.pair.RemoteID != "" && !m.pair.RemoteGone:
			ask[m.from.Remote] = append(ask[m.from.Remote], remote.ItemID(m.pair.RemoteID))
		}
	}
	still := map[string]bool{}
	now, err := r.where(ctx, slices.Collect(maps.Values(kept)))
	if err != nil {
		return err
	}
	for id, p := range kept {
		if w, is := now[p.Mark]; !is || idIn(r.link, w) != id || !several.Is(remote.CollectionID(r.link.Remote)) && string(w.Collection) != r.link.Remote {
			delete(known, id)
		}
	}
	all := several.Over(r.rem, r.Now) // other links' places may be of several collections
	for place, ids := range ask {
		for some := range slices.Chunk(ids, fetchBatch) {
			got, err := all.Fetch(ctx, remote.CollectionID(place), some)
			if errors.Is(err, pim.ErrNotFound) {
				break // the collection went, and with it all that is not elsewhere
			}
			if err != nil {
				return err
			}
			for _, rec := range got {
				still[place+"\x00"+string(rec.ID)] = true
			}
		}
	}
	if err := r.at("keys looked up"); err != nil {
		return err
	}
	if r.moved == nil {
		r.moved = map[remote.ItemID]moving{}
	}
	for id, m := range known {
		if !still[m.from.Remote+"\x00"+m.pair.RemoteID] {
			r.moved[id] = m
		}
	}
	return nil
}

// keyHolders are the pairs, here or in other links of the account, that hold the keys of records which are new to this link.
func (r *run) keyHolders(ctx context.Context, recs []remote.Record) (known map[remote.ItemID]moving, err error) {
	keys, ids := map[string]remote.ItemID{}, []string{}
	for _, rec := range recs {
		if rec.Key != "" && rec.Item != nil && r.kinds.Has(rec.Item.Kind()) {
			keys[rec.Key] = rec.ID
			ids = append(ids, string(rec.ID))
		}
	}
	if len(keys) == 0 || r.rules.Direction == rule.Out {
		return nil, nil
	}
	if r.borrow != nil {
		if err := r.borrow(ctx, r.user.ID, slices.Collect(maps.Keys(keys))); err != nil {
			return nil, err
		}
	}
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		known = map[remote.ItemID]moving{}
		have, err := tx.PairsByRemote(r.link.ID, ids)
		if err != nil {
			return err
		}
		var look []string
		for key, id := range keys {
			if _, is := have[string(id)]; !is {
				look = append(look, key)
			}
		}
		if len(look) == 0 {
			return nil
		}
		slices.Sort(look)
		held, err := tx.PairsByMark(r.user.ID, look)
		if err != nil || len(held) == 0 {
			return err
		}
		kin, err := r.kin(tx)
		if err != nil {
			return err
		}
		for key, pairs := range held {
			// Of several, that is copies that have no key of their own yet, those come first whose record is known to be gone.
			slices.SortStableFunc(pairs, func(a, b store.Pair) int { return cmp.Compare(alive(a), alive(b)) })
			for _, p := range pairs {
				if l, ok := kin[p.LinkID]; ok && r.mayTake(p, l) {
					known[keys[key]] = moving{p, l}
					break
				}
			}
		}
		return nil
	})
	return known, err
}

func alive(p store.Pair) int {
	if p.RemoteGone {
		return 0
	}
	return 1
}

// mayTake reports a pair that may follow its record to this link. One that a person unlinked goes to no other, and a create
// of this link that is under way is resume's and seek's.
func (r *run) mayTake(p store.Pair, from store.Link) bool {
	own := from.ID == r.link.ID
	if rule.Tie(p.Tie) == rule.Apart && !own || own && p.RemoteID == "" && !p.RemoteGone {
		return false
	}
	rules, err := rule.Parse(from.Rules)
	return err == nil && rules.Direction != rule.Out
}

// holdMoved locks the collections of items that are taken over, before any pair is.
func (r *run) holdMoved(tx *store.Tx, recs []remote.Record) error {
	var ids []store.CollectionID
	for _, rec := range recs {
		if m, ok := r.moved[rec.ID]; ok {
			ids = append(ids, m.from.CollectionID, r.coll.ID)
		}
	}
	return hold(tx, ids)
}

func (r *run) holdBoth(tx *store.Tx, m moving) error {
	return hold(tx, []store.CollectionID{m.from.CollectionID, r.coll.ID})
}

// hold locks collections in the order in which every writer does.
func hold(tx *store.Tx, ids []store.CollectionID) error {
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if err := tx.Hold(id); err != nil {
			return err
		}
	}
	return nil
}

// take makes the pair of a record that was moved one of this link, with its object and what was agreed: nothing is made or
// deleted. by is the run that tells of it. The collections of both links are held.
func (r *run) take(tx *store.Tx, m moving, rec remote.Record, by *run) (store.Pair, became, error) {
	was, err := tx.Pair(m.pair.ID)
	if errors.Is(err, pim.ErrNotFound) || err == nil && (was.LinkID != m.from.ID || was.RemoteID != m.pair.RemoteID || was.Mark != m.pair.Mark || !r.mayTake(was, m.from)) {
		return was, stale, nil
	}
	if err != nil {
		return was, stale, err
	}
	if _, err := tx.PairByRemote(r.link.ID, string(rec.ID)); err == nil {
		return was, refused, nil // an item of its own: a copy
	} else if !errors.Is(err, pim.ErrNotFound) {
		return was, stale, err
	}
	p := was
	if m.from.ID != r.link.ID {
		ok, err := r.receive(tx, m, &p)
		if err != nil || !ok {
			return was, refused, err
		}
		p.ID, p.LinkID, p.Along, p.AwayAt = 0, r.link.ID, "", nil
		if err := tx.DeletePair(was.ID); err != nil {
			return was, stale, err
		}
	}
	if err := r.arrive(tx, was, &p, rec); err != nil {
		return p, stale, err
	}
	by.note(tx, store.Step{PairID: p.ID, UID: p.UID, Title: pairTitle(p), Side: "local", Action: "move"}, func(*Counts) {})
	return p, taken, nil
}

// arrive stores a pair with the record that it has now. What was begun with the old one is settled: the record's
// present state tells all there is to know.
func (r *run) arrive(tx *store.Tx, was store.Pair, p *store.Pair, rec remote.Record) error {
	begun := was.RemoteID == ""
	if was.Intent != "" || begun {
		if err := tx.SettleBegun(was.ID, was.UID, begun || was.Intent != "delete"); err != nil {
			return err
		}
	}
	p.RemoteID, p.RemoteGone, p.Intent, p.Hold = string(rec.ID), false, "", ""
	movedBack(p)
	p.MarkAt = nil
	if begun {
		if err := r.adopt(p, rec); err != nil {
			return err
		}
	}
	wake(p)
	if err := r.store(tx, p, rec); err != nil {
		return err
	}
	return r.remember(tx, *p)
}

// movedBack ends that the two copies of an item are apart because its record was moved to where no link is.
func movedBack(p *store.Pair) {
	if rule.Tie(p.Tie) == rule.Moved && !p.LocalGone {
		p.Tie = string(rule.TieNone)
		wake(p) // what was changed here meanwhile is to go over
	}
}

// receive moves the object of a pair here from the collection of its link. It reports false for what cannot come, or is
// gone there.
func (r *run) receive(tx *store.Tx, m moving, p *store.Pair) (bool, error) {
	o, err := tx.ObjectByID(p.ObjectID)
	if errors.Is(err, pim.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	there, err := tx.ObjectByUID(r.coll.ID, p.UID)
	switch {
	case err == nil:
		// A device moved it, too, or has a copy of it here.
		free := false
		if o.Deleted {
			free, err = r.unpaired(tx, there)
		}
		if err != nil || !free {
			return false, err
		}
		p.ObjectID, p.Seq, p.LocalGone = there.ID, 0, false
		return true, tx.MoveConflicts(o.ID, m.from.ID, there, r.link.ID)
	case !errors.Is(err, pim.ErrNotFound):
		return false, err
	case o.Deleted, o.CollectionID != m.from.CollectionID, !slices.Contains(Kinds(r.coll), o.Kind):
		return false, nil
	}
	name := o.Name
	if _, err := tx.Object(r.coll.ID, name); err == nil {
		name = uuid.NewSHA1(uidNames, []byte("moved\x00"+p.UID+"\x00"+p.RemoteID)).String() + extension(o.Kind)
	} else if !errors.Is(err, pim.ErrNotFound) {
		return false, err
	}
	res, err := tx.MoveObject(store.Move{From: o.CollectionID, Name: o.Name, To: r.coll.ID, NewName: name, By: r.by(), Link: r.link.ID})
	if err != nil {
		return false, err
	}
	p.ObjectID = res.Object.ID
	if p.Seq == o.Seq {
		p.Seq = res.Object.Seq
	} else {
		p.Seq = 0 // what a device changed in it is still to go over
	}
	return true, tx.MoveConflicts(o.ID, m.from.ID, res.Object, r.link.ID)
}

// unpaired reports an object that has no record yet and for which none is being made, and drops the pair that it waits in.
func (r *run) unpaired(tx *store.Tx, o store.Object) (bool, error) {
	other, err := tx.PairByObject(r.link.ID, o.ID)
	switch {
	case errors.Is(err, pim.ErrNotFound):
		return true, nil
	case err != nil:
		return false, err
	case other.RemoteID != "" || other.Intent != "" || rule.Tie(other.Tie).Parts():
		return false, nil
	}
	return true, tx.DeletePair(other.ID)
}
