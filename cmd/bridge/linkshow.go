package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// linkDetail is a link with everything that may be told of it.
type linkDetail struct {
	linkShown
	Settings remote.Settings `json:"settings"` // secrets as "…"
	Rules    rule.Rules      `json:"rules"`
	Words    []string        `json:"words"`
}

func (p *program) linkShow() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "show LINK", Short: "Show a link: state, settings, and its rules in words", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				d, err := a.linkDetail(ctx, user, args[0])
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

func (a *app) linkDetail(ctx context.Context, user, word string) (d linkDetail, err error) {
	l, u, err := a.link(ctx, user, word)
	if err != nil {
		return d, err
	}
	if d.Rules, err = rule.Parse(l.Rules); err != nil {
		return d, err
	}
	s, err := a.conns.Settings(l)
	if err != nil {
		return d, err
	}
	driver := drivers()[l.Driver]
	d.Settings, d.Words = driver.Redacted(s), d.Rules.Describe(driver.Title)
	err = a.store.View(ctx, func(tx *store.Tx) error {
		d.linkShown, err = a.linkRow(tx, u, l)
		return err
	})
	return d, err
}

func (p *program) showLink(d linkDetail) error {
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

// rulesChanged is what other rules do.
type rulesChanged struct {
	ID      store.LinkID `json:"id"`
	Rules   rule.Rules   `json:"rules"`
	Words   []string     `json:"words"`
	Touches []string     `json:"touches"`
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
				l, _, err := a.link(ctx, user, args[0])
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
	touch, err := a.engine.SetRules(ctx, l.ID, now)
	if err != nil {
		return err
	}
	doc := rulesChanged{ID: l.ID, Rules: now, Words: now.Describe(drivers()[l.Driver].Title), Touches: touched(touch)}
	if p.json {
		return p.printJSON(doc)
	}
	return p.say("%s\n\n%s", strings.Join(doc.Words, "\n"), strings.Join(doc.Touches, "\n"))
}

// touched tells what the next run does because of a change of rules.
func touched(t rule.Touch) []string {
	var out []string
	if t.Listing {
		out = append(out, "Everything is read from the remote again.")
	}
	if t.Fields {
		out = append(out, "The records of all items are read again, by the new field map.")
	}
	if t.Pairs {
		out = append(out, "Every item is looked at again.")
	}
	if t.Conflicts {
		out = append(out, "Open conflicts are settled again.")
	}
	if t.Relations {
		out = append(out, "The remote is asked which contacts are to come along.")
	}
	if out == nil {
		out = []string{"Nothing has to be looked at again."}
	}
	return out
}

// changed are stored rules with part put over them, rule by rule.
func changed(stored []byte, part string) (string, error) {
	whole, over := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if len(stored) > 0 {
		if err := json.Unmarshal(stored, &whole); err != nil {
			return "", err
		}
	}
	if json.Unmarshal([]byte(part), &over) != nil || over == nil || len(rule.Repeated([]byte(part))) > 0 {
		_, err := parseRules(part) // which says what is wrong
		if err == nil {
			err = pim.Errorf("rules", pim.ErrInvalid, "the rules are not a JSON object")
		}
		return "", err
	}
	patch(whole, over)
	out, err := json.Marshal(whole)
	return string(out), err
}

// patch puts values over others by name, as RFC 7396 does, going into the rules that have
// parts: a filter is one thing.
func patch(whole, over map[string]json.RawMessage) {
	for name, value := range over {
		if string(value) == "null" {
			delete(whole, name)
			continue
		}
		old, part := map[string]json.RawMessage{}, map[string]json.RawMessage{}
		if slices.Contains([]string{"in", "out", "remove"}, name) && json.Unmarshal(whole[name], &old) == nil && json.Unmarshal(value, &part) == nil {
			patch(old, part)
			if b, err := json.Marshal(old); err == nil {
				value = b
			}
		}
		whole[name] = value
	}
}
