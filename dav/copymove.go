package dav

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"crmbridge/birthday"
	"crmbridge/store"
)

// copy is RFC 4918 9.8, move 9.9, both within what a user has.
func (q *request) copy() error { return q.transfer(false) }
func (q *request) move() error { return q.transfer(true) }

// transfer is one COPY or MOVE.
type transfer struct {
	q         *request
	moving    bool
	overwrite bool
	to        target
	members   bool // of a copied collection
}

// transfer reads the headers and leaves the rest to the transaction.
func (q *request) transfer(moving bool) error {
	c, err := readConditions(q.r.Header, q.hosts)
	if err != nil {
		return err
	}
	t := transfer{q: q, moving: moving, members: true}
	if t.overwrite, err = q.overwrite(); err != nil {
		return err
	}
	switch depth, err := q.depth(-1); {
	case err != nil:
		return err
	case depth == 1, moving && depth == 0 && q.at.at&atCollection != 0:
		return badRequest("This depth has no meaning here.", nil) // RFC 4918 9.8.3, 9.9.2
	case depth == 0:
		t.members = false
	}
	if t.to, err = q.destination(); err != nil {
		return err
	}
	return q.commit(func(tx *store.Tx) (outcome, error) { return t.run(tx, &c) })
}

// overwrite is RFC 4918 10.6.
func (q *request) overwrite() (bool, error) {
	switch strings.TrimSpace(q.r.Header.Get("Overwrite")) {
	case "", "T", "t":
		return true, nil
	case "F", "f":
		return false, nil
	}
	return false, badRequest("The Overwrite header is neither T nor F.", nil)
}

// destination is RFC 4918 10.3. What belongs to another user is refused alike whether it exists or not.
func (q *request) destination() (target, error) {
	header := q.r.Header.Get("Destination")
	if header == "" {
		return target{}, badRequest("The Destination header is missing.", nil)
	}
	to, ok := decodeTarget(header, q.hosts)
	if !ok {
		u, err := url.Parse(header)
		switch {
		case err != nil:
			return target{}, badRequest("The Destination header cannot be read.", err)
		case u.Host != "" && !q.ownHost(u.Host):
			return target{}, &failure{status: http.StatusBadGateway, message: "The destination is on another server."} // RFC 4918 9.8.5
		}
		return target{}, &failure{status: http.StatusForbidden, message: "Nothing can be put there."}
	}
	switch limit := q.h.limits.Name; {
	case to.user != "" && to.user != q.caller.User.Name, to.at&(atObject|atCollection) == 0:
		return target{}, &failure{status: http.StatusForbidden, message: "Nothing can be put there."}
	case to == q.at:
		return target{}, &failure{status: http.StatusForbidden, message: "Source and destination are the same."}
	case to.flavor != q.at.flavor, to.at != q.at.at:
		return target{}, forbidden(to.flavor.location, "Such a thing cannot be put there.")
	case len(to.name) > limit, len(to.slug) > limit:
		return target{}, &failure{status: http.StatusRequestURITooLong, message: "The name is too long."}
	}
	return to, nil
}

func (q *request) ownHost(host string) bool {
	for _, h := range q.hosts {
		if strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

// run checks the source (RFC 3744 appendix B: MOVE needs unbind on it, COPY only read).
func (t transfer) run(tx *store.Tx, c *conditions) (outcome, error) {
	q := t.q
	src, err := q.load(tx, q.at)
	if err != nil {
		return outcome{}, err
	}
	if t.moving && !writable(q.caller, src) {
		return outcome{}, needPrivilege(src.path(), "unbind")
	}
	if ok, err := q.check(tx, c, src); err != nil {
		return outcome{}, err
	} else if !ok {
		return outcome{}, preconditionFailed()
	}
	if src.obj == nil {
		return t.collection(tx, src)
	}
	return t.object(tx, c, src)
}

// object transfers one member. The preconditions of PUT hold for it too (RFC 4791 5.3.2.1).
func (t transfer) object(tx *store.Tx, c *conditions, src *resource) (outcome, error) {
	parent, err := t.q.parent(tx, t.to)
	if err != nil {
		return outcome{}, err
	}
	if err := accepts(parent, src.obj.Component); err != nil {
		return outcome{}, err
	}
	m := store.Move{
		From: src.col.ID, Name: src.name, To: parent.col.ID, NewName: t.to.name, Overwrite: t.overwrite, By: t.q.by(),
		Quota: t.q.h.limits.Quota,
	}
	do := tx.CopyObject
	if t.moving {
		do = tx.MoveObject
	}
	res, err := do(m)
	var taken *store.NameTaken
	switch {
	case errors.As(err, &taken):
		return outcome{}, preconditionFailed() // RFC 4918 10.6
	case err != nil:
		return outcome{}, uidConflict(parent, err)
	}
	out := outcome{status: created(res.Deleted == nil)}
	if res.Deleted != nil {
		err = t.replaced(tx, c, &out, parent, &res)
	}
	if err != nil {
		return outcome{}, err
	}
	return out, t.markSeen(tx, src, &res.Object)
}

// replaced looks at what was written over, as at a PUT or DELETE: what the device had not seen is kept in a report. There
// is no merging, as the client asked for the source and nothing else. RFC 4918 10.4: only the If header can name the
// version of a destination.
func (t transfer) replaced(tx *store.Tx, c *conditions, out *outcome, parent *resource, res *store.MoveResult) error {
	q, old := t.q, parent.member(res.Deleted)
	if err := errors.Join(q.supersede(tx, old, res.Object.Text), tx.EndWishes(old.obj.ID, "", q.by())); err != nil {
		return err
	}
	if c.ifNames(t.to, true) || q.sameContent(old.flavor, old.obj.Text, res.Object.Text) {
		return nil
	}
	saw, err := q.saw(tx, old)
	if err != nil || saw.current {
		return err
	}
	rep := q.newReport(old, old, store.CauseBlind)
	rep.ObjectID, rep.Name = res.Object.ID, res.Object.Name // that is what a person changes by choosing
	rep.Base, rep.Mine = saw.text, res.Object.Text
	rep.Fields = q.colliding(parent, nil, rep.Mine, rep.Theirs) // all that differ: it is replaced as a whole
	made, err := q.addReport(tx, old.flavor, rep)
	if made {
		out.conflicts = append(out.conflicts, rep.Cause)
	}
	return err
}

// markSeen lets a device know a copy of what it knew already. Other devices download it under its new name.
func (t transfer) markSeen(tx *store.Tx, src *resource, made *store.Object) error {
	saw, err := t.q.saw(tx, src)
	if err != nil || !saw.current {
		return err
	}
	return tx.MarkSeen(t.q.caller.Device, []store.SeenMark{{Object: made.ID, Seq: made.Seq}})
}

// created is 201 for what is new and 204 for what replaced something.
func created(is bool) int {
	if is {
		return http.StatusCreated
	}
	return http.StatusNoContent
}

// collection transfers a whole calendar or address book. A move keeps it the same collection under another name, with
// its feeds, marks and change sequence.
func (t transfer) collection(tx *store.Tx, src *resource) (outcome, error) {
	if t.moving { // RFC 4918 9.9: at its old address it is deleted
		if err := unlinked(tx, src); err != nil {
			return outcome{}, err
		}
	}
	old, err := t.q.exists(tx, t.to)
	if err != nil {
		return outcome{}, err
	}
	if old != nil {
		if !t.overwrite {
			return outcome{}, preconditionFailed()
		}
		if !writable(t.q.caller, old) {
			return outcome{}, needPrivilege(old.path(), "unbind")
		}
		if err := unlinked(tx, old); err != nil {
			return outcome{}, err
		}
		if err := birthday.DeleteCollection(tx, *old.col); err != nil {
			return outcome{}, err
		}
	}
	out := outcome{status: created(old == nil)}
	if t.moving {
		moved := *src.col
		moved.Slug = t.to.slug
		_, err := tx.UpdateCollection(moved)
		return out, err
	}
	if err := t.q.roomFor(tx, t.to.flavor); err != nil {
		return outcome{}, err
	}
	if err := t.bounded(tx, src); err != nil {
		return outcome{}, err
	}
	return out, t.copyCollection(tx, src)
}

// bounded refuses to copy more members than are copied at once, or than there is room for.
func (t transfer) bounded(tx *store.Tx, src *resource) error {
	if !t.members {
		return nil
	}
	limits := t.q.h.limits
	if n, _, err := tx.Count(src.col.ID); err != nil {
		return err
	} else if n > maxCopied || src.col.Bytes > limits.Copy {
		return noRoom("The collection has too many members, or too large ones, to be copied at once.")
	}
	if limits.Quota <= 0 {
		return nil
	}
	used, err := tx.UsedBytes(src.col.UserID)
	if err == nil && used+src.col.Bytes > limits.Quota {
		err = &store.QuotaExceeded{Used: used, Quota: limits.Quota}
	}
	return err
}

// maxCopied is how many members one COPY takes along: the copy is one transaction, and other writers wait for it.
const maxCopied = 10_000

// copyCollection makes a new collection: links stay with the old one, and what a link made read-only is the user's own
// in the copy.
func (t transfer) copyCollection(tx *store.Tx, src *resource) error {
	col := *src.col
	col.Slug, col.ReadOnly = t.to.slug, false
	made, err := tx.CreateCollection(col)
	if err != nil {
		return err
	}
	dead, err := tx.Properties(store.CollectionOwner(src.col.ID))
	if err != nil {
		return err
	}
	for _, p := range dead {
		p.Owner = store.CollectionOwner(made.ID)
		if err := tx.SetProperty(p); err != nil {
			return err
		}
	}
	if !t.members {
		return nil
	}
	return tx.EachObject(src.col.ID, store.EachOptions{}, func(o *store.Object) error {
		_, err := tx.CopyObject(store.Move{From: src.col.ID, Name: o.Name, To: made.ID, NewName: o.Name, By: t.q.by()})
		return err
	})
}
