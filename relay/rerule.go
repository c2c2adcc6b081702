package relay

import (
	"encoding/json"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// SetRules gives a link other rules, and has looked at again what they touch: the next run
// does it. The rules are checked; pim.ErrInvalid with every fault.
func SetRules(tx *store.Tx, l store.Link, now rule.Rules) (rule.Touch, error) {
	if err := now.Validate(); err != nil {
		return rule.Touch{}, &pim.Error{Op: "relay: set rules", Kind: pim.ErrInvalid, Public: err.Error()}
	}
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
		l.Cursor = ""
	}
	if err := tx.UpdateLink(l, "Rules", "Cursor"); err != nil {
		return touch, err
	}
	if touch.Pairs || touch.Conflicts {
		return touch, tx.WakePairs(l.ID, !touch.Pairs)
	}
	return touch, nil
}

// owes reports fields that changed when the rules did not let them through, or that a
// mask hid, and that may go now, although neither side has moved since.
func (r *run) owes(v view) bool {
	if v.local == nil || v.theirs == nil || v.localBase == nil || v.remoteBase == nil || v.local.Kind() != v.theirs.Kind() {
		return false
	}
	m := Merge(r.sides(v))
	return !m.ToLocal.IsEmpty() || !m.ToRemote.IsEmpty() || !m.Settled.IsEmpty()
}
