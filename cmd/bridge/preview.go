package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/relay"
	"crmbridge/store"
)

// previewShown is what a run would do.
type previewShown struct {
	ID      store.LinkID    `json:"id"`
	Link    string          `json:"link"`
	Outcome string          `json:"outcome"`
	Error   string          `json:"error,omitempty"`
	Held    string          `json:"held,omitempty"`
	Counts  relay.Counts    `json:"counts"`
	Mails   int             `json:"mails"`
	Cut     bool            `json:"cut"` // there are more changes than are listed
	Changes []planningShown `json:"changes"`
	Waiting []planningShown `json:"waiting"`
	Waits   int             `json:"waits"` // for a person, also where not all are listed
	Touches []string        `json:"touches"`
	Brought *broughtShown   `json:"brought"` // null when nothing would come into another link's address book
}

// broughtShown is what the next run of another link would do because of the run.
type broughtShown struct {
	ID      store.LinkID    `json:"id"`
	Link    string          `json:"link"`
	Outcome string          `json:"outcome"`
	Error   string          `json:"error,omitempty"`
	Counts  relay.Counts    `json:"counts"`
	Cut     bool            `json:"cut"`
	Changes []planningShown `json:"changes"`
	Waiting []planningShown `json:"waiting"`
	Waits   int             `json:"waits"`
}

type planningShown struct {
	Side   string              `json:"side,omitempty"` // here or there
	Action string              `json:"action"`
	Kind   string              `json:"kind"`
	Title  string              `json:"title"`
	File   string              `json:"file,omitempty"` // of a message, that the action is about
	UID    string              `json:"uid"`
	Mail   bool                `json:"mail,omitempty"`
	Reason string              `json:"reason,omitempty"`
	Fields []relay.FieldChange `json:"fields"`
	link   string              // whose row it is
}

func (p *program) syncPreview() *cobra.Command {
	var user string
	var o relay.PreviewOptions
	c := &cobra.Command{
		Use: "preview LINK", Short: "Show what a run would do, also by other rules, and do nothing of it", Args: cobra.ExactArgs(1),
		Long: "Show what a run would do, also by other rules, and do nothing of it: what would be created, changed and deleted on which\n" +
			"side, what would be held, and how many writes would make the CRM mail somebody; and which contacts of activities would come into the\n" +
			"address book of another link, with the next run of that. --rules and --change are as of \"link rules\".",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, args[0])
				if err != nil {
					return err
				}
				if o.Rules, err = rulesGiven(cmd, l.Rules); err != nil {
					return err
				}
				return p.preview(ctx, a, l, o)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&user, "user", "", "account")
	f.String("rules", "", "all rules, as JSON")
	f.String("change", "", "the rules to change, as JSON")
	f.BoolVar(&o.Run.AllowDeletions, "allow-deletions", false, "as if deletions were allowed")
	f.BoolVar(&o.Run.Full, "full", false, "list the CRM in full, even when it is not time to")
	c.MarkFlagsMutuallyExclusive("rules", "change")
	return c
}

// preview shows a run that is not done.
func (p *program) preview(ctx context.Context, a *app, l store.Link, o relay.PreviewOptions) error {
	o.Run.Retry, o.Run.Progress = true, p.progress(l.Name)
	pv, err := a.engine.Preview(ctx, l.ID, o)
	p.endProgress()
	if err != nil {
		return err
	}
	d := previewShown{ID: l.ID, Link: l.Name, Outcome: pv.Outcome, Error: pv.Error, Held: pv.Held, Counts: pv.Counts, Mails: pv.Mails, Cut: pv.Cut,
		Changes: plannings(pv.Changes), Waiting: plannings(pv.Waiting), Waits: pv.Waits, Touches: []string{}}
	if o.Rules != nil {
		d.Touches = manage.Touched(pv.Touch)
	}
	if b := pv.Brought; b != nil {
		d.Brought = &broughtShown{ID: b.Link, Link: b.Name, Outcome: b.Outcome, Error: b.Error, Counts: b.Counts, Cut: b.Cut, Changes: plannings(b.Changes), Waiting: plannings(b.Waiting), Waits: b.Waits}
	}
	if err := p.showPreview(d); err != nil {
		return err
	}
	if pv.Outcome == relay.OutcomeFailed {
		return &shownError{errors.New("the run would fail")}
	}
	return nil
}

func plannings(list []relay.Planning) []planningShown {
	out := []planningShown{}
	for _, c := range list {
		row := planningShown{Side: map[string]string{"local": "here", "remote": "there"}[c.Side], Action: c.Action, Title: c.Title, File: c.File, UID: c.UID, Mail: c.Mail, Reason: c.Reason, Fields: c.Fields}
		if c.Kind != 0 {
			row.Kind = c.Kind.String()
		}
		if row.Fields == nil {
			row.Fields = []relay.FieldChange{}
		}
		out = append(out, row)
	}
	return out
}

func (p *program) showPreview(d previewShown) error {
	if p.json {
		return p.printJSON(d)
	}
	rows := planningRows(d.Link, d.Changes, d.Waiting)
	if b := d.Brought; b != nil {
		rows = append(rows, planningRows(b.Link, b.Changes, b.Waiting)...)
	}
	err := print(p, rows, printed[planningShown]{
		head: []string{"SIDE", "ACTION", "KIND", "TITLE", "UID", "FIELDS", "REASON", "LINK"},
		cells: func(c planningShown) []string {
			var fields []string
			for _, f := range c.Fields {
				if c.Action == "update" {
					fields = append(fields, f.Label+": "+fromTo(f))
				} else {
					fields = append(fields, f.Label)
				}
			}
			if c.Mail {
				c.Reason = strings.TrimSpace("mails " + c.Reason)
			}
			if c.File != "" {
				fields = append(fields, c.File)
			}
			return []string{c.Side, c.Action, c.Kind, c.Title, c.UID, strings.Join(fields, "; "), c.Reason, c.link}
		},
	})
	if err != nil || p.csv {
		return err
	}
	n := d.Counts
	err = p.say("here: %d created, %d changed, %d deleted; there: %d created, %d changed, %d deleted; %d conflicts, %d would fail, %d would wait for a person, %d deletions would be held; %d mails%s. Nothing was done.",
		n.CreatedLocal, n.UpdatedLocal, n.DeletedLocal, n.CreatedRemote, n.UpdatedRemote, n.DeletedRemote, n.Conflicts, n.Failed, d.Waits, n.Withheld, d.Mails, filesCounted(n.Files))
	for _, line := range append([]string{d.Held, d.Error}, d.Touches...) {
		if line != "" && err == nil {
			err = p.say("%s", line)
		}
	}
	if b := d.Brought; b != nil && err == nil {
		err = p.sayBrought(*b)
	}
	if err == nil && (d.more() || d.Brought != nil && (d.Brought.Cut || d.Brought.Waits > len(d.Brought.Waiting))) {
		err = p.say("There are more than are listed; the numbers are of all.")
	}
	return err
}

// filesCounted tells of files of messages, if there are any.
func filesCounted(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", 1 file"
	}
	return fmt.Sprintf(", %d files", n)
}

// more reports that not all is listed.
func (d previewShown) more() bool { return d.Cut || d.Waits > len(d.Waiting) }

// planningRows are the rows of a link, those that would wait for a person last.
func planningRows(link string, changes, waiting []planningShown) (rows []planningShown) {
	for _, c := range changes {
		c.link = link
		rows = append(rows, c)
	}
	for _, w := range waiting {
		w.Action, w.link = "hold", link
		rows = append(rows, w)
	}
	return rows
}

// sayBrought tells what would come into the address book of another link.
func (p *program) sayBrought(b broughtShown) error {
	if b.Error != "" {
		return p.say("What the activities would bring into the address book of the link %q cannot be told: %s", b.Link, b.Error)
	}
	n := b.Counts
	return p.say("Contacts of the activities would come with the next run of the link %q: %d created, %d changed here, %d changed there, %d conflicts, %d would fail, %d would wait for a person.",
		b.Link, n.CreatedLocal, n.UpdatedLocal, n.CreatedRemote+n.UpdatedRemote+n.DeletedRemote, n.Conflicts, n.Failed, b.Waits)
}
