package relay

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/store"
)

// Undo takes back how a conflict was settled: both sides are again what they were before,
// and the report is open again, so that another choice can be made. by names who asks.
//
// Of a link's report that goes for the remote, too, when a run has carried the choice there
// (undochoice.go); it needs the link's lease (ErrBusy while a run has it) and the remote.
// One that the link's policy settled waits for a person from then on, until somebody chooses or
// the policy is changed. It is refused, and nothing is changed, with pim.ErrConflict when
// somebody changed the item since on either side, as that would be lost, with
// pim.ErrNotFound when what it was is not kept any more, and with pim.ErrInvalid when
// nothing was chosen.
func (e *Engine) Undo(ctx context.Context, id store.ConflictID, by string) error {
	var c store.Conflict
	linked := false
	err := e.Store.View(ctx, func(tx *store.Tx) (err error) {
		if c, err = tx.Conflict(id); err != nil || c.LinkID == 0 {
			return err
		}
		_, err = tx.Link(c.LinkID)
		if linked = err == nil; errors.Is(err, pim.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if c.ResolvedAt == nil {
		return errNotSettled
	}
	if linked {
		return e.undoChoice(ctx, c, by)
	}
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.Conflict(id)
		if err != nil {
			return err
		}
		if c.ResolvedAt == nil {
			return errNotSettled
		}
		u, err := tx.User(c.UserID)
		if err != nil {
			return err
		}
		s := settling{tx: tx, codec: newCodec(tx.Now(), u.Zone).ofLink(tx, c.LinkID), c: c, by: by}
		if err := s.undo(); err != nil {
			return err
		}
		return tx.ReopenConflict(id, by)
	})
}

var errNotSettled = &pim.Error{Op: "relay: undo", Kind: pim.ErrInvalid, Public: "the conflict is not settled"}

// undo puts the item back, for a report of a device.
func (s settling) undo() error {
	if err := s.undoSecond(); err != nil {
		return err
	}
	o, err := s.tx.ObjectByID(s.c.ObjectID)
	if err != nil && !errors.Is(err, pim.ErrNotFound) {
		return err
	}
	if err != nil || o.Deleted && !s.settledBy(o) {
		// It was gone already, and came back as another object if it was taken.
		if o, err = s.tx.Object(s.c.CollectionID, s.c.Name); errors.Is(err, pim.ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
	}
	vs, err := s.tx.Versions(o.ID)
	if err != nil {
		return err
	}
	for i, v := range vs {
		if !v.At.Equal(*s.c.ResolvedAt) || v.By != s.c.ResolvedBy {
			continue
		}
		if i > 0 {
			return pim.Errorf("relay: undo", pim.ErrConflict, "the item was changed since")
		}
		if len(vs) == 1 && !o.CreatedAt.Equal(*s.c.ResolvedAt) {
			return pim.Errorf("relay: undo", pim.ErrNotFound, "what the item was before is not kept any more")
		}
		if len(vs) == 1 {
			_, err := s.tx.DeleteObject(o.CollectionID, o.Name, store.Cond{}, s.by, 0)
			return err
		}
		w, err := s.codec.index(s.c.Kind, vs[1].Text)
		if err != nil {
			return err
		}
		return s.put(w, o.Name, o.UID, store.Cond{})
	}
	return nil // the choice was to leave it as it was
}

// settledBy reports whether the settling was what deleted o.
func (s settling) settledBy(o store.Object) bool { return o.UpdatedAt.Equal(*s.c.ResolvedAt) }

// undoSecond removes the item that keeping both versions made.
func (s settling) undoSecond() error {
	if s.c.Resolution != string(KeepBoth) {
		return nil
	}
	home, err := s.visible()
	if err != nil {
		return err
	}
	o, err := s.tx.ObjectByUID(home, secondUID(s.c.ID))
	if errors.Is(err, pim.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !o.UpdatedAt.Equal(*s.c.ResolvedAt) {
		return pim.Errorf("relay: undo", pim.ErrConflict, "the second item was changed since")
	}
	_, err = s.tx.DeleteObject(o.CollectionID, o.Name, store.Cond{}, s.by, 0)
	return err
}
