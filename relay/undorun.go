package relay

import (
	"context"
	"encoding/json"
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
	err = b.all(counting, target)
	b.rep.Run.Requests = requests()
	rep, err := b.end(ctx, err)
	b.out.Run = rep.Run
	return b.out, err
}

// undoneBefore reports a run of which every write was taken back.
func (e *Engine) undoneBefore(ctx context.Context, id store.RunID) (done bool, err error) {
	err = e.Store.View(ctx, func(tx *store.Tx) error {
		list, err := tx.WrittenBy(id)
		done = len(list) > 0 && !slices.ContainsFunc(list, func(w store.Written) bool { return w.Undone != "done" })
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
	ids   []int64 // of the steps
	steps []store.Step
	memos []memo
	known bool // every memo was kept
}

func (b *undoing) all(ctx context.Context, target store.Run) error {
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
	todo, err := b.todo(ctx, target)
	if err != nil {
		return err
	}
	for i, w := range todo {
		if err := b.at("undo item"); err != nil {
			return err
		}
		err := b.guarded("undo", func() error {
			if err := b.read(ctx, &w); err != nil {
				return err
			}
			return b.takeBack(ctx, w)
		})
		if err != nil {
			if err = b.leave(ctx, w, err); err != nil {
				return err
			}
		}
		b.tell("undo", i+1, len(todo))
	}
	return nil
}

// todo finds the pairs whose writes are to be taken back, the last first. Only numbers are
// in memory, however much the run wrote.
func (b *undoing) todo(ctx context.Context, target store.Run) ([]writes, error) {
	var list []store.Written
	err := b.Store.View(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.WrittenBy(b.of)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, pim.Errorf("relay: undo", pim.ErrNotFound, "run %d wrote nothing that is still known", b.of)
	}
	byPair := map[store.PairID]int{}
	var out []writes
	for _, w := range list {
		if w.Undone == "done" {
			continue
		}
		i, ok := byPair[w.Pair]
		if !ok {
			i = len(out)
			byPair[w.Pair] = i
			out = append(out, writes{pair: w.Pair})
		}
		out[i].ids = append(out[i].ids, w.Step)
	}
	slices.Reverse(out)
	b.out.Unknown = target.Counts != "" && wroteMore(target.Counts, len(list))
	return out, nil
}

// wroteMore reports that by its counts a run wrote more than there are steps of it.
func wroteMore(counts string, steps int) bool {
	var c Counts
	if err := json.Unmarshal([]byte(counts), &c); err != nil {
		return true
	}
	return c.Done()-c.Files > steps
}

// read reads the steps of a pair.
func (b *undoing) read(ctx context.Context, w *writes) error {
	return b.Store.View(ctx, func(tx *store.Tx) (err error) {
		w.memos, w.known = nil, true
		if w.steps, err = tx.StepsNumbered(w.ids); err != nil {
			return err
		}
		if len(w.steps) < len(w.ids) {
			return asItIs("what it was before is not kept")
		}
		for i := range w.steps {
			m, kept, err := unpack(w.steps[i].Undo)
			if err != nil {
				return err
			}
			w.memos, w.known = append(w.memos, m), w.known && kept
			w.steps[i].Undo = nil
		}
		return nil
	})
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
	var s store.Step
	if len(w.steps) > 0 {
		s = w.steps[0]
	}
	err := b.update(ctx, func(tx *store.Tx) error {
		b.note(tx, store.Step{PairID: w.pair, UID: s.UID, Title: s.Title, Action: "fail", Outcome: "failed", Error: reason}, func(c *Counts) { c.Failed++ })
		return tx.MarkSteps(w.ids, mark, w.pair)
	})
	b.out.Left = append(b.out.Left, LeftAsIs{UID: s.UID, Title: s.Title, Reason: reason})
	return err
}
