package relay

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// view is a pair with everything a decision needs, as of one moment.
type view struct {
	pair   store.Pair
	object store.Object // zero when there is none
	// local and theirs are the two sides now, nil when not there; the bases are
	// what each side showed at the agreement, nil when there was none.
	local, theirs         pim.Item
	localBase, remoteBase pim.Item
	localPrint            string
	localState, state     State
	// in and out are what the rules say of the item in each direction; masked and away
	// what that means for each side's item (see judged.go).
	in, out      rule.Verdict
	masked, away struct{ local, theirs bool }
	// veiled: occurrences that are private by themselves are masked.
	veiled struct{ local, theirs bool }
	action Action
	// asked are fields that a person has taken out of the policy's hands (Engine.Undo).
	asked pim.FieldSet
	// series: the object repeats, and the remote keeps nothing that does (series.go).
	series bool
	// fresh: the map has fields that the bases are not about (fieldmap.go).
	fresh bool
	// refused: such an object is set aside, by rule or because it is too much.
	refused bool
}

// kind of the pair's item.
func (v view) kind() pim.Kind {
	switch {
	case v.local != nil:
		return v.local.Kind()
	case v.theirs != nil:
		return v.theirs.Kind()
	case v.remoteBase != nil:
		return v.remoteBase.Kind()
	}
	return v.object.Kind
}

func (r *run) look(ctx context.Context, id store.PairID) (v view, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		p, err := tx.Pair(id)
		if err != nil {
			return err
		}
		v, err = r.view(tx, p)
		return err
	})
	return v, err
}

// view reads both sides and decides.
func (r *run) view(tx *store.Tx, p store.Pair) (view, error) {
	v := view{pair: p}
	var err error
	if p.ObjectID != 0 {
		v.object, err = tx.ObjectByID(p.ObjectID)
		if err != nil && !errors.Is(err, pim.ErrNotFound) {
			return v, err
		}
	}
	if v.localBase, err = pim.DecodeItem(p.LocalItem); err != nil {
		return v, err
	}
	if v.remoteBase, err = pim.DecodeItem(p.RemoteItem); err != nil {
		return v, err
	}
	if v.theirs, err = pim.DecodeItem(p.TheirItem); err != nil {
		return v, err
	}
	v.localBase, v.remoteBase, v.theirs = r.limit(v.localBase), r.limit(v.remoteBase), r.limit(v.theirs)
	r.agreed(&v)
	if err := r.viewLocal(&v); err != nil {
		return v, err
	}
	v.state = remoteState(p)
	r.judged(&v)
	if v.asked, err = r.asked(tx, v); err != nil {
		return v, err
	}
	r.unsaved(&v)
	v.action = r.decision()(v.localState, v.state, v.equal(r))
	if v.action == Nothing && v.localState == Same && v.state == Same && !r.mail() {
		owes, err := r.owes(tx, v)
		if err != nil {
			return v, err
		}
		if owes {
			v.action = Reconcile
		}
	}
	v.action = r.resent(v)
	v.action = r.permitted(v)
	if r.mail() {
		v.action, err = r.letGo(tx, v)
		return v, err
	}
	r.repeated(&v)
	return v, r.movedOut(tx, &v)
}

// asked are the fields of an open report whose settling a person took back. Without a policy
// that settles anything they are as open as any.
func (r *run) asked(tx *store.Tx, v view) (pim.FieldSet, error) {
	if r.rules.Policy == rule.Ask || v.local == nil || v.theirs == nil {
		return pim.FieldSet{}, nil
	}
	c, err := tx.OpenConflict(v.object.ID, r.link.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return pim.FieldSet{}, nil
	}
	if err != nil || c.ResolvedBy == "" {
		return pim.FieldSet{}, err
	}
	return settling{c: c}.fields(), nil
}

// viewLocal reads the object's side. Its text is parsed only when it changed.
func (r *run) viewLocal(v *view) error {
	p, o := &v.pair, &v.object
	switch {
	case o.ID == 0:
		v.localState = Absent
		return nil
	case o.Deleted:
		v.localState = Gone
		return nil
	}
	var err error
	if v.local, err = r.readOver(o.Kind, o.Text, v.localBase); err != nil {
		return err
	}
	v.localPrint = r.print(v.local)
	v.localState = Changed
	if p.LocalPrint != "" && v.localPrint == p.LocalPrint {
		v.localState = Same
	}
	return nil
}

func remoteState(p store.Pair) State {
	switch {
	case p.RemoteGone:
		return Gone
	case p.RemoteID == "":
		return Absent
	case p.RemotePrint != "" && p.TheirPrint == p.RemotePrint:
		return Same
	}
	return Changed
}

func (v view) equal(r *run) bool {
	return v.local != nil && v.theirs != nil && v.local.Kind() == v.theirs.Kind() &&
		pim.Equal(v.local, v.theirs, r.carried(v.local.Kind()))
}
