package store

import "math"

// Changes calls f, in the order of the change sequence, for what changed after
// since: living objects, and tombstones of names that hold nothing now, without
// their texts unless text is set. since 0 is the initial sync: living objects only.
// limit bounds the number of calls (0: no bound). last is the position to go on
// from: the collection's present one unless more is true. It costs O(changes). f may
// use the transaction.
func (t *Tx) Changes(c CollectionID, since Seq, limit int, text bool, f func(*Object) error) (last Seq, more bool, err error) {
	fs := full
	if text {
		fs = withText
	}
	return t.changes(fs, c, since, limit, f)
}

// ChangedNames is Changes that reads only Seq, Name, ETag and Deleted, in a third of
// the time; the other fields are zero. As with EachOptions.Names, f must not use the
// transaction, nor the object after it returns. From the beginning and without limit it is all that
// lives, in a View in the order of ids and without Seq, as the names may be known without asking.
func (t *Tx) ChangedNames(c CollectionID, since Seq, limit int, f func(*Object) error) (last Seq, more bool, err error) {
	if since > 0 || limit > 0 || !t.whole {
		return t.changes(slimSeq, c, since, limit, f)
	}
	if err := t.row(`SELECT seq FROM collections WHERE id = ? AND NOT deleted`, c).Scan(&last); err != nil {
		return 0, false, fail("changes", err)
	}
	return last, false, t.eachName(c, f)
}

func (t *Tx) changes(fs fields, c CollectionID, since Seq, limit int, f func(*Object) error) (last Seq, more bool, err error) {
	var top Seq
	// What is committed while this runs, where there is no snapshot, is for next time.
	if err := t.row(`SELECT seq FROM collections WHERE id = ? AND NOT deleted`, c).Scan(&top); err != nil {
		return 0, false, fail("changes", err)
	}
	if since >= top {
		return top, false, nil
	}
	where := ` WHERE o.collection_id = ? AND o.seq > ? AND o.seq <= ? AND NOT o.shadowed`
	if since == 0 {
		where += ` AND NOT o.deleted`
	}
	return t.inSequence(fs, where, c, since, top, limit, f)
}

// ObjectChanges calls f, in the order of the change sequence, for every object that
// changed after since, without texts: the living and all tombstones, those too whose
// name lives again. It is Changes for the relay, to which an object is more than its
// name. last, more and limit as there.
func (t *Tx) ObjectChanges(c CollectionID, since Seq, limit int, f func(Object) error) (last Seq, more bool, err error) {
	var top Seq
	if err := t.row(`SELECT seq FROM collections WHERE id = ?`, c).Scan(&top); err != nil {
		return 0, false, fail("object changes", err)
	}
	return t.inSequence(full, ` WHERE o.collection_id = ? AND o.seq > ? AND o.seq <= ?`, c, since, top, limit,
		func(o *Object) error { return f(*o) })
}

// inSequence pages through the changes in (since, top].
func (t *Tx) inSequence(fs fields, where string, c CollectionID, since, top Seq, limit int, f func(*Object) error) (last Seq, more bool, err error) {
	where += ` ORDER BY o.seq LIMIT ?`
	if fs == slimSeq {
		return t.streamSequence(fs, where, c, since, top, limit, f)
	}
	last, count := since, 0
	err = pages(func(o *Object) error {
		count++
		return f(o)
	}, func(want int, add func(*Object) error) (bool, error) {
		n := 0
		// One row more than allowed tells whether there is more.
		if limit > 0 {
			want = min(want, limit-count+1)
		}
		err := t.each(fs, where, []any{c, last, top, want}, func(o *Object) error {
			n++
			if limit > 0 && count+n > limit {
				more = true
				return nil
			}
			last = o.Seq
			return add(o)
		})
		return more || n < want, err
	})
	if err != nil {
		return 0, false, err
	}
	if !more {
		last = top
	}
	return last, more, nil
}

// streamSequence is inSequence without pages.
func (t *Tx) streamSequence(fs fields, where string, c CollectionID, since, top Seq, limit int, f func(*Object) error) (last Seq, more bool, err error) {
	want := math.MaxInt32
	if limit > 0 {
		want = limit + 1 // one more than allowed tells whether there is more
	}
	last, n := since, 0
	err = t.streamTo("changes", fs, where, []any{c, since, top, want}, func(o *Object) error {
		if n++; limit > 0 && n > limit {
			more = true
			return nil
		}
		last = o.Seq
		return f(o)
	})
	if err != nil {
		return 0, false, err
	}
	if !more {
		last = top
	}
	return last, more, nil
}
