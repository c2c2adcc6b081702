package dav

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
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
	known, err := q.tried(tx, &rep, c.expected(), digest(doc, rep.Mine))
	if err != nil {
		return outcome{}, err
	}
	if !known {
		rep.Fields = q.colliding(parent, base, rep.Mine, rep.Theirs)
	}
	out, err := q.refuse(tx, rep, known)
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
	known, err := q.tried(tx, &rep, c.expected(), digest(nil, nil))
	if err != nil {
		return outcome{}, err
	}
	return q.refuse(tx, rep, known)
}

// refuse is 412, after the transaction that keeps the report.
func (q *request) refuse(tx *store.Tx, rep store.Conflict, known bool) (outcome, error) {
	out := outcome{refused: preconditionFailed()}
	if known {
		return out, nil
	}
	made, err := q.keep(tx, rep)
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

// addReport keeps a report of a version that is written over or deleted unseen. True for a report that is new.
func (q *request) addReport(tx *store.Tx, f *flavor, rep store.Conflict) (bool, error) {
	known, err := q.tried(tx, &rep, "", digest(q.readStored(f, rep.Theirs), rep.Theirs))
	if known || err != nil {
		return false, err
	}
	return q.keep(tx, rep)
}

// tried looks whether there is a report of the same already: clients try again at each synchronisation, some with a new
// time stamp in the same content. named is the version that the client took for the current one, lost the digest of what
// only the report holds.
//
// When there is an open report of the same series that says something else, rep takes its place under the same number. What
// a refused write held before is dropped then, and nothing that only the report holds: in a series the device
// goes on from the same version, so it has downloaded nothing since, and what it sends now is what its user made of
// what it sent before. A series of blind writes is one lost version, whoever tries what over it.
func (q *request) tried(tx *store.Tx, rep *store.Conflict, named, lost string) (known bool, err error) {
	rep.Digest = lost
	of := []string{strconv.FormatInt(int64(rep.CollectionID), 10), rep.Name, rep.UID, string(rep.Cause), rep.Method, rep.Device, named}
	if rep.Cause == store.CauseBlind {
		of = append(of, lost)
	}
	rep.Series = hashed(of...)
	open, found, err := tx.OpenReport(rep.Series)
	switch {
	case err != nil:
		return false, err
	case found:
		rep.ID = open.ID
		return open.Digest == rep.Digest && open.TheirVersion == rep.TheirVersion, nil
	case rep.Cause == store.CauseBlind:
		return false, nil // what was lost and settled once is lost again
	}
	return tx.SettledReport(rep.Series, rep.Digest, rep.TheirVersion)
}

// keep writes a report that is not known; true when it is new.
//
// A user whose reports fill their room, resolved ones dropped, gets 507 instead of what the answer would be, and nothing
// is done: at 412 several clients would drop the change, which is nowhere else, and a blind write would go over what
// nobody has seen. A refused deletion has nothing to lose, and is only refused.
func (q *request) keep(tx *store.Tx, rep store.Conflict) (bool, error) {
	room, err := tx.ReportRoom(rep.UserID, int64(len(rep.Base)+len(rep.Mine)+len(rep.Theirs)), q.h.limits.Reports)
	switch {
	case err != nil:
		return false, err
	case !room && rep.Cause == store.CausePrecondition && rep.Mine == nil:
		return false, nil
	case !room:
		return false, noRoom("Too many conflicts wait for a decision. Settle some of them first (bridge conflict list).")
	case rep.ID != 0:
		return false, tx.UpdateConflict(rep)
	}
	_, err = tx.AddConflict(rep)
	return err == nil, err
}

// supersede closes reports of an object whose losing content is what the server holds now: the refused text, or the
// one that was written over blindly. Who writes an object does not wish it deleted any more, so its refused deletions are
// settled, too; what other devices wished stays. tx.DeleteObject settles them all.
func (q *request) supersede(tx *store.Tx, old *resource, now []byte) error {
	open, err := tx.OpenDigests(old.obj.ID)
	if err != nil || len(open) == 0 {
		return err
	}
	if slices.Contains(open, deletion) {
		if err := tx.EndWishes(old.obj.ID, q.caller.Device, q.by()); err != nil {
			return err
		}
	}
	if d := digest(q.readStored(old.flavor, now), now); slices.Contains(open, d) {
		_, err = tx.ResolveReports(old.obj.ID, d, "superseded", q.by())
	}
	return err
}

// deletion is the digest of a refused DELETE.
const deletion = "deleted"

// digest is the same for contents that differ only in spelling and in what programs write at every save (sameMeaning).
// doc is the text when it can be read; text is nil for a deletion. Reports keep digests: another way to make them would
// only mean that reports from before are not closed on their own, and told once more.
func digest(doc document, text []byte) string {
	switch {
	case text == nil:
		return deletion
	case doc == nil || doc.kind() == 0:
		return hashed("text", string(text))
	}
	s := sheetOf(doc)
	parts := []string{"sheet"}
	for _, k := range keys(s) {
		if says := s.says(k); len(says) > 0 {
			parts = append(append(parts, k, strconv.Itoa(len(says))), says...)
		}
	}
	return hashed(parts...)
}

// hashed is a hash of texts, whatever is in them.
func hashed(parts ...string) string {
	h := sha256.New()
	var length [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(p)))
		h.Write(length[:])
		_, _ = io.WriteString(h, p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
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
