package relay

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// deleteRemote lets the remote item go as the rules say.
func (r *run) deleteRemote(ctx context.Context, v view) error {
	p := v.pair
	kind := v.kind()
	how := r.rules.Removal(kind)
	// What came along is somebody else's as a rule, and others are tied to it.
	if how == rule.RemoveKeep || p.Along != "" {
		return r.park(ctx, v)
	}
	ref := remote.Ref{ID: remote.ItemID(p.RemoteID), Version: p.TheirVersion}
	if err := r.unmailed(ctx, v, ref, remote.Entry{}, pim.FieldSet{}); err != nil {
		return err
	}
	p.Intent = "delete"
	if v.away.local {
		// Should the answer be lost, the record's end must not be taken for a person's
		// deletion, which would be carried over: the object counts as changed.
		p.LocalPrint, p.LocalText = "", nil
	}
	st := store.Step{PairID: p.ID, UID: p.UID, Title: v.title(), Action: string(how)}
	err := r.update(ctx, func(tx *store.Tx) error {
		if err := r.asSeen(tx, &v); err != nil {
			return err
		}
		if err := r.intend(tx, &st, memo{Pair: v.pair}); err != nil {
			return err
		}
		return tx.SavePair(&p)
	})
	if err != nil {
		return err
	}
	if err := r.at("intent stored"); err != nil {
		return err
	}
	removal := remote.Delete
	if how == rule.RemoveUnassign {
		removal = remote.Unassign
	}
	err = r.rem.Delete(ctx, remote.CollectionID(r.link.Remote), ref, removal)
	switch {
	case errors.Is(err, pim.ErrUnsupported) && how == rule.RemoveUnassign:
		return errors.Join(r.update(ctx, func(tx *store.Tx) error { return errors.Join(r.missed(tx, st), r.clearIntent(tx, p.ID)) }), r.park(ctx, v))
	case errors.Is(err, pim.ErrConflict):
		return errors.Join(errChangedThere, r.update(ctx, func(tx *store.Tx) error { return r.missed(tx, st) }))
	case err != nil && !errors.Is(err, pim.ErrNotFound):
		return r.undone(ctx, p, st, err)
	}
	if err := r.at("remote written"); err != nil {
		return err
	}
	r.count(func(c *Counts) { c.DeletedRemote++; c.Unasked += r.unasked(v.pair) })
	gone := err != nil // by somebody else, so that there is nothing to undo
	return r.update(ctx, func(tx *store.Tx) error {
		if gone {
			if err := r.missed(tx, st); err != nil {
				return err
			}
			st.ID = 0
		}
		if err := r.achieved(tx, st, memo{Pair: v.pair}); err != nil {
			return err
		}
		next, err := r.spoken(tx, &p)
		switch {
		case err != nil:
			return err
		case r.rules.AllOwners:
			// What was only unassigned or left is still in scope and must not come back.
			p.LocalGone = true
			err = r.settle(tx, p)
		case v.away.local:
			err = r.parted(tx, p)
		default:
			return tx.DeletePair(p.ID)
		}
		if err == nil && next {
			err = r.clearIntent(tx, p.ID) // to be looked at
		}
		return err
	})
}

// parted keeps the pair of an object whose record went because of a rule: nothing is
// agreed any more, and once the rules let it the record is made anew.
func (r *run) parted(tx *store.Tx, p store.Pair) error {
	p.RemoteGone, p.LocalText, p.LocalItem, p.LocalPrint = true, nil, nil, ""
	p.RemoteItem, p.RemotePrint, p.TheirItem, p.TheirPrint, p.TheirModified = nil, "", nil, "", nil
	p.Version, p.TheirVersion, p.URL, p.Mask, p.Hold = "", "", "", "", ""
	p.Mark, p.MarkAt = "", nil
	return r.settle(tx, p)
}

// park settles a deletion that leaves the remote item in place: the pair stays, so
// that the item does not come back.
func (r *run) park(ctx context.Context, v view) error {
	return r.update(ctx, func(tx *store.Tx) error {
		if err := r.asSeen(tx, &v); err != nil {
			return err
		}
		v.pair.LocalGone = true
		return r.settle(tx, v.pair)
	})
}
