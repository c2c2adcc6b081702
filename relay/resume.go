package relay

import (
	"context"
	"errors"
	"fmt"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// resume finds out what became of writes whose answer was lost, before anything
// else is read: a record that we made must not be taken for somebody else's.
func (r *run) resume(ctx context.Context) error {
	var begun []store.Pair
	err := r.Store.View(ctx, func(tx *store.Tx) error {
		var err error
		begun, err = tx.Intents(r.link.ID)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range begun {
		if err := r.at("resume item"); err != nil {
			return err
		}
		err := r.resumeTraced(ctx, p)
		if err == nil {
			continue
		}
		if errors.Is(err, errUnfound) {
			return err
		}
		switch pim.ReasonOf(err) {
		case pim.ErrUnavailable, pim.ErrProtocol, pim.ErrAuth, pim.ErrThrottled, pim.ErrCursorGone:
			return err // nothing may be read while an outcome is unknown
		}
		if err := r.failed(ctx, p.ID, err); err != nil {
			return err
		}
	}
	return nil
}

// resumeTraced is resumeOne; its steps name the remote's answers.
func (r *run) resumeTraced(ctx context.Context, p store.Pair) error {
	ctx, traces := remote.TraceRequests(ctx)
	from := r.stepped()
	defer func() { r.label(p.ID, from, pairTitle(p), traces()) }()
	return r.resumeOne(ctx, p)
}

// errUnfound: the remote did not say, for whatever reason, what became of a create.
// If its record were read now it would be taken for somebody else's.
var errUnfound = errors.New("relay: outcome of a create not known")

func (r *run) resumeOne(ctx context.Context, p store.Pair) error {
	if id, by, ok := choiceIntent(p.Intent); ok {
		return r.resumeUndo(ctx, p, id, by)
	}
	switch p.Intent {
	case "create":
		return r.resumeCreate(ctx, p)
	case "update", "delete", "relate":
		// The remote's present state tells all there is to know: Decide works
		// from it. Our own values there are equal to the hub's and collide with
		// nothing.
		if err := r.refresh(ctx, p); err != nil {
			return err
		}
		return r.update(ctx, func(tx *store.Tx) error {
			now, err := tx.Pair(p.ID)
			if err != nil {
				return err
			}
			done := now.RemoteGone || p.Intent != "delete" && now.TheirPrint != p.TheirPrint || p.Intent == "relate" && now.TheirVersion != p.TheirVersion
			if err := tx.SettleBegun(p.ID, p.UID, done); err != nil {
				return err
			}
			return r.clearIntent(tx, p.ID)
		})
	}
	return fmt.Errorf("relay: pair %d has the unknown intent %q", p.ID, p.Intent)
}

func (r *run) clearIntent(tx *store.Tx, id store.PairID) error {
	return r.markIntent(tx, id, "")
}

// markIntent says what is about to be written to a pair's record, or that nothing is any more.
func (r *run) markIntent(tx *store.Tx, id store.PairID, intent string) error {
	p, err := tx.Pair(id)
	if err != nil {
		return err
	}
	p.Intent = intent
	wake(&p)
	return tx.SavePair(&p)
}

// resumeCreate looks for the record of a begun create. Not finding it is no failure:
// the create is simply still to be done.
func (r *run) resumeCreate(ctx context.Context, p store.Pair) error {
	sent, err := pim.DecodeItem(p.LocalItem)
	if err != nil {
		return err
	}
	rec, found, err := r.findCreated(ctx, p, sent)
	if errors.Is(err, pim.ErrNotFound) {
		return errors.Join(r.goneSince(ctx, p), r.update(ctx, func(tx *store.Tx) error { return tx.SettleBegun(p.ID, p.UID, true) }))
	}
	if pim.ReasonOf(err) == pim.ErrUnsupported {
		return err // it never will be known, and a person is told
	}
	if err != nil {
		return errors.Join(err, errUnfound)
	}
	if !found {
		if elsewhere, err := r.madeElsewhere(ctx, p); err != nil {
			return errors.Join(err, errUnfound)
		} else if elsewhere {
			return r.goneSince(ctx, p) // it was moved since, and the part that looks for such finds it
		}
		return r.update(ctx, func(tx *store.Tx) error {
			return errors.Join(tx.SettleBegun(p.ID, p.UID, false), r.clearIntent(tx, p.ID))
		})
	}
	if rec, err = r.whole(ctx, rec); err != nil {
		return err
	}
	return r.update(ctx, func(tx *store.Tx) error {
		p, err := tx.Pair(p.ID)
		if err != nil {
			return err
		}
		if err := r.absorb(tx, p, string(rec.ID)); err != nil {
			return err
		}
		if err := r.adopt(&p, rec); err != nil {
			return err
		}
		if err := r.remember(tx, p); err != nil {
			return err
		}
		return errors.Join(tx.SettleBegun(p.ID, p.UID, true), tx.SavePair(&p))
	})
}

// findCreated asks the remote for the item of a key, or, when it promises that a
// key makes one item only, creates again.
func (r *run) findCreated(ctx context.Context, p store.Pair, sent pim.Item) (remote.Record, bool, error) {
	c := remote.CollectionID(r.link.Remote)
	e := remote.Entry{UID: p.UID, Item: sent}
	if p.Mask != maskRemote && r.wholeText(p, sent) {
		e.Text = p.LocalText
	}
	if f, ok := remote.As[remote.Finder](r.rem); ok {
		return f.Find(ctx, c, p.Key, e)
	}
	if !r.traits.Idempotent {
		return remote.Record{}, false, pim.Errorf("relay: resume", pim.ErrUnsupported, "it is not known whether the item was created; look at the remote before it is tried again")
	}
	rec, err := r.rem.Create(ctx, c, e, p.Key)
	if errors.Is(err, pim.ErrRefused) || errors.Is(err, pim.ErrInvalid) {
		return rec, false, nil // refused now as it was then
	}
	if r.mail() && errors.Is(err, pim.ErrExists) {
		return rec, false, nil // another person's: the create that follows finds it so, too
	}
	return rec, err == nil, err
}
