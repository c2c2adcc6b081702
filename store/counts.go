package store

import (
	"strings"
	"sync"

	"gorm.io/gorm/schema"
)

// CountRows returns how many rows each table has that a backup holds. It counts them one by one.
func (t *Tx) CountRows() (map[string]int64, error) {
	const op = "count rows"
	out := map[string]int64{}
	for _, m := range models() {
		s, err := schema.Parse(m, new(sync.Map), t.s.orm.NamingStrategy)
		if err != nil {
			return nil, fail(op, err)
		}
		var n int64
		if err := t.row(`SELECT count(*) FROM ` + s.Table).Scan(&n); err != nil {
			return nil, fail(op, err)
		}
		out[s.Table] = n
	}
	return out, nil
}

// CountFaults returns how many pairs of a link cannot be synced, by Pair.ErrorKind; never nil.
func (t *Tx) CountFaults(l LinkID) (map[string]int, error) {
	const op = "count faults"
	rows, err := t.query(`SELECT error_kind, count(*) FROM pairs WHERE link_id = ? AND error <> '' GROUP BY error_kind`, l)
	if err != nil {
		return nil, fail(op, err)
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var kind string
		var n int
		if err := rows.Scan(&kind, &n); err != nil {
			return nil, fail(op, err)
		}
		out[kind] = n
	}
	return out, fail(op, rows.Err())
}

// StepCount is how many steps of a run are alike.
type StepCount struct {
	Action, Side, Outcome, Kind string // as in Step
	Steps                       int
}

// CountSteps returns how many steps of each sort a run has.
func (t *Tx) CountSteps(r RunID) ([]StepCount, error) {
	const op = "count steps"
	rows, err := t.query(`SELECT action, side, outcome, coalesce(kind, ''), count(*) FROM steps WHERE run_id = ? GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`, r)
	if err != nil {
		return nil, fail(op, err)
	}
	defer rows.Close()
	var out []StepCount
	for rows.Next() {
		var c StepCount
		if err := rows.Scan(&c.Action, &c.Side, &c.Outcome, &c.Kind, &c.Steps); err != nil {
			return nil, fail(op, err)
		}
		out = append(out, c)
	}
	return out, fail(op, rows.Err())
}

// WaitingCount is how many rows wait for a person.
type WaitingCount struct {
	Conflicts  int
	Failing    int // pairs with an error that nobody set aside
	Deletions  int // pairs whose deletion waits
	Held       int // pairs with another hold that waits
	Duplicates int // open
}

// CountWaiting counts what waits for a person, of all users; deletions and others are the holds (Pair.Hold) that wait.
func (t *Tx) CountWaiting(deletions, others []string) (n WaitingCount, err error) {
	var args []any
	in := func(holds []string) string {
		for _, h := range holds {
			args = append(args, h)
		}
		return strings.Repeat(", ?", len(holds))
	}
	err = t.row(`SELECT (SELECT count(*) FROM conflicts WHERE resolved_at IS NULL),
		(SELECT count(*) FROM pairs WHERE error <> '' AND ignored_at IS NULL),
		(SELECT count(*) FROM pairs WHERE hold <> '' AND hold IN (''`+in(deletions)+`)),
		(SELECT count(*) FROM pairs WHERE hold <> '' AND hold IN (''`+in(others)+`)),
		(SELECT count(*) FROM duplicates WHERE state = '`+string(DuplicateOpen)+`')`, args...).
		Scan(&n.Conflicts, &n.Failing, &n.Deletions, &n.Held, &n.Duplicates)
	return n, fail("count waiting", err)
}

// CountStepsAfter is how many steps of a run have numbers above one, and the highest of those; 0 where there are none.
func (t *Tx) CountStepsAfter(r RunID, after int64) (n int, last int64, err error) {
	err = t.row(`SELECT count(*), coalesce(max(id), 0) FROM steps WHERE run_id = ? AND id > ?`, r, after).Scan(&n, &last)
	return n, last, fail("count steps", err)
}
