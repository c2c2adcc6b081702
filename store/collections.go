package store

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"

	"crmbridge/pim"
)

// CreateCollection adds a collection; id, epoch, first change and times are filled
// in. pim.ErrExists when the slug is in use in that home.
func (t *Tx) CreateCollection(c Collection) (Collection, error) {
	const op = "create collection"
	switch {
	case c.Home != Calendars && c.Home != AddressBooks && c.Home != Occurrences && c.Home != Mail:
		return c, pim.Errorf("store: "+op, pim.ErrInvalid, "%q is no kind of collection", string(c.Home))
	case c.Slug == "" || !storable(c.Slug):
		return c, pim.Errorf("store: "+op, pim.ErrInvalid, "the collection needs a usable name in its address")
	}
	var err error
	if c.Epoch, err = t.s.epoch(); err != nil {
		return c, err
	}
	c.ID, c.Seq, c.Bytes, c.Deleted, c.CreatedAt, c.UpdatedAt = 0, 1, 0, false, t.now, t.now
	added, err := t.insert(op, &c)
	if err == nil && !added {
		err = pim.Errorf("store: "+op, pim.ErrExists, "there is already a collection %q", c.Slug)
	}
	return c, err
}

// epoch is 80 random bits, as text that fits into a URI.
func (s *Store) epoch() (string, error) {
	var b [10]byte
	if _, err := io.ReadFull(s.cfg.Rand, b[:]); err != nil {
		return "", fmt.Errorf("store: epoch: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:])), nil
}

// Collection returns the living collection with that id, else pim.ErrNotFound.
func (t *Tx) Collection(id CollectionID) (Collection, error) {
	c, err := take[Collection](t, "id = ? AND NOT deleted"+t.forUpdate(), id)
	return c, fail("collection", err)
}

// Hold keeps a collection as it is until the end of the transaction, as reading it with Collection does, for who is going to
// write pairs of its objects: locks are taken in one order, collections first. 0 is none, and SQLite has one writer anyway.
func (t *Tx) Hold(id CollectionID) error {
	if id == 0 || !t.s.postgres {
		return nil
	}
	_, err := t.exec(`SELECT id FROM collections WHERE id = ?`+t.forUpdate(), id)
	return fail("hold collection", err)
}

// AnyCollection returns the collection with that id, a deleted one too, else pim.ErrNotFound.
// It is for naming what is no more: whether it may be read is Collection's to say.
func (t *Tx) AnyCollection(id CollectionID) (Collection, error) {
	c, err := take[Collection](t, "id = ?", id)
	return c, fail("any collection", err)
}

// CollectionBySlug returns the living collection under that path segment, else
// pim.ErrNotFound.
func (t *Tx) CollectionBySlug(u UserID, h Home, slug string) (Collection, error) {
	if !storable(slug) {
		return Collection{}, notFound("collection by slug", "collection")
	}
	c, err := take[Collection](t, "user_id = ? AND home = ? AND slug = ? AND NOT deleted"+t.forUpdate(), u, h, slug)
	return c, fail("collection by slug", err)
}

// Collections returns the living collections of a home, of all that people know when h is "",
// in the order people chose.
func (t *Tx) Collections(u UserID, h Home) ([]Collection, error) {
	var cs []Collection
	db := t.db().Where("user_id = ? AND NOT deleted", u)
	if h != "" {
		db = db.Where("home = ?", h)
	} else {
		db = db.Where("home <> ?", Occurrences)
	}
	err := db.Order("home, sort_order, id").Find(&cs).Error
	return cs, fail("collections", err)
}

// UpdateCollection writes what people and clients set: all but id, owner, home,
// epoch, Seq, Bytes and times. It counts as a change: Seq moves. The collection as it is
// now is returned. pim.ErrExists when a new slug is in use.
func (t *Tx) UpdateCollection(c Collection) (Collection, error) {
	const op = "update collection"
	if err := t.writing(op); err != nil {
		return c, err
	}
	old, err := t.Collection(c.ID)
	if err != nil {
		return c, err
	}
	if c.Slug != old.Slug {
		if _, err := t.CollectionBySlug(old.UserID, old.Home, c.Slug); err == nil {
			return c, pim.Errorf("store: "+op, pim.ErrExists, "there is already a collection %q", c.Slug)
		} else if pim.ReasonOf(err) != pim.ErrNotFound {
			return c, err
		}
	}
	c.UserID, c.Home, c.Epoch, c.Deleted, c.CreatedAt = old.UserID, old.Home, old.Epoch, false, old.CreatedAt
	c.Seq, c.Bytes, c.UpdatedAt = old.Seq+1, old.Bytes, t.now
	return c, t.save(op, "collection", &c)
}

// DeleteCollection deletes a collection: its objects become tombstones, its links,
// their pairs and its dead properties are gone, its feeds are revoked, its slug is free. Texts,
// conflicts and runs stay readable by their ids.
func (t *Tx) DeleteCollection(id CollectionID) error {
	const op = "delete collection"
	if err := t.writing(op); err != nil {
		return err
	}
	c, err := t.Collection(id)
	if err != nil {
		return err
	}
	// What only stood for its series goes with them.
	hidden, err := find[Collection](t, `home = ? AND NOT deleted AND id IN (SELECT collection_id FROM derived WHERE source_id = ?)`, Occurrences, id)
	if err != nil {
		return fail(op, err)
	}
	for _, h := range hidden {
		if err := t.DeleteCollection(h.ID); err != nil {
			return err
		}
	}
	// Each tombstone gets a change of its own, as if deleted one by one.
	n, err := t.exec(`UPDATE objects SET deleted = true, etag = '', size = 0, seq = ranks.seq, updated_at = ?
		FROM (SELECT id, CAST(? AS bigint) + row_number() OVER (ORDER BY id) AS seq FROM objects WHERE collection_id = ? AND NOT deleted) AS ranks
		WHERE objects.id = ranks.id`, t.now, c.Seq, id)
	if err != nil {
		return fail(op, err)
	}
	for _, s := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO versions (object_id, seq, etag, changed_by, changed_at)
			SELECT id, seq, '', '', ? FROM objects WHERE collection_id = ? AND seq > ?`, []any{t.now, id, c.Seq}},
		{`UPDATE collections SET deleted = true, bytes = 0, seq = ?, updated_at = ? WHERE id = ?`, []any{c.Seq + Seq(n) + 1, t.now, id}},
		{`DELETE FROM links WHERE collection_id = ?`, []any{id}},
		{`DELETE FROM occurrences WHERE collection_id = ?`, []any{id}},
		// The rows stay, so that who still asks at their addresses is told that they ended.
		{`UPDATE feeds SET revoked_at = ? WHERE collection_id = ? AND revoked_at IS NULL`, []any{t.now, id}},
		{`DELETE FROM derived WHERE collection_id = ? OR source_id = ?`, []any{id, id}},
		{`DELETE FROM properties WHERE owner = ?`, []any{CollectionOwner(id)}},
	} {
		if _, err := t.exec(s.query, s.args...); err != nil {
			return fail(op, err)
		}
	}
	return nil
}

// HomeSeq is a text that changes whenever a collection of the home is made, changed
// or deleted and whenever a member of one changes.
func (t *Tx) HomeSeq(u UserID, h Home) (string, error) {
	// Both sums only ever grow: collections stay as rows, their changes count up.
	var n, sum int64
	err := t.row(`SELECT count(*), CAST(coalesce(sum(seq), 0) AS bigint) FROM collections WHERE user_id = ? AND home = ?`, u, h).Scan(&n, &sum)
	return fmt.Sprintf("%d-%d", n, sum), fail("home", err)
}
