package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
)

// ETag is the strong entity tag of a text (RFC 9110 8.8.3), without quotes: equal
// bytes have equal tags, nothing else has.
func ETag(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// fields says how much of an object a query reads.
type fields int

const (
	slim     fields = iota // ID, Name and ETag: what a listing of ETags shows
	slimSeq                // Seq, Name, ETag and Deleted: the same for changes
	brief                  // what a listing shows
	named                  // what a search looks at: ID, Name, Component, ETag, Seq, Start, End and the text
	full                   // all but the text
	withText               // all
)

// selects is the SELECT … FROM objects AS o for the fields, which a scanner reads.
// A tombstone has no text.
func (t *Tx) selects(f fields) string {
	const all = `o.id, o.name, o.component, o.etag, o.size, o.seq, o.updated_at, o.collection_id, o.uid, o.kind, o.first_start, o.last_end,
		o.span, o.created_at, o.deleted, o.shadowed, o.origin`
	switch f {
	case slim:
		return `SELECT o.id, o.name, o.etag FROM objects AS o`
	case slimSeq:
		return `SELECT o.seq, o.name, o.etag FROM objects AS o`
	case brief:
		return `SELECT o.id, o.name, o.component, o.etag, o.size, o.seq, o.updated_at FROM objects AS o`
	case named:
		return `SELECT o.id, o.name, o.component, o.etag, o.seq, o.first_start, o.last_end` + t.withText()
	case full:
		return `SELECT ` + all + ` FROM objects AS o`
	}
	return `SELECT ` + all + t.withText()
}

// withText is the text as the next column, and FROM objects AS o.
func (t *Tx) withText() string {
	if t.s.postgres {
		// A subquery and no join: PostgreSQL would rather read all texts than look up
		// those of a page.
		return `, (SELECT v.text FROM versions AS v WHERE v.object_id = o.id AND v.seq = o.seq) FROM objects AS o`
	}
	// A join and no subquery, for which SQLite opens its cursors anew at each row. The
	// objects of a left join come first always.
	return `, v.text FROM objects AS o LEFT JOIN versions AS v ON v.object_id = o.id AND v.seq = o.seq`
}

// scanner reads rows of selects one after the other, always into the same place.
type scanner struct {
	o    Object
	dest []any
}

func newScanner(f fields) *scanner {
	s := &scanner{}
	o := &s.o
	// Numbers go by their plain types: database/sql takes those as they are, and others
	// through reflection and an allocation each.
	id, seq := (*int64)(&o.ID), (*int64)(&o.Seq)
	switch f {
	case slim:
		s.dest = []any{id, &o.Name, &o.ETag}
		return s
	case slimSeq:
		s.dest = []any{seq, &o.Name, &o.ETag}
		return s
	case named:
		s.dest = []any{id, &o.Name, &o.Component, &o.ETag, seq, &o.Start, &o.End, &o.Text}
		return s
	}
	s.dest = append(s.dest, id, &o.Name, &o.Component, &o.ETag, &o.Size, seq, &o.UpdatedAt)
	if f >= full {
		s.dest = append(s.dest, (*int64)(&o.CollectionID), &o.UID, &o.Kind, &o.Start, &o.End, &o.Span, &o.CreatedAt, &o.Deleted, &o.Shadowed, &o.Origin)
	}
	if f >= withText {
		s.dest = append(s.dest, &o.Text)
	}
	return s
}

func (t *Tx) object(f fields, where string, args ...any) (Object, error) {
	s := newScanner(f)
	err := t.row(t.selects(f)+" WHERE "+where, args...).Scan(s.dest...)
	return s.read(f), err
}

// read is the object just scanned.
func (s *scanner) read(f fields) Object {
	o := s.o
	s.o.Text = nil // the next row's is another slice
	if f == slimSeq {
		o.Deleted = o.ETag == "" // a tombstone has none, and every text has one
	}
	if (f == named || f >= withText) && o.Text == nil && !o.Deleted {
		o.Text = []byte{} // modernc.org/sqlite gives nil for a blob without bytes, too
	}
	return o
}

// Object returns the living object under a name, with its text, else
// pim.ErrNotFound.
func (t *Tx) Object(c CollectionID, name string) (Object, error) {
	if !storable(name) {
		return Object{}, notFound("object", "object")
	}
	o, err := t.object(withText, `o.collection_id = ? AND o.name = ? AND NOT o.shadowed AND NOT o.deleted`, c, name)
	return o, fail("object", err)
}

// Member returns a living collection of a home and its living object under a name, with its text: what CollectionBySlug and Object
// return together, else pim.ErrNotFound, whichever is missing.
func (t *Tx) Member(u UserID, h Home, slug, name string) (c Collection, o Object, err error) {
	if t.s.postgres || t.write {
		// PostgreSQL may think of another order, in which it reads all objects; and who writes locks the collection.
		if c, err = t.CollectionBySlug(u, h, slug); err == nil {
			o, err = t.Object(c.ID, name)
		}
		return c, o, err
	}
	if !storable(slug) || !storable(name) {
		return c, o, notFound("member", "object")
	}
	tab, err := t.s.tables.of(t.s, &c)
	if err != nil {
		return c, o, err
	}
	query := t.s.tables.text("member", func() string {
		// The collection comes first in a cross join.
		objects := strings.Replace(strings.TrimPrefix(t.selects(withText), "SELECT "), "FROM objects", "FROM collections AS c CROSS JOIN objects", 1)
		return "SELECT " + tab.of("c") + ", " + objects + `
			WHERE c.id = o.collection_id AND c.user_id = ? AND c.home = ? AND c.slug = ? AND NOT c.deleted AND o.name = ? AND NOT o.shadowed AND NOT o.deleted`
	})
	s := newScanner(withText)
	err = t.row(query, u, h, slug, name).Scan(append(tab.scan(reflect.ValueOf(&c).Elem()), s.dest...)...)
	return c, s.read(withText), fail("member", err)
}

// ObjectByID returns the object with that id; a tombstone too, which has no text.
func (t *Tx) ObjectByID(id ObjectID) (Object, error) {
	o, err := t.object(withText, `o.id = ?`, id)
	return o, fail("object by id", err)
}

// ObjectByUID returns the living object with that UID, with its text, else
// pim.ErrNotFound. No object is found by the empty UID.
func (t *Tx) ObjectByUID(c CollectionID, uid string) (Object, error) {
	if uid == "" || !storable(uid) {
		return Object{}, notFound("object by uid", "object")
	}
	o, err := t.object(withText, `o.collection_id = ? AND o.uid = ? AND NOT o.deleted AND o.uid <> ''`, c, uid)
	return o, fail("object by uid", err)
}

// ObjectsByName returns the living objects under the names, with their texts; those
// that do not exist are left out.
func (t *Tx) ObjectsByName(c CollectionID, names []string) ([]Object, error) {
	var os []Object
	err := t.EachNamed(c, names, func(o *Object) error {
		os = append(os, *o)
		return nil
	})
	return os, err
}

// EachNamed calls f for the living objects under the names, as ObjectsByName but
// holding no more texts than a page has. They come in the order of the names, except that
// short ones may overtake long ones that fill pages. f may use the transaction.
func (t *Tx) EachNamed(c CollectionID, names []string, f func(*Object) error) error {
	const most = 64
	for want := most; len(names) > 0; {
		asked := names[:min(want, len(names))]
		found := make(map[string]*Object, len(asked))
		size := 0
		err := t.each(withText, ` WHERE o.collection_id = ? AND NOT o.shadowed AND NOT o.deleted AND o.name `+t.anyText(),
			[]any{c, t.textList(asked)}, func(o *Object) error {
				found[o.Name] = o
				if size += len(o.Text); size >= pageBytes {
					return errPageFull
				}
				return nil
			})
		full := errors.Is(err, errPageFull)
		if err != nil && !full {
			return fail("objects by name", err)
		}
		var left []string // not read yet
		for _, name := range asked {
			o, there := found[name]
			if !there {
				left = append(left, name)
				continue
			}
			found[name] = nil // its text is not held any longer
			if o == nil {
				continue // named twice
			}
			if err := f(o); err != nil {
				return err
			}
		}
		names = names[len(asked):]
		if want = min(2*want, most); full {
			want = len(found) // PostgreSQL sends the rest of what was asked for in vain
			names = append(left, names...)
		}
	}
	return nil
}

// each calls f for each row of a query for objects. f must not use the transaction:
// the rows are still open.
func (t *Tx) each(fs fields, where string, args []any, f func(*Object) error) error {
	return t.stream(fs, where, args, func(o *Object) error {
		kept := *o
		return f(&kept)
	})
}

// checkRows is how many rows are read for somebody who may have gone.
const checkRows = 128

// stream is each with the same place for every row: f must not keep the object.
func (t *Tx) stream(fs fields, where string, args []any, f func(*Object) error) error {
	rows, err := t.query(t.selects(fs)+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	s := newScanner(fs)
	var o Object
	for n := 1; rows.Next(); n++ {
		if err := rows.Scan(s.dest...); err != nil {
			return err
		}
		// The driver looks at the context beside the reading, and is outrun.
		if n%checkRows == 0 && t.ctx.Err() != nil {
			return t.ctx.Err()
		}
		o = s.read(fs)
		if err := f(&o); err != nil {
			return err
		}
	}
	return rows.Err()
}

// streamTo is stream that tells faults of the database from errors of f, which pass
// unchanged.
func (t *Tx) streamTo(op string, fs fields, where string, args []any, f func(*Object) error) error {
	var theirs error
	err := t.stream(fs, where, args, func(o *Object) error {
		theirs = f(o)
		return theirs
	})
	if theirs != nil {
		return theirs
	}
	return fail(op, err)
}

// Count returns how many living objects a collection has, and the bytes of their
// texts.
func (t *Tx) Count(c CollectionID) (objects int, bytes int64, err error) {
	err = t.row(`SELECT count(*), CAST(coalesce(sum(size), 0) AS bigint) FROM objects WHERE collection_id = ? AND NOT deleted`, c).Scan(&objects, &bytes)
	return objects, bytes, fail("count", err)
}

// head is what a write needs of a collection, which it locks.
type head struct {
	id    CollectionID
	user  UserID
	seq   Seq
	bytes int64 // what was added since it was locked
}

func (t *Tx) lock(id CollectionID) (head, error) {
	h := head{id: id}
	err := t.row(`SELECT user_id, seq FROM collections WHERE id = ? AND NOT deleted`+t.forUpdate(), id).Scan(&h.user, &h.seq)
	return h, err
}

// next takes the next number of the change sequence; done writes the last one
// back. The row stays locked from lock to commit, so no reader sees n+1 before n.
func (h *head) next() Seq {
	h.seq++
	return h.seq
}

func (t *Tx) done(h head) error {
	_, err := t.exec(`UPDATE collections SET seq = ?, bytes = bytes + ? WHERE id = ?`, h.seq, h.bytes, h.id)
	return err
}

// at returns the row that speaks for a name: the living object or the newest
// tombstone; nil when the name was never used.
func (t *Tx) at(c CollectionID, name string) (*Object, error) {
	o, err := t.object(full, `o.collection_id = ? AND o.name = ? AND NOT o.shadowed`, c, name)
	if err == sql.ErrNoRows {
		return nil, nil
	}
	return &o, err
}

// shadow makes room for another row under the name of a tombstone.
func (t *Tx) shadow(o *Object) error {
	_, err := t.exec(`UPDATE objects SET shadowed = true WHERE id = ?`, o.ID)
	return err
}

// insertObject adds the row and its text; a tombstone has none.
func (t *Tx) insertObject(o *Object, by string) error {
	err := t.row(`INSERT INTO objects (collection_id, name, uid, kind, component, etag, size, first_start, last_end, span,
		seq, created_at, updated_at, deleted, shadowed, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		o.CollectionID, o.Name, o.UID, o.Kind, o.Component, o.ETag, o.Size, o.Start, o.End, o.Span,
		o.Seq, o.CreatedAt, o.UpdatedAt, o.Deleted, o.Shadowed, o.Origin).Scan(&o.ID)
	if err != nil {
		return err
	}
	t.added++
	return t.insertVersion(Version{o.ID, o.Seq, o.ETag, o.Text, by, t.now})
}

func (t *Tx) insertVersion(v Version) error {
	_, err := t.exec(`INSERT INTO versions (object_id, seq, etag, text, changed_by, changed_at) VALUES (?, ?, ?, ?, ?, ?)`,
		v.ObjectID, v.Seq, v.ETag, v.Text, v.By, v.At)
	return err
}

// bury makes a living object a tombstone.
func (t *Tx) bury(o Object, h *head, by string) error {
	seq := h.next()
	h.bytes -= o.Size
	_, err := t.exec(`UPDATE objects SET deleted = true, etag = '', size = 0, seq = ?, updated_at = ? WHERE id = ?`, seq, t.now, o.ID)
	if err != nil {
		return err
	}
	if err := t.becomes(h, o.Size, 0, 0); err != nil {
		return err
	}
	return t.insertVersion(Version{o.ID, seq, "", nil, by, t.now})
}

// load fills in the text of an object read without.
func (t *Tx) load(o *Object) error {
	return t.row(`SELECT text FROM versions WHERE object_id = ? AND seq = ?`, o.ID, o.Seq).Scan(&o.Text)
}
