package dav

import (
	"errors"
	"net/http"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

// patch is what a PROPPATCH, MKCOL or MKCALENDAR wants of properties, tried on a copy: nothing is written before all
// of it is known to work (RFC 4918 9.2).
type patch struct {
	q      *request
	r      *resource
	making bool              // the collection does not exist yet
	col    *store.Collection // the copy; nil where there is no collection
	live   bool              // col was changed
	dead   []deadChange
	known  int // dead properties there would be
	result []propResult
	failed bool
}

// propResult is what became of one operation; fail is nil when it works.
type propResult struct {
	element []byte // the empty element that names the property
	fail    *failure
}

// proppatch is RFC 4918 9.2.
func (q *request) proppatch() error {
	c, err := readConditions(q.r.Header, q.hosts)
	if err != nil {
		return err
	}
	update, err := davxml.ParsePropertyUpdate(q.body(), q.h.limits.XML)
	if err != nil {
		return err
	}
	var p *patch
	err = q.h.store.Update(q.ctx, func(tx *store.Tx) error {
		r, err := q.load(tx, q.at)
		if err != nil {
			return err
		}
		if !writable(q.caller, r) {
			return needPrivilege(r.path(), "write-properties")
		}
		if ok, err := q.check(tx, &c, r); err != nil {
			return err
		} else if !ok {
			return preconditionFailed()
		}
		if p, err = q.newPatch(tx, r); err != nil {
			return err
		}
		for i := range update.Ops {
			p.apply(&update.Ops[i])
		}
		if p.failed {
			return nil
		}
		return p.save(tx)
	})
	if err != nil {
		return err
	}
	if q.prefer().minimal && !p.failed {
		// RFC 8144 2.3: nothing to say when everything worked.
		q.applied("return=minimal")
		q.w.Header().Set("Content-Length", "0")
		q.w.WriteHeader(http.StatusOK)
		return nil
	}
	ms := q.multiStatus()
	ms.Response(q.at.path())
	p.propstats(func(code int, props []byte, conditions []davxml.Condition, message string) {
		ms.PropstatError(code, props, conditions, message)
	})
	if err := ms.EndResponse(); err != nil {
		return err
	}
	return ms.End()
}

// newPatch begins a patch of what exists.
func (q *request) newPatch(tx *store.Tx, r *resource) (*patch, error) {
	p := &patch{q: q, r: r}
	if r.at&atCollection != 0 {
		c := *r.col
		p.col = &c
	}
	if err := r.loadDead(&env{q: q, tx: tx}); err != nil {
		return nil, err
	}
	p.known = len(r.dead)
	return p, nil
}

// apply tries one operation.
func (p *patch) apply(op *davxml.PropOp) {
	fail := p.try(op)
	if fail != nil {
		p.failed = true
	}
	p.result = append(p.result, propResult{element: davxml.AppendEmpty(nil, op.Prop.Name), fail: fail})
}

// try carries an operation out on the copy; nil when it worked.
func (p *patch) try(op *davxml.PropOp) *failure {
	name := op.Prop.Name
	row := p.q.h.catalog.lookup(name, p.r.at)
	if row == nil {
		return p.tryDead(op)
	}
	if row.set == nil || row.initial && !p.making || p.col == nil {
		// RFC 3253 3.12, RFC 4918 15
		return forbidden(davxml.D("cannot-modify-protected-property"), "This property cannot be changed.")
	}
	el := &op.Prop
	if op.Remove {
		el = nil
	}
	if err := row.set(p.col, el, p.q.h.now()); err != nil {
		var f *failure
		if errors.As(err, &f) {
			return f
		}
		return &failure{status: http.StatusConflict, message: "The value cannot be stored.", err: err}
	}
	p.live = true
	return nil
}

// tryDead keeps what it does not understand, within limits.
func (p *patch) tryDead(op *davxml.PropOp) *failure {
	if !hasDead(p.r.at) || op.Prop.Name.Space == subscribedMark.Space {
		return &failure{status: http.StatusForbidden, message: "This property cannot be set here."}
	}
	if op.Remove {
		// RFC 4918 14.23: removing what is not there is no error.
		p.dead = append(p.dead, deadChange{name: op.Prop.Name})
		return nil
	}
	if row := p.q.h.catalog.byName[op.Prop.Name]; row != nil && row.set == nil {
		// RFC 4918 15: its meaning is ours, also where there is none, such as the ETag of a calendar.
		return forbidden(davxml.D("cannot-modify-protected-property"), "This property cannot be changed.")
	}
	if op.Prop.Name == davxml.CS("source") && !isSource(&op.Prop) {
		return &failure{status: http.StatusConflict, message: "This is no address that a calendar can come from."}
	}
	limits := p.q.h.limits
	if op.Prop.Longer(limits.DeadValue) {
		return &failure{status: http.StatusInsufficientStorage, message: "The value is too long."}
	}
	change := deadOf(&op.Prop)
	if len(change.xml) > limits.DeadValue || len(change.name.Space)+len(change.name.Local) > 512 {
		return &failure{status: http.StatusInsufficientStorage, message: "The value is too long."}
	}
	if p.r.deadValue(change.name) == nil {
		p.known++
	}
	if p.known > limits.DeadCount {
		return &failure{status: http.StatusInsufficientStorage, message: "There are too many properties."}
	}
	p.dead = append(p.dead, change)
	return nil
}

// save writes what was tried.
func (p *patch) save(tx *store.Tx) error {
	if p.live {
		if _, err := tx.UpdateCollection(*p.col); err != nil {
			return err
		}
	}
	return saveDead(tx, p.r.owner(p.q.caller.User.ID), p.dead)
}

// propstats reports each operation, those with the same outcome together. When one failed the others are 424.
func (p *patch) propstats(emit func(code int, props []byte, conditions []davxml.Condition, message string)) {
	var good []byte
	for _, r := range p.result {
		if r.fail == nil {
			good = append(good, r.element...)
		}
	}
	switch {
	case !p.failed:
		emit(http.StatusOK, good, nil, "")
		return
	case len(good) > 0:
		emit(http.StatusFailedDependency, good, nil, "")
	}
	for _, r := range p.result {
		if r.fail != nil {
			emit(r.fail.status, r.element, r.fail.conditions, r.fail.message)
		}
	}
}
