package relay

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// Approve lets the deletions pass that a run of the link withheld; those of one item by
// its UID, or all for "". It returns how many; none is pim.ErrNotFound. A change made since
// on the other side still beats the deletion.
func (e *Engine) Approve(ctx context.Context, id store.LinkID, uid string) (int, error) {
	return e.answer(ctx, id, uid, func(p *store.Pair) { p.Hold = string(rule.HoldApproved) })
}

// unasked is 1 for a deletion that no person allowed, neither by itself nor with all of its run, else 0.
func (r *run) unasked(p store.Pair) int {
	if r.opts.AllowDeletions || p.Hold == string(rule.HoldApproved) || r.mail() {
		return 0
	}
	return 1
}

// Reject takes withheld deletions back: the next run makes the item anew where it is
// gone.
func (e *Engine) Reject(ctx context.Context, id store.LinkID, uid string) (int, error) {
	return e.answer(ctx, id, uid, reject)
}

// reject has the item of a pair made anew where it is gone.
func reject(p *store.Pair) {
	p.Hold = string(rule.HoldRejected)
	// The copy that is left counts as changed, and a change beats a deletion.
	if p.RemoteGone {
		p.LocalPrint = ""
	} else {
		p.RemotePrint = ""
	}
}

// answer changes the pairs that wait for a person's word on their deletion.
func (e *Engine) answer(ctx context.Context, id store.LinkID, uid string, say func(*store.Pair)) (n int, err error) {
	err = e.Store.Update(ctx, func(tx *store.Tx) error {
		n = 0
		for after := store.PairID(0); ; {
			ps, err := tx.PairsIn(id, store.PairsHeld, 500, after)
			if err != nil {
				return err
			}
			for _, p := range ps {
				after = p.ID
				// Locked and read again: a run may have written to it since.
				if p, err = tx.Pair(p.ID); errors.Is(err, pim.ErrNotFound) {
					continue
				}
				if err != nil {
					return err
				}
				if !rule.Hold(p.Hold).AsksDeletion() || uid != "" && p.UID != uid {
					continue
				}
				say(&p)
				wake(&p)
				n++
				if err := tx.SavePair(&p); err != nil {
					return err
				}
			}
			if len(ps) < 500 {
				break
			}
		}
		if n == 0 {
			return pim.Errorf("relay: approve", pim.ErrNotFound, "no deletion waits for an answer here")
		}
		return e.wanted(ctx, tx, id)
	})
	return n, err
}
