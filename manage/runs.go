package manage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/store"
)

// Run is a run of a link.
type Run struct {
	ID      store.RunID  `json:"id"`
	LinkID  store.LinkID `json:"linkId"`
	User    string       `json:"user"`
	Link    string       `json:"link"`
	Trigger string       `json:"trigger"`
	Started time.Time    `json:"started"`
	Ended   *time.Time   `json:"ended,omitempty"`
	Outcome string       `json:"outcome"`
	Error   string       `json:"error,omitempty"`
	Counts  relay.Counts `json:"counts"`
	// Requests is how many the run made to the remote.
	Requests int `json:"requests"`
}

func runOf(user string, l store.Link, r store.Run) (Run, error) {
	row := Run{ID: r.ID, LinkID: l.ID, User: user, Link: l.Name, Trigger: r.Trigger, Started: r.Started, Ended: r.Ended, Outcome: r.Outcome, Error: r.Error, Requests: r.Requests}
	if r.Counts == "" {
		return row, nil
	}
	return row, json.Unmarshal([]byte(r.Counts), &row.Counts)
}

// Chosen is the link that args name, by name or number, or all of an account, or of all for "".
func (o *Office) Chosen(ctx context.Context, user string, args []string) ([]store.Link, error) {
	if len(args) == 1 {
		l, _, err := o.FindLink(ctx, user, args[0])
		return []store.Link{l}, err
	}
	var ls []store.Link
	err := o.Store.View(ctx, func(tx *store.Tx) error {
		us, err := Users(tx, user)
		if err != nil {
			return err
		}
		for _, u := range us {
			some, err := tx.Links(u.ID)
			if err != nil {
				return err
			}
			ls = append(ls, some...)
		}
		return nil
	})
	return ls, err
}

// RunNow runs a link in this process, waiting while the server runs it. A run that began and failed is returned with the error.
func (o *Office) RunNow(ctx context.Context, l store.Link, opts relay.RunOptions) (row Run, err error) {
	d, err := o.begin(ctx, "link.run", ofLink(l))
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	rep, err := InTurn(ctx, func() (relay.Report, error) { return o.Engine.Run(ctx, l.ID, opts) })
	if rep.Run.ID == 0 {
		return Run{}, err
	}
	return row, errors.Join(err, o.Store.View(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		u, err := tx.User(l.UserID)
		if err != nil {
			return err
		}
		row, err = runOf(u.Name, l, rep.Run)
		return err
	}))
}

// Status is one link with its recent runs and the items that do not sync.
type Status struct {
	Link
	Runs     []Run     `json:"runs"`     // the last ten, newest first
	Problems []Problem `json:"problems"` // items that do not sync, the first hundred
}

// Problem is an item that does not sync.
type Problem struct {
	UID      string     `json:"uid"`
	Reason   string     `json:"reason"`
	Attempts int        `json:"attempts"`
	RetryAt  *time.Time `json:"retryAt,omitempty"`
}

// Statuses are links as Chosen finds them, with their last runs and what does not sync.
func (o *Office) Statuses(ctx context.Context, user string, args []string) ([]Status, error) {
	links, err := o.Chosen(ctx, user, args)
	if err != nil {
		return nil, err
	}
	rows := make([]Status, 0, len(links))
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		for _, l := range links {
			row, err := o.statusOf(tx, l)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return nil
	})
	return rows, err
}

// problemsShown bounds Status.Problems; all of them are in the list of errors.
const problemsShown = 100

func (o *Office) statusOf(tx *store.Tx, l store.Link) (Status, error) {
	var row Status
	l, err := tx.Link(l.ID)
	if err != nil {
		return row, err
	}
	u, err := tx.User(l.UserID)
	if err != nil {
		return row, err
	}
	if row.Link, err = o.LinkRow(tx, u, l); err != nil {
		return row, err
	}
	row.Runs = []Run{}
	runs, err := tx.Runs(store.RunFilter{Link: l.ID, Limit: 10})
	if err != nil {
		return row, err
	}
	for _, r := range runs {
		shown, err := runOf(u.Name, l, r)
		if err != nil {
			return row, err
		}
		row.Runs = append(row.Runs, shown)
	}
	row.Problems = []Problem{}
	failing, err := tx.ReviewPairs(store.PairFilter{Link: l.ID, Limit: problemsShown})
	for _, pair := range failing {
		row.Problems = append(row.Problems, Problem{pair.UID, pair.Error, pair.Attempts, pair.NextTry()})
	}
	return row, err
}

// Stopping is what became of a wish to stop a run.
type Stopping struct {
	Link store.LinkID `json:"link"`
	// Running: there was a run to stop. Stopped: it has ended.
	Running bool `json:"running"`
	Stopped bool `json:"stopped"`
}

// stopWait is how long `sync stop` waits for the run to end. A driver obeys within a
// second, and the run looks twice a second.
const stopWait = 10 * time.Second

// ended waits until the lease that a link had when it was told to stop is gone.
func (o *Office) ended(ctx context.Context, l store.Link) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, stopWait)
	defer cancel()
	for {
		err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
			l, err = tx.Link(l.ID)
			return err
		})
		switch {
		case ctx.Err() != nil:
			return false, nil
		case err != nil:
			return false, err
		case l.LeaseOwner != l.StopOwner:
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// RunUndone is what became of taking a run back.
type RunUndone struct {
	Run     store.RunID  `json:"run"`    // that did it; 0 when all was taken back before
	Undoes  store.RunID  `json:"undoes"` // that was taken back
	Link    store.LinkID `json:"link"`
	Items   int          `json:"items"` // that are again what they were
	Left    []LeftItem   `json:"left"`
	Unknown bool         `json:"unknown,omitempty"` // the run wrote more than was kept of it
	Paused  bool         `json:"paused"`            // the link is, now
}

// LeftItem is an item that an undoing left as it is.
type LeftItem struct {
	UID    string `json:"uid"`
	Title  string `json:"title,omitempty"`
	Reason string `json:"reason"`
}

// QueueRun has the server run a link soon, unless such a run is queued and has not begun. Errors: pim.ErrHeld for a link that is paused.
func (o *Office) QueueRun(ctx context.Context, l store.Link) (err error) {
	d, err := o.begin(ctx, "link.run", ofLink(l))
	if err != nil {
		return err
	}
	defer d.end(&err)
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		now, err := tx.Link(l.ID)
		if err == nil && now.Paused {
			err = pim.Errorf("sync run", pim.ErrHeld, "link %q is paused; resume it first", l.Name)
		}
		if err != nil {
			return err
		}
		return o.Jobs.Want(ctx, tx, l.ID, "manual")
	})
}

// StopRun stops the run of a link that is under way, and waits a while for its end; the next run goes on from there.
func (o *Office) StopRun(ctx context.Context, l store.Link) (s Stopping, err error) {
	d, err := o.begin(ctx, "link.stop", ofLink(l))
	if err != nil {
		return s, err
	}
	defer d.end(&err)
	s.Link = l.ID
	if s.Running, err = o.Engine.StopRun(ctx, l.ID); err != nil || !s.Running {
		return s, err
	}
	s.Stopped, err = o.ended(ctx, l)
	return s, err
}

// UndoRun takes back what a run wrote, on both sides, and pauses its link. It waits for a run that is under way.
func (o *Office) UndoRun(ctx context.Context, id store.RunID) (row RunUndone, err error) {
	d, err := o.begin(ctx, "run.undo", fmt.Sprint(id))
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	u, err := InTurn(ctx, func() (relay.Undone, error) { return o.Engine.UndoRun(ctx, id) })
	if err != nil {
		return RunUndone{}, err
	}
	row = RunUndone{Run: u.Run.ID, Undoes: id, Link: u.Run.LinkID, Items: u.Items, Left: []LeftItem{}, Unknown: u.Unknown, Paused: u.Paused}
	for _, l := range u.Left {
		row.Left = append(row.Left, LeftItem(l))
	}
	return row, nil
}
