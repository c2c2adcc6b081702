package relay

import (
	"context"
	"encoding/json"
	"errors"

	"crmbridge/pim"
	"crmbridge/store"
)

// Settle carries out what a person chose about a conflict. The object changes as if
// a person had written it; for a conflict of a link the base of the chosen fields
// becomes the remote's value, so that the next run carries the choice there. by
// names who chose.
func (e *Engine) Settle(ctx context.Context, id store.ConflictID, ch Choice, by string) error {
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.Conflict(id)
		if err != nil {
			return err
		}
		if c.ResolvedAt != nil {
			return pim.Errorf("relay: settle", pim.ErrExists, "the conflict is settled already: %s", c.Resolution)
		}
		if err := tx.Hold(c.CollectionID); err != nil {
			return err
		}
		u, err := tx.User(c.UserID)
		if err != nil {
			return err
		}
		s := settling{tx: tx, codec: newCodec(tx.Now(), u.Zone).ofLink(tx, c.LinkID), c: c, by: by}
		if err := s.settle(ch); err != nil {
			return err
		}
		if c.LinkID != 0 && e.Wake != nil {
			// The report outlives its link, and then the choice is about what is here alone.
			if err := e.Wake(ctx, tx, c.LinkID); err != nil && !errors.Is(err, pim.ErrNotFound) {
				return err
			}
		}
		_, err = tx.ResolveConflict(id, ch.String(), by)
		return err
	})
}

// settling is one Settle under way.
type settling struct {
	tx    *store.Tx
	codec codec
	c     store.Conflict
	by    string
}

func (s settling) settle(ch Choice) error {
	mine, err := s.codec.read(s.c.Kind, s.c.Mine)
	if err != nil {
		return err
	}
	theirs, err := s.codec.read(s.c.Kind, s.c.Theirs)
	if err != nil {
		return err
	}
	o, err := standingObject(s.tx, s.c)
	if err != nil {
		return err
	}
	now, err := s.codec.read(s.c.Kind, o.Text)
	if err != nil {
		return err
	}
	if ch.All == KeepBoth {
		return s.settleBoth(o, mine, theirs, now)
	}
	if s.c.LinkID == 0 {
		return s.settleRefused(ch, o, mine, theirs, now)
	}
	res, err := Resolve(s.c, ch, mine, theirs, now, s.fields())
	if err != nil {
		return err
	}
	if err := s.write(o, res); err != nil {
		return err
	}
	return s.move(theirs, res.Agreed)
}

// fields are those that collide by the report; none means all that differ.
func (s settling) fields() (set pim.FieldSet) {
	if s.c.Fields != "" {
		if err := json.Unmarshal([]byte(s.c.Fields), &set); err != nil {
			return pim.FieldSet{} // written by a later release: the whole is looked at
		}
	}
	return set
}

// settleRefused settles a report of a device. No base of a link moves: what is written
// is a change like any other.
func (s settling) settleRefused(ch Choice, o store.Object, mine, theirs, now pim.Item) error {
	lost := mine
	if kept(s.c) == Theirs {
		lost = theirs
	}
	base, err := s.codec.read(s.c.Kind, s.c.Base)
	if err != nil {
		base = nil // not to be read by the rules of today
	}
	res, err := ResolveRefused(s.c, ch, base, lost, now)
	if err != nil {
		return err
	}
	return s.write(o, res)
}

func (s settling) write(o store.Object, res Resolved) error {
	switch {
	case res.Delete:
		_, err := s.tx.DeleteObject(o.CollectionID, o.Name, store.Cond{IfMatch: []string{o.ETag}}, s.by, 0)
		return err
	case res.Text != nil:
		w, err := s.codec.index(s.c.Kind, res.Text)
		if err == nil && !res.Set.IsEmpty() {
			w, err = s.codec.apply(res.Text, res.Item, res.Set)
		}
		if err != nil {
			return err
		}
		if o.ID != 0 {
			return s.put(w, o.Name, o.UID, store.Cond{IfMatch: []string{o.ETag}})
		}
		return s.put(w, s.c.Name, s.c.UID, store.Cond{IfNoneMatch: []string{"*"}})
	case res.Set.IsEmpty():
		return nil
	}
	w, err := s.codec.apply(o.Text, res.Item, res.Set)
	if err != nil {
		return err
	}
	return s.put(w, o.Name, o.UID, store.Cond{IfMatch: []string{o.ETag}})
}

func (s settling) put(w written, name, uid string, cond store.Cond) error {
	in := w.put(s.c.CollectionID, name, uid, s.c.Kind)
	in.Cond, in.By = cond, s.by
	_, err := s.tx.PutObject(in)
	return err
}

// move makes the remote's value the base of the settled fields on both sides: what
// the hub has there now counts as the hub's change, or as agreed.
func (s settling) move(theirs pim.Item, fields pim.FieldSet) error {
	if s.c.LinkID == 0 || theirs == nil || fields.IsEmpty() {
		return nil
	}
	p, err := s.tx.PairByObject(s.c.LinkID, s.c.ObjectID)
	if errors.Is(err, pim.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, base := range []*[]byte{&p.LocalItem, &p.RemoteItem} {
		it, err := pim.DecodeItem(*base)
		if err != nil {
			return err
		}
		it = orNew(it, theirs.Kind())
		pim.Copy(it, theirs, fields)
		if *base, err = pim.EncodeItem(it); err != nil {
			return err
		}
	}
	// The prints no longer tell: compare field by field at the next look.
	p.LocalPrint, p.RemotePrint = "", ""
	wake(&p)
	return s.tx.SavePair(&p)
}
