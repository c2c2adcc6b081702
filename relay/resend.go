package relay

import (
	"context"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// Resend is a side to which a run sends everything again, for when that side lost
// something and nobody changed it: it was restored from a copy, or its driver did not
// carry a field before.
//
// It reads the remote anew and merges as ever, so that no change of either side is
// overwritten. Besides, what is missing on the named side is made again, and what differs
// there is written, though both sides once agreed on it. Deletions are not carried: those
// that are pending wait for a usual run. Open conflicts, and what rules keep back, stay.
type Resend string

// Sides to send to.
const (
	ToRemote Resend = "remote"
	// ToLocal only fills in fields that are empty here: what differs otherwise is what the
	// remote could not keep, and the hub's is the better one.
	ToLocal Resend = "local"
)

// wakeAll has every pair looked at when everything is sent again.
func (r *run) wakeAll(ctx context.Context) error {
	if r.opts.Resend == "" {
		return nil
	}
	return r.update(ctx, func(tx *store.Tx) error { return tx.WakePairs(r.link.ID, false) })
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
		return CreateRemote
	case r.opts.Resend == ToLocal && v.action == DeleteRemote && v.localState == Gone:
		return CreateLocal
	case v.action == Nothing && v.localState == Same && v.state == Same:
		if m := r.resentFields(v, r.merging()(r.sides(v))); !m.ToLocal.IsEmpty() || !m.ToRemote.IsEmpty() {
			return Reconcile
		}
	}
	return v.action
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
