package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"crmbridge/manage"
	"crmbridge/relay"
	"crmbridge/store"
)

func (p *program) syncCommand() *cobra.Command {
	c := &cobra.Command{Use: "sync", Short: "Runs between collections and CRMs"}
	c.AddCommand(p.syncRun(), p.syncStop(), p.syncResend(), p.syncReread(), p.syncStatus(), p.syncPreview())
	c.AddCommand(p.syncHistory(), p.syncShow(), p.syncUndo())
	return c
}

type runShown struct {
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

func runRow(user string, l store.Link, r store.Run) (runShown, error) {
	row := runShown{ID: r.ID, LinkID: l.ID, User: user, Link: l.Name, Trigger: r.Trigger, Started: r.Started, Ended: r.Ended, Outcome: r.Outcome, Error: r.Error, Requests: r.Requests}
	if r.Counts == "" {
		return row, nil
	}
	return row, json.Unmarshal([]byte(r.Counts), &row.Counts)
}

func (p *program) syncRun() *cobra.Command {
	var user string
	var o relay.RunOptions
	c := &cobra.Command{
		Use: "run [LINK]", Short: "Run a link now, or all of them, and wait for the outcome", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Trigger, o.Retry = "manual", true
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				return p.runChosen(ctx, a, user, args, o)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&user, "user", "", "account (default: all)")
	f.BoolVar(&o.AllowDeletions, "allow-deletions", false, "carry out deletions that were held back")
	f.BoolVar(&o.Full, "full", false, "list the CRM in full, even when it is not time to")
	return c
}

// runChosen runs links one after another and shows what became of it.
func (p *program) runChosen(ctx context.Context, a *app, user string, args []string, o relay.RunOptions) error {
	links, err := a.chosen(ctx, user, args)
	if err != nil {
		return err
	}
	rows := []runShown{}
	failed := false
	for _, l := range links {
		u, err := a.owner(ctx, l)
		if err != nil {
			return err
		}
		o.Progress = p.progress(l.Name)
		rep, err := a.runNow(ctx, l.ID, o)
		p.endProgress()
		if rep.Run.ID == 0 && err != nil {
			return err
		}
		failed = failed || err != nil
		row, err := runRow(u.Name, l, rep.Run)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if err := p.showRuns(rows); err != nil {
		return err
	}
	if failed {
		return &shownError{errors.New("a run failed")}
	}
	return nil
}

// progress shows how far a run is on a terminal, one line that is written over.
// Ctrl-C stops the run at any point; the next one goes on from there.
func (p *program) progress(link string) func(part string, done, total int) {
	f, ok := p.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) { //nolint:gosec // a descriptor fits
		return nil
	}
	return func(part string, done, total int) {
		if total > 0 {
			part = fmt.Sprintf("%d of %d items", done, total)
		}
		_, _ = fmt.Fprintf(p.err, "\r\x1b[K%s: %s", link, part)
	}
}

func (p *program) endProgress() {
	if f, ok := p.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) { //nolint:gosec // a descriptor fits
		_, _ = fmt.Fprint(p.err, "\r\x1b[K")
	}
}

// chosen are the links a command is about.
func (a *app) chosen(ctx context.Context, user string, args []string) ([]store.Link, error) {
	if len(args) == 1 {
		l, _, err := a.office.FindLink(ctx, user, args[0])
		return []store.Link{l}, err
	}
	var ls []store.Link
	err := a.store.View(ctx, func(tx *store.Tx) error {
		us, err := manage.Users(tx, user)
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

// owner is the account of a link.
func (a *app) owner(ctx context.Context, l store.Link) (u store.User, err error) {
	err = a.store.View(ctx, func(tx *store.Tx) error {
		u, err = tx.User(l.UserID)
		return err
	})
	return u, err
}

// runNow runs a link in this process, waiting while the server runs it.
func (a *app) runNow(ctx context.Context, id store.LinkID, o relay.RunOptions) (relay.Report, error) {
	return manage.InTurn(ctx, func() (relay.Report, error) { return a.engine.Run(ctx, id, o) })
}

func (p *program) showRuns(rows []runShown) error {
	wide := p.csv || severalUsers(rows, func(r runShown) string { return r.User })
	return print(p, rows, printed[runShown]{
		head: owned(wide, "ID", "USER", "LINK", "OUTCOME", "IN", "OUT", "CONFLICTS", "FAILED", "HELD", "REQUESTS", "REASON"),
		cells: func(r runShown) []string {
			c := r.Counts
			return owned(wide, fmt.Sprint(r.LinkID), r.User, r.Link, r.Outcome, strconv.Itoa(c.CreatedLocal+c.UpdatedLocal+c.DeletedLocal),
				strconv.Itoa(c.CreatedRemote+c.UpdatedRemote+c.DeletedRemote), strconv.Itoa(c.Conflicts),
				strconv.Itoa(c.Failed), strconv.Itoa(c.Withheld), strconv.Itoa(r.Requests), r.Error)
		},
	})
}

// statusShown is one link with its recent runs and the items that do not sync.
type statusShown struct {
	manage.Link
	Runs     []runShown    `json:"runs"` // the last ten, newest first
	Problems []problemItem `json:"problems"`
}

type problemItem struct {
	UID      string     `json:"uid"`
	Reason   string     `json:"reason"`
	Attempts int        `json:"attempts"`
	RetryAt  *time.Time `json:"retryAt,omitempty"`
}

func (p *program) syncStatus() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "status [LINK]", Short: "Show how links stand: last and next run, what waits, what fails and why", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.status(ctx, user, args)
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(rows)
				}
				return p.showStatus(rows, a.now())
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account (default: all)")
	return c
}

func (a *app) status(ctx context.Context, user string, args []string) ([]statusShown, error) {
	links, err := a.chosen(ctx, user, args)
	if err != nil {
		return nil, err
	}
	rows := make([]statusShown, 0, len(links))
	err = a.store.View(ctx, func(tx *store.Tx) error {
		for _, l := range links {
			row, err := a.statusOf(tx, l)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return nil
	})
	return rows, err
}

func (a *app) statusOf(tx *store.Tx, l store.Link) (statusShown, error) {
	var row statusShown
	l, err := tx.Link(l.ID)
	if err != nil {
		return row, err
	}
	u, err := tx.User(l.UserID)
	if err != nil {
		return row, err
	}
	if row.Link, err = a.office.LinkRow(tx, u, l); err != nil {
		return row, err
	}
	row.Runs = []runShown{}
	runs, err := tx.Runs(store.RunFilter{Link: l.ID, Limit: 10})
	if err != nil {
		return row, err
	}
	for _, r := range runs {
		shown, err := runRow(u.Name, l, r)
		if err != nil {
			return row, err
		}
		row.Runs = append(row.Runs, shown)
	}
	row.Problems = []problemItem{}
	err = tx.EachPair(l.ID, func(pair *store.Pair) error {
		if pair.Error != "" {
			row.Problems = append(row.Problems, problemItem{pair.UID, pair.Error, pair.Attempts, pair.NextTry()})
		}
		return nil
	})
	return row, err
}

func (p *program) showStatus(rows []statusShown, now time.Time) error {
	wide := p.csv || severalUsers(rows, func(s statusShown) string { return s.User })
	err := print(p, rows, printed[statusShown]{
		head: owned(wide, "ID", "USER", "LINK", "STATE", "ITEMS", "WAITING", "FAILING", "LAST SUCCESS", "NEXT RUN", "REASON"),
		cells: func(s statusShown) []string {
			return owned(wide, fmt.Sprint(s.ID), s.User, s.Name, s.State, strconv.Itoa(s.Items), strconv.Itoa(s.Waiting), strconv.Itoa(s.Failing),
				stamp(s.LastSuccess), stamp(s.NextRun), reasonOf(s.Link, now))
		},
	})
	if err != nil {
		return err
	}
	for _, s := range rows {
		name := s.Name
		if wide {
			name = fmt.Sprintf("%d %s: %s", s.ID, s.User, s.Name)
		}
		for _, item := range s.Problems {
			if err := p.say("  %s  %s: %s (tried %s%s)", name, item.UID, item.Reason, times(item.Attempts), nextTry(item.RetryAt, now)); err != nil {
				return err
			}
		}
	}
	return nil
}

// reason says why a link is not ok, and what comes next.
func reasonOf(l manage.Link, now time.Time) string {
	items := ""
	switch {
	case l.Failing == 1:
		items = "1 item fails"
	case l.Failing > 1:
		items = fmt.Sprintf("%d items fail", l.Failing)
	}
	switch {
	case l.LastError != "" && !l.Paused:
		return fmt.Sprintf("%s%s; `bridge sync run %d` tries now", l.LastError, nextTry(l.NextRun, now), l.ID)
	case l.LastError != "":
		return l.LastError
	case l.Held != "" && items != "":
		return l.Held + "; " + items
	case l.Held != "":
		return l.Held
	}
	return items
}

// nextTry tells when something is tried again, after what it failed by.
func nextTry(at *time.Time, now time.Time) string {
	switch {
	case at == nil:
		return ""
	case !at.After(now):
		return "; next try is due"
	}
	return "; next try in " + span(at.Sub(now))
}

// span is a length of time for people: 40 s, 12 min, 3 h.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(math.Ceil(d.Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(math.Ceil(d.Minutes())))
	}
	return fmt.Sprintf("%d h", int(math.Ceil(d.Hours())))
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
