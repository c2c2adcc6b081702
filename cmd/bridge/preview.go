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
	o.Run.Progress = p.progress(l.Name)
	d, err := a.office.PreviewRun(ctx, l, o)
	p.endProgress()
	if err != nil {
		return err
	}
	if err := p.showPreview(d); err != nil {
		return err
	}
	if d.Outcome == relay.OutcomeFailed {
		return &shownError{errors.New("the run would fail")}
	}
	return nil
}

func (p *program) showPreview(d manage.Preview) error {
	if p.json {
		return p.printJSON(d)
	}
	err := print(p, d.Rows(), printed[manage.Planning]{
		head: []string{"SIDE", "ACTION", "KIND", "TITLE", "UID", "FIELDS", "REASON", "LINK"},
		cells: func(c manage.Planning) []string {
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
			return []string{c.Side, c.Action, c.Kind, c.Title, c.UID, strings.Join(fields, "; "), c.Reason, c.Of}
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
	if err == nil && d.More() {
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

// sayBrought tells what would come into the address book of another link.
func (p *program) sayBrought(b manage.Brought) error {
	if b.Error != "" {
		return p.say("What the activities would bring into the address book of the link %q cannot be told: %s", b.Link, b.Error)
	}
	n := b.Counts
	return p.say("Contacts of the activities would come with the next run of the link %q: %d created, %d changed here, %d changed there, %d conflicts, %d would fail, %d would wait for a person.",
		b.Link, n.CreatedLocal, n.UpdatedLocal, n.CreatedRemote+n.UpdatedRemote+n.DeletedRemote, n.Conflicts, n.Failed, b.Waits)
}
