package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// Undone is what became of taking a run back.
type Undone struct {
	Run store.Run // the run that did it, with its counts
	// Items are the items that are again what they were, and Left those that are not.
	Items int
	Left  []LeftAsIs
	// Unknown says that the run wrote more than was kept of it.
	Unknown bool
	// Paused says that the link is paused now, by this or before. Already: everything was taken
	// back before, so that nothing was done, and there is no Run.
	Paused, Already bool
}

// LeftAsIs is an item that was not taken back.
type LeftAsIs struct {
	UID    string
	Title  string // for its owner's eyes
	Reason string // in words
}

// UndoRun takes back what a run wrote: every item that it touched becomes again what it was
// before, on the sides that the run wrote to, and the books with it. An item that anybody
// changed since on such a side is left, and told. The link is paused by it, as the next run
// would do the same again; not so for a person's own change of relations (Relate), and not when
// all was taken back before (Undone.Already).
//
// It is a run itself: it holds the lease, has steps, and can be stopped or die anywhere and
// be asked for again. Taking a run back is not taken back. pim.ErrNotFound when the run, or
// what it wrote, is not kept any more.
func (e *Engine) UndoRun(ctx context.Context, id store.RunID) (u Undone, err error) {
	var target store.Run
	var link store.Link
	err = e.Store.View(ctx, func(tx *store.Tx) error {
		if target, err = tx.Run(id); err != nil {
			return err
		}
		link, err = tx.Link(target.LinkID)
		return err
	})
	switch {
	case errors.Is(err, pim.ErrNotFound):
		return u, pim.Errorf("relay: undo", pim.ErrNotFound, "there is no run %d, or it is not kept any more", id)
	case err != nil:
		return u, err
	case target.Undoes != 0:
		return u, pim.Errorf("relay: undo", pim.ErrInvalid, "run %d took another one back; that cannot be undone", id)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	owner := fmt.Sprintf("%s#%d", e.Owner, e.runs.Add(1))
	release, err := e.lease(ctx, stop, link.ID, owner)
	if err != nil {
		return u, err
	}
	defer release()
	if u.Already, err = e.undoneBefore(ctx, id); err != nil || u.Already {
		u.Run.LinkID, u.Paused = link.ID, link.Paused
		return u, err
	}
	b := &undoing{run: &run{Engine: e, opts: RunOptions{Trigger: "undo"}, owner: owner, now: e.Now()}, of: id, goesOn: target.Trigger == "relate"}
	if err := b.start(ctx, link.ID); err != nil {
		return u, err
	}
	b.out.Paused = b.link.Paused
	counting, requests := remote.CountRequests(ctx)
	err = b.all(counting)
	b.rep.Run.Requests = requests()
	rep, err := b.end(ctx, err)
	b.out.Run = rep.Run
	return b.out, err
}

// undoneBefore reports a run of which every write was taken back.
func (e *Engine) undoneBefore(ctx context.Context, id store.RunID) (done bool, err error) {
	err = e.Store.View(ctx, func(tx *store.Tx) error {
		steps, err := tx.Steps(store.StepFilter{Run: id})
		done = false
		for _, s := range steps {
			if s.Side == "" {
				continue
			}
			if done = s.Undone == "done"; !done {
				break
			}
		}
		return err
	})
	return done, err
}

// undoing is the taking back of one run.
type undoing struct {
	*run
	of store.RunID
	// goesOn: the next run would not do the same again, so that the link is not paused.
	goesOn bool
	out    Undone
}

// start opens the report and pauses the link, unless a person's own write is taken back.
func (b *undoing) start(ctx context.Context, id store.LinkID) error {
	return b.Store.Update(ctx, func(tx *store.Tx) error {
		var err error
		if b.link, err = tx.Link(id); err != nil {
			return err
		}
		b.link.Paused = b.link.Paused || !b.goesOn
		if err := tx.UpdateLink(b.link, "Paused"); err != nil {
			return err
		}
		b.rep.Run, err = tx.StartRun(store.Run{LinkID: id, Trigger: "undo", Undoes: b.of})
		return err
	})
}

// writes are the steps of one pair in their order, each with its memo.
type writes struct {
	pair  store.PairID
	steps []store.Step
	memos []memo
	known bool // every memo was kept
}

func (b *undoing) all(ctx context.Context) error {
	if err := b.prepare(ctx); err != nil {
		return err
	}
	b.link.Paused = false // for us
	if err := b.openRemote(ctx); err != nil {
		return err
	}
	// What became of writes whose answer was lost is found out first.
	if err := b.guarded("resume", func() error { return b.resume(ctx) }); err != nil {
		return fmt.Errorf("relay: undo: %w", err)
	}
	todo, err := b.read(ctx)
	if err != nil {
		return err
	}
	for i, w := range todo {
		if err := b.at("undo item"); err != nil {
			return err
		}
		err := b.guarded("undo", func() error { return b.takeBack(ctx, w) })
		if err != nil {
			if err = b.leave(ctx, w, err); err != nil {
				return err
			}
		}
		b.tell("undo", i+1, len(todo))
	}
	return nil
}

// read finds what is to be taken back, the last first.
func (b *undoing) read(ctx context.Context) ([]writes, error) {
	byPair := map[store.PairID]int{}
	var out []writes
	stored := 0
	err := b.Store.View(ctx, func(tx *store.Tx) error {
		byPair, out, stored = map[store.PairID]int{}, nil, 0
		steps, err := tx.Steps(store.StepFilter{Run: b.of})
		if err != nil {
			return err
		}
		for _, s := range steps {
			if s.Side == "" {
				continue
			}
			if stored++; s.Undone == "done" {
				continue
			}
			m, kept, err := unpack(s.Undo)
			if err != nil {
				return err
			}
			i, ok := byPair[s.PairID]
			if !ok {
				i = len(out)
				byPair[s.PairID] = i
				out = append(out, writes{pair: s.PairID, known: true})
			}
			w := &out[i]
			w.steps, w.memos, w.known = append(w.steps, s), append(w.memos, m), w.known && kept
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if stored == 0 {
		return nil, pim.Errorf("relay: undo", pim.ErrNotFound, "run %d wrote nothing that is still known", b.of)
	}
	b.out.Unknown = stored >= maxKept
	slices.Reverse(out)
	return out, nil
}

// leftError is why an item stays as it is.
type leftError struct{ reason string }

func (l leftError) Error() string { return "relay: undo: left: " + l.reason }

// asItIs leaves an item, for a reason in words.
func asItIs(format string, args ...any) error { return leftError{fmt.Sprintf(format, args...)} }

// leave notes an item that is not taken back. What concerns the remote as a whole is returned.
func (b *undoing) leave(ctx context.Context, w writes, failure error) error {
	if ctx.Err() != nil || errors.Is(failure, errKilled) || ends(pim.ReasonOf(failure)) {
		return failure
	}
	reason := pim.PublicText(failure)
	mark := "left"
	var l leftError
	if errors.As(failure, &l) {
		reason = l.reason
	} else {
		mark = "" // it may go the next time
		b.Log.WarnContext(ctx, "item not taken back", "link", b.link.ID, "item", w.pair, "err", failure)
	}
	s := w.steps[0]
	err := b.update(ctx, func(tx *store.Tx) error {
		b.note(tx, store.Step{PairID: w.pair, UID: s.UID, Title: s.Title, Action: "fail", Outcome: "failed", Error: reason}, func(c *Counts) { c.Failed++ })
		return tx.MarkSteps(b.of, w.pair, mark, w.pair)
	})
	b.out.Left = append(b.out.Left, LeftAsIs{UID: s.UID, Title: s.Title, Reason: reason})
	return err
}
