package dav

import (
	"net/http"
	"strconv"

	"crmbridge/store"
)

// get is GET and HEAD of an object: the stored bytes.
func (q *request) get() error {
	c, err := readConditions(q.r.Header, q.hosts)
	if err != nil {
		return err
	}
	var r *resource
	var ok bool
	err = q.h.store.Peek(q.ctx, func(tx *store.Tx) (err error) {
		if r, err = q.load(tx, q.at); err != nil {
			return err
		}
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
	h.Set("ETag", `"`+r.obj.ETag+`"`)
	h.Set("Last-Modified", r.obj.UpdatedAt.UTC().Format(http.TimeFormat))
	// Programs must ask again: what was deleted or changed elsewhere is not to come from a cache.
	h.Set("Cache-Control", "private, no-cache")
	if c.notModified(r.state()) {
		q.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", r.flavor.contentType(r.obj.Component))
	h.Set("Content-Length", strconv.Itoa(len(r.obj.Text)))
	q.w.WriteHeader(http.StatusOK)
	if q.r.Method == http.MethodHead {
		return nil
	}
	if _, err := q.w.Write(r.obj.Text); err != nil {
		return nil // the client is gone and has not seen it
	}
	q.h.seen.add(q.caller.Device, []store.SeenMark{{Object: r.obj.ID, Seq: r.obj.Seq}})
	return nil
}
