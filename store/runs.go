package store

import (
	"database/sql"
	"errors"
	"math"
	"time"
)

// StartRun adds the report of a run that begins now; id and time are filled in.
func (t *Tx) StartRun(r Run) (Run, error) {
	r.ID, r.Started, r.Ended = 0, t.now, nil
	if err := t.writing("start run"); err != nil {
		return r, err
	}
	return r, fail("start run", t.db().Create(&r).Error)
}

// FinishRun writes the outcome of a run and those of its steps that AddStep did not. Ended is
// now unless it is set. A run with Quiet set takes the place of the one of its link before it when that was
// quiet, too, and ended alike; without that, polls that find nothing would fill the table.
func (t *Tx) FinishRun(r Run, steps []Step) error {
	const op = "finish run"
	if err := t.writing(op); err != nil {
		return err
	}
	if r.Ended == nil {
		now := t.now
		r.Ended = &now
	}
	if r.Quiet > 0 && len(steps) == 0 {
		if err := t.fold(&r); err != nil {
			return fail(op, err)
		}
	} else {
		r.Quiet = 0
	}
	if err := t.save(op, "run", &r, "Ended", "Outcome", "Error", "Kind", "Trace", "Counts", "Requests", "Quiet", "Since"); err != nil {
		return err
	}
	if len(steps) == 0 {
		return nil
	}
	var rows []Step
	for _, s := range steps {
		if s.ID != 0 { // stored with the write, before it was known what the remote calls it
			if s.Trace != "" {
				if _, err := t.exec(`UPDATE steps SET trace = ? WHERE id = ?`, s.Trace, s.ID); err != nil {
					return fail(op, err)
				}
			}
			continue
		}
		s.RunID = r.ID
		rows = append(rows, s)
	}
	if len(rows) == 0 {
		return nil
	}
	return fail(op, t.db().CreateInBatches(rows, 100).Error)
}

// CutRuns gives an end to the latest runs of a link that never told of theirs, because their process died. Only
// who has the link's lease knows that they are not at work any more.
func (t *Tx) CutRuns(l LinkID, outcome, why string) error {
	const op = "cut runs"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE runs SET outcome = ?, error = ?, ended = ? WHERE ended IS NULL
		AND id IN (SELECT id FROM runs WHERE link_id = ? ORDER BY id DESC LIMIT 100)`, outcome, why, t.now, l)
	return fail(op, err)
}

// fold lets r stand for the quiet run before it, too.
func (t *Tx) fold(r *Run) error {
	before, err := take[Run](t, "link_id = ? AND id < ? ORDER BY id DESC LIMIT 1", r.LinkID, r.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil || before.Quiet == 0 || before.Trigger != r.Trigger || before.Outcome != r.Outcome || before.Error != r.Error {
		return err
	}
	r.Quiet += before.Quiet
	r.Requests += before.Requests
	if r.Since = before.Since; r.Since == nil {
		r.Since = &before.Started
	}
	_, err = t.exec(`DELETE FROM runs WHERE id = ?`, before.ID)
	return err
}

// Run returns the report with that id, else pim.ErrNotFound.
func (t *Tx) Run(id RunID) (Run, error) {
	r, err := take[Run](t, "id = ?", id)
	return r, fail("run", err)
}

// RunFilter chooses reports of runs; zero fields do not choose.
type RunFilter struct {
	Link    LinkID
	Outcome string
	Trigger string
	// Since and Until bound when a run began: Since inclusive, Until exclusive. A report that
	// stands for several (Quiet) is within them when one of its runs may be.
	Since, Until time.Time
	Before       RunID // only older ones, for paging
	Limit        int   // 0: 100
}

// Runs returns reports, newest first.
func (t *Tx) Runs(f RunFilter) ([]Run, error) {
	w := where{}
	w.add(f.Link != 0, "link_id = ?", f.Link)
	w.add(f.Outcome != "", "outcome = ?", f.Outcome)
	w.add(f.Trigger != "", `"trigger" = ?`, f.Trigger)
	w.add(!f.Since.IsZero(), "started >= ?", f.Since.UTC())
	// A report that stands for several runs is one of those that began before Until, too.
	w.add(!f.Until.IsZero(), "coalesce(since, started) < ?", f.Until.UTC())
	w.add(true, "id < ?", orMost(f.Before))
	rs, err := find[Run](t, w.text()+" ORDER BY id DESC LIMIT ?", append(w.args, orHundred(f.Limit))...)
	return rs, fail("runs", err)
}

// StepFilter chooses steps of a run; zero fields do not choose.
type StepFilter struct {
	Run     RunID
	Outcome string
	Action  string
	Side    string
	After   int64 // only later ones, for paging
	Limit   int   // 0: all
}

// Steps returns the steps of a run in their order.
func (t *Tx) Steps(f StepFilter) ([]Step, error) {
	w := where{}
	w.add(true, "run_id = ?", f.Run)
	w.add(true, "id > ?", f.After)
	w.add(f.Outcome != "", "outcome = ?", f.Outcome)
	w.add(f.Action != "", "action = ?", f.Action)
	w.add(f.Side != "", "side = ?", f.Side)
	if f.Limit <= 0 {
		f.Limit = math.MaxInt32
	}
	ss, err := find[Step](t, w.text()+" ORDER BY id LIMIT ?", append(w.args, f.Limit)...)
	return ss, fail("steps", err)
}

// pruneBatch is how many reports go in one transaction, so that writers do not wait.
const pruneBatch = 200

// brokenOff is how much longer the report of a run stays that has no end: its process may have
// died, or it is a first sync that goes on.
const brokenOff = 7 * 24 * time.Hour

// PruneRuns deletes some reports of runs that began before a time, with their steps, and then
// some of the oldest that have steps, as long as there are more than most steps in all; 0 is no bound. Runs
// that may be under way stay. It returns how many reports it deleted; 0 when there is nothing left to do.
func (t *Tx) PruneRuns(before time.Time, most int) (int64, error) {
	const op = "prune runs"
	if err := t.writing(op); err != nil {
		return 0, err
	}
	n, err := t.exec(`DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE started < ? AND (ended < ? OR ended IS NULL AND started < ?) ORDER BY started LIMIT ?)`,
		before.UTC(), before.UTC(), before.Add(-brokenOff).UTC(), pruneBatch)
	if err != nil || n > 0 || most <= 0 {
		return n, fail(op, err)
	}
	// By number: counting would read them all. What numbers are missing makes it keep a little less.
	var last int64
	err = t.row(`SELECT coalesce(max(id), 0) FROM steps`).Scan(&last)
	if err == nil && last > int64(most) {
		n, err = t.exec(`DELETE FROM runs WHERE id IN (SELECT run_id FROM steps WHERE id <= ? ORDER BY id LIMIT ?) AND (ended IS NOT NULL OR started < ?)`,
			last-int64(most), 5*pruneBatch, t.now.Add(-brokenOff))
	}
	return n, fail(op, err)
}
