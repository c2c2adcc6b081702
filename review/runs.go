package review

import (
	"encoding/json"
	"time"

	"crmbridge/relay"
	"crmbridge/store"
)

// Run is the report of a run, or of several in a row that found nothing.
type Run struct {
	ID       store.RunID  `json:"id"`
	User     string       `json:"user"`
	LinkID   store.LinkID `json:"linkId"`
	Link     string       `json:"link"` // "" when it was removed since
	Trigger  string       `json:"trigger"`
	Started  time.Time    `json:"started"`
	Ended    *time.Time   `json:"ended,omitempty"`
	Seconds  float64      `json:"seconds"`
	Outcome  string       `json:"outcome"` // "": under way
	Error    string       `json:"error,omitempty"`
	Class    string       `json:"class,omitempty"` // pim.Reason of it
	Trace    string       `json:"trace,omitempty"`
	Counts   relay.Counts `json:"counts"`
	Requests int          `json:"requests"`
	// Quiet is how many runs in a row had nothing to tell, of which this is the newest and Since the
	// begin of the first; 0 for a run of its own.
	Quiet int        `json:"quiet,omitempty"`
	Since *time.Time `json:"since,omitempty"`
}

// Runs are the reports of runs, newest first. States are the outcomes of package relay.
func Runs(tx *store.Tx, q Query) (Page[Run], error) {
	links, err := q.links(tx)
	if err != nil {
		return Page[Run]{}, err
	}
	f := store.RunFilter{Outcome: q.State, Since: q.Since, Until: q.Until}
	read := func(before int64, limit int) ([]store.Run, error) {
		f.Before, f.Limit = store.RunID(before), limit
		return tx.Runs(f)
	}
	if links != nil {
		read = merged(len(links), func(i int, before int64, limit int) ([]store.Run, error) {
			f.Link, f.Before, f.Limit = links[i], store.RunID(before), limit
			return tx.Runs(f)
		}, func(a, b store.Run) bool { return a.ID > b.ID })
	}
	own := owners(tx)
	return gather(q, rowsAtOnce, read, func(r store.Run) int64 { return int64(r.ID) }, func(r store.Run) (Run, bool, error) {
		row, err := runRow(own, r)
		return row, q.fits(row.Error, row.Link, row.Trace), err
	})
}

func runRow(own *owner, r store.Run) (Run, error) {
	l, u, err := own.of(r.LinkID)
	if err != nil {
		return Run{}, err
	}
	row := Run{ID: r.ID, User: u.Name, LinkID: r.LinkID, Link: l.Name, Trigger: r.Trigger, Started: r.Started, Ended: r.Ended, Outcome: r.Outcome,
		Error: r.Error, Class: r.Kind, Trace: r.Trace, Requests: r.Requests, Quiet: r.Quiet, Since: r.Since}
	if r.Ended != nil {
		row.Seconds = r.Ended.Sub(r.Started).Seconds()
	}
	if r.Counts == "" {
		return row, nil
	}
	return row, json.Unmarshal([]byte(r.Counts), &row.Counts)
}

// Step is what a run did with one item, or could not do.
type Step struct {
	No      int64  `json:"no"`
	UID     string `json:"uid"`
	Title   string `json:"title"`
	Side    string `json:"side,omitempty"` // local (here) or remote (there): where it was written
	Action  string `json:"action"`
	Outcome string `json:"outcome"` // done or failed; begun, while the answer to a write is not stored
	Fields  string `json:"fields,omitempty"`
	Cut     string `json:"cut,omitempty"` // texts that the remote kept the beginning of, in characters: "title to 250 of 412"
	Error   string `json:"error,omitempty"`
	Class   string `json:"class,omitempty"` // pim.Reason of it
	Trace   string `json:"trace,omitempty"` // what the remote calls its answer in its own log
}

// Steps are a run and what it did, in order. States: "done", "failed". pim.ErrNotFound without the run.
func Steps(tx *store.Tx, id store.RunID, q Query) (Run, Page[Step], error) {
	r, err := tx.Run(id)
	if err != nil {
		return Run{}, Page[Step]{}, err
	}
	run, err := runRow(owners(tx), r)
	if err != nil {
		return run, Page[Step]{}, err
	}
	read := func(after int64, limit int) ([]store.Step, error) {
		return tx.Steps(store.StepFilter{Run: id, Outcome: q.State, After: after, Limit: limit})
	}
	page, err := gather(q, memosAtOnce, read, func(s store.Step) int64 { return s.ID }, func(s store.Step) (Step, bool, error) {
		return Step{s.ID, s.UID, s.Title, s.Side, s.Action, s.Outcome, s.Fields, s.Cut, s.Error, s.Kind, s.Trace}, q.fits(s.Title, s.UID, s.Error, s.Trace), nil
	})
	return run, page, err
}
