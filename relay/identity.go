package relay

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/several"
	"crmbridge/store"
)

// An item is known again by what outlives its pair, in this order: the identity map
// (store.Identity: which UID a record had here), the key that we made a record with, as
// far as the remote shows it, and the UID that the record carries. After that only
// likeness is left (match.go). So no link that is removed, forced off, made anew or
// made elsewhere, and no database that is older than the remote, makes a second copy.

// newPair ties a record to the object that it is known by, if no other pair has that.
func (r *run) newPair(tx *store.Tx, rec remote.Record) (store.Pair, error) {
	uid, err := r.uidOf(tx, rec)
	if err != nil {
		return store.Pair{}, err
	}
	p := store.Pair{LinkID: r.link.ID, RemoteID: string(rec.ID), UID: uid}
	o, err := r.objectByUID(tx, uid)
	if errors.Is(err, pim.ErrNotFound) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	if other, err := tx.PairByObject(r.link.ID, o.ID); err == nil {
		if other.RemoteID == "" {
			// Waiting to be created: it exists already, by another hand, or it would have
			// been found by its key. What a try of ours was to send was never agreed.
			other.RemoteID = string(rec.ID)
			other.LocalItem, other.RemoteItem, other.LocalPrint, other.RemotePrint = nil, nil, "", ""
			other.Mark, other.MarkAt = "", nil
			return other, nil
		}
		p.UID = r.uidFor(rec.ID) // the UID is another record's: two records, two objects
		return p, nil
	} else if !errors.Is(err, pim.ErrNotFound) {
		return p, err
	}
	p.ObjectID = o.ID
	return p, nil
}

// uidOf is the UID of a record: the one it is remembered by, that of the object whose
// key it was made with, the one it carries, or one of our own.
func (r *run) uidOf(tx *store.Tx, rec remote.Record) (string, error) {
	known, err := r.identity(tx, string(rec.ID))
	if err == nil || !errors.Is(err, pim.ErrNotFound) {
		return known.UID, err
	}
	if rec.Key != "" {
		uid, err := r.uidOfKey(tx, rec.Key)
		if err != nil || uid != "" {
			return uid, err
		}
	}
	if uid := rec.Item.ID(); uid != "" {
		return uid, nil
	}
	return r.ownUID(tx, rec.ID)
}

// uidOfKey is the UID of the object whose record would be made with this key, here or, if it was moved since, in another
// collection of the account; "" for none. Keys are made of UIDs and cannot be read, so all objects are asked for once.
func (r *run) uidOfKey(tx *store.Tx, key string) (string, error) {
	if r.keyed == nil {
		// Kept only when whole: the transaction may be begun again.
		keyed := make(map[string]string)
		places, err := r.keyPlaces(tx)
		if err != nil {
			return "", err
		}
		err = tx.EachObject(r.coll.ID, store.EachOptions{}, func(o *store.Object) error {
			for _, place := range places {
				if o.UID != "" {
					keyed[r.keyIn(place, o.UID, "")] = o.UID
				}
			}
			return nil
		})
		if err != nil {
			return "", err
		}
		r.keyed = keyed
	}
	return r.keyed[key], nil
}

// remember keeps which UID a record has here.
func (r *run) remember(tx *store.Tx, p store.Pair) error {
	if p.RemoteID == "" || p.UID == "" {
		return nil
	}
	return tx.SaveIdentity(store.Identity{UserID: r.user.ID, Driver: r.link.Driver, Place: r.place(), UID: p.UID, CollectionID: r.coll.ID,
		RemoteID: string(several.Bare(remote.ItemID(p.RemoteID)))})
}

// already looks for a record that an object had before, when one is about to be made
// for it the first time by this link: one that the identity map knows and that is still
// there, or one that an earlier installation made with the same key. A record that
// another item is tied to is none.
func (r *run) already(ctx context.Context, v view) (rec remote.Record, found bool, err error) {
	if v.pair.Key != "" || v.pair.RemoteID != "" || v.pair.RemoteGone || v.pair.UID == "" {
		return rec, false, nil // not the first time
	}
	var ids []remote.ItemID
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		ids = nil
		known, err := r.identitiesOf(tx, v.pair.UID)
		if err != nil {
			return err
		}
		for _, i := range known {
			free, err := r.untied(tx, i.RemoteID)
			if err != nil {
				return err
			}
			if free {
				ids = append(ids, remote.ItemID(i.RemoteID))
			}
		}
		return nil
	})
	if err != nil {
		return rec, false, err
	}
	if len(ids) > 0 {
		recs, _, err := r.fetch(ctx, ids)
		if err != nil {
			return rec, false, err
		}
		for _, rec := range recs {
			if rec.Item.Kind() != v.kind() {
				continue
			}
			free := true // of what is remembered by a bare id it is seen only now
			if several.Is(remote.CollectionID(r.link.Remote)) {
				err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
					free, err = r.untied(tx, string(rec.ID))
					return err
				})
			}
			if err != nil || free {
				return rec, free, err
			}
		}
	}
	return r.foundByKey(ctx, v)
}

// foundByKey asks for the record of an object's key: one of an earlier installation, or
// one that was made after the copy of the database that was put back. Where the remote
// makes no second record of a key the create itself will tell; and where nothing was read
// in a first run there is nothing to be found.
func (r *run) foundByKey(ctx context.Context, v view) (rec remote.Record, found bool, err error) {
	finder, ok := remote.As[remote.Finder](r.rem)
	if !ok || r.traits.Idempotent || r.first && r.rep.Counts.Read == 0 && !r.mail() {
		return rec, false, nil
	}
	it := r.outgoing(v)
	rec, found, err = finder.Find(ctx, remote.CollectionID(r.link.Remote), r.key(v.pair.UID, ""), v.entry(it))
	if errors.Is(err, pim.ErrNotFound) {
		return rec, false, nil
	}
	if err != nil || !found {
		return rec, false, err
	}
	if rec, err = r.whole(ctx, rec); err != nil {
		return rec, false, err
	}
	var free bool
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		free, err = r.untied(tx, string(rec.ID))
		return err
	})
	return rec, free && rec.Item.Kind() == v.kind(), err
}

// untied reports that no item but one that was deleted here, or one that was only made
// of the record and not touched since, is tied to it, in any link of the user to the
// same system.
func (r *run) untied(tx *store.Tx, id string) (bool, error) {
	links, err := tx.Links(r.user.ID)
	if err != nil {
		return false, err
	}
	for _, l := range links {
		if same, err := r.sameIDs(l); err != nil || !same {
			if err != nil {
				return false, err
			}
			continue
		}
		p, err := tx.PairByRemote(l.ID, id)
		if errors.Is(err, pim.ErrNotFound) || err == nil && (p.RemoteGone || p.LocalGone) {
			continue
		}
		if err != nil || l.ID != r.link.ID {
			return false, err
		}
		free, err := r.pristine(tx, p)
		if err != nil || !free {
			return false, err
		}
	}
	return true, nil
}

// pristine reports that the object of a pair is what was made of its record.
func (r *run) pristine(tx *store.Tx, p store.Pair) (bool, error) {
	if p.ObjectID == 0 {
		return true, nil
	}
	if p.Key != "" {
		return false, nil // the record was made of the object
	}
	o, err := tx.ObjectByID(p.ObjectID)
	if errors.Is(err, pim.ErrNotFound) {
		return true, nil
	}
	return !o.Deleted && o.Seq == p.Seq && slices.Contains(r.uidsFor(remote.ItemID(p.RemoteID)), o.UID), err
}

// reunite ties the object of v to a record that was found to be its own: what differs is
// merged as at a first meeting. The pair that the record had is let go, and the object
// that was made of it.
func (r *run) reunite(ctx context.Context, v view, rec remote.Record) error {
	return r.update(ctx, func(tx *store.Tx) error {
		was, err := tx.PairByRemote(r.link.ID, string(rec.ID))
		if err != nil && !errors.Is(err, pim.ErrNotFound) {
			return err
		}
		if err := r.absorb(tx, v.pair, string(rec.ID)); err != nil {
			return err
		}
		p, err := tx.Pair(v.pair.ID)
		if err != nil {
			return err
		}
		p.RemoteID, p.RemotePrint, p.RemoteItem = string(rec.ID), "", nil
		p.LocalPrint, p.LocalItem, p.LocalText = "", nil, nil
		cameBack(&p, was)
		if err := r.theirs(&p, rec, r.carried(rec.Item.Kind())); err != nil {
			return err
		}
		p.Mark, p.MarkAt = "", nil
		if err := errors.Join(r.noteKey(tx, &p, rec), r.remember(tx, p)); err != nil {
			return err
		}
		wake(&p)
		return tx.SavePair(&p)
	})
}

// bringAlong moves the object of a record here from another collection of the user that
// has no link any more: a link that was taken to another collection takes its items with
// it. Not done is it for an object that is not known to be the record's, or that has
// neighbours here by name.
func (r *run) bringAlong(tx *store.Tx, p store.Pair) (store.Object, bool, error) {
	known, err := r.identity(tx, p.RemoteID)
	if errors.Is(err, pim.ErrNotFound) || err == nil && (known.UID != p.UID || known.CollectionID == 0 || known.CollectionID == r.coll.ID) {
		return store.Object{}, false, nil
	}
	if err != nil {
		return store.Object{}, false, err
	}
	from, err := tx.Collection(known.CollectionID)
	if errors.Is(err, pim.ErrNotFound) || err == nil && (from.UserID != r.user.ID || from.Home != r.coll.Home) {
		return store.Object{}, false, nil
	}
	if err != nil {
		return store.Object{}, false, err
	}
	links, err := tx.LinksOf(from.ID)
	if err != nil || len(links) > 0 {
		return store.Object{}, false, err
	}
	o, err := tx.ObjectByUID(from.ID, p.UID)
	if errors.Is(err, pim.ErrNotFound) || err == nil && !slices.Contains(Kinds(r.coll), o.Kind) {
		return store.Object{}, false, nil
	}
	if err != nil {
		return store.Object{}, false, err
	}
	name := o.Name
	if _, err := tx.Object(r.coll.ID, name); err == nil {
		name = uuid.NewSHA1(uidNames, []byte("brought\x00"+p.UID+"\x00"+p.RemoteID)).String() + extension(o.Kind)
	}
	res, err := tx.MoveObject(store.Move{From: from.ID, Name: o.Name, To: r.coll.ID, NewName: name, By: r.by(), Link: r.link.ID})
	if err == nil {
		r.note(tx, store.Step{PairID: p.ID, UID: p.UID, Title: pairTitle(p), Side: "local", Action: "move"}, func(*Counts) {})
	}
	return res.Object, err == nil, err
}
