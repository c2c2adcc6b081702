package store

import (
	"fmt"
	"slices"

	"crmbridge/pim"
)

// CreateLink ties a living collection to a remote; id and times are filled in.
// pim.ErrExists when the collection has a link on that side or the user one of
// that name.
func (t *Tx) CreateLink(l Link) (Link, error) {
	const op = "create link"
	if l.Side != CRM && l.Side != Exchange {
		return l, pim.Errorf("store: "+op, pim.ErrInvalid, "%q is no side to link to", string(l.Side))
	}
	c, err := t.Collection(l.CollectionID)
	if err != nil {
		return l, err
	}
	if c.UserID != l.UserID {
		return l, notFound(op, "collection")
	}
	l.ID, l.CreatedAt, l.UpdatedAt = 0, t.now, t.now
	added, err := t.insert(op, &l)
	if err == nil && !added {
		err = pim.Errorf("store: "+op, pim.ErrExists, "there is already a link named %q, or the collection is linked to that side", l.Name)
	}
	return l, err
}

// Link returns the link with that id, else pim.ErrNotFound.
func (t *Tx) Link(id LinkID) (Link, error) {
	l, err := take[Link](t, "id = ?"+t.forUpdate(), id)
	return l, fail("link", err)
}

// LinkByName returns a user's link by its name, else pim.ErrNotFound.
func (t *Tx) LinkByName(u UserID, name string) (Link, error) {
	l, err := take[Link](t, "user_id = ? AND name = ?", u, name)
	return l, fail("link by name", err)
}

// Links returns the links of a user, of all users when u is 0, by id.
func (t *Tx) Links(u UserID) ([]Link, error) {
	var ls []Link
	db := t.db().Order("id")
	if u != 0 {
		db = db.Where("user_id = ?", u)
	}
	err := db.Find(&ls).Error
	return ls, fail("links", err)
}

// LinksOf returns the links of a collection, by id.
func (t *Tx) LinksOf(c CollectionID) ([]Link, error) {
	var ls []Link
	err := t.db().Where("collection_id = ?", c).Order("id").Find(&ls).Error
	return ls, fail("links of", err)
}

// linkFields are the fields that UpdateLink may write. Owner, collection, side and
// driver never change; Wanted and the lease have methods of their own.
func linkFields() []string {
	return []string{
		"Name", "Remote", "Settings", "Rules", "Cursor", "Interval", "Paused", "Held", "ManyUntil", "Failures", "NextRun", "LastRun", "LastSuccess",
		"LastError", "ListedAt", "LocalSeq", "Mapped", "Folders",
	}
}

// UpdateLink writes the named fields of a link, or all that can change when none is
// named. A run names those it learned ("Cursor", "LocalSeq"…), so that it does not
// undo what a person sets meanwhile. A new name that is taken is pim.ErrExists.
func (t *Tx) UpdateLink(l Link, fields ...string) error {
	const op = "update link"
	known := linkFields()
	if len(fields) == 0 {
		fields = known
	}
	for _, f := range fields {
		if !slices.Contains(known, f) {
			return pim.Wrap("store: "+op, pim.ErrInternal, fmt.Errorf("no field %q to update", f))
		}
	}
	if slices.Contains(fields, "Name") {
		if err := t.linkName(op, l); err != nil {
			return err
		}
	}
	return t.save(op, "link", &l, append([]string{"UpdatedAt"}, fields...)...)
}

// linkName refuses a name that another link of the user has.
func (t *Tx) linkName(op string, l Link) error {
	old, err := t.Link(l.ID)
	if err != nil {
		return err
	}
	other, err := t.LinkByName(old.UserID, l.Name)
	if err == nil && other.ID != l.ID {
		return pim.Errorf("store: "+op, pim.ErrExists, "there is already a link named %q", l.Name)
	}
	if err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
		return err
	}
	return nil
}

// DeleteLink removes a link and its pairs; its conflicts and runs stay readable.
func (t *Tx) DeleteLink(id LinkID) error {
	const op = "delete link"
	if err := t.writing(op); err != nil {
		return err
	}
	n, err := t.exec(`DELETE FROM links WHERE id = ?`, id)
	if err == nil && n == 0 {
		return notFound(op, "link")
	}
	return fail(op, err)
}
