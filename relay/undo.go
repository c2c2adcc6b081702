package relay

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/store"
)

// Undo takes a person's choice about a conflict back: the item becomes what it was
// before. A report of a device is open again; that of a link stays settled, and what
// the item was is carried to the remote as a change. It is refused when the item was
// changed since, as that would be lost.
func (e *Engine) Undo(ctx context.Context, id store.ConflictID, by string) error {
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.Conflict(id)
		if err != nil {
			return err
		}
		if c.ResolvedAt == nil {
			return pim.Errorf("relay: undo", pim.ErrInvalid, "the conflict is not settled")
		}
		u, err := tx.User(c.UserID)
		if err != nil {
			return err
		}
		s := settling{tx: tx, codec: newCodec(tx.Now(), u.Zone), c: c, by: by}
		if err := s.undo(); err != nil {
			return err
		}
		if c.LinkID != 0 {
			return nil
		}
		return tx.ReopenConflict(id)
	})
}

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
