package manage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"crmbridge/store"
)

// Job states.
const (
	JobQueued  = "queued"
	JobRunning = "running"
)

// Job is a run of a link that is queued or under way.
type Job struct {
	LinkID  store.LinkID `json:"linkId"`
	Link    string       `json:"link"`
	User    string       `json:"user"`
	State   string       `json:"state"`             // JobQueued or JobRunning
	Since   time.Time    `json:"since"`             // when it was queued, or began
	Run     store.RunID  `json:"run,omitempty"`     // of one under way
	Trigger string       `json:"trigger,omitempty"` // of one under way: poll, change, manual …
	Server  string       `json:"server,omitempty"`  // the machine that it runs on
}

// JobList are the runs that are under way and those that are queued, the longest first. A link may have one of each.
func (o *Office) JobList(ctx context.Context) (jobs []Job, err error) {
	jobs = []Job{}
	err = o.EachLink(ctx, "", func(tx *store.Tx, u store.User, l store.Link) error {
		if l.LeaseUntil != nil && l.LeaseUntil.After(o.Now()) {
			job := Job{LinkID: l.ID, Link: l.Name, User: u.Name, State: JobRunning, Server: serverOf(l.LeaseOwner), Since: o.Now()}
			runs, err := tx.Runs(store.RunFilter{Link: l.ID, Limit: 1})
			if err != nil {
				return err
			}
			if len(runs) == 1 && runs[0].Ended == nil {
				job.Run, job.Since, job.Trigger = runs[0].ID, runs[0].Started, runs[0].Trigger
			}
			jobs = append(jobs, job)
		}
		if l.WantedAt != nil {
			jobs = append(jobs, Job{LinkID: l.ID, Link: l.Name, User: u.Name, State: JobQueued, Since: *l.WantedAt})
		}
		return nil
	})
	slices.SortStableFunc(jobs, func(a, b Job) int { return cmp.Or(-strings.Compare(a.State, b.State), a.Since.Compare(b.Since)) })
	return jobs, err
}

// Progress is how the run of a link goes.
type Progress struct {
	State string      `json:"state"`         // JobQueued, JobRunning, "" when neither
	Run   store.RunID `json:"run,omitempty"` // of one under way
	Steps int         `json:"steps"`         // what it did so far
	last  int64       // step that was counted
}

// Progress is how the run of a link goes now; before is what this said the last time, the zero value at first: only what came since is counted.
func (o *Office) Progress(ctx context.Context, l store.Link, before Progress) (p Progress, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		p = Progress{}
		now, err := tx.Link(l.ID)
		if err != nil {
			return err
		}
		if now.LeaseUntil == nil || !now.LeaseUntil.After(o.Now()) {
			if now.WantedAt != nil && !now.Paused {
				p.State = JobQueued
			}
			return nil
		}
		p.State = JobRunning
		runs, err := tx.Runs(store.RunFilter{Link: l.ID, Limit: 1})
		if err != nil || len(runs) == 0 || runs[0].Ended != nil {
			return err
		}
		if p.Run = runs[0].ID; before.Run == p.Run {
			p.Steps, p.last = before.Steps, before.last
		}
		n, last, err := tx.CountStepsAfter(p.Run, p.last)
		p.Steps, p.last = p.Steps+n, max(p.last, last)
		return err
	})
	return p, err
}

// serverOf is the name of the machine in that of a process, which begins with it.
func serverOf(owner string) string {
	host, _, _ := strings.Cut(owner, "|")
	return host
}

// System is the program and its database.
type System struct {
	Version string           `json:"version"`
	Address string           `json:"address"` // where people reach it
	Now     time.Time        `json:"now"`
	Schema  int              `json:"schema"` // of the database
	Wanted  int              `json:"wanted"` // by this program
	Keys    int              `json:"keys"`   // in the key file: two while one takes the place of another
	Rows    map[string]int64 `json:"rows"`   // of each table that a backup holds
	Jobs    []Job            `json:"jobs"`
}

// System is how the program and its database stand. version is the program's.
func (o *Office) System(ctx context.Context, version string) (s System, err error) {
	s = System{Version: version, Address: o.Address, Now: o.Now(), Keys: o.Keeper.Keys()}
	if s.Schema, s.Wanted, err = o.Store.SchemaVersion(ctx); err != nil {
		return s, err
	}
	if s.Jobs, err = o.JobList(ctx); err != nil {
		return s, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		s.Rows, err = tx.CountRows()
		return err
	})
	return s, err
}
