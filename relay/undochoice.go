package relay

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// Taking back a choice about a link's conflict. What the choice wrote is taken back in the
// fields of the conflict only. The remote goes first: as long as the item differs there from
// what the books of the pair say, an intent ("undo ID BY") stands in the pair, and whichever
// run comes next finishes what was begun (resumeUndo) before it reads anything. The item
// here, the books and the report go back in one transaction.

// choiceBack is one choice on its way back.
type choiceBack struct {
	*run
	by string
	// begun: the remote may have been written to, so that there is no way back: what was
	// changed since stays, field by field, and the rest is done.
	begun bool
	sent  store.Step // the write to the remote

	c            store.Conflict
	fields       pim.FieldSet // that collided
	base         pim.Item     // what both sides agreed on before; nil: nothing
	mine, theirs pim.Item     // nil: a deletion

	object store.Object
	// before is what the item was here before the choice, chosen what the choice made of it, and
	// text, when nothing else was written since, the whole text that goes back.
	before, chosen pim.Item
	text           []byte

	pair  store.Pair // ID 0 without one
	wrote bool       // a run has written to the record since the choice
	was   pim.Item   // what the record was before that; nil: as the report says
	rec   remote.Record
	back  pim.FieldSet // what is to be written to the record
	// second is the item that keeping both versions made.
	second struct {
		object store.Object
		pair   store.Pair
		rec    remote.Record // Item nil: there is none, or none any more
	}
}

// choiceIntent reads the intent of a pair whose choice is being taken back.
func choiceIntent(intent string) (id store.ConflictID, by string, ok bool) {
	rest, ok := strings.CutPrefix(intent, "undo ")
	number, by, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseInt(number, 10, 64)
	return store.ConflictID(n), by, ok && err == nil
}

func (e *Engine) undoChoice(ctx context.Context, c store.Conflict, by string) error {
	if c.Resolution == superseded {
		return pim.Errorf("relay: undo", pim.ErrInvalid, "nothing was chosen: the two sides did not differ any more")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	owner := fmt.Sprintf("%s#%d", e.Owner, e.runs.Add(1))
	release, err := e.lease(ctx, stop, c.LinkID, owner)
	if err != nil {
		return err
	}
	defer release()
	b := &choiceBack{run: &run{Engine: e, opts: RunOptions{Trigger: "undo"}, owner: owner, now: e.Now()}, by: by}
	b.link.ID = c.LinkID
	if err := b.prepare(ctx); err != nil {
		return err
	}
	b.link.Paused = false // for us
	if err := b.openRemote(ctx); err != nil {
		return err
	}
	ctx, requests := remote.CountRequests(ctx)
	if err := b.guarded("resume", func() error { return b.resume(ctx) }); err != nil {
		return fmt.Errorf("relay: undo: %w", err)
	}
	err = b.guarded("undo", func() error { return b.takeBack(ctx, c.ID) })
	if errors.Is(err, errNotSettled) {
		err = nil // it had been begun before, and resume did the rest
	}
	b.rep.Run.Requests = requests()
	return errors.Join(err, b.told(ctx, err))
}

// told ends the report of the run, if there is one.
func (b *choiceBack) told(ctx context.Context, failure error) error {
	if b.rep.Run.ID == 0 || errors.Is(failure, errKilled) {
		return nil
	}
	b.rep.conclude(failure, b.Now())
	return b.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.FinishRun(b.rep.Run, b.rep.Steps) })
}

// resumeUndo finishes what an undo began that did not come to its end. What speaks against
// it now ends it: the sides stay as they are, and what differs is carried over as any change.
func (r *run) resumeUndo(ctx context.Context, p store.Pair, id store.ConflictID, by string) error {
	b := &choiceBack{run: r, by: by, begun: true}
	err := r.guarded("undo", func() error { return b.takeBack(ctx, id) })
	if err == nil || ctx.Err() != nil || errors.Is(err, errKilled) {
		return err
	}
	switch pim.ReasonOf(err) {
	case pim.ErrUnavailable, pim.ErrProtocol, pim.ErrAuth, pim.ErrThrottled:
		return err // nothing may be read before the next one has finished it
	}
	r.Log.WarnContext(ctx, "choice not taken back", "link", r.link.ID, "item", p.ID, "conflict", id, "err", err)
	return r.update(ctx, func(tx *store.Tx) error {
		if err := tx.SettleBegun(p.ID, p.UID, true); err != nil {
			return err
		}
		return r.clearIntent(tx, p.ID)
	})
}

// changedSince refuses what would be lost.
func changedSince(format string, args ...any) error {
	return pim.Errorf("relay: undo", pim.ErrConflict, format, args...)
}

func notKept(what string) error {
	return pim.Errorf("relay: undo", pim.ErrNotFound, "%s is not kept any more", what)
}

func (b *choiceBack) takeBack(ctx context.Context, id store.ConflictID) error {
	for range 3 {
		err := b.Store.View(ctx, func(tx *store.Tx) error { return b.look(tx, id) })
		if err != nil {
			return err
		}
		if b.mine == nil || b.theirs == nil {
			return b.wholeBack(ctx)
		}
		if err := b.ask(ctx); err != nil {
			return err
		}
		err = b.writeThere(ctx)
		if errors.Is(err, errChangedThere) && b.begun {
			continue
		}
		if errors.Is(err, errChangedThere) {
			return changedSince("the item was changed at the remote since")
		}
		if err != nil {
			return err
		}
		return b.update(ctx, b.finish)
	}
	return changedSince("the item changes faster at the remote than it can be written")
}

// writeThere takes back what the choice made at the remote. It stores the intent first.
func (b *choiceBack) writeThere(ctx context.Context) error {
	if b.back.IsEmpty() && b.second.rec.Item == nil {
		return nil
	}
	wanted := pim.Clone(b.rec.Item)
	pim.Copy(wanted, b.hadThere(), b.back)
	e := remote.Entry{UID: b.pair.UID, Item: wanted}
	if !b.back.IsEmpty() {
		if err := b.silent(ctx, view{pair: b.pair, theirs: b.rec.Item}, b.rec.Ref, e, b.back); err != nil {
			return err
		}
	}
	if b.second.rec.Item != nil {
		if err := b.silent(ctx, view{pair: b.second.pair, theirs: b.second.rec.Item}, b.second.rec.Ref, remote.Entry{}, pim.FieldSet{}); err != nil {
			return err
		}
	}
	first := !b.begun
	if err := b.intendBack(ctx, wanted); err != nil {
		return err
	}
	if err := b.at("intent stored"); err != nil {
		return err
	}
	b.begun = true
	if b.second.rec.Item != nil {
		err := b.rem.Delete(ctx, remote.CollectionID(b.link.Remote), b.second.rec.Ref, remote.Delete)
		if err != nil && !errors.Is(err, pim.ErrNotFound) {
			return b.notWritten(ctx, first, err)
		}
		if err := b.at("remote written"); err != nil {
			return err
		}
		first = false
	}
	if b.back.IsEmpty() {
		return nil
	}
	rec, err := b.rem.Update(ctx, remote.CollectionID(b.link.Remote), b.rec.Ref, e, b.back)
	if err == nil {
		if err := b.at("remote written"); err != nil {
			return err
		}
		rec, err = b.whole(ctx, rec)
	} else {
		err = b.notWritten(ctx, first, err)
	}
	b.rec = rec
	return err
}

// intendBack stores the intent with what the remote is to have, and in a run of its own the report of it.
func (b *choiceBack) intendBack(ctx context.Context, wanted pim.Item) error {
	var was memo
	if !b.back.IsEmpty() {
		var err error
		was = memo{Kind: wanted.Kind(), Told: true}
		if was.Pair.TheirItem, err = pim.EncodeItem(b.rec.Item); err != nil {
			return err
		}
		if was.After, err = pim.EncodeItem(b.limit(wanted)); err != nil {
			return err
		}
	}
	return b.update(ctx, func(tx *store.Tx) error {
		p, err := tx.Pair(b.pair.ID)
		if err != nil {
			return err
		}
		if p.Intent = fmt.Sprintf("undo %d %s", b.c.ID, b.by); b.rep.Run.ID == 0 {
			if b.rep.Run, err = tx.StartRun(store.Run{LinkID: b.link.ID, Trigger: b.opts.Trigger}); err != nil {
				return err
			}
		}
		if err := b.settleBegun(tx, false); err != nil {
			return err // of one that did not come to its end
		}
		b.sent = store.Step{RunID: b.rep.Run.ID, PairID: p.ID, UID: p.UID, Title: pairTitle(p), Side: "remote", Action: "update",
			Outcome: "begun", Fields: b.back.String()}
		if b.back.IsEmpty() {
			s := b.second.pair
			b.sent.PairID, b.sent.UID, b.sent.Action = s.ID, s.UID, "delete"
		} else if b.sent.Undo, err = b.memos.pack(was); err != nil {
			return err
		}
		if err := tx.AddStep(&b.sent); err != nil {
			return err
		}
		return tx.SavePair(&p)
	})
}

// notWritten says what a write that failed leaves behind: nothing, when the remote refused the
// first one; else the intent stays for the next run.
func (b *choiceBack) notWritten(ctx context.Context, first bool, failure error) error {
	changed := errors.Is(failure, pim.ErrConflict) || errors.Is(failure, pim.ErrNotFound)
	if changed {
		failure = errChangedThere
	}
	if !first || !changed && unknown(failure) {
		return failure
	}
	b.begun = false
	return errors.Join(failure, b.update(ctx, func(tx *store.Tx) error {
		if err := tx.DropStep(b.sent.ID); err != nil {
			return err
		}
		return b.clearIntent(tx, b.pair.ID)
	}))
}
