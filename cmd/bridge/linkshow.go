package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

func (p *program) linkShow() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "show LINK", Short: "Show a link: state, settings, and its rules in words", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				d, err := a.office.LinkDetail(ctx, user, args[0])
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(d)
				}
				return p.showLink(d)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	return c
}

func (p *program) showLink(d manage.LinkDetail) error {
	err := p.say("link %d %q of %s: %s ⇄ %s, every %s, %s\n%d items, %d waiting, %d failing", d.ID, d.Name, d.User, d.Collection, d.Driver+":"+d.Folder, d.Interval, d.State,
		d.Items, d.Waiting, d.Failing)
	for _, line := range []string{d.Held, d.LastError} {
		if line != "" {
			err = errors.Join(err, p.say("%s", line))
		}
	}
	names := make([]string, 0, len(d.Settings))
	for name, value := range d.Settings {
		if value != "" {
			names = append(names, name+"="+value)
		}
	}
	slices.Sort(names)
	return errors.Join(err, p.say("settings: %s\n", strings.Join(names, " ")), p.say("%s", strings.Join(d.Words, "\n")))
}

func (p *program) linkRules() *cobra.Command {
	var user string
	var preview bool
	c := &cobra.Command{
		Use: "rules LINK", Short: "Show or change the rules of a link",
		Long: `Without a flag, the rules are shown as they are written. --rules replaces them, --change
puts single ones over them (of "in", "out" and "remove" part by part), and null takes one
back to its default:

  bridge link rules crm --change '{"policy":"newest","out":{"private":"mask"}}'
  bridge link rules crm --change '{"filter":{"field":"company","op":"is","value":"Acme"}}'
  bridge link rules crm --change '{"filter":null}'

What a change touches is looked at again by the next run, and nothing else.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, args[0])
				if err != nil {
					return err
				}
				now, err := rulesGiven(cmd, l.Rules)
				switch {
				case err != nil:
					return err
				case now == nil && preview:
					return pim.Errorf("link rules", pim.ErrInvalid, "there is nothing to preview: say with --change or --rules which rules; `bridge sync preview` shows the next run by those there are")
				case now == nil:
					stored, err := rule.Parse(l.Rules)
					if err != nil {
						return err
					}
					return p.printJSON(stored)
				case preview:
					return p.preview(ctx, a, l, relay.PreviewOptions{Rules: now})
				}
				return p.setRules(ctx, a, l, *now)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	c.Flags().String("rules", "", "all rules, as JSON")
	c.Flags().String("change", "", "the rules to change, as JSON")
	c.Flags().BoolVar(&preview, "preview", false, "show what the next run would do by these rules, and change nothing")
	c.MarkFlagsMutuallyExclusive("rules", "change")
	return c
}

func (p *program) setRules(ctx context.Context, a *app, l store.Link, now rule.Rules) error {
	doc, err := a.office.SetRules(ctx, l, now)
	if err != nil || p.json {
		return errors.Join(err, p.jsonIf(err == nil, doc))
	}
	return p.say("%s\n\n%s", strings.Join(doc.Words, "\n"), strings.Join(doc.Touches, "\n"))
}
