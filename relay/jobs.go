package relay

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"crmbridge/pim"
	"crmbridge/store"
)

// Jobs decides which run begins when. The queue is River on the store's own
// database, so that an item and the job it needs commit together.
//
//   - A change by a client queues a run in its own transaction (Want). Many changes
//     before that run has begun share it (store.Link.WantedAt).
//   - The sweep, a periodic job of whichever process leads, queues the links that
//     are due by their interval or retry.
//   - A user's first jobs go before what is more than that, and changes before polls
//     (priority); how many run at once, and whose, is the gate's (gate.go).
//   - Links whose remote can tell of changes are watched (watch.go).
//   - Runs of one link exclude each other by the link's lease, so a second job that
//     meets a run waits for it.
type Jobs struct {
	client *river.Client[*sql.Tx]
	engine *Engine
	log    *slog.Logger
	gate   *gate
	watch  *watchers
	// stopping is set once Stop was called.
	stopping atomic.Bool
}

// JobsOptions configure a Jobs; zero values mean the defaults.
type JobsOptions struct {
	// Workers is how many short runs this process does at once, at least two; as many long
	// ones go on beside them (gate.go). 0 means none: the process only queues.
	Workers int
	// Sweep is how often due links are looked for; 0 means a second.
	Sweep time.Duration
	// LongAfter is how long a run keeps its place; then it goes on beside the others. 0
	// means 2 s.
	LongAfter time.Duration
	// Poll is how often the queue is asked; 0 means 100 ms.
	Poll time.Duration
}

// runArgs asks for one run of a link.
type runArgs struct {
	Link    store.LinkID `json:"link"`
	Trigger string       `json:"trigger"`
	// User owns the link; 0 in jobs of older versions.
	User store.UserID `json:"user,omitempty"`
}

// Kind implements river.JobArgs.
func (runArgs) Kind() string { return "relay_run" }

type sweepArgs struct{}

// Kind implements river.JobArgs.
func (sweepArgs) Kind() string { return "relay_sweep" }

const sweepQueue = "sweep"

// MigrateJobs brings the queue's own tables up to date.
func MigrateJobs(ctx context.Context, s *store.Store) error {
	m, err := rivermigrate.New(jobsDriver(s), nil)
	if err != nil {
		return fmt.Errorf("relay: job tables: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("relay: job tables: %w", err)
	}
	return nil
}

func jobsDriver(s *store.Store) riverdriver.Driver[*sql.Tx] {
	if s.Postgres() {
		return riverdatabasesql.New(s.Writer())
	}
	return riversqlite.New(s.Writer())
}

// NewJobs makes the queue's client. MigrateJobs has run before.
func NewJobs(e *Engine, o JobsOptions) (*Jobs, error) {
	j := &Jobs{engine: e, log: e.Log, gate: newGate(o.Workers, orDuration(o.LongAfter, 2*time.Second))}
	cfg := &river.Config{
		Logger:            slog.New(quiet{e.Log.Handler(), &j.stopping}),
		FetchPollInterval: orDuration(o.Poll, 100*time.Millisecond),
		FetchCooldown:     orDuration(o.Poll, 100*time.Millisecond),
		JobTimeout:        -1, // a first sync may take as long as it takes; its lease shows that it lives
		MaxAttempts:       1,  // retries are the link's own: interval, back-off, Retry-After
		// Finished jobs are of no interest: runs are recorded by the relay.
		CompletedJobRetentionPeriod: 10 * time.Minute,
		CancelledJobRetentionPeriod: time.Hour,
		DiscardedJobRetentionPeriod: time.Hour,
	}
	if o.Workers > 0 {
		cfg.Workers = river.NewWorkers()
		if err := river.AddWorkerSafely(cfg.Workers, &runWorker{jobs: j}); err != nil {
			return nil, fmt.Errorf("relay: jobs: %w", err)
		}
		if err := river.AddWorkerSafely(cfg.Workers, &sweepWorker{jobs: j}); err != nil {
			return nil, fmt.Errorf("relay: jobs: %w", err)
		}
		cfg.Queues = map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: j.gate.jobs()},
			sweepQueue:         {MaxWorkers: 1},
		}
		cfg.PeriodicJobs = []*river.PeriodicJob{river.NewPeriodicJob(
			river.PeriodicInterval(orDuration(o.Sweep, time.Second)),
			func() (river.JobArgs, *river.InsertOpts) {
				return sweepArgs{}, &river.InsertOpts{Queue: sweepQueue}
			},
			&river.PeriodicJobOpts{RunOnStart: true},
		)}
	}
	var err error
	if j.client, err = river.NewClient(jobsDriver(e.Store), cfg); err != nil {
		return nil, fmt.Errorf("relay: jobs: %w", err)
	}
	return j, nil
}

func orDuration(d, def time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return def
}

// Start begins to work; leases of processes that have died are dropped first.
func (j *Jobs) Start(ctx context.Context) error {
	if err := RemoveOldPreviews(j.engine.Now()); err != nil {
		j.log.Warn("old previews not removed", "err", err)
	}
	if err := j.takeOver(ctx); err != nil {
		return err
	}
	// The leader's sweep may take a while to begin after another process died.
	if err := j.sweep(ctx); err != nil {
		return err
	}
	// The client outlives the caller's start-up context; Stop ends it.
	if err := j.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("relay: start jobs: %w", err)
	}
	j.watch = watch(context.WithoutCancel(ctx), j)
	return nil
}

// takeOver queues the links anew whose run or whose wait for one may have ended with
// another process: leases of the dead are dropped, so that a restart does not wait for
// them to run out, and what was cut short is to be done again; a job that is said to be
// waiting may have been taken up by a process that died before the run began, and while
// it counts as waiting no other is queued. One job too many only finds nothing to do.
func (j *Jobs) takeOver(ctx context.Context) error {
	e := j.engine
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		links, err := tx.Links(0)
		if err != nil {
			return err
		}
		for _, l := range links {
			cut := l.LeaseOwner != "" && e.dead(l.LeaseOwner)
			if cut {
				if err := tx.ReleaseLease(l.ID, l.LeaseOwner); err != nil {
					return err
				}
			}
			if !cut && l.WantedAt == nil {
				continue
			}
			if err := tx.ClearWanted(l.ID); err != nil {
				return err
			}
			if l.Paused {
				continue
			}
			if err := j.Want(ctx, tx, l.ID, "poll"); err != nil {
				return err
			}
		}
		return nil
	})
}

// stopGently is how long a run may go on after Stop before it is cancelled.
const stopGently = 3 * time.Second

// Stop takes up no more work and gives runs under way a moment to end; then they
// are cancelled, wherever they are. Either way nothing is lost.
func (j *Jobs) Stop(ctx context.Context) error {
	j.stopping.Store(true)
	if j.watch != nil {
		j.watch.stop()
	}
	gentle, cancel := context.WithTimeout(ctx, stopGently)
	defer cancel()
	if err := j.client.Stop(gentle); err == nil {
		return nil
	}
	if err := j.client.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("relay: stop jobs: %w", err)
	}
	return nil
}

// quiet passes on what is worth a person's attention: the queue tells of every
// start and stop of its parts, and takes its own stop for a fault of theirs.
type quiet struct {
	slog.Handler
	stopping *atomic.Bool
}

// Enabled implements slog.Handler.
func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && !q.stopping.Load() && q.Handler.Enabled(ctx, l)
}

// WithAttrs implements slog.Handler.
func (q quiet) WithAttrs(as []slog.Attr) slog.Handler {
	return quiet{q.Handler.WithAttrs(as), q.stopping}
}

// WithGroup implements slog.Handler.
func (q quiet) WithGroup(name string) slog.Handler {
	return quiet{q.Handler.WithGroup(name), q.stopping}
}

// Want queues a run of the link in tx, unless one is queued that has not begun.
func (j *Jobs) Want(ctx context.Context, tx *store.Tx, id store.LinkID, trigger string) error {
	first, err := tx.SetWanted(id)
	if err != nil || !first {
		return err
	}
	l, err := tx.Link(id)
	if err != nil {
		return err
	}
	before, err := tx.WantedLinks(l.UserID)
	if err != nil {
		return err
	}
	args, opts := runArgs{Link: id, Trigger: trigger, User: l.UserID}, &river.InsertOpts{Priority: priority(trigger, before)}
	if _, err := j.client.InsertTx(ctx, tx.SQL(), args, opts); err != nil {
		return fmt.Errorf("relay: queue run: %w", err)
	}
	return nil
}

// Priorities of jobs, first to last. A job of several processes' making is taken up in
// their order, whoever queued it.
const (
	foremost = 1 + iota
	next
	behind
	last
)

// priority lets a user's first few jobs go before the many that somebody else has: before
// is how many links of the user are queued, this one among them.
func priority(trigger string, before int) int {
	p := foremost
	if trigger == "poll" {
		p = next
	}
	switch {
	case before > 20:
		return last
	case before > 4:
		return min(p+behind-foremost, last)
	case before > 1:
		return p + 1
	}
	return p
}

// Changed queues runs of the collection's links other than except; it is the
// store's OnChange.
func (j *Jobs) Changed(ctx context.Context, tx *store.Tx, c store.CollectionID, except store.LinkID) error {
	links, err := tx.LinksOf(c)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.ID == except || l.Paused {
			continue
		}
		if err := j.Want(ctx, tx, l.ID, "change"); err != nil {
			return err
		}
	}
	return nil
}

type runWorker struct {
	river.WorkerDefaults[runArgs]
	jobs *Jobs
}

// Work does one run. Its failure is the link's to remember, not the queue's.
func (w *runWorker) Work(ctx context.Context, job *river.Job[runArgs]) error {
	leave, later, err := w.jobs.gate.enter(ctx, job.Args.User, job.Args.Trigger != "poll", func() { w.still(ctx, job.Args.Link) })
	if err != nil {
		// This process stops. As a failed job it would be thrown away, and the link would
		// count as queued for a while.
		later = cancelledComesAgain
	}
	if leave == nil {
		return w.again(ctx, job.Args.Link, later)
	}
	defer leave()
	rep, err := w.jobs.engine.Run(ctx, job.Args.Link, RunOptions{Trigger: job.Args.Trigger})
	switch {
	case errors.Is(err, ErrBusy):
		return w.again(ctx, job.Args.Link, 500*time.Millisecond)
	case err == nil, rep.Run.ID != 0, errors.Is(err, pim.ErrNotFound):
		return nil
	}
	// The run did not even begin (the database was busy, say): what it was wanted
	// for is still to do.
	w.jobs.log.WarnContext(ctx, "run did not begin", "link", job.Args.Link, "err", err)
	return w.again(ctx, job.Args.Link, time.Second)
}

// cancelledComesAgain is when a job comes again that waited as its process was stopped.
const cancelledComesAgain = time.Second

// again sends a job back into the queue, where its link counts as queued from now on: it may
// come and go for longer than a queued run is believed to begin.
func (w *runWorker) again(ctx context.Context, id store.LinkID, later time.Duration) error {
	w.still(ctx, id)
	return river.JobSnooze(later)
}

// still says that the queued run of a link has yet to begin, so that it is not taken for lost and queued a second time.
func (w *runWorker) still(ctx context.Context, id store.LinkID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := w.jobs.engine.Store.Update(ctx, func(tx *store.Tx) error { return tx.StillWanted(id, time.Minute) })
	if err != nil {
		w.jobs.log.WarnContext(ctx, "a waiting run may be queued again", "link", id, "err", err)
	}
}

type sweepWorker struct {
	river.WorkerDefaults[sweepArgs]
	jobs *Jobs
}

// Work queues what is due.
func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[sweepArgs]) error {
	return w.jobs.sweep(ctx)
}

// sweep queues the links that are due.
func (j *Jobs) sweep(ctx context.Context) error {
	e := j.engine
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		due, err := tx.DueLinks(e.Now())
		if err != nil {
			return err
		}
		for _, l := range due {
			if err := j.Want(ctx, tx, l.ID, "poll"); err != nil {
				return err
			}
		}
		return nil
	})
}
