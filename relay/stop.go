package relay

import (
	"context"

	"crmbridge/store"
)

// StopRun asks the run of a link that is under way, in whichever process, to stop: it ends
// within a second or so and is reported as stopped. A write under way is cut off; the next
// run finds out what became of it (resume) and goes on from there. running is false when there is none to stop.
func (e *Engine) StopRun(ctx context.Context, id store.LinkID) (running bool, err error) {
	err = e.Store.Update(ctx, func(tx *store.Tx) error {
		running, err = tx.AskStop(id)
		return err
	})
	return running, err
}

// stopAsked reports whether somebody did. What cannot be read is asked again soon.
func (e *Engine) stopAsked(ctx context.Context, id store.LinkID, owner string) (asked bool) {
	err := e.guarded("stop", func() error {
		return e.Store.View(ctx, func(tx *store.Tx) (err error) {
			asked, err = tx.StopAsked(id, owner)
			return err
		})
	})
	return err == nil && asked
}
