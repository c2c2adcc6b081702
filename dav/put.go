package dav

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"crmbridge/dav/davxml"
	"crmbridge/pim"
	"crmbridge/pim/vcf"
	"crmbridge/store"
)

// put is RFC 4791 5.3.2 and RFC 6352 6.3.2: the bytes are stored as they came.
func (q *request) put() error {
	c, err := readConditions(q.r.Header, q.hosts)
	if err != nil {
		return err
	}
	// RFC 9110 14.4: a part must not be taken for the whole.
	if q.r.Header.Get("Content-Range") != "" {
		return badRequest("Parts of objects cannot be written.", nil)
	}
	text, err := q.readText()
	if err != nil {
		return err
	}
	doc, err := q.at.flavor.read(q.at.flavor, text, q.h.limits)
	if err != nil {
		// Thunderbird sends nothing at all under a condition that cannot hold, to see whether it may write.
		if len(bytes.TrimSpace(text)) == 0 {
			if probe := q.probe(&c); probe != nil {
				return probe
			}
		}
		return err
	}
	return q.commit(func(tx *store.Tx) (outcome, error) { return q.putIn(tx, &c, doc, text) })
}

// probe judges the conditions of a PUT that has nothing to store; nil when they hold.
func (q *request) probe(c *conditions) error {
	return q.h.store.View(q.ctx, func(tx *store.Tx) error {
		r, err := q.exists(tx, q.at)
		if err != nil {
			return err
		}
		if ok, err := q.check(tx, c, r); err != nil || ok {
			return err
		}
		return preconditionFailed()
	})
}

// readText reads the body of a PUT within the limit. An empty one has no type worth looking at.
func (q *request) readText() ([]byte, error) {
	f := q.at.flavor
	limit := f.size(q.h.limits)
	tooLarge := forbidden(f.space("max-resource-size"), "The object is too large.")
	if q.r.ContentLength > int64(limit) {
		return nil, tooLarge
	}
	text, err := io.ReadAll(io.LimitReader(q.body(), int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(text) > limit {
		return nil, tooLarge
	}
	if ct := q.r.Header.Get("Content-Type"); ct != "" && len(text) > 0 {
		t, params, err := mime.ParseMediaType(ct)
		if err != nil {
			return nil, badRequest("The Content-Type cannot be read.", err)
		}
		if t != f.mime && !vague(t) {
			return nil, forbidden(f.supportedData, "Only "+f.mime+" can be stored here.")
		}
		if !readable(params["charset"], text) {
			return nil, forbidden(f.supportedData, "Only text in UTF-8 can be stored here.")
		}
	}
	return text, nil
}

// readable reports whether text in that character set is the same in UTF-8. Bytes in another would be stored as letters
// that nobody wrote.
func readable(charset string, text []byte) bool {
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8", "us-ascii":
		return true
	}
	return !bytes.ContainsFunc(text, func(r rune) bool { return r >= 0x80 })
}

// vague are the types of tools that do not know better, and the old names of text/vcard; the text itself decides then.
func vague(mediaType string) bool {
	switch mediaType {
	case "text/plain", "application/octet-stream", "application/x-www-form-urlencoded", "text/x-vcard", "text/directory":
		return true
	}
	return false
}

// outcome is what a writing transaction decided. It is committed in any case: a refusal may leave a report behind.
type outcome struct {
	refused   error // the answer, when it is a refusal
	status    int
	etag      string
	location  string        // path of what was made under a name that the client does not know
	now       *resource     // what is stored now, of writes of objects; nil when there is nothing
	conflicts []store.Cause // reports made
	merged    bool
}

// commit runs a write and answers with what it decided.
func (q *request) commit(f func(*store.Tx) (outcome, error)) error {
	var out outcome
	err := q.h.store.Update(q.ctx, func(tx *store.Tx) (err error) {
		out, err = f(tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, cause := range out.conflicts {
		q.h.metrics.Conflict(cause)
	}
	if out.merged {
		q.h.metrics.Merge()
	}
	if out.refused != nil {
		return q.refuseWith(out)
	}
	q.answerWrite(out)
	return nil
}

// answerWrite tells of a write that was done.
func (q *request) answerWrite(out outcome) {
	h := q.w.Header()
	if out.location != "" {
		h.Set("Location", davxml.EncodePath(out.location)) // RFC 9110 10.2.2
	}
	if out.now != nil {
		switch prefer := q.prefer(); {
		case prefer.representation:
			status := out.status
			if status == http.StatusNoContent {
				status = http.StatusOK
			}
			q.represent(status, out.now)
			return
		case prefer.minimal: // as it is without
			q.applied("return=minimal")
		}
	}
	if out.etag != "" {
		h.Set("ETag", `"`+out.etag+`"`)
	}
	h.Set("Content-Length", "0")
	if out.status == http.StatusNoContent {
		h.Del("Content-Length") // RFC 9110 8.6
	}
	q.w.WriteHeader(out.status)
}

// parent reads the collection that an object is to be written into, locked until the end of the transaction.
func (q *request) parent(tx *store.Tx, t target) (*resource, error) {
	r, err := q.exists(tx, t.collection())
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, conflict("There is no collection to put this into.") // RFC 4918 9.7.1
	}
	if !writable(q.caller, r) {
		return nil, needPrivilege(r.path(), "write-content")
	}
	return r, nil
}

// putIn is a PUT in its transaction. The collection is locked first, so that what is judged is what is written over.
func (q *request) putIn(tx *store.Tx, c *conditions, doc document, sent []byte) (outcome, error) {
	parent, err := q.parent(tx, q.at)
	if err != nil {
		return outcome{}, err
	}
	if err := accepts(parent, doc.component()); err != nil {
		return outcome{}, err
	}
	r, err := q.exists(tx, q.at)
	if err != nil {
		return outcome{}, err
	}
	if doc, err = q.settle(tx, doc, parent, q.at.name, r); err != nil {
		return outcome{}, err
	}
	ok, err := q.check(tx, c, r)
	if err != nil {
		return outcome{}, err
	}
	if !ok {
		return q.refusePut(tx, c, parent, r, doc)
	}
	w := putting{q: q, tx: tx, parent: parent, doc: doc, sent: sent}
	if r != nil && !c.names(q.at) {
		if err := w.reconcile(r); err != nil {
			return outcome{}, err
		}
	}
	return w.write(r)
}

// accepts checks CALDAV:supported-calendar-component (RFC 4791 5.3.2.1).
func accepts(parent *resource, component string) error {
	if parent.col.Home == store.Calendars && !slices.Contains(components(parent.col), component) {
		return forbidden(davxml.C("supported-calendar-component"), "This calendar does not take "+component+".")
	}
	return nil
}

// putting is a PUT whose conditions hold.
type putting struct {
	q      *request
	tx     *store.Tx
	parent *resource
	doc    document // what will be stored
	sent   []byte   // what the client sent
	out    outcome
}

// write stores the document (RFC 9110 9.3.4: 201 for a new object, 204 for a replaced one).
func (w *putting) write(old *resource) (outcome, error) {
	res, err := w.store(w.doc)
	if err != nil {
		return outcome{}, err
	}
	w.out.status = http.StatusNoContent
	if res.Created {
		w.out.status = http.StatusCreated
	}
	w.out.now = &resource{target: w.q.at, col: w.parent.col, obj: &res.Object}
	if old != nil {
		if err := w.q.supersede(w.tx, old, w.doc.bytes()); err != nil {
			return outcome{}, err
		}
	}
	if w.out.merged {
		return w.out, nil
	}
	// RFC 4791 5.3.4, RFC 9110 9.3.4: no ETag when what the client would read is not what it sent, so that it reads it.
	if bytes.Equal(w.q.shown(w.doc), w.sent) {
		w.out.etag = res.Object.ETag
	}
	return w.out, w.tx.MarkSeen(w.q.caller.Device, []store.SeenMark{{Object: res.Object.ID, Seq: res.Object.Seq}})
}

// store writes a version.
func (w *putting) store(doc document) (store.PutResult, error) {
	start, end := doc.bounds()
	res, err := w.tx.PutObject(store.Put{
		Collection: w.parent.col.ID, Name: w.q.at.name, UID: doc.uid(), Kind: doc.kind(), Component: doc.component(),
		Text: doc.bytes(), Start: start, End: end, By: w.q.by(), Quota: w.q.h.limits.Quota,
	})
	if err != nil {
		err = uidConflict(w.parent, err)
	}
	return res, err
}

// storeSent keeps what the device sent as a version of its own, ahead of the merged one in the same transaction: it is
// what the device has until it downloads again, and so what its next write without condition started from. Nobody else
// sees it but in the history.
func (w *putting) storeSent() error {
	res, err := w.store(w.doc)
	if err != nil {
		return err
	}
	return w.tx.MarkSeen(w.q.caller.Device, []store.SeenMark{{Object: res.Object.ID, Seq: res.Object.Seq}})
}

// shown is the text of a document as programs get it that take everything as it is, with the zones that the sender wants.
func (q *request) shown(doc document) []byte {
	if _, card := doc.(cardDocument); card {
		return vcf.PlainText(doc.bytes(), q.h.limits.vcf())
	}
	return q.zones.text(doc.bytes(), q.h.limits)
}

// by is who made a version.
func (q *request) by() string { return "dav:" + q.caller.User.Name + "/" + q.caller.Device }

// uidConflict answers a UID that is taken with the object that has it (RFC 4791 5.3.2.1, RFC 6352 6.3.2.1).
func uidConflict(parent *resource, err error) error {
	var taken *store.UIDTaken
	if !errors.As(err, &taken) || !errors.Is(err, pim.ErrExists) {
		return err
	}
	return &failure{
		status: http.StatusForbidden,
		conditions: []davxml.Condition{{
			Name:    parent.flavor.space("no-uid-conflict"),
			Content: davxml.AppendHref(nil, parent.member(&store.Object{Name: taken.Name}).path()),
		}},
		message: "Another object has this UID, or the object has another.",
		err:     err,
	}
}

// refuseWith answers a refusal. Who prefers a representation gets what is there instead of an explanation of why it was
// refused (RFC 8144 3.2): the two can then be merged without another request.
func (q *request) refuseWith(out outcome) error {
	failed := asFailure(out.refused).status == http.StatusPreconditionFailed
	if failed && out.now != nil && q.prefer().representation {
		q.represent(http.StatusPreconditionFailed, out.now)
		return nil
	}
	return out.refused
}
