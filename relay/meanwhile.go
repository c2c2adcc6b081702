package relay

import (
	"bytes"
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// A run looks at an item, then acts on what it saw; in between a person may have settled a conflict about it (Engine.Settle,
// which says in the bases of the pair what is agreed), tied or untied it (Engine.SetTie), or answered to what waits
// (Engine.Approve, Reject). Whatever writes a pair because of a view asks here first, in the transaction that writes.

// meanwhile tells whether the pair of a view is another than it was, and puts its present bases into the view. The
// collections are locked before the pair, as Settle does.
func (r *run) meanwhile(tx *store.Tx, v *view) (moved bool, err error) {
	for _, c := range []store.CollectionID{r.coll.ID, v.object.CollectionID} {
		if err := tx.Hold(c); err != nil {
			return true, err
		}
	}
	now, err := tx.Pair(v.pair.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return true, nil
	}
	if err != nil || now.Tie == v.pair.Tie && now.Hold == v.pair.Hold && bytes.Equal(now.LocalItem, v.pair.LocalItem) && bytes.Equal(now.RemoteItem, v.pair.RemoteItem) {
		return false, err
	}
	if v.localBase, err = pim.DecodeItem(now.LocalItem); err != nil {
		return true, err
	}
	if v.remoteBase, err = pim.DecodeItem(now.RemoteItem); err != nil {
		return true, err
	}
	r.agreed(v)
	return true, nil
}

// unmoved is errStale when the pair of a view is another by now.
func (r *run) unmoved(tx *store.Tx, v *view) error {
	moved, err := r.meanwhile(tx, v)
	if err == nil && moved {
		err = errStale
	}
	return err
}

// asSeen is errStale when the pair, or the object, of a view is another by now.
func (r *run) asSeen(tx *store.Tx, v *view) error {
	if err := r.unmoved(tx, v); err != nil {
		return err
	}
	o, err := tx.ObjectByID(v.object.ID)
	if err != nil && !errors.Is(err, pim.ErrNotFound) {
		return err
	}
	if o.Seq != v.object.Seq || o.Deleted != v.object.Deleted {
		return errStale
	}
	return nil
}

// hereOnly does a view's work that is all of the hub.
func (r *run) hereOnly(ctx context.Context, v view, f func(*store.Tx, view) error) error {
	return r.update(ctx, func(tx *store.Tx) error {
		if err := r.unmoved(tx, &v); err != nil {
			return err
		}
		return f(tx, v)
	})
}

// spoken carries over what a person said of a pair while the run was at it, and tells whether that is for what
// comes next: an approval, a tie. What the pair waits for is taken away.
func (r *run) spoken(tx *store.Tx, p *store.Pair) (next bool, err error) {
	seen := p.Hold
	p.Hold = ""
	if p.ID == 0 {
		return false, nil
	}
	now, err := tx.Pair(p.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if answer := rule.Hold(now.Hold); now.Hold != seen && (answer == rule.HoldApproved || answer == rule.HoldRejected) {
		p.Hold = now.Hold
	}
	next = now.Tie != p.Tie
	p.Tie = now.Tie
	return next, nil
}
