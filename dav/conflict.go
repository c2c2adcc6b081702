package dav

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// refusePut answers a PUT whose conditions do not hold, and keeps what would else be lost: several clients drop the
// user's change without a word and download ours.
func (q *request) refusePut(tx *store.Tx, c *conditions, parent, r *resource, doc document) (outcome, error) {
	if r != nil && bytes.Equal(r.obj.Text, doc.bytes()) {
		// The version the client names was replaced by this very text: the answer to its first try got lost
		// (RFC 9110 13.1.1 allows to say so).
		if v, err := q.version(tx, r, c.expected()); err != nil || v != nil {
			if err != nil {
				return outcome{}, err
			}
			return outcome{status: http.StatusNoContent, etag: r.obj.ETag, now: r},
				tx.MarkSeen(q.caller.Device, []store.SeenMark{{Object: r.obj.ID, Seq: r.obj.Seq}})
		}
		return outcome{refused: preconditionFailed(), now: r}, nil
	}
	base, err := q.version(tx, r, c.expected())
	if err != nil {
		return outcome{}, err
	}
	rep := q.newReport(parent, r, store.CausePrecondition)
	rep.UID, rep.Kind = doc.uid(), doc.kind()
	rep.Base, rep.Mine = base, doc.bytes()
	rep.Fields = q.colliding(parent, base, rep.Mine, rep.Theirs)
	out, err := q.refuse(tx, parent.flavor, rep)
	out.now = r
	return out, err
}

// refuseDelete is refusePut for DELETE.
func (q *request) refuseDelete(tx *store.Tx, c *conditions, r *resource) (outcome, error) {
	base, err := q.version(tx, r, c.expected())
	if err != nil {
		return outcome{}, err
	}
	rep := q.newReport(r, r, store.CausePrecondition)
	rep.Base = base
	return q.refuse(tx, r.flavor, rep)
}

// refuse is 412, after the transaction that keeps the report.
func (q *request) refuse(tx *store.Tx, f *flavor, rep store.Conflict) (outcome, error) {
	made, err := q.addReport(tx, f, rep)
	out := outcome{refused: preconditionFailed()}
	if made {
		out.conflicts = append(out.conflicts, rep.Cause)
	}
	return out, err
}

// version is the text of r that had that entity tag; nil when it is not known.
func (q *request) version(tx *store.Tx, r *resource, etag string) ([]byte, error) {
	if r == nil || etag == "" {
		return nil, nil
	}
	v, err := tx.VersionByETag(r.obj.ID, etag)
	if errors.Is(err, pim.ErrNotFound) {
		return nil, nil
	}
	return v.Text, err
}

// newReport fills in what every report of this request says; r is nil when the object is gone.
func (q *request) newReport(parent, r *resource, cause store.Cause) store.Conflict {
	rep := store.Conflict{
		UserID: q.caller.User.ID, CollectionID: parent.col.ID, Name: q.at.name,
		Cause: cause, Method: q.r.Method, Device: q.caller.Device,
	}
	if r != nil {
		rep.ObjectID, rep.UID, rep.Kind = r.obj.ID, r.obj.UID, r.obj.Kind
		rep.Theirs, rep.TheirVersion = r.obj.Text, r.obj.ETag
	}
	return rep
}

// repeats is how many earlier reports of one object are compared with a new one.
const repeats = 50

// addReport keeps a report unless the same was refused before: clients try again at each synchronisation, some with
// a new time stamp in the same content.
func (q *request) addReport(tx *store.Tx, f *flavor, rep store.Conflict) (bool, error) {
	earlier, err := tx.Conflicts(store.ConflictFilter{
		User: rep.UserID, Collection: rep.CollectionID, Object: rep.ObjectID, Limit: repeats,
	})
	if err != nil {
		return false, err
	}
	for i := range earlier {
		e := &earlier[i]
		if e.Name == rep.Name && e.Cause == rep.Cause && e.Method == rep.Method && e.TheirVersion == rep.TheirVersion &&
			q.sameContent(f, e.Mine, rep.Mine) {
			return false, nil
		}
	}
	_, err = tx.AddConflict(rep)
	return err == nil, err
}

// supersede closes reports of an object whose losing content is what the server holds now: the refused text, or the
// one that was written over blindly. now is nil for a deletion.
func (q *request) supersede(tx *store.Tx, old *resource, now []byte) error {
	open, err := tx.Conflicts(store.ConflictFilter{User: q.caller.User.ID, Object: old.obj.ID, Open: true, Limit: repeats})
	if err != nil {
		return err
	}
	for i := range open {
		lost := open[i].Mine
		switch open[i].Cause {
		case store.CauseBlind:
			lost = open[i].Theirs
		case store.CauseRelay:
			continue
		}
		if !q.sameContent(old.flavor, lost, now) {
			continue
		}
		if _, err := tx.ResolveConflict(open[i].ID, "superseded", q.by()); err != nil {
			return err
		}
	}
	return nil
}

// sameContent compares two texts but for what programs change at every save; nil is a deletion.
func (q *request) sameContent(f *flavor, a, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	if bytes.Equal(a, b) {
		return true
	}
	x, y := q.readStored(f, a), q.readStored(f, b)
	return x != nil && y != nil && x.kind() != 0 && x.kind() == y.kind() &&
		sameMeaning(x, y)
}

// colliding lists, as JSON, the fields that both sides changed since base; without base those that differ. "" when
// that cannot be told.
func (q *request) colliding(parent *resource, base, mine, theirs []byte) string {
	zone := q.localZone(parent)
	m, t := q.readStored(parent.flavor, mine), q.readStored(parent.flavor, theirs)
	if m == nil || t == nil {
		return ""
	}
	if b := q.readStored(parent.flavor, base); b != nil {
		return fieldsJSON(collisions(b, m, t, zone))
	}
	return fieldsJSON(differing(m, t, zone))
}

// readStored reads a text that was stored once; nil when that fails, as rules may have become stricter since.
func (q *request) readStored(f *flavor, text []byte) document {
	if text == nil {
		return nil
	}
	doc, err := f.read(f, text, q.h.limits)
	if err != nil {
		return nil
	}
	return doc
}

// fieldsJSON is the form of store.Conflict.Fields.
func fieldsJSON(set pim.FieldSet) string {
	if set.IsEmpty() {
		return ""
	}
	b, err := json.Marshal(set)
	if err != nil {
		return ""
	}
	return string(b)
}

// differing are the fields in which two documents differ; empty when they cannot be compared.
func differing(a, b document, zone *time.Location) pim.FieldSet {
	x, errX := a.item(zone)
	y, errY := b.item(zone)
	if errX != nil || errY != nil || x.Kind() != y.Kind() {
		return pim.FieldSet{}
	}
	return pim.Diff(x, y, pim.AllOf(x.Kind()))
}
