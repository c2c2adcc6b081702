package store

import (
	"time"

	"crmbridge/pim"
)

// AddStep stores a step of a run together with the write that it tells of, and fills in
// its id and, unless it is set, when it was done.
func (t *Tx) AddStep(s *Step) error {
	const op = "add step"
	if err := t.writing(op); err != nil {
		return err
	}
	if s.DoneAt == nil {
		now := t.now
		s.DoneAt = &now
	}
	s.ID = 0
	return fail(op, t.db().Create(s).Error)
}

// FinishStep writes the outcome of a step that was begun, with what undoing it needs now.
func (t *Tx) FinishStep(s Step) error {
	const op = "finish step"
	if err := t.writing(op); err != nil {
		return err
	}
	return t.save(op, "step", &s, "Outcome", "Fields", "Cut", "Trace", "Undo")
}

// DropStep removes a step that was begun and not done; one that is not there is no error.
func (t *Tx) DropStep(id int64) error {
	if err := t.writing("drop step"); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM steps WHERE id = ?`, id)
	return fail("drop step", err)
}

// SettleBegun says of the writes to a pair's remote item that were begun, by runs that told
// no more of them, that they were done, or that they never were: then their steps go.
func (t *Tx) SettleBegun(pair PairID, uid string, done bool) error {
	const op = "settle begun steps"
	if err := t.writing(op); err != nil {
		return err
	}
	const which = ` WHERE uid = ? AND side = 'remote' AND pair_id = ? AND outcome = 'begun'`
	if !done {
		_, err := t.exec(`DELETE FROM steps`+which, uid, pair)
		return fail(op, err)
	}
	_, err := t.exec(`UPDATE steps SET outcome = 'done'`+which, uid, pair)
	return fail(op, err)
}

// Written is one write of a run, without what it takes to undo it.
type Written struct {
	Step   int64
	Pair   PairID
	Undone string // as Step.Undone
}

// WrittenBy returns what a run wrote to either side, in its order. The files of a message go with it, and are no writes of their own.
func (t *Tx) WrittenBy(run RunID) (list []Written, err error) {
	const op = "written by"
	rows, err := t.query(`SELECT id, pair_id, undone FROM steps WHERE run_id = ? AND side <> '' AND action NOT IN ('file', 'leave file') ORDER BY id`, run)
	if err != nil {
		return nil, fail(op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var w Written
		if err := rows.Scan(&w.Step, &w.Pair, &w.Undone); err != nil {
			return nil, fail(op, err)
		}
		list = append(list, w)
	}
	return list, fail(op, rows.Err())
}

// StepsNumbered returns the steps with those ids, in their order; the missing are left out.
func (t *Tx) StepsNumbered(ids []int64) ([]Step, error) {
	ss, err := find[Step](t, "id "+t.anyInt()+" ORDER BY id", intList(t, ids))
	return ss, fail("steps numbered", err)
}

// MarkSteps notes how undoing steps of one pair stands, and which pair the item has now.
func (t *Tx) MarkSteps(ids []int64, undone string, now PairID) error {
	const op = "mark steps"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE steps SET undone = ?, pair_id = ? WHERE id `+t.anyInt(), undone, now, intList(t, ids))
	return fail(op, err)
}

// RemoteSteps returns what runs of a link wrote to the remote of the items with a UID,
// oldest first, each with its time.
func (t *Tx) RemoteSteps(l LinkID, uid string) ([]Step, error) {
	const op = "remote steps"
	if !storable(uid) {
		return nil, nil
	}
	var all []Step
	err := t.db().Where("uid = ? AND side = 'remote' AND run_id IN (SELECT r.id FROM runs AS r WHERE r.link_id = ?)", uid, l).Order("id").Find(&all).Error
	if err != nil {
		return nil, fail(op, err)
	}
	runs := map[RunID]Run{}
	for i := range all {
		if all[i].DoneAt != nil {
			continue
		}
		r, known := runs[all[i].RunID]
		if !known {
			if r, err = t.Run(all[i].RunID); err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
				return nil, err
			}
			runs[r.ID] = r
		}
		at := r.Started
		all[i].DoneAt = &at
	}
	return all, nil
}

// ObjectsByUID returns every object that has or had a UID in a collection, without texts:
// the living one and the tombstones, oldest first. The empty UID has none.
func (t *Tx) ObjectsByUID(c CollectionID, uid string) ([]Object, error) {
	const op = "objects by uid"
	if uid == "" || !storable(uid) {
		return nil, nil
	}
	var os []Object
	for _, where := range []string{
		` WHERE o.collection_id = ? AND o.uid = ? AND o.deleted AND o.uid <> '' ORDER BY o.seq`,
		` WHERE o.collection_id = ? AND o.uid = ? AND NOT o.deleted AND o.uid <> ''`,
	} {
		err := t.each(full, where, []any{c, uid}, func(o *Object) error {
			os = append(os, *o)
			return nil
		})
		if err != nil {
			return nil, fail(op, err)
		}
	}
	return os, nil
}

// KeepsVersions is how long replaced texts stay.
func (s *Store) KeepsVersions() time.Duration { return s.cfg.KeepVersions }
