package dav

import (
	"net/http"
	"strconv"

	"crmbridge/pim/vcf"
	"crmbridge/store"
)

// get is GET and HEAD of an object: the stored bytes, unless the client wants its zones or its version of vCard otherwise.
func (q *request) get() error {
	c, err := readConditions(q.r.Header, q.hosts)
	if err != nil {
		return err
	}
	var r *resource
	var ok bool
	var s state
	err = q.h.store.Peek(q.ctx, func(tx *store.Tx) (err error) {
		if r, err = q.load(tx, q.at); err != nil {
			return err
		}
		s = r.stateAt(tx.Now())
		// If-None-Match means 304 here and is looked at below.
		writing := c
		writing.noneMatch = nil
		ok, err = q.check(tx, &writing, r)
		return err
	})
	if err != nil {
		return err
	}
	if !ok {
		return preconditionFailed()
	}
	h := q.w.Header()
	q.vary(r.flavor.varies)
	h.Set("ETag", `"`+r.obj.ETag+`"`)
	if s.dated() {
		h.Set("Last-Modified", r.obj.UpdatedAt.UTC().Format(http.TimeFormat))
	}
	// Programs must ask again: what was deleted or changed elsewhere is not to come from a cache.
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Accept-Ranges", "none") // RFC 9110 14.3
	if c.notModified(s) {
		vary(h, "Accept-Encoding")
		q.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	contentType, text, err := q.download(r)
	if err != nil {
		return err
	}
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	q.w.WriteHeader(http.StatusOK)
	if q.r.Method == http.MethodHead {
		return nil
	}
	if _, err := q.w.Write(text); err != nil {
		return nil // the client is gone and has not seen it
	}
	q.h.seen.add(q.caller.Device, []store.SeenMark{{Object: r.obj.ID, Seq: r.obj.Seq}})
	return nil
}

// download is the text of an object as this request wants it. It fails when the client accepts nothing that it could be.
func (q *request) download(r *resource) (contentType string, text []byte, err error) {
	contentType = r.flavor.contentType(r.obj.Component)
	if r.at == atEvent {
		return contentType, q.zones.text(r.obj.Text, q.h.limits), nil
	}
	version, err := q.cardVersion(r)
	if err != nil || version == "" {
		return contentType, q.suited(r.obj.Text, ""), err
	}
	text, ok := convertCard(r.obj.Text, version, q.h.limits)
	if !ok {
		return contentType, vcf.PlainText(r.obj.Text, q.h.limits.vcf()), nil
	}
	return contentType + "; version=" + string(version), q.suited(text, version), nil
}
