package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/remote"
	"crmbridge/store"
)

// tiedShown is one relation of an item.
type tiedShown struct {
	Role    string            `json:"role"`
	Label   string            `json:"label"`
	Changes bool              `json:"changes"` // --set and --clear take it
	To      []remote.Relation `json:"to"`
}

// related is what an item is tied to.
type related struct {
	Link    string      `json:"link"`
	UID     string      `json:"uid"`
	Title   string      `json:"title"`
	Version string      `json:"version"`       // for --version
	Run     store.RunID `json:"run,omitempty"` // that changed it, for sync undo
	Roles   []tiedShown `json:"roles"`
}

func relatedOf(link string, t relay.Tied) related {
	out := related{Link: link, UID: t.UID, Title: t.Title, Version: t.Version, Run: t.Run, Roles: []tiedShown{}}
	for _, r := range t.Roles {
		row := tiedShown{Role: r.ID, Label: r.Label, Changes: !r.Fixed, To: r.To}
		if row.To == nil {
			row.To = []remote.Relation{}
		}
		out.Roles = append(out.Roles, row)
	}
	return out
}

func (p *program) itemRelate() *cobra.Command {
	var user, link, version string
	var set, clear []string
	c := &cobra.Command{
		Use: "relate UID", Short: "Show what an item is tied to in the CRM, or change it", Args: cobra.ExactArgs(1),
		Long: `Show what an item is tied to in the CRM: its company, contact, project. With --set and --clear the CRM's record is
changed at once, unless somebody changed it there since it was read. The change is a run, which bridge sync undo takes back.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			edit, err := relating(set, clear, version)
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, link)
				if err != nil {
					return err
				}
				var t relay.Tied
				if len(set)+len(clear) == 0 {
					t, err = a.engine.Relations(ctx, l.ID, args[0])
				} else {
					err = a.office.Record(ctx, "item.relate", args[0]+", "+l.Name, func() (err error) {
						t, err = a.engine.Relate(ctx, l.ID, args[0], edit, "shell")
						return err
					})
				}
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, relatedOf(l.Name, t)))
				}
				return p.sayRelated(relatedOf(l.Name, t))
			})
		},
	}
	fs := c.Flags()
	fs.StringVar(&user, "user", "", "account")
	fs.StringVar(&link, "link", "", "link, by name or number")
	fs.StringArrayVar(&set, "set", nil, "role=record: tie the item to the record with this id, name or e-mail address, such as company=Acme; may be given again")
	fs.StringArrayVar(&clear, "clear", nil, "role: tie the item to no such record; may be given again")
	fs.StringVar(&version, "version", "", "change only this version of the record, as --json shows it (default: the one read last)")
	_ = c.MarkFlagRequired("link")
	return c
}

// relating reads the flags.
func relating(set, clear []string, version string) (relay.Relating, error) {
	c := relay.Relating{Version: version, Set: map[string]string{}, Clear: clear}
	if version != "" && len(set)+len(clear) == 0 {
		return c, pim.Errorf("item relate", pim.ErrInvalid, "--version goes with --set or --clear: nothing is to be changed")
	}
	for _, s := range set {
		role, text, ok := strings.Cut(s, "=")
		role, text = strings.TrimSpace(role), strings.TrimSpace(text)
		if !ok || role == "" || text == "" {
			return c, pim.Errorf("item relate", pim.ErrInvalid, "--set %q is not of the form role=record; --clear role takes a relation away", s)
		}
		if _, twice := c.Set[role]; twice {
			return c, pim.Errorf("item relate", pim.ErrInvalid, "--set names the role %q twice", role)
		}
		c.Set[role] = text
	}
	return c, nil
}

func (p *program) sayRelated(r related) error {
	if r.Run != 0 {
		if err := p.say("changed by run %d; bridge sync undo %d takes it back", r.Run, r.Run); err != nil {
			return err
		}
	}
	return print(p, r.Roles, printed[tiedShown]{
		head: []string{"ROLE", "TIED TO", "ID", "CHANGES"},
		cells: func(t tiedShown) []string {
			var names, ids []string
			for _, to := range t.To {
				names, ids = append(names, to.Name), append(ids, string(to.ID))
			}
			changes := "no"
			if t.Changes {
				changes = "yes"
			}
			return []string{t.Role, strings.Join(names, ", "), strings.Join(ids, ", "), changes}
		},
	})
}
