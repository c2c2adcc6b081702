package store

import (
	"cmp"
	"container/list"
	"database/sql"
	"errors"
	"slices"
	"sync"
)

// A roll is the names and ETags of a collection's living objects as they were at one change, kept in memory because many
// programs ask for nothing else, again and again. It cannot be out of date: whatever changes a member takes the next number of
// the collection's change sequence in the same transaction, each reader compares that number, in its own snapshot, with
// the roll's, and reads what changed in between. An epoch that is another makes the numbers incomparable.
//
// A roll does not change once it is made, so that readers share it.
type roll struct {
	epoch string
	at    Seq
	rows  []rollRow // by id
	bytes int
}

type rollRow struct {
	id         ObjectID
	name, etag string
}

// size is about what a row takes in memory.
func (r rollRow) size() int { return 48 + len(r.name) + len(r.etag) }

// Bounds of memory. A longer roll is not kept: about 20 000 objects with usual names.
const (
	maxRoll  = 3 << 20
	maxRolls = 16 << 20 // of all together
	// Rolls that are being written down at once: a client that reads slowly holds what there is of one.
	maxWriting = 2
)

// rolls are those that were asked for last.
type rolls struct {
	mu      sync.Mutex
	known   map[CollectionID]*list.Element // of recent
	recent  list.List                      // of kept, the last one used in front
	bytes   int
	writing int
}

type kept struct {
	of CollectionID
	*roll
}

// find returns the roll of a collection, nil when there is none.
func (rs *rolls) find(c CollectionID) *roll {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	e := rs.known[c]
	if e == nil {
		return nil
	}
	rs.recent.MoveToFront(e)
	return e.Value.(kept).roll
}

// keep puts r in the place of an older one; nil: takes away what there is.
func (rs *rolls) keep(c CollectionID, r *roll) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if e := rs.known[c]; e != nil {
		if have := e.Value.(kept); r != nil && have.epoch == r.epoch && have.at >= r.at {
			return
		}
		rs.drop(e)
	}
	if r == nil || r.bytes > maxRoll {
		return
	}
	if rs.known == nil {
		rs.known = map[CollectionID]*list.Element{}
	}
	rs.known[c] = rs.recent.PushFront(kept{c, r})
	for rs.bytes += r.bytes; rs.bytes > maxRolls; {
		rs.drop(rs.recent.Back())
	}
}

// drop forgets one. rs.mu is held.
func (rs *rolls) drop(e *list.Element) {
	k := rs.recent.Remove(e).(kept)
	delete(rs.known, k.of)
	rs.bytes -= k.bytes
}

// begin reports whether a roll may be written down now; then end has to follow.
func (rs *rolls) begin() bool {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.writing >= maxWriting {
		return false
	}
	rs.writing++
	return true
}

func (rs *rolls) end() {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.writing--
}

// eachName is EachObject with Names for all components.
func (t *Tx) eachName(c CollectionID, f func(*Object) error) error {
	if !t.whole {
		return t.streamNames(c, f)
	}
	var epoch string
	var top Seq
	err := t.row(`SELECT epoch, seq FROM collections WHERE id = ?`, c).Scan(&epoch, &top)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fail("each object", err)
	}
	have := t.s.rolls.find(c)
	switch {
	case have == nil || have.epoch != epoch:
		return t.writeDown(c, &roll{epoch: epoch, at: top}, f)
	case have.at > top:
		return t.streamNames(c, f) // this snapshot is older
	case have.at < top:
		now, err := t.bringUp(c, have, top)
		if err != nil {
			return fail("each object", err)
		}
		if now == nil {
			return t.writeDown(c, &roll{epoch: epoch, at: top}, f)
		}
		t.s.rolls.keep(c, now)
		have = now
	}
	return t.read(have, f)
}

func (t *Tx) streamNames(c CollectionID, f func(*Object) error) error {
	return t.streamTo("each object", slim, ` WHERE o.collection_id = ? AND NOT o.deleted ORDER BY o.id`, []any{c}, f)
}

// read calls f for the objects of a roll.
func (t *Tx) read(r *roll, f func(*Object) error) error {
	var o Object
	for i, row := range r.rows {
		if i%checkRows == 0 && t.ctx.Err() != nil {
			return fail("each object", t.ctx.Err())
		}
		o = Object{ID: row.id, Name: row.name, ETag: row.etag}
		if err := f(&o); err != nil {
			return err
		}
	}
	return nil
}

// writeDown calls f for the objects as the database has them, and keeps the roll unless it is long.
func (t *Tx) writeDown(c CollectionID, r *roll, f func(*Object) error) error {
	if !t.s.rolls.begin() {
		return t.streamNames(c, f)
	}
	defer t.s.rolls.end()
	err := t.streamNames(c, func(o *Object) error {
		if r != nil {
			r.add(rollRow{o.ID, o.Name, o.ETag})
			if r.bytes > maxRoll {
				r = nil
			}
		}
		return f(o)
	})
	if err == nil {
		t.s.rolls.keep(c, r)
	}
	return err
}

func (r *roll) add(row rollRow) {
	r.rows = append(r.rows, row)
	r.bytes += row.size()
}

// bringUp is r with what changed until top; nil when that is so much that all is read faster.
func (t *Tx) bringUp(c CollectionID, r *roll, top Seq) (*roll, error) {
	most := 100 + len(r.rows)/8
	rows, err := t.query(`SELECT o.id, o.name, o.etag FROM objects AS o WHERE o.collection_id = ? AND o.seq > ? AND o.seq <= ? LIMIT ?`, c, r.at, top, most+1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var changed []rollRow
	for rows.Next() {
		var row rollRow
		if err := rows.Scan((*int64)(&row.id), &row.name, &row.etag); err != nil {
			return nil, err
		}
		changed = append(changed, row)
	}
	if err := rows.Err(); err != nil || len(changed) > most {
		return nil, err
	}
	return r.with(changed, top), nil
}

// with is the roll at a later change. Rows without an ETag are tombstones: every text has one.
func (r *roll) with(changed []rollRow, at Seq) *roll {
	slices.SortFunc(changed, func(a, b rollRow) int { return cmp.Compare(a.id, b.id) })
	now := &roll{epoch: r.epoch, at: at, rows: make([]rollRow, 0, len(r.rows)+len(changed)), bytes: r.bytes}
	left := r.rows
	for _, row := range changed {
		n, there := slices.BinarySearchFunc(left, row.id, func(r rollRow, id ObjectID) int { return cmp.Compare(r.id, id) })
		now.rows = append(now.rows, left[:n]...)
		if left = left[n:]; there {
			now.bytes -= left[0].size()
			left = left[1:]
		}
		if row.etag != "" {
			now.add(row)
		}
	}
	now.rows = append(now.rows, left...)
	return now
}
