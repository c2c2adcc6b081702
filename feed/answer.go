package feed

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"sync"

	"crmbridge/internal/accept"
	"crmbridge/store"
)

// answer is GET and HEAD of a feed that exists.
func (q *request) answer(ctx context.Context, s subject) {
	c := s.calendar(q.now, q.o.Refresh, forOutlook(q.r.UserAgent()))
	if v := s.validators(c, q.o.Version); v.notModified(q.r.Header) {
		q.what = "unchanged"
		q.headers(v)
		q.begin(http.StatusNotModified)
		return
	}
	if q.r.Method == http.MethodHead {
		q.what = "full"
		q.headers(s.validators(c, q.o.Version))
		q.coding()
		q.begin(http.StatusOK)
		return
	}
	if err := q.body(ctx, s); err != nil {
		q.fail(s, err)
	}
}

// body writes the feed in a slot, and what is kept of it without.
func (q *request) body(ctx context.Context, s subject) error {
	of := share{s.feed.ID, q.from}
	if q.slots.enter(ctx, of, q.limits.Wait) != nil {
		q.busy(q.limits.Wait)
		return nil
	}
	leave := sync.OnceFunc(func() { q.slots.leave(of) })
	defer leave()
	out := &sender{to: q.w, begin: func() { q.begin(http.StatusOK) }, most: q.limits.Keep, room: q.room, stall: q.limits.Stall}
	defer out.close()
	if err := q.write(ctx, s, out); err != nil {
		return err
	}
	if !out.through {
		if q.begun { // it ended meanwhile, and that was answered
			return nil
		}
		leave()
	}
	q.what = "full"
	return out.finish()
}

// headers are those that 200 and 304 share.
func (q *request) headers(v validators) {
	h := q.w.Header()
	v.set(h, q.now)
	// What was changed, or ended, must not come from a cache.
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Accept-Encoding, User-Agent")
}

// coding writes the headers of a body, and reports whether it is compressed.
func (q *request) coding() bool {
	h := q.w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8; method=PUBLISH")
	if !accept.Gzip(q.r.Header) {
		return false
	}
	h.Set("Content-Encoding", "gzip")
	return true
}

// write makes the calendar. Its ETag and its bytes come from one snapshot.
func (q *request) write(ctx context.Context, s subject, out io.Writer) error {
	return q.o.Store.View(ctx, func(tx *store.Tx) error {
		s, err := look(tx, s.feed.Hash)
		if err != nil {
			return err
		}
		if shut := s.shut(q.now); shut != 0 {
			q.nothing(shut)
			return nil
		}
		c := s.calendar(q.now, q.o.Refresh, forOutlook(q.r.UserAgent()))
		q.headers(s.validators(c, q.o.Version))
		var packed *gzip.Writer
		if q.coding() {
			packed = gzip.NewWriter(out)
			out = packed
		}
		res, err := Render(out, c, objects(ctx, tx, s.col.ID, c.options()))
		if err == nil && packed != nil {
			err = packed.Close()
		}
		if err != nil {
			return err
		}
		if res.Broken > 0 {
			q.o.Log.Warn("feed: objects that cannot be read are left out", "feed", s.feed.ID, "collection", s.col.ID, "objects", res.Broken)
		}
		return nil
	})
}

// objects is the Source of a collection.
func objects(ctx context.Context, tx *store.Tx, id store.CollectionID, opts store.EachOptions) Source {
	return func(visit func(Entry) error) error {
		return tx.EachObject(id, opts, func(o *store.Object) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return visit(Entry{UID: o.UID, Text: o.Text, Changed: o.UpdatedAt, First: o.Start})
		})
	}
}
