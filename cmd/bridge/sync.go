package main

import (
	"context"
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
)

func (p *program) syncCommand() *cobra.Command {
	c := &cobra.Command{Use: "sync", Short: "Runs between collections and CRMs"}
	c.AddCommand(p.syncRun(), p.syncStop(), p.syncResend(), p.syncReread(), p.syncStatus(), p.syncJobs(), p.syncPreview())
	c.AddCommand(p.syncHistory(), p.syncShow(), p.syncUndo())
	return c
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
	links, err := a.office.Chosen(ctx, user, args)
	if err != nil {
		return err
	}
	rows := []manage.Run{}
	failed := false
	for _, l := range links {
		o.Progress = p.progress(l.Name)
		row, err := a.office.RunNow(ctx, l, o)
		p.endProgress()
		if row.ID == 0 && err != nil {
			return err
		}
		failed = failed || err != nil
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

func (p *program) showRuns(rows []manage.Run) error {
	wide := p.csv || severalUsers(rows, func(r manage.Run) string { return r.User })
	return print(p, rows, printed[manage.Run]{
		head: owned(wide, "ID", "USER", "LINK", "OUTCOME", "IN", "OUT", "CONFLICTS", "FAILED", "HELD", "REQUESTS", "REASON"),
		cells: func(r manage.Run) []string {
			c := r.Counts
			return owned(wide, fmt.Sprint(r.LinkID), r.User, r.Link, r.Outcome, strconv.Itoa(c.CreatedLocal+c.UpdatedLocal+c.DeletedLocal),
				strconv.Itoa(c.CreatedRemote+c.UpdatedRemote+c.DeletedRemote), strconv.Itoa(c.Conflicts),
				strconv.Itoa(c.Failed), strconv.Itoa(c.Withheld), strconv.Itoa(r.Requests), r.Error)
		},
	})
}

func (p *program) syncStatus() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "status [LINK]", Short: "Show how links stand: last and next run, what waits, what fails and why", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.office.Statuses(ctx, user, args)
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

func (p *program) syncJobs() *cobra.Command {
	return &cobra.Command{
		Use: "jobs", Short: "List runs that are under way or queued", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.office.JobList(ctx)
				if err != nil {
					return err
				}
				return print(p, rows, printed[manage.Job]{
					head: []string{"LINK", "NAME", "USER", "STATE", "SINCE", "RUN", "TRIGGER", "SERVER"},
					cells: func(j manage.Job) []string {
						run := ""
						if j.Run != 0 {
							run = fmt.Sprint(j.Run)
						}
						return []string{fmt.Sprint(j.LinkID), j.Link, j.User, j.State, stamp(&j.Since), run, j.Trigger, j.Server}
					},
				})
			})
		},
	}
}

func (p *program) showStatus(rows []manage.Status, now time.Time) error {
	wide := p.csv || severalUsers(rows, func(s manage.Status) string { return s.User })
	err := print(p, rows, printed[manage.Status]{
		head: owned(wide, "ID", "USER", "LINK", "STATE", "ITEMS", "WAITING", "FAILING", "LAST SUCCESS", "NEXT RUN", "REASON"),
		cells: func(s manage.Status) []string {
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
