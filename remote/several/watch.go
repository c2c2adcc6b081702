package several

import (
	"context"
	"errors"
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Watch implements remote.Watcher: every collection of the place is watched, also one that is made while this goes on. It ends
// when one of the watches does.
func (f *Folders) Watch(ctx context.Context, place remote.CollectionID, hint func()) error {
	const op = "several: watch"
	w, ok := remote.As[remote.Watcher](f.Remote)
	if !ok {
		return pim.Errorf(op, pim.ErrUnsupported, "the remote tells of no changes")
	}
	if !Is(place) {
		return w.Watch(ctx, place, hint)
	}
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	ended := make(chan error, 1)
	watched := map[remote.CollectionID]bool{}
	for afresh := false; ; {
		news := f.news()
		// Other people's are watched too: a hint costs a question, and the scope is the run's.
		in, _, err := f.members(ctx, place, remote.Scope{AllOwners: true}, afresh)
		if err != nil {
			return err
		}
		for _, c := range in {
			if watched[c] {
				continue
			}
			if len(watched) > 0 {
				hint()
			}
			watched[c] = true
			all.Go(func() { // owner: Watch; ends with ctx
				err := guarded(op, func() error { return w.Watch(ctx, c, hint) })
				select {
				case ended <- err:
				default:
				}
			})
		}
		afresh = true
		t := time.NewTimer(f.every)
		select {
		case err := <-ended:
			t.Stop()
			return err
		case <-ctx.Done():
			t.Stop()
			return pim.Wrap(op, pim.ErrUnavailable, ctx.Err())
		case <-t.C:
		case <-news: // found by a run
			t.Stop()
			afresh = false
		}
	}
}

// guarded turns a panic of a driver into an error.
func guarded(op string, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = pim.Wrap(op, pim.ErrInternal, errors.New("panic: "+pim.PanicWords(v)))
		}
	}()
	return f()
}
