package relay

import (
	"context"

	"crmbridge/store"
)

// SetPaused lets no run of a link begin, or lets them begin again, the next one at once. A
// run under way is not stopped (StopRun). changed is false when the link was so before.
func (e *Engine) SetPaused(ctx context.Context, id store.LinkID, paused bool) (changed bool, err error) {
	err = e.Store.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.Link(id)
		if changed = err == nil && l.Paused != paused; !changed {
			return err
		}
		l.Paused = paused
		if err := tx.UpdateLink(l, "Paused"); err != nil || paused {
			return err
		}
		return e.wanted(ctx, tx, id)
	})
	return changed, err
}
