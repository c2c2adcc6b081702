package relay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// SetRules gives a link other rules, and has looked at again what they touch: the next run
// does it, and is queued when there is anything. The rules are checked, groups that are
// new among them with the remote; pim.ErrInvalid with every fault.
func (e *Engine) SetRules(ctx context.Context, id store.LinkID, now rule.Rules) (touch rule.Touch, err error) {
	if err := e.checkNew(ctx, id, now); err != nil {
		return rule.Touch{}, err
	}
	err = e.Store.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.Link(id)
		if err != nil {
			return err
		}
		if err := e.checkKinds(tx, l, now); err != nil {
			return err
		}
		if touch, err = setRules(tx, l, now); err != nil || touch == (rule.Touch{}) {
			return err
		}
		return e.wanted(ctx, tx, id)
	})
	return touch, err
}

// CheckRules refuses rules that nobody should set for a link to this side, with every fault.
func CheckRules(side store.Side, now rule.Rules) error {
	wins := rule.PreferCRM
	if side == store.Exchange {
		wins = rule.PreferMail
	}
	if err := now.CheckNew(wins); err != nil {
		return &pim.Error{Op: "relay: rules", Kind: pim.ErrInvalid, Public: strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	return nil
}

// checkNew refuses rules for a link, by themselves and by what its remote has: with every fault, so that
// nobody mends one to be told the next.
func (e *Engine) checkNew(ctx context.Context, id store.LinkID, now rule.Rules) error {
	var l store.Link
	if err := e.Store.View(ctx, func(tx *store.Tx) (err error) { l, err = tx.Link(id); return err }); err != nil {
		return err
	}
	return allFaults(CheckRules(l.Side, now), e.checkNewGroups(ctx, id, now.Groups), e.checkNewContacts(ctx, id, now),
		e.checkNewFields(ctx, id, now), e.checkNewTypes(ctx, id, now), e.checkSomeKind(ctx, id, now))
}

// checkSomeKind refuses rules that leave a link no kind of item, with which each run would fail. A remote that
// cannot be reached refuses nothing.
func (e *Engine) checkSomeKind(ctx context.Context, id store.LinkID, now rule.Rules) error {
	if len(now.Kinds) == 0 {
		return nil
	}
	var l store.Link
	var u store.User
	var c store.Collection
	err := e.Store.View(ctx, func(tx *store.Tx) (err error) {
		if l, err = tx.Link(id); err != nil {
			return err
		}
		if u, err = tx.User(l.UserID); err == nil {
			c, err = tx.Collection(l.CollectionID)
		}
		return err
	})
	if err != nil {
		return err
	}
	rem, err := e.Remotes.Open(ctx, l, u)
	if err != nil || kindsInCommon(c, rem.Traits(), now) != 0 {
		return nil
	}
	var have []string
	for _, k := range Kinds(c) {
		if _, ok := rem.Traits().Carries[k]; ok {
			have = append(have, k.String())
		}
	}
	return pim.Errorf("relay: rules", pim.ErrInvalid, "with these kinds the link would sync nothing; it has %s", strings.Join(have, ", "))
}

// allFaults makes one error of what is wrong with rules. That the remote cannot be asked is told only where
// nothing is known to be wrong.
func allFaults(errs ...error) error {
	var other error
	var faults []error
	for _, err := range errs {
		switch pim.ReasonOf(err) {
		case pim.ErrInvalid, pim.ErrUnsupported, pim.ErrConflict, pim.ErrNotFound:
			faults = append(faults, err)
		default:
			other = cmp.Or(other, err)
		}
	}
	switch len(faults) {
	case 0:
		return other
	case 1:
		return faults[0]
	}
	var words []string
	for _, err := range faults {
		words = append(words, pim.PublicText(err))
	}
	return &pim.Error{Op: "relay: rules", Kind: pim.ErrInvalid, Public: strings.Join(words, "; "), Err: errors.Join(faults...)}
}

func setRules(tx *store.Tx, l store.Link, now rule.Rules) (rule.Touch, error) {
	old, err := rule.Parse(l.Rules)
	if err != nil {
		// What nobody can read any more may have kept anything back.
		old = rule.Rules{Direction: "unknown", Policy: "unknown"}
	}
	touch := rule.Touches(old, now)
	if l.Rules, err = json.Marshal(now); err != nil {
		return touch, err
	}
	if touch.Listing {
		l.Cursor, l.LocalSeq = "", 0 // of either side, what was passed over may be wanted now
	}
	if err := tx.UpdateLink(l, "Rules", "Cursor", "LocalSeq"); err != nil {
		return touch, err
	}
	if old.Approve != now.Approve || old.BrakeAbsolute != now.BrakeAbsolute || old.BrakeShare != now.BrakeShare {
		if err := release(tx, l.ID); err != nil {
			return touch, err
		}
	}
	if touch.Relations {
		if err := tx.RelateAll(l.ID, relateNow()); err != nil {
			return touch, err
		}
	}
	if touch.Conflicts {
		// The new policy speaks for what a person left open under the old one, too.
		if err := tx.ForgetReopened(l.ID); err != nil {
			return touch, err
		}
	}
	if touch.Pairs || touch.Conflicts {
		return touch, tx.WakePairs(l.ID, !touch.Pairs)
	}
	return touch, nil
}

// release has the deletions that a brake held back judged by the next run as if they were new. Those for which
// no run is to speak stay held.
func release(tx *store.Tx, id store.LinkID) error {
	for after := store.PairID(0); ; {
		held, err := tx.PairsIn(id, store.PairsHeld, 500, after)
		if err != nil {
			return err
		}
		var ids []store.PairID
		for _, p := range held {
			if after = p.ID; p.Hold == string(rule.HoldDeletion) {
				ids = append(ids, p.ID)
			}
		}
		if err := tx.HoldPairs(ids, ""); err != nil {
			return err
		}
		if len(held) < 500 {
			return nil
		}
	}
}

// owes reports fields that changed when the rules did not let them through, or that a
// mask hid, and that may go now, or are to be decided by a person who was not asked yet, although neither side has moved
// since.
func (r *run) owes(tx *store.Tx, v view) (bool, error) {
	if v.local == nil || v.theirs == nil || v.localBase == nil || v.remoteBase == nil || v.local.Kind() != v.theirs.Kind() {
		return false, nil
	}
	if v.fresh {
		return true, nil // nothing may differ, and that is agreed from now on
	}
	m := r.merging()(r.sides(v))
	switch {
	case !m.ToLocal.IsEmpty() || !m.ToRemote.IsEmpty() || !m.Settled.IsEmpty():
		return true, nil
	case m.Open.IsEmpty():
		return false, nil
	}
	c, err := tx.OpenConflict(v.object.ID, r.link.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return true, nil
	}
	return c.Fields != "" && !m.Open.Minus(settling{c: c}.fields()).IsEmpty(), err
}
