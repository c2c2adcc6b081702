package creatiosim

import (
	"errors"
	"net/http"
	"time"
)

// modify runs fn as a write of rq's user and turns what it returns into an answer.
func (s *Sim) modify(rq *request, fn func(w *writing) error, done func(at time.Time) answer) answer {
	var at time.Time
	var err error
	if rq.tx != nil {
		at, err = rq.tx.at, fn(rq.tx)
	} else {
		at, err = s.write(rq.user.contact, fn)
	}
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return s.refuse(refused)
	case err != nil:
		s.opt.Log.Error("write failed", "error", err)
		return s.refuse(ruleBroken("Internal error"))
	}
	return done(at)
}

// rowBody checks the Content-Type and reads the body.
func (s *Sim) rowBody(rq *request, e *entity) (fields, *answer) {
	if typ := rq.header.Get("Content-Type"); !jsonBody(typ) {
		ans := s.unsupportedType(typ)
		return nil, &ans
	}
	v, bad := decodeBody(rq.body, e)
	if bad != nil {
		ans := s.refuse(bad)
		return nil, &ans
	}
	return v, nil
}

// create answers POST. The answer shows the row as the application has it in hand, with the clock's 100 ns in its stamps;
// the database keeps milliseconds, so a later read shows less.
func (s *Sim) create(rq *request, e *entity) answer {
	values, bad := s.rowBody(rq, e)
	if bad != nil {
		return *bad
	}
	var r *row
	return s.modify(rq, func(w *writing) (err error) {
		if r, err = w.insert(e, values); err == nil {
			err = s.mayHang(rq.user, e, r)
		}
		return err
	}, func(at time.Time) answer {
		w := &writer{s: s, who: rq.user, plain: rq.plainMeta(), ticks: at.Format(dateLayout), ticksFor: r}
		q := query{top: -1}
		where := rq.base + e.name + "(" + r.id.String() + ")"
		return answer{status: http.StatusCreated, typ: rq.jsonType(), header: map[string]string{"Location": where},
			body: w.appendRow(nil, e, r, &q, w.entityHead(rq, e, &q))}
	})
}

// mayHang refuses files on activities that the user does not see.
func (s *Sim) mayHang(who *account, e *entity, r *row) error {
	if e.name == "ActivityFile" && !s.visible(who, e, r) {
		return noRight(e)
	}
	return nil
}

// change answers PATCH. There are no ETags: If-Match is not looked at, the last writer wins.
func (s *Sim) change(rq *request, e *entity, id guid) answer {
	values, bad := s.rowBody(rq, e)
	if bad != nil {
		return *bad
	}
	return s.modify(rq, func(w *writing) error {
		old := s.entityRow(rq, e, id)
		if old == nil {
			return notFound()
		}
		r, err := w.update(e, old, values)
		if err == nil {
			err = s.mayHang(rq.user, e, r)
		}
		return err
	}, noContent)
}

// delete answers DELETE. What hangs on the row goes with it or stands in the way, see remove.
func (s *Sim) delete(rq *request, e *entity, id guid) answer {
	return s.modify(rq, func(w *writing) error {
		old := s.entityRow(rq, e, id)
		if old == nil {
			return notFound()
		}
		return w.remove(e, old)
	}, noContent)
}

// writeStream replaces or empties a stream.
func (s *Sim) writeStream(rq *request, e *entity, id guid, c *column, data []byte, status int) answer {
	return s.modify(rq, func(w *writing) error {
		old := s.entityRow(rq, e, id)
		if old == nil {
			return notFound()
		}
		return w.setStream(e, old, c, data)
	}, func(time.Time) answer { return answer{status: status} })
}

// noContent is the answer to a change.
func noContent(time.Time) answer { return answer{status: http.StatusNoContent} }
