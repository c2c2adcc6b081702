package relay

import (
	"context"
	"errors"
	"math"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// Brought is what the next run of an address book would do because of the run that is shown:
// the contacts of its activities would come there (rule activityContacts). Only those that this
// run would note are told, not what else waits for that link.
type Brought struct {
	Link    store.LinkID
	Name    string // of the link
	Outcome string // of that run, as Preview.Outcome
	Error   string // why it cannot be told what would come
	Counts  Counts
	Changes []Planning // as Preview.Changes, Cut with them
	Cut     bool
	Waiting []Planning // as Preview.Waiting, Waits with them
	Waits   int
}

// knowing is an Opener that tells the settings of links.
type knowing interface {
	Settings(store.Link) (remote.Settings, error)
}

// standing opens the one remote that it is. It tells the settings of links, which a copy
// of the store has not.
type standing struct {
	rem      remote.Remote
	settings func(store.Link) (remote.Settings, error)
}

func (s standing) Open(context.Context, store.Link, store.User) (remote.Remote, error) {
	return s.rem, nil
}

// Settings implements knowing.
func (s standing) Settings(l store.Link) (remote.Settings, error) { return s.settings(l) }

// settingsOf tells the settings of some links by their ids; none where nobody knows any, so that
// all links are of one account, as they are then in a run.
func (e *Engine) settingsOf(links []store.Link) func(store.Link) (remote.Settings, error) {
	known, ok := e.Remotes.(knowing)
	sealed := make(map[store.LinkID]store.Link, len(links))
	for _, l := range links {
		sealed[l.ID] = l
	}
	return func(l store.Link) (remote.Settings, error) {
		l, there := sealed[l.ID]
		if !ok || !there {
			return nil, nil
		}
		return known.Settings(l)
	}
}

// previewing is the engine of a preview: it works on the copy.
func (e *Engine) previewing(scratch *store.Store, by standing) *Engine {
	return &Engine{Store: scratch, Remotes: by, Now: e.Now, Log: e.Log, Owner: "preview", Waits: e.Waits, Panicked: e.Panicked,
		shows: e.shows, fleeting: true}
}

// brought does on the copy what the next run of an address book does of what a run there has
// noted for it, and tells of it; nil when nothing would come. What is in the address book stays
// where it is, but for what the records that come had before: all else of it has no part in this.
func (e *Engine) brought(ctx context.Context, scratch *store.Store, from store.Link, by standing) (*Brought, error) {
	to, bs, err := notedFor(ctx, scratch, from)
	if err != nil || len(bs) == 0 {
		return nil, err
	}
	b := &Brought{Link: to.ID, Name: to.Name}
	some := false
	r, err := e.reach(ctx, to.ID)
	if err == nil {
		some, err = r.lend(ctx, scratch, bs)
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		e.Log.WarnContext(ctx, "preview of what comes along", "link", to.ID, "err", err)
		b.Outcome, b.Error = OutcomeFailed, pim.PublicText(err)
		return b, nil
	case !some:
		return nil, nil
	}
	by.rem = newDry(r.rem, e.Now)
	shown := e.previewing(scratch, by)
	if _, err := shown.unpause(ctx, to.ID, nil); err != nil {
		return nil, err
	}
	rep, err := shown.Run(ctx, to.ID, RunOptions{only: []string{"bring along", "match", "act"}})
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	if rep.Run.ID == 0 { // it did not begin: what is shown so far is true all the same
		b.Outcome, b.Error = OutcomeFailed, pim.PublicText(err)
		return b, nil
	}
	b.Outcome, b.Error, b.Counts, b.Cut = rep.Run.Outcome, rep.Run.Error, rep.Counts, rep.Cut
	err = scratch.View(ctx, func(tx *store.Tx) (err error) {
		t := planner{tx: tx, codec: newCodec(e.Now(), r.user.Zone).with(r.rules), most: e.listed()}
		if b.Changes, err = t.changes(rep.Run.ID); err != nil {
			return err
		}
		b.Waiting, b.Waits, err = t.waiting(to.ID)
		return err
	})
	return b, err
}

// notedFor are the records that a run noted for another link, and that link. In a copy there are
// none from before.
func notedFor(ctx context.Context, scratch *store.Store, from store.Link) (to store.Link, bs []store.Bring, err error) {
	err = scratch.View(ctx, func(tx *store.Tx) error {
		links, err := tx.Links(from.UserID)
		if err != nil {
			return err
		}
		for _, to = range links {
			if to.ID == from.ID {
				continue
			}
			if bs, err = tx.Brings(to.ID, math.MaxInt32); err != nil || len(bs) > 0 {
				return err
			}
		}
		return nil
	})
	return to, bs, err
}

// lend prepares a copy for bringing records to r's link: what this link has, or is to bring
// already, is taken off the notes of the copy, and of what is left it gets the identities and
// the objects that such records are known by. It reports whether anything is left.
func (r *run) lend(ctx context.Context, scratch *store.Store, bs []store.Bring) (some bool, err error) {
	waiting := map[string]bool{}
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		clear(waiting)
		all, err := tx.Brings(r.link.ID, math.MaxInt32)
		for _, b := range all {
			waiting[b.RemoteID] = true
		}
		return err
	})
	if err != nil {
		return false, err
	}
	for chunk := range slices.Chunk(bs, fetchBatch) {
		left, err := r.lendSome(ctx, scratch, chunk, waiting)
		if err != nil {
			return false, err
		}
		some = some || left
	}
	return some, nil
}

func (r *run) lendSome(ctx context.Context, scratch *store.Store, bs []store.Bring, waiting map[string]bool) (some bool, err error) {
	var drop []store.Bring
	var ids []remote.ItemID
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		drop, ids = nil, nil
		records := make([]string, len(bs))
		for i, b := range bs {
			records[i] = b.RemoteID
		}
		known, err := tx.PairsByRemote(r.link.ID, records)
		for _, b := range bs {
			if _, there := known[b.RemoteID]; there || waiting[b.RemoteID] {
				drop = append(drop, b)
			} else {
				ids = append(ids, remote.ItemID(b.RemoteID))
			}
		}
		return err
	})
	if err != nil {
		return false, err
	}
	recs, _, err := r.fetch(ctx, ids)
	if err != nil {
		return false, err
	}
	var known []store.Identity
	var had []store.Object
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		known, had = nil, nil
		for _, rec := range recs {
			i, err := r.identity(tx, string(rec.ID))
			if err != nil && !errors.Is(err, pim.ErrNotFound) {
				return err
			}
			if err == nil {
				known = append(known, i)
			}
			objects, err := r.objectsOf(tx, rec, i.CollectionID)
			if err != nil {
				return err
			}
			had = append(had, objects...)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	return len(recs) > 0, scratch.Update(ctx, func(tx *store.Tx) error {
		if err := tx.DropBrings(drop); err != nil {
			return err
		}
		for _, i := range known {
			if err := tx.SaveIdentity(i); err != nil {
				return err
			}
		}
		for _, o := range had {
			in := store.Put{Collection: o.CollectionID, Name: o.Name, UID: o.UID, Kind: o.Kind, Component: o.Component, Text: o.Text, Start: o.Start, End: o.End}
			if _, err := tx.PutObject(in); err != nil {
				return err
			}
		}
		return nil
	})
}

// objectsOf are those that a record is known by, here or in the collection that it was in, from
// which a run takes them along (bringAlong), and that no other record has now.
func (r *run) objectsOf(tx *store.Tx, rec remote.Record, was store.CollectionID) (out []store.Object, err error) {
	uid, err := r.uidOf(tx, rec)
	if err != nil {
		return nil, err
	}
	places := []store.CollectionID{r.coll.ID}
	if was != 0 && was != r.coll.ID {
		places = append(places, was)
	}
	for _, id := range places {
		o, free, err := r.free(tx, id, uid)
		if err != nil {
			return nil, err
		}
		if free {
			out = append(out, o)
		}
	}
	return out, nil
}

// free is the object with a UID in a collection that no record is tied to: by this link in its
// own collection, by any in others.
func (r *run) free(tx *store.Tx, id store.CollectionID, uid string) (o store.Object, free bool, err error) {
	c, err := tx.Collection(id)
	if err == nil && c.Home != r.coll.Home {
		return o, false, nil
	}
	if err == nil {
		o, err = tx.ObjectByUID(id, uid)
	}
	if errors.Is(err, pim.ErrNotFound) {
		return o, false, nil
	}
	if err != nil {
		return o, false, err
	}
	if id != r.coll.ID {
		links, err := tx.LinksOf(id)
		return o, len(links) == 0, err
	}
	p, err := tx.PairByObject(r.link.ID, o.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return o, true, nil
	}
	return o, p.RemoteID == "", err
}
