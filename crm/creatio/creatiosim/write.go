package creatiosim

import (
	"time"
)

// writing is one insert, update or deletion with everything it sets off.
type writing struct {
	s     *Sim
	tx    *tx
	at    time.Time // 100 ns resolution
	now   stamp     // the same, as stored
	by    guid      // contact who writes
	mails []Mail
	depth int // mirrors that write to the other side must not be mirrored back
}

// write runs fn in a transaction as the contact by, at the server's time, and lets the mails go when it has committed.
func (s *Sim) write(by guid, fn func(w *writing) error) (at time.Time, err error) {
	at = s.opt.Now().UTC().Truncate(100 * time.Nanosecond)
	w := &writing{s: s, at: at, now: stampOf(at), by: by}
	err = s.db.update(func(t *tx) error {
		w.tx = t
		return fn(w)
	})
	if err == nil {
		s.stats.Mail(w.mails...)
	}
	return at, err
}

// insert adds a row with the id in values, or a new one.
func (w *writing) insert(e *entity, values fields) (*row, error) {
	id, ok := values["Id"].(guid)
	if !ok {
		g, valid := parseGUID(w.s.opt.NewID())
		if !valid {
			return nil, ruleBroken("creatiosim: Options.NewID returned something that is no GUID")
		}
		id = g
	}
	if w.tx.table(e.name).byID[id] != nil {
		return nil, w.s.duplicateKey(e, id)
	}
	w.prepareInsert(e, values)
	r := w.s.db.blank(e, id)
	r.vals[colCreatedOn], r.vals[colCreatedBy] = w.now, orNil(w.by)
	if err := w.fill(e, r, values); err != nil {
		return nil, err
	}
	w.tx.put(e, r)
	return w.settled(e, nil, r)
}

// update changes a row. ModifiedOn moves even when every value is the one already there.
func (w *writing) update(e *entity, old *row, values fields) (*row, error) {
	if g, ok := values["Id"]; ok && g != old.id {
		return nil, badBody("The key property 'Id' of an existing entity cannot be changed.")
	}
	w.prepareUpdate(e, old, values)
	r := copyRow(old)
	if err := w.fill(e, r, values); err != nil {
		return nil, err
	}
	w.tx.put(e, r)
	return w.settled(e, old, r)
}

// fill puts values into r and checks what the database and the entity's own rules demand.
func (w *writing) fill(e *entity, r *row, values fields) error {
	for _, c := range e.cols {
		v, given := values[c.name]
		if !given || c.pos == colID {
			continue
		}
		if t, ok := v.(string); ok {
			if c.max > 0 && textUnits(t, w.s.opt.Postgres) > c.max {
				return w.s.tooLong(e, c)
			}
			if t == "" {
				v = nil
			}
		}
		if g, ok := v.(guid); ok && c.ref != "" && w.tx.table(c.ref).byID[g] == nil {
			// A row may name itself.
			if c.ref != e.name || g != r.id {
				return w.s.brokenReference(e, c)
			}
		}
		r.vals[c.pos] = v
	}
	r.vals[colModifiedOn], r.vals[colModifiedBy] = w.now, orNil(w.by)
	w.derive(e, r)
	for _, c := range e.cols {
		if c.required && r.vals[c.pos] == nil {
			return isRequired(c)
		}
	}
	return w.checkRules(e, r)
}

// settled runs what follows a change and returns the row as it is afterwards.
func (w *writing) settled(e *entity, old, r *row) (*row, error) {
	if err := w.follow(e, old, r); err != nil {
		return nil, err
	}
	return w.tx.table(e.name).byID[r.id], nil
}

// checkRules asks the site's rules about a row as it would be stored.
func (w *writing) checkRules(e *entity, r *row) error {
	for _, rule := range w.s.opt.Rules {
		if rule.Entity != e.name {
			continue
		}
		sharing := func(column, id string) []Record {
			c := e.byName[column]
			target, ok := parseGUID(id)
			if c == nil || !ok {
				return nil
			}
			var out []Record
			for _, o := range w.tx.table(e.name).sharing(c, target) {
				if o.id != r.id {
					out = append(out, recordOf(e, o))
				}
			}
			return out
		}
		if text := rule.Check(recordOf(e, r), sharing); text != "" {
			return ruleBroken(text)
		}
	}
	return nil
}

// setStream replaces a stream column's bytes; nil empties it. Like any change it moves ModifiedOn.
func (w *writing) setStream(e *entity, old *row, c *column, data []byte) error {
	if e.byName["Uploaded"] != nil && len(data) > w.s.opt.MaxFile { // a file, not a picture of somebody
		return fileTooLarge(w.s.opt.MaxFile)
	}
	r := copyRow(old)
	if data == nil {
		r.vals[c.pos] = nil
	} else {
		r.vals[c.pos] = data
	}
	if size := e.byName["Size"]; size != nil {
		r.vals[size.pos] = int64(len(data))
	}
	if on := e.byName["UploadedOn"]; on != nil {
		r.vals[on.pos] = w.now
	}
	if up := e.byName["Uploaded"]; up != nil {
		r.vals[up.pos] = data != nil
	}
	r.vals[colModifiedOn], r.vals[colModifiedBy] = w.now, orNil(w.by)
	w.tx.put(e, r)
	return nil
}
