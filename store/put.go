package store

import (
	"database/sql"
	"errors"
	"math"
	"slices"

	"crmbridge/pim"
)

// Cond is the preconditions of a write (RFC 9110 13.1.1, 13.1.2). ETags come
// without quotes; weak ones never match and must be left out by the caller, who
// then passes an empty list that is not nil.
type Cond struct {
	IfMatch     []string // nil: no condition; "*": the object exists
	IfNoneMatch []string // nil: no condition; "*": it does not exist
}

// holds checks the preconditions against what the name holds; nil is nothing.
func (c Cond) holds(o *Object) bool {
	if c.IfMatch != nil && (o == nil || !slices.Contains(c.IfMatch, "*") && !slices.Contains(c.IfMatch, o.ETag)) {
		return false
	}
	return o == nil || !slices.Contains(c.IfNoneMatch, "*") && !slices.Contains(c.IfNoneMatch, o.ETag)
}

// Put is one write of an object.
type Put struct {
	Collection CollectionID
	Name       string // last path segment, decoded; not ""
	UID        string // "" is allowed and not unique
	Kind       pim.Kind
	Component  string
	Text       []byte // kept as it is; may be reused by the caller afterwards
	// Start and End as in Object: Start inclusive, End exclusive, unix seconds.
	Start, End int64
	Cond       Cond
	By         string // "dav:alice/phone", "relay:link 3"
	Link       LinkID // the link that writes; 0: a client or person
	// Origin is where a new item comes from: "crm:NAME" or "exchange:NAME" of a link, ""
	// for whoever By says.
	Origin string
	// Quota is how many bytes the living objects of the user may have after the write;
	// 0: as many as they like.
	Quota int64
	// ReplaceUID lets the write give a living object another UID, which is else
	// refused as no-uid-conflict demands.
	ReplaceUID bool
}

// PutResult is what a write did.
type PutResult struct {
	Object    Object  // as it is now, with its text
	Created   bool    // nothing lived under the name before
	Unchanged bool    // the bytes were there already: neither ETag nor Seq moved
	Previous  *Object // what was replaced, with its text; nil when Created
}

// PutObject writes an object. Errors: pim.ErrNotFound without the collection,
// pim.ErrConflict with a *CondError when a precondition fails, pim.ErrExists with
// a *UIDTaken when the UID is in use or the name holds another one, pim.ErrInvalid
// for a name or UID that cannot be stored, pim.ErrForbidden with a *QuotaExceeded.
func (t *Tx) PutObject(p Put) (PutResult, error) {
	const op = "put"
	if err := t.writing(op); err != nil {
		return PutResult{}, err
	}
	if err := p.check(); err != nil {
		return PutResult{}, err
	}
	h, err := t.lock(p.Collection)
	if err != nil {
		return PutResult{}, fail(op, err)
	}
	old, err := t.at(p.Collection, p.Name)
	if err != nil {
		return PutResult{}, fail(op, err)
	}
	living := old
	if old != nil && old.Deleted {
		living = nil
	}
	if living != nil {
		if err := t.load(living); err != nil {
			return PutResult{}, fail(op, err)
		}
	}
	if !p.Cond.holds(living) {
		return PutResult{}, pim.Wrap("store: "+op, pim.ErrConflict, &CondError{Current: living})
	}
	if err := t.checkUID(p.Collection, p.UID, living, p.ReplaceUID); err != nil {
		return PutResult{}, err
	}
	var res PutResult
	if living != nil {
		res, err = t.replace(p, &h, *living)
	} else {
		res, err = t.create(p, &h, old)
	}
	var full *QuotaExceeded
	if errors.As(err, &full) {
		return PutResult{}, pim.Wrap("store: "+op, pim.ErrForbidden, full)
	}
	return res, fail(op, err)
}

func (p Put) check() error {
	switch {
	case p.Name == "" || !storable(p.Name):
		return pim.Errorf("store: put", pim.ErrInvalid, "the name of the object cannot be stored")
	case !storable(p.UID):
		return pim.Errorf("store: put", pim.ErrInvalid, "the UID holds characters that cannot be stored")
	case p.Start > p.End:
		return pim.Errorf("store: put", pim.ErrInvalid, "the object ends before it starts")
	}
	return nil
}

// checkUID refuses a UID that another living member has, and another UID for the
// living object itself.
func (t *Tx) checkUID(c CollectionID, uid string, living *Object, replace bool) error {
	if living != nil && living.UID == uid {
		return nil
	}
	if living != nil && !replace {
		return pim.Wrap("store: put", pim.ErrExists, &UIDTaken{Name: living.Name})
	}
	if uid == "" {
		return nil
	}
	rows, err := t.query(`SELECT name FROM objects WHERE collection_id = ? AND uid = ? AND NOT deleted AND uid <> ''`, c, uid)
	if err != nil {
		return fail("put", err)
	}
	defer rows.Close()
	if rows.Next() {
		taken := &UIDTaken{}
		if err := rows.Scan(&taken.Name); err != nil {
			return fail("put", err)
		}
		return pim.Wrap("store: put", pim.ErrExists, taken)
	}
	return fail("put", rows.Err())
}

func (t *Tx) create(p Put, h *head, tombstone *Object) (PutResult, error) {
	if tombstone != nil {
		if err := t.shadow(tombstone); err != nil {
			return PutResult{}, err
		}
	}
	o := Object{
		CollectionID: p.Collection, Name: p.Name, UID: p.UID, Kind: p.Kind, Component: p.Component,
		Text: slices.Clone(p.Text), ETag: ETag(p.Text), Size: int64(len(p.Text)), Start: p.Start, End: p.End, Span: span(p.Start, p.End),
		Seq: h.next(), CreatedAt: t.now, UpdatedAt: t.now,
	}
	if o.Text == nil {
		o.Text = []byte{}
	}
	if err := t.spend(h, o.Size, 0, p.Quota); err != nil {
		return PutResult{}, err
	}
	var err error
	if o.Origin, err = t.origin(p); err != nil {
		return PutResult{}, err
	}
	if err := t.insertObject(&o, p.By); err != nil {
		return PutResult{}, err
	}
	t.changed(p.Collection, p.Link)
	return PutResult{Object: o, Created: true}, t.done(*h)
}

// origin of a new object: that of the last one with its UID, else the one it is put with.
func (t *Tx) origin(p Put) (string, error) {
	if p.Origin == "" {
		p.Origin = p.By
	}
	if p.UID == "" {
		return p.Origin, nil
	}
	var was string
	err := t.row(`SELECT origin FROM objects WHERE collection_id = ? AND uid = ? AND deleted AND uid <> '' ORDER BY seq DESC LIMIT 1`, p.Collection, p.UID).Scan(&was)
	if err == nil && was != "" {
		return was, nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return p.Origin, err
}

func (t *Tx) replace(p Put, h *head, old Object) (PutResult, error) {
	o := old
	o.UID, o.Kind, o.Component, o.Start, o.End, o.Span = p.UID, p.Kind, p.Component, p.Start, p.End, span(p.Start, p.End)
	res := PutResult{Previous: &old, Unchanged: string(old.Text) == string(p.Text)}
	if !res.Unchanged {
		o.Text, o.ETag, o.Size = slices.Clone(p.Text), ETag(p.Text), int64(len(p.Text))
		if o.Text == nil {
			o.Text = []byte{}
		}
		o.Seq, o.UpdatedAt = h.next(), t.now
	}
	res.Object = o
	if !res.Unchanged {
		if err := t.spend(h, o.Size, old.Size, p.Quota); err != nil {
			return res, err
		}
	}
	// With the same text this still takes over what a better parser found in it.
	_, err := t.exec(`UPDATE objects SET uid = ?, kind = ?, component = ?, etag = ?, size = ?, first_start = ?, last_end = ?, span = ?,
		seq = ?, updated_at = ? WHERE id = ?`,
		o.UID, o.Kind, o.Component, o.ETag, o.Size, o.Start, o.End, o.Span, o.Seq, o.UpdatedAt, o.ID)
	if err != nil || res.Unchanged {
		return res, err
	}
	if err := t.insertVersion(Version{o.ID, o.Seq, o.ETag, o.Text, p.By, t.now}); err != nil {
		return res, err
	}
	t.changed(p.Collection, p.Link)
	return res, t.done(*h)
}

// DeleteObject makes the object a tombstone and returns it as it was, with its
// text. by and link as in Put. Errors: pim.ErrNotFound, and pim.ErrConflict with a
// *CondError.
func (t *Tx) DeleteObject(c CollectionID, name string, cond Cond, by string, link LinkID) (Object, error) {
	const op = "delete"
	if err := t.writing(op); err != nil {
		return Object{}, err
	}
	h, err := t.lock(c)
	if err != nil {
		return Object{}, fail(op, err)
	}
	o, err := t.source(op, c, name, cond)
	if err != nil {
		return Object{}, err
	}
	if err := t.bury(o, &h, by); err != nil {
		return Object{}, fail(op, err)
	}
	if err := t.EndWishes(o.ID, "", by); err != nil {
		return Object{}, err
	}
	t.changed(c, link)
	return o, fail(op, t.done(h))
}

// source reads the living object that an operation starts from and checks its
// preconditions.
func (t *Tx) source(op string, c CollectionID, name string, cond Cond) (Object, error) {
	o, err := t.Object(c, name)
	switch {
	case pim.ReasonOf(err) == pim.ErrNotFound && !cond.holds(nil):
		// RFC 9110 13.1.1: If-Match is false when there is nothing to match.
		return o, pim.Wrap("store: "+op, pim.ErrConflict, &CondError{})
	case err != nil:
		return o, err
	case !cond.holds(&o):
		return o, pim.Wrap("store: "+op, pim.ErrConflict, &CondError{Current: &o})
	}
	return o, nil
}

// Spans class objects by their length, so that a range of time is found with a few
// short index scans: an object of class n that overlaps the range starts at most
// spanLimits[n] before it. Objects without end or start, and extremely long ones, are
// the class openSpan.
const (
	day      = 24 * 60 * 60
	openSpan = 8
)

// spanLimit is the longest length, in seconds, of the classes below openSpan.
func spanLimit(n int) int64 { return day << (2 * n) } // 1, 4, 16 … 16 384 days

func span(start, end int64) int {
	if start == math.MinInt64 || end == math.MaxInt64 {
		return openSpan
	}
	for n := range openSpan {
		// end-start overflows when they lie far apart on both sides of 0; as
		// unsigned numbers the difference is right.
		if uint64(end)-uint64(start) <= uint64(spanLimit(n)) {
			return n
		}
	}
	return openSpan
}
