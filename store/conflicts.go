package store

import (
	"time"

	"crmbridge/pim"
)

// ConflictFilter chooses conflicts; zero fields do not choose.
type ConflictFilter struct {
	User       UserID
	Collection CollectionID
	Object     ObjectID
	Link       LinkID
	Open       bool // only those that nobody resolved
	Settled    bool // only those that somebody resolved
	Kind       pim.Kind
	// Since and Until bound when the report was made: Since inclusive, Until exclusive.
	Since, Until time.Time
	Limit        int        // 0: 100
	Before       ConflictID // only older ones, for paging
}

// AddConflict adds a report; id and time are filled in.
func (t *Tx) AddConflict(c Conflict) (Conflict, error) {
	c.ID, c.CreatedAt, c.Size = 0, t.now, c.size()
	if err := t.writing("add conflict"); err != nil {
		return c, err
	}
	return c, fail("add conflict", t.db().Create(&c).Error)
}

func (c *Conflict) size() int64 { return int64(len(c.Base) + len(c.Mine) + len(c.Theirs)) }

// UpdateConflict writes what an open report says; owner, object, link and times stay.
// pim.ErrConflict when it is resolved already.
func (t *Tx) UpdateConflict(c Conflict) error {
	const op = "update conflict"
	old, err := t.Conflict(c.ID)
	if err != nil {
		return err
	}
	if old.ResolvedAt != nil {
		return resolved(op, old)
	}
	c.Size = c.size()
	return t.save(op, "conflict", &c, "Series", "Digest", "Size", "Name", "UID", "Kind", "Cause", "Method", "Device", "Base", "Mine", "Theirs", "Fields", "TheirVersion")
}

func resolved(op string, c Conflict) error {
	return pim.Errorf("store: "+op, pim.ErrConflict, "the conflict is resolved already (%s)", c.Resolution)
}

// Conflict returns the report with that id, else pim.ErrNotFound.
func (t *Tx) Conflict(id ConflictID) (Conflict, error) {
	c, err := take[Conflict](t, "id = ?", id)
	return c, fail("conflict", err)
}

// Conflicts returns reports, newest first, texts included.
func (t *Tx) Conflicts(f ConflictFilter) ([]Conflict, error) {
	w := where{}
	w.add(f.User != 0, "user_id = ?", f.User)
	w.add(f.Collection != 0, "collection_id = ?", f.Collection)
	w.add(f.Object != 0, "object_id = ?", f.Object)
	w.add(f.Link != 0, "link_id <> 0 AND link_id = ?", f.Link)
	w.add(f.Kind != 0, "kind = ?", f.Kind)
	w.add(f.Open, "resolved_at IS NULL")
	w.add(f.Settled, "resolved_at IS NOT NULL")
	w.add(!f.Since.IsZero(), "created_at >= ?", f.Since.UTC())
	w.add(!f.Until.IsZero(), "created_at < ?", f.Until.UTC())
	w.add(true, "id < ?", orMost(f.Before))
	cs, err := find[Conflict](t, w.text()+" ORDER BY id DESC LIMIT ?", append(w.args, orHundred(f.Limit))...)
	return cs, fail("conflicts", err)
}

// OpenConflict returns the newest unresolved report of an object and a link (0: of
// DAV clients), else pim.ErrNotFound.
func (t *Tx) OpenConflict(o ObjectID, l LinkID) (Conflict, error) {
	c, err := take[Conflict](t, "object_id = ? AND link_id = ? AND resolved_at IS NULL ORDER BY id DESC LIMIT 1", o, l)
	return c, fail("open conflict", err)
}

// ReopenConflict takes back that a report was resolved, and notes who did; one that is open
// is no error. pim.ErrNotFound without it.
func (t *Tx) ReopenConflict(id ConflictID, by string) error {
	const op = "reopen conflict"
	if err := t.writing(op); err != nil {
		return err
	}
	n, err := t.exec(`UPDATE conflicts SET resolved_at = NULL, resolution = '', resolved_by = ? WHERE id = ?`, by, id)
	if err == nil && n == 0 {
		return notFound(op, "conflict")
	}
	return fail(op, err)
}

// ForgetReopened makes the reopened reports of a link open ones like any other.
func (t *Tx) ForgetReopened(l LinkID) error {
	const op = "forget reopened conflicts"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE conflicts SET resolved_by = '' WHERE link_id = ? AND link_id <> 0 AND resolved_at IS NULL`, l)
	return fail(op, err)
}

// ResolveConflict closes a report and returns it. pim.ErrNotFound without it,
// pim.ErrConflict when it is closed already.
func (t *Tx) ResolveConflict(id ConflictID, resolution, by string) (Conflict, error) {
	const op = "resolve conflict"
	if err := t.writing(op); err != nil {
		return Conflict{}, err
	}
	if resolution == "" {
		return Conflict{}, pim.Errorf("store: "+op, pim.ErrInvalid, "a conflict is not resolved by nothing")
	}
	n, err := t.exec(`UPDATE conflicts SET resolved_at = ?, resolution = ?, resolved_by = ? WHERE id = ? AND resolved_at IS NULL`, t.now, resolution, by, id)
	if err != nil {
		return Conflict{}, fail(op, err)
	}
	c, err := t.Conflict(id)
	if err == nil && n == 0 {
		err = resolved(op, c)
	}
	return c, err
}
