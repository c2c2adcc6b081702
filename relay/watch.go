package relay

import (
	"context"
	"errors"
	"sync"
	"time"

	"crmbridge/remote"
	"crmbridge/store"
)

// watchers let the remotes that can tell of changes do so: one goroutine for each link
// whose remote is a remote.Watcher. A hint queues a run, which asks what changed; many
// hints share one. Polls go on by their interval, so that a hint that is lost costs time
// and nothing else. Processes that share a database all watch; the queue makes one run of
// their hints.
type watchers struct {
	jobs   *Jobs
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu   sync.Mutex
	open map[store.LinkID]*watched
}

// watched is one link that is watched, or found not to be watchable.
type watched struct {
	made string // what it was opened with; another value begins anew
	stop context.CancelFunc
}

const (
	// watchEvery is how often links that are new, changed or gone are looked for.
	watchEvery = 5 * time.Second
	// hintEvery is the least time between two runs that hints ask for.
	hintEvery = 200 * time.Millisecond
	// watchAgain is the time before a watch that failed is tried again; it doubles, up to
	// watchMost. One that lasted longer than that begins anew with it.
	watchAgain = time.Second
	watchMost  = 5 * time.Minute
)

func watch(ctx context.Context, j *Jobs) *watchers {
	ctx, cancel := context.WithCancel(ctx)
	w := &watchers{jobs: j, cancel: cancel, open: map[store.LinkID]*watched{}}
	w.done.Go(func() { // owner: Jobs; ends with Stop
		t := time.NewTicker(watchEvery)
		defer t.Stop()
		for {
			err := j.engine.guarded("watch links", func() error { return w.refresh(ctx) })
			if err != nil && ctx.Err() == nil {
				j.log.WarnContext(ctx, "links are not watched", "err", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
		}
	})
	return w
}

// stop ends every watch and waits for it.
func (w *watchers) stop() {
	w.cancel()
	w.done.Wait()
}

// refresh watches what is to be watched and nothing else.
func (w *watchers) refresh(ctx context.Context) error {
	e := w.jobs.engine
	wanted := map[store.LinkID]store.Link{}
	owners := map[store.UserID]store.User{}
	err := e.Store.View(ctx, func(tx *store.Tx) error {
		clear(wanted)
		links, err := tx.Links(0)
		if err != nil {
			return err
		}
		for _, l := range links {
			if _, known := owners[l.UserID]; !known {
				if owners[l.UserID], err = tx.User(l.UserID); err != nil {
					return err
				}
			}
			if !l.Paused && !owners[l.UserID].Disabled {
				wanted[l.ID] = l
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, have := range w.open {
		l, there := wanted[id]
		if there && have.made == madeOf(l, owners[l.UserID]) {
			delete(wanted, id)
			continue
		}
		have.stop()
		delete(w.open, id)
	}
	for id, l := range wanted {
		one, cancel := context.WithCancel(ctx)
		w.open[id] = &watched{made: madeOf(l, owners[l.UserID]), stop: cancel}
		w.done.Go(func() { // owner: watchers; ends with refresh or stop
			defer cancel()
			w.keep(one, l.ID)
		})
	}
	return nil
}

// madeOf is what the watch of a link depends on: what Connections.Open compares, and what is watched.
func madeOf(l store.Link, u store.User) string {
	return l.Driver + "\x00" + l.Remote + "\x00" + u.Zone + "\x00" + string(l.Settings)
}

// keep watches one link until ctx ends, or the remote turns out not to be a Watcher.
func (w *watchers) keep(ctx context.Context, id store.LinkID) {
	hints := make(chan struct{}, 1)
	w.done.Go(func() { w.queue(ctx, id, hints) }) // owner: keep; ends with ctx
	failures := 0
	for ctx.Err() == nil {
		began := w.jobs.engine.Now()
		err := w.jobs.engine.guarded("watch", func() error { return w.once(ctx, id, hints) })
		if errors.Is(err, errNoWatcher) || ctx.Err() != nil {
			return
		}
		if failures++; w.jobs.engine.Now().Sub(began) > watchMost {
			failures = 1
		}
		w.jobs.log.WarnContext(ctx, "watch ended", "link", id, "failures", failures, "err", err)
		if !rest(ctx, growing(watchAgain, 2, failures, watchMost)) {
			return
		}
	}
}

// errNoWatcher: the remote does not tell of changes.
var errNoWatcher = errors.New("relay: the remote cannot be watched")

// once reads the link anew: a watch that ended may be of settings that somebody changed since, and opening those again
// would close the connection of a run.
func (w *watchers) once(ctx context.Context, id store.LinkID, hints chan<- struct{}) error {
	var l store.Link
	var u store.User
	err := w.jobs.engine.Store.View(ctx, func(tx *store.Tx) (err error) {
		if l, err = tx.Link(id); err != nil {
			return err
		}
		u, err = tx.User(l.UserID)
		return err
	})
	if err != nil {
		return err
	}
	rem, err := w.jobs.engine.Remotes.Open(ctx, l, u)
	if err != nil {
		return err
	}
	watcher, ok := remote.As[remote.Watcher](rem)
	if !ok {
		return errNoWatcher
	}
	return watcher.Watch(ctx, remote.CollectionID(l.Remote), func() {
		select {
		case hints <- struct{}{}:
		default: // one is on its way
		}
	})
}

// queue makes runs of hints, a few of them one.
func (w *watchers) queue(ctx context.Context, id store.LinkID, hints <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hints:
		}
		err := w.jobs.engine.guarded("hint", func() error {
			return w.jobs.engine.Store.Update(ctx, func(tx *store.Tx) error { return w.jobs.Want(ctx, tx, id, "hint") })
		})
		if err != nil && ctx.Err() == nil {
			w.jobs.log.WarnContext(ctx, "hint lost; the next poll finds what it was about", "link", id, "err", err)
		}
		if !rest(ctx, hintEvery) {
			return
		}
	}
}

// rest waits; false when ctx ended before.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
