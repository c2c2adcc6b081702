package relay

import (
	"context"
	"errors"
	"slices"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// Resend is a side to which a run sends everything again, for when that side lost
// something and nobody changed it: it was restored from a copy, or its driver did not
// carry a field before.
//
// It reads the remote anew and merges as ever, so that no change of either side is
// overwritten. Besides, what is missing on the named side is made again, and what differs
// there is written, though both sides once agreed on it. Deletions are not carried: those
// that are pending, and that are not undone because the rules forbid it, wait for a usual
// run. Open conflicts, and what rules keep back, stay.
//
// That an item is made anew is stored with what shows that it is gone (promise), so that a
// run which is cut short leaves its rest to the next one.
type Resend string

// Sides to send to.
const (
	ToRemote Resend = "remote"
	// ToLocal only fills in fields that are empty here: what differs otherwise is what the
	// remote could not keep, and the hub's is the better one.
	ToLocal Resend = "local"
)

// wakeAll has every pair looked at when everything is sent again, and says of each that is to
// be made anew that it is.
func (r *run) wakeAll(ctx context.Context) error {
	if r.opts.Resend == "" {
		return nil
	}
	err := r.update(ctx, func(tx *store.Tx) error { return tx.WakePairs(r.link.ID, false) })
	if err != nil {
		return err
	}
	ids, older, err := r.pending(ctx)
	if err != nil || len(ids)+len(older) == 0 {
		return err
	}
	return r.update(ctx, func(tx *store.Tx) error {
		return errors.Join(r.promise(tx, ids), tx.HoldPairs(older, string(rule.HoldLost)))
	})
}

// leavesOlder reports a run that sends only newer items again to a remote that lost some.
// That it lost older ones too is no deletion by a person: theirs here wait for one's word,
// however few they are and whatever else the remote has.
func (r *run) leavesOlder() bool { return r.opts.Resend == ToRemote && !r.opts.Since.IsZero() }

// lost has the items of records that are gone wait for a person, in the transaction that
// stores that they are: the next run knows nothing of this one.
func (r *run) lost(tx *store.Tx, gone []remote.ItemID) error {
	if !r.leavesOlder() {
		return nil
	}
	for part := range slices.Chunk(gone, 500) {
		names := make([]string, len(part))
		for i, id := range part {
			names[i] = string(id)
		}
		known, err := tx.PairsByRemote(r.link.ID, names)
		if err != nil {
			return err
		}
		var ids []store.PairID
		for _, p := range known {
			if r.leftOut(tx, p) {
				ids = append(ids, p.ID)
			}
		}
		if err := tx.HoldPairs(ids, string(rule.HoldLost)); err != nil {
			return err
		}
	}
	return nil
}

// leftOut reports a pair whose item would be deleted here, as its record is gone.
func (r *run) leftOut(tx *store.Tx, p store.Pair) bool {
	if !r.leavesOlder() || !p.RemoteGone || p.Hold == string(rule.HoldApproved) {
		return false
	}
	var v view
	err := r.guarded("item", func() (err error) { v, err = r.view(tx, p); return err })
	return err == nil && v.action == DeleteLocal
}

// sentAgain reports an item that is among those to be sent again.
func (r *run) sentAgain(v view) bool {
	switch r.opts.Resend {
	case ToRemote:
		return v.local != nil && !v.object.UpdatedAt.Before(r.opts.Since)
	case ToLocal:
		at := v.pair.TheirModified // nil: the remote does not tell, so that it may be
		return v.theirs != nil && !v.pair.RemoteGone && (at == nil || !at.Before(r.opts.Since))
	}
	return false
}

// resent is what sending again makes of the decided action.
func (r *run) resent(v view) Action {
	switch {
	case !r.sentAgain(v):
	case r.opts.Resend == ToRemote && v.action == DeleteLocal:
		return r.ratherThanDelete(v, CreateRemote)
	case r.opts.Resend == ToLocal && v.action == DeleteRemote && v.localState == Gone:
		return r.ratherThanDelete(v, CreateLocal)
	case v.action == Nothing && v.localState == Same && v.state == Same:
		if m := r.resentFields(v, r.merging()(r.sides(v))); !m.ToLocal.IsEmpty() || !m.ToRemote.IsEmpty() {
			return Reconcile
		}
	}
	return v.action
}

// ratherThanDelete is a where the rules allow it. Where they do not, the deletion stays what
// the pair waits for: done as nothing, it would be forgotten.
func (r *run) ratherThanDelete(v view, a Action) Action {
	made := v
	made.action = a
	if r.permitted(made) == a {
		return a
	}
	return v.action
}

// promised reports that a pair's item is gone on one side and that this run makes it anew,
// which only this run knows so far.
func (r *run) promised(tx *store.Tx, p store.Pair) bool {
	if r.opts.Resend == "" || (r.opts.Resend == ToRemote) != p.RemoteGone || p.Intent != "" {
		return false
	}
	var v view
	if err := r.guarded("item", func() (err error) { v, err = r.view(tx, p); return err }); err != nil {
		return false // shown on the item when its turn comes
	}
	if r.opts.Resend == ToRemote {
		return v.action == CreateRemote && v.localState == Same
	}
	return v.action == CreateLocal && v.localState == Gone && v.state == Same
}

// promise stores that the pairs' items are made anew, as when a person rejects a deletion:
// were the run to end before it came to them, the next one would take them for deleted, and
// the brake would see only those that are left.
func (r *run) promise(tx *store.Tx, ids []store.PairID) error {
	for _, id := range ids {
		p, err := tx.Pair(id)
		if err != nil {
			return err
		}
		reject(&p)
		if err := tx.SavePair(&p); err != nil {
			return err
		}
	}
	return nil
}

// madeAnew are the pairs of records that are gone, and that this run makes anew.
func (r *run) madeAnew(ctx context.Context, gone []remote.ItemID) (map[remote.ItemID]store.PairID, error) {
	out := make(map[remote.ItemID]store.PairID)
	if r.opts.Resend != ToRemote {
		return out, nil
	}
	for ids := range slices.Chunk(gone, 500) {
		err := r.Store.View(ctx, func(tx *store.Tx) error {
			names := make([]string, len(ids))
			for i, id := range ids {
				names[i] = string(id)
			}
			known, err := tx.PairsByRemote(r.link.ID, names)
			for name, p := range known {
				p.RemoteGone = true
				if r.promised(tx, p) {
					out[remote.ItemID(name)] = p.ID
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// pending are the pairs with a deletion of earlier: those that this run undoes, and those that it
// leaves to a person.
func (r *run) pending(ctx context.Context) (ids, older []store.PairID, err error) {
	for after, n := store.PairID(0), 1; n > 0; {
		err := r.Store.View(ctx, func(tx *store.Tx) error {
			pairs, err := tx.DirtyPairs(r.link.ID, r.dueBy(), 500, after)
			n = len(pairs)
			for _, p := range pairs {
				after = p.ID
				switch {
				case r.promised(tx, p):
					ids = append(ids, p.ID)
				case r.leftOut(tx, p):
					older = append(older, p.ID)
				}
			}
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return ids, older, nil
}

// resentFields adds to a merge the fields that are sent again.
func (r *run) resentFields(v view, m Merged) Merged {
	if !r.sentAgain(v) || v.local == nil || v.theirs == nil || v.local.Kind() != v.theirs.Kind() {
		return m
	}
	s := r.sides(v)
	settled := m.ToLocal.Or(m.ToRemote).Or(m.Settled).Or(m.Open).Or(m.KeptIn).Or(m.KeptOut)
	differ := pim.Diff(s.Local, s.Remote, s.Carried).Minus(settled)
	if r.opts.Resend == ToRemote {
		for _, f := range pim.Fields(v.local.Kind()) {
			// What both sides agreed to be empty here is known there only, such as what the remote
			// fills in: that is no order to clear it. Of what was cut it has as much as it takes.
			if differ.Has(f.ID) && (f.Text(s.Local) == "" || s.cutAway(f)) {
				differ = differ.Minus(pim.FieldSet{}.With(f))
			}
		}
		differ = differ.Minus(r.keptThere(v.pair, s.Local, s.Remote))
		for _, f := range pim.Fields(v.local.Kind()) {
			if differ.Has(f.ID) {
				s.parts(f, &m) // what only the remote has is no order to take it away
			}
		}
		m.ToRemote = m.ToRemote.Or(differ.And(s.Writable).And(s.MayOut))
		return m
	}
	for _, f := range pim.Fields(v.local.Kind()) {
		if differ.Has(f.ID) && s.MayIn.Has(f.ID) && f.Text(s.Local) == "" {
			f.Copy(m.Item, s.Remote)
			m.ToLocal = m.ToLocal.With(f)
		}
	}
	return m
}

// beaten reports that a deletion is beaten by a change, and not undone because somebody
// wanted it: by rejecting it, or by sending everything again.
func (r *run) beaten(v view) bool {
	return v.pair.Hold != string(rule.HoldRejected) && r.opts.Resend == ""
}
