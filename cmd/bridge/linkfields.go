package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// fieldMapShown is one row of a link's field map.
type fieldMapShown struct {
	Of        string   `json:"of"` // event, task or contact
	Field     string   `json:"field"`
	Columns   []string `json:"columns"`
	Kind      string   `json:"kind"`
	Direction string   `json:"direction"` // both, in (from the CRM only) or none
	Default   bool     `json:"default"`   // as the connection has it
	Own       []string `json:"own"`       // the connection's own columns
}

// columnShown is a column that the CRM offers.
type columnShown struct {
	Of string `json:"of"`
	remote.Column
}

// fieldChange is what the flags ask for.
type fieldChange struct {
	kind               string
	set, custom, clear []string
	reset, columns     bool
}

func (p *program) linkFields() *cobra.Command {
	var user string
	var change fieldChange
	c := &cobra.Command{
		Use: "fields LINK", Short: "Show and change in which columns of the CRM fields are kept", Args: cobra.ExactArgs(1),
		Long: `Shows the field map of a link. With --columns it lists the columns that the CRM offers. The
other flags change the map of one kind (--kind event, task or contact):

  bridge link fields crm --kind task --set number=UsrNumber
  bridge link fields crm --kind contact --custom UsrRegion=X-REGION --custom UsrKey=category
  bridge link fields crm --kind task --clear result
  bridge link fields crm --kind task --reset

A field in another column is compared afresh; one that is taken out keeps what was agreed.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				l, _, err := a.office.FindLink(ctx, user, args[0])
				if err != nil {
					return err
				}
				if change.columns {
					return p.showColumns(ctx, a, l, change.kind)
				}
				if change.asks() {
					if err := a.changeFields(ctx, l, change); err != nil {
						return err
					}
				}
				maps, err := a.engine.FieldMaps(ctx, l.ID, nil)
				if err != nil {
					return err
				}
				return p.showFields(maps, change.kind)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&user, "user", "", "account")
	f.StringVar(&change.kind, "kind", "", "event, task or contact")
	f.StringArrayVar(&change.set, "set", nil, "FIELD=COLUMN: keep a field in another column")
	f.StringArrayVar(&change.custom, "custom", nil, "COLUMN=X-NAME, category or notes: show a column of the CRM's own on devices")
	f.StringArrayVar(&change.clear, "clear", nil, "FIELD or COLUMN to take out of the map")
	f.BoolVar(&change.reset, "reset", false, "give the kind the connection's own map again")
	f.BoolVar(&change.columns, "columns", false, "list the columns that the CRM offers")
	return c
}

func (c fieldChange) asks() bool { return c.reset || len(c.set)+len(c.custom)+len(c.clear) > 0 }

func (p *program) showFields(maps []relay.FieldMap, kind string) error {
	rows := []fieldMapShown{}
	for _, m := range maps {
		if kind != "" && kind != m.Kind.String() {
			continue
		}
		for _, r := range m.Rows {
			x := fieldMapShown{Of: m.Kind.String(), Field: string(r.Field), Columns: r.Columns, Kind: string(r.Kind), Direction: "both", Default: !r.Changed, Own: r.Own}
			switch {
			case r.Out:
				x.Direction = "none"
			case r.ReadOnly:
				x.Direction = "in"
			}
			if r.Custom != nil {
				x.Field = r.Custom.As
			}
			rows = append(rows, x)
		}
	}
	return print(p, rows, printed[fieldMapShown]{
		head: []string{"OF", "FIELD", "COLUMNS", "KIND", "DIRECTION", "MAP"},
		cells: func(r fieldMapShown) []string {
			state := "changed"
			if r.Default {
				state = "default"
			}
			return []string{r.Of, r.Field, strings.Join(r.Columns, ", "), r.Kind, r.Direction, state}
		},
	})
}

func (p *program) showColumns(ctx context.Context, a *app, l store.Link, kind string) error {
	maps, err := a.engine.FieldMaps(ctx, l.ID, nil)
	if err != nil {
		return err
	}
	rows := []columnShown{}
	for _, m := range maps {
		if kind != "" && kind != m.Kind.String() {
			continue
		}
		columns, err := a.engine.Columns(ctx, l.ID, m.Kind)
		if err != nil {
			return err
		}
		for _, c := range columns {
			rows = append(rows, columnShown{m.Kind.String(), c})
		}
	}
	return print(p, rows, printed[columnShown]{
		head: []string{"OF", "COLUMN", "LABEL", "KIND", "READ ONLY"},
		cells: func(c columnShown) []string {
			ro, kind := "", string(c.Kind)
			if c.ReadOnly {
				ro = "yes"
			}
			if c.Why != "" {
				kind += " (" + c.Why + ")"
			}
			return []string{c.Of, c.Name, c.Label, kind, ro}
		},
	})
}

// changeFields sets the rules with a changed map; they are checked with every fault.
func (a *app) changeFields(ctx context.Context, l store.Link, c fieldChange) error {
	kind, err := pim.ParseKind(c.kind)
	if err != nil {
		return pim.Errorf("fields", pim.ErrInvalid, "say with --kind whose map is to change: event, task or contact")
	}
	rules, err := rule.Parse(l.Rules)
	if err != nil {
		return err
	}
	m := rules.Fields[kind]
	if c.reset {
		m = rule.FieldMap{}
	}
	if len(c.clear) > 0 {
		maps, err := a.engine.FieldMaps(ctx, l.ID, nil)
		if err != nil {
			return err
		}
		for _, name := range c.clear {
			m = cleared(m, name, !ownField(maps, kind, name))
		}
	}
	if len(c.set)+len(c.custom) > 0 {
		columns, err := a.engine.Columns(ctx, l.ID, kind)
		if err != nil {
			return err
		}
		if m, err = withColumns(m, c, columns); err != nil {
			return err
		}
	}
	fields := map[pim.Kind]rule.FieldMap{}
	for k, v := range rules.Fields {
		fields[k] = v
	}
	if fields[kind] = m; m.IsZero() {
		delete(fields, kind)
	}
	if rules.Fields = fields; len(fields) == 0 {
		rules.Fields = nil
	}
	_, err = a.office.SetRules(ctx, l, rules)
	return err
}

// ownField reports a field that the connection's own map has.
func ownField(maps []relay.FieldMap, k pim.Kind, name string) bool {
	for _, m := range maps {
		if m.Kind == k {
			return slices.ContainsFunc(m.Rows, func(r relay.FieldRow) bool { return string(r.Field) == name && r.Own != nil })
		}
	}
	return false
}

// cleared takes a custom column, or else a field, out of a map. added: the field is there
// by the rules only, so that taking it out of them is enough.
func cleared(m rule.FieldMap, name string, added bool) rule.FieldMap {
	custom := func(c rule.Custom) bool { return c.Column.Name == name }
	if slices.ContainsFunc(m.Custom, custom) {
		m.Custom = slices.DeleteFunc(slices.Clone(m.Custom), custom)
		return m
	}
	set := func(x remote.FieldColumn) bool { return string(x.Field) == name }
	if added && slices.ContainsFunc(m.Set, set) {
		m.Set = slices.DeleteFunc(slices.Clone(m.Set), set)
		return m
	}
	m.Set = slices.DeleteFunc(slices.Clone(m.Set), set)
	m.Without = append(slices.Clone(m.Without), pim.FieldID(name))
	return m
}

func withColumns(m rule.FieldMap, c fieldChange, columns []remote.Column) (rule.FieldMap, error) {
	find := func(name string) remote.Column {
		for _, col := range columns {
			if col.Name == name {
				return col
			}
		}
		return remote.Column{Name: name, Kind: remote.TextColumn} // refused with the other faults
	}
	for _, s := range c.set {
		field, col, ok := strings.Cut(s, "=")
		if !ok {
			return m, pim.Errorf("fields", pim.ErrInvalid, "--set %s is not FIELD=COLUMN", s)
		}
		id := pim.FieldID(field)
		m.Without = slices.DeleteFunc(slices.Clone(m.Without), func(x pim.FieldID) bool { return x == id })
		m.Set = append(slices.DeleteFunc(slices.Clone(m.Set), func(x remote.FieldColumn) bool { return x.Field == id }), remote.FieldColumn{Field: id, Column: find(col)})
	}
	for _, s := range c.custom {
		col, as, ok := strings.Cut(s, "=")
		if !ok {
			return m, pim.Errorf("fields", pim.ErrInvalid, "--custom %s is not COLUMN=X-NAME, COLUMN=category or COLUMN=notes", s)
		}
		m.Custom = append(slices.DeleteFunc(slices.Clone(m.Custom), func(x rule.Custom) bool { return x.Column.Name == col }), rule.Custom{Column: find(col), As: as})
	}
	return m, nil
}
