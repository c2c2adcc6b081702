package store

import (
	"database/sql"
	"errors"
	"time"

	"crmbridge/pim"
)

// CreateFeed adds a feed of a living collection of the user; id and time are filled in.
// pim.ErrExists when the hash is known, pim.ErrNotFound without user or collection.
func (t *Tx) CreateFeed(f Feed) (Feed, error) {
	const op = "create feed"
	c, err := t.Collection(f.CollectionID)
	if err != nil {
		return f, err
	}
	if c.UserID != f.UserID {
		return f, notFound(op, "collection")
	}
	f.ID, f.CreatedAt = 0, t.now
	added, err := t.insert(op, &f)
	if err == nil && !added {
		err = pim.Errorf("store: "+op, pim.ErrExists, "this feed address exists already")
	}
	return f, err
}

// FeedByHash returns the feed with that hash, expired and revoked ones too: the caller
// decides. pim.ErrNotFound when there is none.
func (t *Tx) FeedByHash(hash []byte) (Feed, error) {
	f, err := take[Feed](t, "hash = ?", hash)
	return f, fail("feed by hash", err)
}

// Feed returns the feed of a user with that id, else pim.ErrNotFound.
func (t *Tx) Feed(u UserID, id FeedID) (Feed, error) {
	f, err := take[Feed](t, "id = ? AND user_id = ?", id, u)
	return f, fail("feed", err)
}

// Feeds returns all feeds of a user, oldest first, revoked ones too; the collections of those may be deleted.
func (t *Tx) Feeds(u UserID) ([]Feed, error) {
	fs, err := find[Feed](t, "user_id = ? ORDER BY id", u)
	return fs, fail("feeds", err)
}

// UpdateFeed writes all of f but CreatedAt and the last use. pim.ErrExists when a new
// hash is known, pim.ErrNotFound without the feed.
func (t *Tx) UpdateFeed(f Feed) error {
	const op = "update feed"
	other, err := t.FeedByHash(f.Hash)
	if err == nil && other.ID != f.ID {
		return pim.Errorf("store: "+op, pim.ErrExists, "this feed address exists already")
	}
	if err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
		return err
	}
	return t.save(op, "feed", &f, "Name", "Hash", "Hint", "Detail", "Private", "Alarms", "PastDays", "FutureDays", "ExpiresAt", "RevokedAt")
}

// TouchFeed notes that a feed was read now, and by what.
func (t *Tx) TouchFeed(id FeedID, agent string) error {
	if err := t.writing("touch feed"); err != nil {
		return err
	}
	n, err := t.exec(`UPDATE feeds SET last_used = ?, last_agent = ? WHERE id = ?`, t.now, agent, id)
	if err == nil && n == 0 {
		return notFound("touch feed", "feed")
	}
	return fail("touch feed", err)
}

// ChangedAt is when a collection last changed: its properties or any of its objects,
// deleted ones too.
func (t *Tx) ChangedAt(c Collection) (time.Time, error) {
	o, err := take[Object](t, "collection_id = ? ORDER BY seq DESC LIMIT 1", c.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return c.UpdatedAt, nil
	}
	if o.UpdatedAt.After(c.UpdatedAt) {
		return o.UpdatedAt, nil
	}
	return c.UpdatedAt, fail("changed at", err)
}
