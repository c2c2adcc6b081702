package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/review"
	"crmbridge/store"
)

func (p *program) itemCommand() *cobra.Command {
	c := &cobra.Command{Use: "item", Short: "Single items of a link: where they are, and why"}
	c.AddCommand(p.itemList(), p.itemExplain(), p.itemHistory(), p.itemRestore(),
		p.itemTie("link", "Sync an item whatever the rules for new items say", rule.Linked),
		p.itemBring(), p.itemRelate(),
		p.itemTie("unlink", "Keep both copies of an item and carry nothing over any more", rule.Apart),
		p.itemTie("relink", "Leave an item to the rules again", rule.TieNone),
		p.itemRetry(),
		p.itemAnswer("approve", "Let withheld deletions pass", "approved", (*manage.Office).Approve),
		p.itemAnswer("reject", "Take withheld deletions back: the item is made anew where it is gone", "rejected", (*manage.Office).Reject))
	return c
}

// itemShown is one item of a link.
type itemShown = review.Known

func (p *program) itemList() *cobra.Command {
	q := &queryFlags{}
	var origin string
	c := &cobra.Command{
		Use: "list", Short: "List the items of a link", Args: cobra.NoArgs,
		Long: "List the items of a link. --since and --until are of when the relay last dealt with an item. States: " + review.ItemStates() + ".",
	}
	q.addItems(c, "only those in this state")
	c.Flags().StringVar(&origin, "origin", "", "only those first made there: client, crm, exchange, or the name of a device or link")
	_ = c.MarkFlagRequired("link")
	return listed(p, c, q, func(o *manage.Office, ctx context.Context, query review.Query) (review.Page[itemShown], error) {
		return o.Items(ctx, query, origin)
	}, shared(manage.KnownTable()))
}

func (p *program) itemExplain() *cobra.Command {
	var user, link string
	c := &cobra.Command{
		Use: "explain UID", Short: "Tell, rule by rule, why an item is or is not on a side", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.office.Explain(ctx, user, link, args[0])
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, rows))
				}
				for _, r := range rows {
					err = errors.Join(err, p.say("%s %q, by link %q:\n%s\nInto the bridge:%s\nTo the remote:%s", r.Kind, r.Summary, r.Link,
						strings.Join(r.Words, "\n"), words(r.In), words(r.Out)))
				}
				return err
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	c.Flags().StringVar(&link, "link", "", "link, by name or number (default: every link that knows the item)")
	return c
}

// jsonIf prints v when it is to be.
func (p *program) jsonIf(wanted bool, v any) error {
	if !wanted {
		return nil
	}
	return p.printJSON(v)
}

// words are what the rules say, a line each.
func words(j manage.Judged) string {
	var b strings.Builder
	for _, r := range j.Reasons {
		mark := "  no   "
		if r.Holds {
			mark = "  yes  "
		}
		b.WriteString("\n" + mark + r.Says + " (" + r.Rule + ")")
	}
	if len(j.Reasons) == 0 {
		b.WriteString(" no rule speaks against it.")
	}
	return b.String()
}

// itemDone is what a command did to an item.
type itemDone struct {
	Link string `json:"link"`
	UID  string `json:"uid"`
	Done string `json:"done"`
}

// itemAnswer makes a command that answers to withheld deletions.
func (p *program) itemAnswer(use, short, done string, do func(*manage.Office, context.Context, store.Link, string) (int, error)) *cobra.Command {
	var user, link string
	var all bool
	c := &cobra.Command{
		Use: use + " [UID]", Short: short, Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 0) != all {
				return pim.Errorf("item "+use, pim.ErrInvalid, "name one item by its UID, or give --all")
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, link)
				if err != nil {
					return err
				}
				uid := ""
				if !all {
					uid = args[0]
				}
				n, err := do(a.office, ctx, l, uid)
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, answered{l.Name, n, done}))
				}
				return p.say("%s %s; the next run does what follows", numbered(n, "deletion", "deletions"), done)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	c.Flags().StringVar(&link, "link", "", "link, by name or number")
	c.Flags().BoolVar(&all, "all", false, "all that wait")
	_ = c.MarkFlagRequired("link")
	return c
}

// answered is how many deletions were approved or rejected.
type answered struct {
	Link      string `json:"link"`
	Deletions int    `json:"deletions"`
	Done      string `json:"done"`
}

// onItem makes a command that does something to one item of a link.
func (p *program) onItem(use, short, done string, do func(o *manage.Office, ctx context.Context, l store.Link, uid string) error) *cobra.Command {
	var user, link string
	c := &cobra.Command{
		Use: use + " UID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, link)
				if err != nil {
					return err
				}
				err = do(a.office, ctx, l, args[0])
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, itemDone{l.Name, args[0], done}))
				}
				return p.say("%s is %s; the next run does what follows", args[0], done)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	c.Flags().StringVar(&link, "link", "", "link, by name or number")
	_ = c.MarkFlagRequired("link")
	return c
}

func (p *program) itemTie(use, short string, tie rule.Tie) *cobra.Command {
	done := string(tie)
	if tie == rule.TieNone {
		done = "left to the rules"
	}
	return p.onItem(use, short, done, func(o *manage.Office, ctx context.Context, l store.Link, uid string) error {
		return o.Tie(ctx, l, uid, tie)
	})
}

// brought is a record of the remote that is linked now.
type brought struct {
	Link   string `json:"link"`
	Record string `json:"record"`
	UID    string `json:"uid"`
}

func (p *program) itemBring() *cobra.Command {
	var user, link string
	c := &cobra.Command{
		Use: "bring RECORD", Short: "Link one record of the CRM, by its id there, whatever the rules for new items say", Args: cobra.ExactArgs(1),
		Long: "Link one record of the CRM, by its id there, whatever the rules for new items say. The id is in the address of the record's page.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, link)
				if err != nil {
					return err
				}
				uid, err := a.office.Bring(ctx, l, args[0])
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, brought{l.Name, args[0], uid}))
				}
				return p.say("%s is linked; the next run makes it here, with the UID %s", args[0], uid)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	c.Flags().StringVar(&link, "link", "", "link, by name or number")
	_ = c.MarkFlagRequired("link")
	return c
}

func (p *program) itemRetry() *cobra.Command {
	return p.onItem("retry", "Try a failed item again at once, and the files of a message that were left out", "queued", (*manage.Office).Retry)
}
