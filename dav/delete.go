package dav

import (
	"errors"
	"net/http"

	"crmbridge/birthday"
	"crmbridge/pim"
	"crmbridge/store"
)

// delete is RFC 4918 9.6 for objects and collections.
func (q *request) delete() error {
	c, err := readConditions(q.r.Header, q.hosts)
	if err != nil {
		return err
	}
	// RFC 4918 9.6.1: a collection goes with all that is in it, or not at all.
	if depth, err := q.depth(-1); err != nil {
		return err
	} else if depth >= 0 && q.at.at&atCollection != 0 {
		return badRequest("A collection can only be deleted with depth infinity.", nil)
	}
	return q.commit(func(tx *store.Tx) (outcome, error) {
		r, err := q.load(tx, q.at)
		if err != nil {
			return outcome{}, err
		}
		if !writable(q.caller, r) {
			return outcome{}, needPrivilege(r.path(), "unbind")
		}
		ok, err := q.check(tx, &c, r)
		if err != nil {
			return outcome{}, err
		}
		if r.obj == nil {
			if !ok {
				return outcome{}, preconditionFailed()
			}
			if err := unlinked(tx, r); err != nil {
				return outcome{}, err
			}
			return outcome{status: http.StatusNoContent}, birthday.DeleteCollection(tx, *r.col)
		}
		if !ok {
			return q.refuseDelete(tx, &c, r)
		}
		return q.deleteIn(tx, &c, r)
	})
}

// unlinked refuses to let a collection go that is linked to another system: one tap on a phone would end the link, of
// which nothing on the phone shows, or take it from the address where other programs read it. Its members can be deleted
// one by one.
func unlinked(tx *store.Tx, r *resource) error {
	links, err := tx.LinksOf(r.col.ID)
	if err != nil || len(links) == 0 {
		return err
	}
	f := needPrivilege(r.path(), "unbind")
	f.message = "This collection is linked to another system. Remove the link first (bridge link remove)."
	return f
}

// deleteIn deletes an object whose conditions hold.
func (q *request) deleteIn(tx *store.Tx, c *conditions, r *resource) (outcome, error) {
	out := outcome{status: http.StatusNoContent}
	if !c.names(q.at) {
		made, err := q.reportBlindDelete(tx, r)
		if err != nil {
			return outcome{}, err
		}
		if made {
			out.conflicts = append(out.conflicts, store.CauseBlind)
		}
	}
	_, err := tx.DeleteObject(r.col.ID, r.name, store.Cond{}, q.by(), 0)
	return out, err
}

// reportBlindDelete keeps the newer version that a device deletes without having seen it. The deletion itself is done:
// the client has done it already and would not take it back.
func (q *request) reportBlindDelete(tx *store.Tx, r *resource) (bool, error) {
	saw, err := q.saw(tx, r)
	if err != nil || saw.current {
		return false, err
	}
	rep := q.newReport(r, r, store.CauseBlind)
	rep.Base = saw.text
	return q.addReport(tx, r.flavor, rep)
}

// sight is what a device saw last of an object.
type sight struct {
	current bool   // the text that is there now
	text    []byte // what it saw instead; nil when that is nothing, or not kept any more
}

// saw looks up what the device of the request downloaded or wrote last, what is still to be noted included.
func (q *request) saw(tx *store.Tx, r *resource) (sight, error) {
	if err := tx.MarkSeen(q.caller.Device, q.h.seen.of(q.caller.Device)); err != nil {
		return sight{}, err
	}
	seq, known, err := tx.SeenSeq(q.caller.Device, r.obj.ID)
	if err != nil || !known {
		return sight{}, err
	}
	if seq >= r.obj.Seq {
		return sight{current: true}, nil
	}
	v, err := tx.Version(r.obj.ID, seq)
	if errors.Is(err, pim.ErrNotFound) {
		return sight{}, nil
	}
	// A new name is a change, too, and another device may have taken its own back.
	return sight{current: v.ETag == r.obj.ETag, text: v.Text}, err
}
