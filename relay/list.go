package relay

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
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
		return r.follow(ctx)
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
	soon := followed(listed, known)
	for id, a := range known {
		if !listed[id] && (r.opts.Full || a.AwayAt == nil || soon[id] || r.now.Sub(*a.AwayAt) >= awayEvery) {
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
	moved, err := r.goneElsewhere(ctx, gone)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(gone), func(id remote.ItemID) bool { return moved[id] })
	anew, err := r.madeAnew(ctx, missing)
	if err != nil {
		return err
	}
	reason, hold := SuddenlyEmpty(len(refs), len(missing)-len(anew), brake(r.rules, r.opts.AllowDeletions))
	if hold {
		r.rep.Held = reason
		if len(anew)+len(moved) == 0 {
			return nil
		}
		if !r.leavesOlder() {
			gone = slices.DeleteFunc(gone, func(id remote.ItemID) bool { return anew[id] == 0 && !moved[id] })
		}
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
		if err := r.lost(tx, missing); err != nil {
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

// follow looks, at a remote that is not listed, at what is here although no poll tells of it.
func (r *run) follow(ctx context.Context) error {
	if !r.traits.ReportsDeletions || r.link.ListedAt != nil && r.now.Sub(*r.link.ListedAt) < time.Duration(r.rules.ReconcileEvery) {
		return nil
	}
	known, err := r.alive(ctx)
	if err != nil {
		return err
	}
	ids := slices.Collect(maps.Keys(followed(nil, known)))
	recs, gone, err := r.fetch(ctx, ids)
	if err != nil {
		return err
	}
	asked := make([]string, len(ids))
	for i, id := range ids {
		asked[i] = string(id)
	}
	now := r.now
	r.link.ListedAt = &now
	return r.update(ctx, func(tx *store.Tx) error {
		if err := r.ingest(tx, recs, gone); err != nil {
			return err
		}
		return errors.Join(tx.SetAway(r.link.ID, asked, true), tx.UpdateLink(r.link, "ListedAt"))
	})
}

// followed are those of the known that are out of the listing's scope and here all the same,
// because a person or another record brought them: no poll tells of their changes. A batch of
// them is asked for at each listing, those that were asked for longest ago. Without a listing
// (nil) they are those that were brought.
func followed(listed map[remote.ItemID]bool, known map[remote.ItemID]store.Alive) map[remote.ItemID]bool {
	var out []store.Alive
	for id, a := range known {
		if !listed[id] && (listed == nil || a.AwayAt != nil) && (a.Along != "" || a.Tie == string(rule.Linked)) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b store.Alive) int { return cmp.Or(lastAsked(a).Compare(lastAsked(b)), cmp.Compare(a.ID, b.ID)) })
	soon := map[remote.ItemID]bool{}
	for _, a := range out[:min(fetchBatch, len(out))] {
		soon[remote.ItemID(a.RemoteID)] = true
	}
	return soon
}

func lastAsked(a store.Alive) time.Time {
	if a.AwayAt == nil {
		return time.Time{}
	}
	return *a.AwayAt
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
	if r.traits.ReportsDeletions {
		return r.full && !r.first
	}
	return r.link.ListedAt == nil || r.full || r.now.Sub(*r.link.ListedAt) >= time.Duration(r.rules.ReconcileEvery)
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
