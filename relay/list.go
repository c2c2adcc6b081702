package relay

import (
	"context"
	"maps"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// awayEvery is how often an item is asked for that the remote has and lists no more.
// They become more with the years, and hardly any of them is deleted.
const awayEvery = 24 * time.Hour

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
	var back []string // listed again
	for _, ref := range refs {
		listed[ref.ID] = true
		a, ok := known[ref.ID]
		if !ok || a.TheirVersion != ref.Version {
			look = append(look, ref.ID)
		}
		if ok && a.AwayAt != nil {
			back = append(back, a.RemoteID)
		}
	}
	for id, a := range known {
		if !listed[id] && (r.opts.Full || a.AwayAt == nil || r.now.Sub(*a.AwayAt) >= awayEvery) {
			look = append(look, id)
		}
	}
	recs, gone, err := r.fetch(ctx, look)
	if err != nil {
		return err
	}
	if err := r.seek(ctx, recs); err != nil {
		return err
	}
	anew, err := r.madeAnew(ctx, gone)
	if err != nil {
		return err
	}
	reason, hold := SuddenlyEmpty(len(refs), len(gone)-len(anew), brake(r.rules, r.opts.AllowDeletions))
	if hold {
		r.rep.Held = reason
		if len(anew) == 0 {
			return nil
		}
		gone = slices.DeleteFunc(gone, func(id remote.ItemID) bool { return anew[id] == 0 })
	}
	recs = r.inScopeOrKnown(recs, listed, known)
	var away []string // there, and not listed
	for _, rec := range recs {
		if !listed[rec.ID] {
			away = append(away, string(rec.ID))
		}
	}
	now := r.now
	if !hold {
		r.link.ListedAt = &now
	}
	return r.update(ctx, func(tx *store.Tx) error {
		if err := r.ingest(tx, recs, gone); err != nil {
			return err
		}
		if err := r.promise(tx, slices.Collect(maps.Values(anew))); err != nil {
			return err
		}
		if err := tx.SetAway(r.link.ID, away, true); err != nil {
			return err
		}
		if err := tx.SetAway(r.link.ID, back, false); err != nil {
			return err
		}
		return tx.UpdateLink(r.link, "ListedAt")
	})
}

// inScopeOrKnown leaves out what was fetched only to confirm a deletion and turned
// out to be neither listed nor known.
func (r *run) inScopeOrKnown(recs []remote.Record, listed map[remote.ItemID]bool, known map[remote.ItemID]store.Alive) []remote.Record {
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
	if r.opts.Full || r.opts.Resend != "" {
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
	if l, ok := remote.As[remote.Lister](r.rem); ok {
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

// alive are the remote items that pairs believe to exist.
func (r *run) alive(ctx context.Context) (map[remote.ItemID]store.Alive, error) {
	known := make(map[remote.ItemID]store.Alive)
	err := r.Store.View(ctx, func(tx *store.Tx) error {
		return tx.AliveRemotes(r.link.ID, func(a store.Alive) error {
			known[remote.ItemID(a.RemoteID)] = a
			return nil
		})
	})
	return known, err
}
