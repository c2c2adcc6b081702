package store

import (
	"time"
)

// StartRun adds the report of a run that begins now; id and time are filled in.
func (t *Tx) StartRun(r Run) (Run, error) {
	r.ID, r.Started, r.Ended = 0, t.now, nil
	if err := t.writing("start run"); err != nil {
		return r, err
	}
	return r, fail("start run", t.orm.Create(&r).Error)
}

// FinishRun writes the outcome of a run and its steps. Ended is now unless it is
// set.
func (t *Tx) FinishRun(r Run, steps []Step) error {
	const op = "finish run"
	if err := t.writing(op); err != nil {
		return err
	}
	if r.Ended == nil {
		now := t.now
		r.Ended = &now
	}
	if err := t.save(op, "run", &r, "Ended", "Outcome", "Error", "Counts", "Requests"); err != nil {
		return err
	}
	if len(steps) == 0 {
		return nil
	}
	rows := make([]Step, len(steps))
	for i, s := range steps {
		s.ID, s.RunID = 0, r.ID
		rows[i] = s
	}
	return fail(op, t.orm.CreateInBatches(rows, 100).Error)
}

// Run returns the report with that id, else pim.ErrNotFound.
func (t *Tx) Run(id RunID) (Run, error) {
	r, err := take[Run](t, "id = ?", id)
	return r, fail("run", err)
}

// Runs returns at most limit reports of a link, of all links when l is 0, newest
// first. A limit of 0 means 100.
func (t *Tx) Runs(l LinkID, limit int) ([]Run, error) {
	if limit <= 0 {
		limit = 100
	}
	db := t.orm.Order("id DESC").Limit(limit)
	if l != 0 {
		db = db.Where("link_id = ?", l)
	}
	var rs []Run
	err := db.Find(&rs).Error
	return rs, fail("runs", err)
}

// Steps returns the steps of a run in their order.
func (t *Tx) Steps(r RunID) ([]Step, error) {
	var ss []Step
	err := t.orm.Where("run_id = ?", r).Order("id").Find(&ss).Error
	return ss, fail("steps", err)
}

// PruneRuns deletes the reports of runs that ended before a time, with their
// steps, and returns how many.
func (t *Tx) PruneRuns(before time.Time) (int64, error) {
	if err := t.writing("prune runs"); err != nil {
		return 0, err
	}
	n, err := t.exec(`DELETE FROM runs WHERE started < ? AND ended < ?`, before.UTC(), before.UTC())
	return n, fail("prune runs", err)
}
