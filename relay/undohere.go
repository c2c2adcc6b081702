package relay

import (
	"errors"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// freeObject refuses when another pair of the link has the object.
func (b *undoing) freeObject(tx *store.Tx, p store.Pair) error {
	other, err := tx.PairByObject(b.link.ID, p.ObjectID)
	if errors.Is(err, pim.ErrNotFound) || err == nil && other.ID == p.ID {
		return nil
	}
	if err != nil {
		return err
	}
	return asItIs("the link ties it to something else since")
}

// backHere writes the hub's part back, and the books, in one transaction.
func (b *undoing) backHere(tx *store.Tx, x *restoring) error {
	if err := b.unchangedHere(tx, x); err != nil {
		return err
	}
	p := x.was
	p.ID, p.Intent, p.Dirty, p.RetryAt = x.now.ID, "", true, nil
	if x.now.ID != 0 {
		now, err := tx.Pair(x.now.ID) // a person may have spoken since it was looked at
		if err != nil && !errors.Is(err, pim.ErrNotFound) {
			return err
		}
		p.Tie = x.saidOf(now)
	}
	if x.there < 0 && x.now.ID != 0 {
		// The remote may have been read since.
		p.RemoteID, p.RemoteGone, p.URL, p.AwayAt = x.now.RemoteID, x.now.RemoteGone, x.now.URL, x.now.AwayAt
		p.TheirItem, p.TheirVersion, p.TheirPrint, p.TheirModified = x.now.TheirItem, x.now.TheirVersion, x.now.TheirPrint, x.now.TheirModified
	}
	if x.there >= 0 {
		if err := b.books(&p, x); err != nil {
			return err
		}
	}
	if x.here >= 0 {
		if err := b.text(tx, &p, x); err != nil {
			return err
		}
	}
	err := tx.SavePair(&p)
	if errors.Is(err, pim.ErrExists) {
		return asItIs("the link ties it to something else since")
	}
	if err != nil {
		return err
	}
	if p.RemoteID != "" && !p.RemoteGone {
		if err := b.remember(tx, p); err != nil {
			return err
		}
	}
	return tx.MarkSteps(x.ids, "done", p.ID)
}

// saidOf is what a person says of the item: what was said since the run, too. A move is the run's own doing.
func (x *restoring) saidOf(now store.Pair) string {
	if now.ID == 0 || rule.Tie(now.Tie) == rule.Moved || rule.Tie(x.was.Tie) == rule.Moved {
		return x.was.Tie
	}
	return now.Tie
}

// books note in the pair what the remote has now.
func (b *undoing) books(p *store.Pair, x *restoring) error {
	if x.gone {
		// It never was, for the books; its key was used, though.
		p.RemoteID, p.RemoteGone, p.Key = "", false, x.now.Key
		p.TheirItem, p.TheirVersion, p.TheirPrint, p.TheirModified, p.URL = nil, "", "", nil, ""
		return nil
	}
	agreed := p.Version == p.TheirVersion
	if err := b.theirs(p, x.rec, b.carried(x.rec.Item.Kind())); err != nil {
		return err
	}
	p.RemoteID, p.RemoteGone, p.Key = string(x.rec.ID), false, x.now.Key
	p.Mark, p.MarkAt = x.now.Mark, x.now.MarkAt
	if x.now.ID == 0 {
		p.Key = x.was.Key
	}
	if agreed {
		p.Version = p.TheirVersion
	}
	return nil
}

// text writes the text back that the object had, or takes away what the run made.
func (b *undoing) text(tx *store.Tx, p *store.Pair, x *restoring) error {
	first := x.here
	for i, s := range x.steps {
		if s.Side == "local" {
			first = i
			break
		}
	}
	m, s := x.memos[first], x.steps[first]
	if s.Action == "create" {
		if x.object.ID == 0 {
			return nil // a later step of the run took it away
		}
		_, err := tx.DeleteObject(b.coll.ID, x.object.Name, store.Cond{IfMatch: []string{x.object.ETag}}, b.by(), b.link.ID)
		b.note(tx, store.Step{PairID: x.pair, UID: s.UID, Title: s.Title, Side: "local", Action: "delete"}, func(c *Counts) { c.DeletedLocal++ })
		return err
	}
	w, err := b.codec.index(m.Kind, m.Text)
	if err != nil {
		return err
	}
	name := m.Name
	if x.object.ID != 0 {
		name = x.object.Name
	} else if _, err := tx.Object(b.coll.ID, name); err == nil {
		return asItIs("something else has its name here since")
	}
	o, err := b.put(tx, b.coll.ID, w, name, s.UID, m.Kind)
	if err != nil {
		return err
	}
	p.ObjectID, p.Seq = o.ID, o.Seq
	action, add := "update", func(c *Counts) { c.UpdatedLocal++ }
	if x.object.ID == 0 {
		action, add = "create", func(c *Counts) { c.CreatedLocal++ }
	}
	b.note(tx, store.Step{PairID: x.pair, UID: s.UID, Title: s.Title, Side: "local", Action: action}, add)
	return nil
}
