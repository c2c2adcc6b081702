package relay

import (
	"context"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// list compares the ids the remote has in scope with those the pairs know. It finds
// deletions that the remote does not report and items that came into the window
// without being changed. Whatever is missing is confirmed by Fetch, because an item
// that is not listed may only have left the scope.
func (r *run) list(ctx context.Context) error {
	if !r.listDue() {
		return nil
	}
	refs, err := r.refs(ctx)
	if err != nil {
		return err
	}
	known, err := r.alive(ctx)
	if err != nil {
		return err
	}
	listed := make(map[remote.ItemID]bool, len(refs))
	var look []remote.ItemID
	for _, ref := range refs {
		listed[ref.ID] = true
		if v, ok := known[ref.ID]; !ok || v != ref.Version {
			look = append(look, ref.ID)
		}
	}
	for id := range known {
		if !listed[id] {
			look = append(look, id)
		}
	}
	recs, gone, err := r.fetch(ctx, look)
	if err != nil {
		return err
	}
	if reason, hold := SuddenlyEmpty(len(refs), len(gone), r.rules.Brake(r.opts.AllowDeletions)); hold {
		r.rep.Held = reason
		return nil
	}
	recs = r.inScopeOrKnown(recs, listed, known)
	now := r.now
	r.link.ListedAt = &now
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		if err := r.ingest(tx, recs, gone); err != nil {
			return err
		}
		return tx.UpdateLink(r.link, "ListedAt")
	})
}

// inScopeOrKnown leaves out what was fetched only to confirm a deletion and turned
// out to be neither listed nor known.
func (r *run) inScopeOrKnown(recs []remote.Record, listed map[remote.ItemID]bool, known map[remote.ItemID]string) []remote.Record {
	out := recs[:0]
	for _, rec := range recs {
		if _, ok := known[rec.ID]; ok || listed[rec.ID] {
			out = append(out, rec)
		}
	}
	return out
}

// listDue: remotes that report deletions are listed only when the cursor was lost
// and something may have been deleted unseen.
func (r *run) listDue() bool {
	if r.opts.Full {
		return true
	}
	first := r.link.ListedAt == nil
	if r.traits.ReportsDeletions {
		return r.full && !first
	}
	return first || r.full || r.now.Sub(*r.link.ListedAt) >= time.Duration(r.rules.ReconcileEvery)
}

// refs lists what the remote has in scope.
func (r *run) refs(ctx context.Context) ([]remote.Ref, error) {
	scope, c := r.rules.Scope(r.now, r.kinds), remote.CollectionID(r.link.Remote)
	if l, ok := r.rem.(remote.Lister); ok {
		return l.List(ctx, c, scope)
	}
	var refs []remote.Ref
	for since := remote.Cursor(""); ; {
		d, err := r.rem.Changes(ctx, c, scope, since)
		if err != nil {
			return nil, err
		}
		for _, rec := range d.Changed {
			refs = append(refs, rec.Ref)
		}
		if !d.More {
			return refs, nil
		}
		if d.Next == since {
			return nil, pim.Errorf("relay: list", pim.ErrProtocol, "the remote pages in a circle")
		}
		since = d.Next
	}
}

// alive are the remote ids that pairs believe to exist, with the version last read.
func (r *run) alive(ctx context.Context) (map[remote.ItemID]string, error) {
	known := make(map[remote.ItemID]string)
	err := r.Store.View(ctx, func(tx *store.Tx) error {
		return tx.AliveRemoteIDs(r.link.ID, func(_ store.PairID, id, version string) error {
			known[remote.ItemID(id)] = version
			return nil
		})
	})
	return known, err
}
