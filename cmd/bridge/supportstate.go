package main

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"time"

	"crmbridge/internal/config"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// What goes into a bundle is named here value by value: numbers, times, and words of the
// program's own. A text that somebody else wrote has no place in these types.

type supportMachine struct {
	built
	System    string    `json:"system"` // linux/amd64
	Processor int       `json:"processors"`
	Made      time.Time `json:"made"`
}

func machineNow(now time.Time) supportMachine {
	return supportMachine{thisBuild(), runtime.GOOS + "/" + runtime.GOARCH, runtime.NumCPU(), now.UTC()}
}

type supportCheck struct {
	Name string     `json:"name"`
	OK   bool       `json:"ok"`
	Kind pim.Reason `json:"kind,omitempty"`
}

// bareChecks leave out texts, and the names of links.
func bareChecks(rows []manage.Check) []supportCheck {
	out := make([]supportCheck, 0, len(rows))
	for _, r := range rows {
		c := supportCheck{r.Name, r.OK, r.Kind}
		if r.Bare != "" {
			c.Name = r.Bare
		}
		out = append(out, c)
	}
	return out
}

type supportDatabase struct {
	Kind   string           `json:"kind"` // sqlite or postgres
	Schema int              `json:"schema"`
	Wanted int              `json:"wanted"`
	Rows   map[string]int64 `json:"rows"` // per table
}

type supportLink struct {
	ID         store.LinkID       `json:"id"`
	User       store.UserID       `json:"user"`
	Side       store.Side         `json:"side"`
	Driver     string             `json:"driver"`
	Collection store.CollectionID `json:"collection"`
	Home       store.Home         `json:"home"`
	Settings   remote.Settings    `json:"settings"` // nil: they cannot be read
	Rules      *rule.Rules        `json:"rules"`    // nil: they cannot be read
	Interval   string             `json:"interval"`
	Paused     bool               `json:"paused"`
	Running    bool               `json:"running"`
	Held       bool               `json:"held"`
	Failing    bool               `json:"failing"` // the last run ended with an error
	Failures   int                `json:"failures"`
	Items      int                `json:"items"`
	Waiting    int                `json:"waiting"`
	Faults     map[string]int     `json:"faults"` // items that fail, by kind
	LastRun    *time.Time         `json:"lastRun,omitempty"`
	Success    *time.Time         `json:"lastSuccess,omitempty"`
	NextRun    *time.Time         `json:"nextRun,omitempty"`
	Listed     *time.Time         `json:"lastListed,omitempty"`
}

type supportRun struct {
	ID       store.RunID    `json:"id"`
	Link     store.LinkID   `json:"link"`
	Trigger  string         `json:"trigger"`
	Started  time.Time      `json:"started"`
	Ended    *time.Time     `json:"ended,omitempty"`
	Outcome  string         `json:"outcome"`
	Kind     string         `json:"kind,omitempty"`
	Counts   relay.Counts   `json:"counts"`
	Requests int            `json:"requests"`
	Quiet    int            `json:"quiet,omitempty"`
	Since    *time.Time     `json:"since,omitempty"`
	Steps    map[string]int `json:"steps"` // how many: "update remote failed: refused"
}

// supportRuns is how many of the last runs of each link are told.
const supportRuns = 20

// supportState are the files about the database, as it is at one moment.
func (a *app) supportState(ctx context.Context) ([]supportFile, error) {
	db := supportDatabase{Kind: "postgres"}
	if _, ok := config.SQLitePath(a.cfg.Database); ok {
		db.Kind = "sqlite"
	}
	links, runs := []supportLink{}, []supportRun{}
	var err error
	if db.Schema, db.Wanted, err = a.store.SchemaVersion(ctx); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx *store.Tx) (err error) {
		if db.Rows, err = tx.CountRows(); err != nil {
			return err
		}
		all, err := tx.Links(0)
		for _, l := range all {
			row, lerr := a.supportLink(tx, l)
			of, rerr := supportRunsOf(tx, l.ID)
			links, runs = append(links, row), append(runs, of...)
			err = errors.Join(err, lerr, rerr)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return []supportFile{
		{"database.json", "the kind of database, its schema, and how many rows each table has", db},
		{"links.json", "links by their numbers, with settings and rules; what those name is \"…\"", links},
		{"runs.json", "the last runs of each link: times, counts, and kinds of errors", runs},
	}, nil
}

func (a *app) supportLink(tx *store.Tx, l store.Link) (supportLink, error) {
	row := supportLink{
		ID: l.ID, User: l.UserID, Side: l.Side, Driver: "unknown", Collection: l.CollectionID, Interval: l.Interval.String(), Paused: l.Paused,
		Running: l.LeaseUntil != nil && l.LeaseUntil.After(a.now()), Held: l.Held != "", Failing: l.LastError != "", Failures: l.Failures,
		LastRun: l.LastRun, Success: l.LastSuccess, NextRun: l.NextRun, Listed: l.ListedAt,
	}
	if d, ok := drivers().Named(l.Driver); ok {
		row.Driver = d.Name
		if s, err := a.conns.Settings(l); err == nil {
			row.Settings = d.Anonymous(s)
		}
	}
	if r, err := rule.Parse(l.Rules); err == nil {
		r = r.Anonymous()
		row.Rules = &r
	}
	c, err := tx.AnyCollection(l.CollectionID)
	if err != nil {
		return row, err
	}
	row.Home = c.Home
	if row.Items, row.Waiting, _, err = tx.CountPairs(l.ID); err != nil {
		return row, err
	}
	row.Faults, err = tx.CountFaults(l.ID)
	return row, err
}

func supportRunsOf(tx *store.Tx, l store.LinkID) ([]supportRun, error) {
	rs, err := tx.Runs(store.RunFilter{Link: l, Limit: supportRuns})
	out := make([]supportRun, 0, len(rs))
	for _, r := range rs {
		row := supportRun{ID: r.ID, Link: r.LinkID, Trigger: r.Trigger, Started: r.Started, Ended: r.Ended, Outcome: r.Outcome, Kind: r.Kind,
			Requests: r.Requests, Quiet: r.Quiet, Since: r.Since, Steps: map[string]int{}}
		if json.Unmarshal([]byte(r.Counts), &row.Counts) != nil {
			row.Counts = relay.Counts{} // of a run that has not ended
		}
		steps, serr := tx.CountSteps(r.ID)
		for _, s := range steps {
			row.Steps[stepWords(s)] += s.Steps
		}
		out, err = append(out, row), errors.Join(err, serr)
	}
	return out, err
}

// stepWords are those of a step that are the program's own.
func stepWords(s store.StepCount) string {
	words := s.Action
	for _, w := range []string{s.Side, s.Outcome} {
		if w != "" {
			words += " " + w
		}
	}
	if s.Kind != "" {
		words += ": " + s.Kind
	}
	return words
}

type supportProcess struct {
	Goroutines int    `json:"goroutines"`
	Heap       uint64 `json:"heapBytes"` // in use
	System     uint64 `json:"systemBytes"`
	Objects    uint64 `json:"heapObjects"`
	Collected  uint32 `json:"collections"` // of garbage, since the start
}

func processNow() supportProcess {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return supportProcess{runtime.NumGoroutine(), m.HeapAlloc, m.Sys, m.HeapObjects, m.NumGC}
}
