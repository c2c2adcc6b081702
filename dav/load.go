package dav

import (
	"errors"
	"net/http"
	"time"

	"crmbridge/dav/davxml"
	"crmbridge/pim"
	"crmbridge/store"
)

// decodePath is the decoded path of a request, whatever way it was percent-encoded.
func decodePath(r *http.Request) (string, error) { return davxml.DecodeHref(r.URL.EscapedPath(), nil) }

// load reads what t names; nothing of another user is ever looked up. notFound when it does not exist.
func (q *request) load(tx *store.Tx, t target) (*resource, error) {
	r := &resource{target: t}
	if t.user != "" && t.user != q.caller.User.Name {
		return nil, notFound()
	}
	if t.at&(atCollection|atObject) == 0 {
		return r, nil
	}
	var col store.Collection
	var obj store.Object
	var err error
	if t.at&atObject == 0 {
		col, err = tx.CollectionBySlug(q.caller.User.ID, t.flavor.home, t.slug)
	} else {
		col, obj, err = tx.Member(q.caller.User.ID, t.flavor.home, t.slug, t.name)
		r.obj = &obj
	}
	if errors.Is(err, pim.ErrNotFound) {
		return nil, notFound()
	}
	if err != nil {
		return nil, err
	}
	r.col = &col
	return r, nil
}

// exists is load for those who go on without: nil when there is nothing.
func (q *request) exists(tx *store.Tx, t target) (*resource, error) {
	r, err := q.load(tx, t)
	var f *failure
	if errors.As(err, &f) && f.status == http.StatusNotFound {
		return nil, nil
	}
	return r, err
}

// member is the resource of an object of the collection r.
func (r *resource) member(o *store.Object) *resource {
	return &resource{target: r.target.member(o.Name), col: r.col, obj: o}
}

// objects calls f for what a report on r is about: r itself when it is an object (RFC 4791 7, RFC 6352 8), else the
// members that opts leave.
func (r *resource) objects(tx *store.Tx, opts store.EachOptions, f func(*store.Object) error) error {
	if r.obj != nil {
		return f(r.obj)
	}
	return tx.EachObject(r.col.ID, opts, f)
}

// state is what conditions are judged against; r may be nil.
func (r *resource) state() state {
	switch {
	case r == nil:
		return state{}
	case r.obj != nil:
		return state{exists: true, etag: r.obj.ETag, modified: r.obj.UpdatedAt}
	case r.col != nil:
		return state{exists: true, modified: r.col.UpdatedAt}
	}
	return state{exists: true}
}

// stateAt is state with the time at which it was read.
func (r *resource) stateAt(now time.Time) state {
	s := r.state()
	s.now = now
	return s
}

// ifState is state for the If header.
func (r *resource) ifState() ifState {
	switch {
	case r == nil:
		return ifState{}
	case r.obj != nil:
		return ifState{etag: r.obj.ETag}
	case r.col != nil:
		return ifState{token: store.SyncToken(*r.col)}
	}
	return ifState{}
}

// check judges the conditions of the request on r, which is nil when nothing exists. To be called in the transaction
// that acts on the answer.
func (q *request) check(tx *store.Tx, c *conditions, r *resource) (bool, error) {
	if !c.holds(r.stateAt(tx.Now())) {
		return false, nil
	}
	if c.ifs == nil {
		return true, nil
	}
	return ifHolds(c.ifs, r.ifState(), func(t target) (ifState, error) {
		other, err := q.exists(tx, t)
		return other.ifState(), err
	})
}
