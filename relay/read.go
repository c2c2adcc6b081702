package relay

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// fetchBatch is how many records are fetched in one call.
const fetchBatch = 100

// mailBatch is the same of messages, whose bodies are large.
const mailBatch = 20

// readRemote stores every change since the cursor in the pairs, page by page, each
// page in one transaction with the cursor that covers it.
func (r *run) readRemote(ctx context.Context) error {
	since := remote.Cursor(r.link.Cursor)
	if r.opts.Resend != "" {
		since = ""
	}
	scope := r.rules.Scope(r.now, r.kinds)
	restarted := false // once a run: a remote that forgets every cursor would keep us for ever
	for {
		d, err := r.rem.Changes(ctx, remote.CollectionID(r.link.Remote), scope, since)
		if errors.Is(err, pim.ErrCursorGone) && since != "" && !restarted {
			since, r.full, restarted = "", true, true
			continue
		}
		if err != nil {
			return err
		}
		recs, gone, err := r.complete(ctx, d.Changed)
		if err != nil {
			return err
		}
		if err := r.seek(ctx, recs); err != nil {
			return err
		}
		if err := r.at("page read"); err != nil {
			return err
		}
		err = r.update(ctx, func(tx *store.Tx) error {
			if err := r.ingest(tx, recs, append(d.Removed, gone...)); err != nil {
				return err
			}
			r.link.Cursor = string(d.Next)
			return tx.UpdateLink(r.link, "Cursor")
		})
		if err != nil {
			return err
		}
		r.count(func(c *Counts) { c.Read += len(recs) })
		if !d.More {
			return nil
		}
		if d.Next == since {
			return pim.Errorf("relay: changes", pim.ErrProtocol, "the remote pages in a circle")
		}
		since = d.Next
	}
}

// complete fetches the records that came without their item, unless their version
// is the one already read. What a listing named and a fetch does not find is gone.
func (r *run) complete(ctx context.Context, changed []remote.Record) (recs []remote.Record, gone []remote.ItemID, err error) {
	var missing []remote.ItemID
	for _, rec := range changed {
		if rec.Item != nil {
			recs = append(recs, rec)
		} else if known, err := r.knows(ctx, rec.Ref); err != nil {
			return nil, nil, err
		} else if !known {
			missing = append(missing, rec.ID)
		}
	}
	fetched, gone, err := r.fetch(ctx, missing)
	return append(recs, fetched...), gone, err
}

// knows reports whether this version was read before. Versions made of coarse
// stamps prove nothing while the stamp's step may not have passed; those are
// fetched again and compared by content.
func (r *run) knows(ctx context.Context, ref remote.Ref) (bool, error) {
	if ref.Version == "" || r.traits.StampStep > 0 || r.opts.Resend != "" {
		return false, nil
	}
	known := false
	err := r.Store.View(ctx, func(tx *store.Tx) error {
		p, err := tx.PairByRemote(r.link.ID, string(ref.ID))
		if errors.Is(err, pim.ErrNotFound) {
			return nil
		}
		known = err == nil && p.TheirVersion == ref.Version && !p.RemoteGone
		return err
	})
	return known, err
}

// fetch gets records in batches and tells which ids do not exist.
func (r *run) fetch(ctx context.Context, ids []remote.ItemID) (recs []remote.Record, gone []remote.ItemID, err error) {
	batch := fetchBatch
	if r.mail() {
		batch = mailBatch
	}
	for len(ids) > 0 {
		n := min(batch, len(ids))
		got, err := r.rem.Fetch(ctx, remote.CollectionID(r.link.Remote), ids[:n])
		if err != nil {
			return nil, nil, err
		}
		there := make(map[remote.ItemID]bool, len(got))
		for _, rec := range got {
			there[rec.ID] = true
			recs = append(recs, rec)
		}
		for _, id := range ids[:n] {
			if !there[id] {
				gone = append(gone, id)
			}
		}
		ids = ids[n:]
	}
	return recs, gone, nil
}

// ingest stores what the remote showed. It decides nothing but whether a pair has
// to be looked at.
func (r *run) ingest(tx *store.Tx, recs []remote.Record, gone []remote.ItemID) error {
	ids := make([]string, 0, len(recs)+len(gone))
	for _, rec := range recs {
		ids = append(ids, string(rec.ID))
	}
	for _, id := range gone {
		ids = append(ids, string(id))
	}
	// Before the pairs are read: another link's run may be handing such an item over.
	if err := r.holdMoved(tx, recs); err != nil {
		return err
	}
	known, err := tx.PairsByRemote(r.link.ID, ids)
	if err != nil {
		return err
	}
	if r.mail() { // one that was moved is gone under its old id before it is new under another
		if err := r.ingestGone(tx, known, gone); err != nil {
			return err
		}
	}
	for _, rec := range recs {
		p, there := known[string(rec.ID)]
		if p, err = r.ingestOne(tx, rec, p, !there); err != nil {
			return err
		}
		if p.ID != 0 {
			known[string(rec.ID)] = p // the page may name it twice
		}
		if m, ok := r.moved[rec.ID]; ok && m.pair.ID == p.ID && m.pair.RemoteID != p.RemoteID {
			delete(known, m.pair.RemoteID) // that the old id is gone is no news of it any more
		}
	}
	if r.mail() {
		return nil
	}
	return r.ingestGone(tx, known, gone)
}

// ingestGone notes in the pairs of records that they are gone.
func (r *run) ingestGone(tx *store.Tx, known map[string]store.Pair, gone []remote.ItemID) error {
	for _, id := range gone {
		p, there := known[string(id)]
		if !there || p.RemoteGone {
			continue
		}
		p.RemoteGone = true
		wake(&p)
		if err := tx.SavePair(&p); err != nil {
			return err
		}
		known[string(id)] = p
	}
	return nil
}

// ingestOne stores a record in its pair p, which is fresh when there is none yet, and
// returns the pair; its id is 0 for a record that is not the link's.
func (r *run) ingestOne(tx *store.Tx, rec remote.Record, p store.Pair, fresh bool) (store.Pair, error) {
	if !r.kinds.Has(rec.Item.Kind()) {
		// The record belongs to another link now (a task that became a meeting),
		// or never was ours.
		if fresh || p.RemoteGone {
			return p, nil
		}
		p.RemoteGone = true
		p.Dirty = true
		err := tx.SavePair(&p)
		return p, err
	}
	var err error
	if fresh {
		own, ok, aerr := r.adopted(tx, rec)
		if aerr != nil || ok {
			return own, aerr
		}
		if was, ok := r.moved[rec.ID]; ok {
			own, became, err := r.take(tx, was, rec, r)
			if err != nil || became == taken {
				return own, err
			}
		}
		if r.mail() {
			var skip bool
			if p, skip, err = r.newMessage(tx, rec); err != nil || skip {
				return store.Pair{}, err
			}
		} else if p, err = r.newPair(tx, rec); err != nil {
			return p, err
		}
		// What is not wanted is not kept either; a change of rules reads it again.
		why, comes := r.comes[rec.ID]
		if p.ID == 0 && p.ObjectID == 0 && rec.ID != r.brought && !comes && !r.wanted(rec.Item) {
			return store.Pair{}, nil
		}
		if comes {
			if p.Along, err = why.text(); err != nil {
				return p, err
			}
		}
	}
	err = r.store(tx, &p, rec)
	return p, err
}

// store notes the state of a record in its pair.
func (r *run) store(tx *store.Tx, p *store.Pair, rec remote.Record) error {
	item, err := pim.EncodeItem(rec.Item)
	if err != nil {
		return err
	}
	before := *p
	if r.bringsAny() && (p.ID == 0 || p.TheirVersion != rec.Version || r.opts.Full) {
		r.toRelate(p)
	}
	print := r.print(rec.Item)
	p.TheirItem, p.TheirVersion, p.URL = item, rec.Version, rec.URL
	p.TheirModified = nil
	if !rec.Modified.IsZero() {
		at := rec.Modified.UTC()
		p.TheirModified = &at
	}
	changed := print != p.TheirPrint || p.RemoteGone
	if p.RemoteGone {
		movedBack(p)
	}
	p.TheirPrint, p.RemoteGone = print, false
	if err := r.noteKey(tx, p, rec); err != nil {
		return err
	}
	switch {
	case changed && print != p.RemotePrint, p.ID == 0:
		wake(p)
	case print == p.RemotePrint:
		p.Version = rec.Version // an echo, or a stamp that moved without a change
	}
	if p.ID != 0 && before.TheirVersion == p.TheirVersion && before.TheirPrint == p.TheirPrint &&
		before.RemoteGone == p.RemoteGone && before.URL == p.URL && before.Dirty == p.Dirty && before.RelateAt == p.RelateAt &&
		before.Mark == p.Mark && before.MarkAt == p.MarkAt {
		return nil
	}
	return tx.SavePair(p)
}

// carried are the fields the link compares for kind k.
func (r *run) carried(k pim.Kind) pim.FieldSet { return r.traits.Carries[k] }

// writable are those it may write to the remote.
func (r *run) writable(k pim.Kind) pim.FieldSet {
	return r.traits.Carries[k].Minus(r.traits.ReadOnly)
}

// wake marks a pair to be looked at now: something about it is new, so what failed
// before may work.
func wake(p *store.Pair) {
	p.Dirty, p.RetryAt, p.IgnoredAt, p.Attempts = true, nil, nil, 0
}
