package store

import (
	"errors"
	"slices"

	"crmbridge/pim"
)

// Move is a MOVE or COPY of one object, also across collections.
type Move struct {
	From      CollectionID
	Name      string // of the source
	To        CollectionID
	NewName   string
	Overwrite bool // delete what lives at the destination first (RFC 4918 10.6), if it has the same UID
	Cond      Cond // on the source
	By        string
	Link      LinkID // as in Put
	Quota     int64  // as in Put, of a COPY; a MOVE takes no room
}

// MoveResult is what a move or copy did.
type MoveResult struct {
	Object  Object  // at the destination, with its text
	Source  Object  // as it was, with its text
	Deleted *Object // what lived at the destination, with its text; nil when nothing did
}

// MoveObject renames an object or moves it to another collection, in one step
// (RFC 4918 9.9). Within a collection it stays the same object with the same id;
// across, the destination gets a new object and the source becomes a tombstone that
// keeps the history. Errors as PutObject, and pim.ErrConflict with a *NameTaken when
// the destination is taken and Overwrite is not set, and pim.ErrExists with a *UIDTaken
// when what is to be overwritten has another UID, or another member has this one.
func (t *Tx) MoveObject(m Move) (MoveResult, error) {
	const op = "move"
	res, heads, err := t.prepare(op, m)
	if err != nil {
		return res, err
	}
	from, to := heads[m.From], heads[m.To]
	if m.From == m.To {
		err = t.rename(m, from, &res)
	} else {
		m.Quota = 0
		if err = t.bury(res.Source, from, m.By); err == nil {
			err = t.place(m, to, &res)
		}
		t.changed(m.From, m.Link)
	}
	if err != nil {
		return res, fail(op, err)
	}
	t.changed(m.To, m.Link)
	return res, t.doneAll(op, heads)
}

// CopyObject copies an object to another name or collection (RFC 4918 9.8). Errors
// as MoveObject: a copy within a collection is refused with a *UIDTaken unless the
// object has no UID; pim.ErrForbidden with a *QuotaExceeded.
func (t *Tx) CopyObject(m Move) (MoveResult, error) {
	const op = "copy"
	res, heads, err := t.prepare(op, m)
	if err != nil {
		return res, err
	}
	if m.From == m.To && res.Source.UID != "" {
		return res, pim.Wrap("store: "+op, pim.ErrExists, &UIDTaken{Name: res.Source.Name})
	}
	err = t.place(m, heads[m.To], &res)
	var full *QuotaExceeded
	if errors.As(err, &full) {
		return res, pim.Wrap("store: "+op, pim.ErrForbidden, full)
	}
	if err != nil {
		return res, fail(op, err)
	}
	t.changed(m.To, m.Link)
	return res, t.doneAll(op, heads)
}

// prepare locks the collections, checks everything and clears the destination.
func (t *Tx) prepare(op string, m Move) (MoveResult, map[CollectionID]*head, error) {
	var res MoveResult
	if err := t.writing(op); err != nil {
		return res, nil, err
	}
	if err := (Put{Name: m.NewName}).check(); err != nil {
		return res, nil, err
	}
	if m.From == m.To && m.Name == m.NewName {
		// RFC 4918 9.9.4: source and destination are the same resource.
		return res, nil, pim.Errorf("store: "+op, pim.ErrForbidden, "source and destination are the same")
	}
	heads, err := t.lockBoth(m.From, m.To)
	if err != nil {
		return res, nil, fail(op, err)
	}
	if res.Source, err = t.source(op, m.From, m.Name, m.Cond); err != nil {
		return res, nil, err
	}
	there, err := t.at(m.To, m.NewName)
	if err != nil {
		return res, nil, fail(op, err)
	}
	living := there != nil && !there.Deleted
	if living && !m.Overwrite {
		return res, nil, pim.Wrap("store: "+op, pim.ErrConflict, &NameTaken{Current: there})
	}
	if err := t.moveUID(m, res.Source, there); err != nil {
		return res, nil, err
	}
	if there == nil {
		return res, heads, nil
	}
	if living {
		if err := t.load(there); err != nil {
			return res, nil, fail(op, err)
		}
		old := *there
		res.Deleted = &old
		if err := t.bury(*there, heads[m.To], m.By); err != nil {
			return res, nil, fail(op, err)
		}
	}
	return res, heads, fail(op, t.shadow(there))
}

// moveUID refuses a destination that has another UID, and a collection where another
// object has this one (RFC 4791 5.3.2.1, RFC 6352 6.3.2.1).
func (t *Tx) moveUID(m Move, source Object, there *Object) error {
	if there != nil && there.Deleted {
		there = nil
	}
	if there == nil && m.From == m.To {
		return nil
	}
	return t.checkUID(m.To, source.UID, there, false)
}

// lockBoth locks one or two collections, always in the same order.
func (t *Tx) lockBoth(a, b CollectionID) (map[CollectionID]*head, error) {
	heads := map[CollectionID]*head{}
	for _, id := range slices.Compact([]CollectionID{min(a, b), max(a, b)}) {
		h, err := t.lock(id)
		if err != nil {
			return nil, err
		}
		heads[id] = &h
	}
	return heads, nil
}

func (t *Tx) doneAll(op string, heads map[CollectionID]*head) error {
	for _, h := range heads {
		if err := t.done(*h); err != nil {
			return fail(op, err)
		}
	}
	return nil
}

// rename gives the object another name and leaves a tombstone under the old one,
// for those who know it by that.
func (t *Tx) rename(m Move, h *head, res *MoveResult) error {
	o := res.Source
	left := Object{
		CollectionID: o.CollectionID, Name: o.Name, Kind: o.Kind, Component: o.Component, Start: o.Start, End: o.End, Span: o.Span,
		CreatedAt: t.now, UpdatedAt: t.now, Deleted: true,
	}
	o.Name, o.Seq, o.UpdatedAt = m.NewName, h.next(), t.now
	if _, err := t.exec(`UPDATE objects SET name = ?, seq = ?, updated_at = ? WHERE id = ?`, o.Name, o.Seq, o.UpdatedAt, o.ID); err != nil {
		return err
	}
	// Every change of a living object has its text, so that (object, seq) finds it.
	if err := t.insertVersion(Version{o.ID, o.Seq, o.ETag, o.Text, m.By, t.now}); err != nil {
		return err
	}
	left.Seq = h.next()
	if err := t.insertObject(&left, m.By); err != nil {
		return err
	}
	res.Object = o
	return nil
}

// place makes the new object at the destination.
func (t *Tx) place(m Move, h *head, res *MoveResult) error {
	o := res.Source
	o.ID, o.CollectionID, o.Name, o.Seq, o.CreatedAt, o.UpdatedAt = 0, m.To, m.NewName, h.next(), t.now, t.now
	if err := t.spend(h, o.Size, 0, m.Quota); err != nil {
		return err
	}
	if err := t.insertObject(&o, m.By); err != nil {
		return err
	}
	res.Object = o
	return nil
}
