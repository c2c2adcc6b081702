package tryton

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// definitions are the fields of a model, by name, as Tryton's fields_get tells them.
type definitions map[string]definition

// definition is what has to be known of a field to read, write and show it. Which fields
// only some records need or lock (states) is for Tryton to say when it is written.
type definition struct {
	Type     string `json:"type"`
	Label    string `json:"string"` // in the user's language
	ReadOnly truth  `json:"readonly"`
	Required truth  `json:"required"`
	// Relation is the model that a record is of.
	Relation string `json:"relation"`
	// Searchable fields can stand in a condition, Sortable ones are columns of the table:
	// what Tryton works out is not.
	Searchable truth `json:"searchable"`
	Sortable   truth `json:"sortable"`
	// Selection is the list of values and labels, or the name of the method that tells it.
	// With are fields that the list depends on.
	Selection json.RawMessage `json:"selection"`
	With      []string        `json:"selection_change_with"`

	// choices is the list; the id is a value as JSON.
	choices []crm.LookupValue
}

// mostModels is how many models have a field map.
const mostModels = 2

func newDefinitions(c *connector) *crm.Cache[definitions] {
	return crm.NewCache(c.now, c.set.age, mostModels, func(ctx context.Context, model string) (definitions, error) {
		const op = "tryton: columns"
		f, err := c.facts(ctx)
		if err != nil {
			return nil, err
		}
		var out definitions
		if err := c.user(ctx, op, model, "fields_get", f.in, &out); err != nil {
			return nil, err
		}
		for name, d := range out {
			if d.Type != "selection" || len(d.With) > 0 {
				continue
			}
			if d.choices, err = c.choices(ctx, op, f, model, d.Selection); err != nil {
				return nil, err
			}
			out[name] = d
		}
		return out, nil
	})
}

// choices is the list of a selection. What is no list, and no method that gives one to
// outsiders, is nil: such a field cannot be mapped.
func (c *connector) choices(ctx context.Context, op string, f *facts, model string, told json.RawMessage) ([]crm.LookupValue, error) {
	var method string
	if json.Unmarshal(told, &method) == nil {
		told = nil
		if err := c.user(ctx, op, model, method, f.in, &told); err != nil && !isFault(err, "") {
			return nil, err
		}
	}
	var pairs [][]json.RawMessage
	if json.Unmarshal(told, &pairs) != nil {
		return nil, nil
	}
	out := []crm.LookupValue{}
	for _, p := range pairs {
		var label string
		if len(p) != 2 || isNull(p[0]) || string(p[0]) == `""` || json.Unmarshal(p[1], &label) != nil {
			continue // the empty choice
		}
		out = append(out, crm.LookupValue{ID: string(p[0]), Name: label})
	}
	return out, nil
}

// column is the field as people see it who map it.
func (d definition) column(name string) remote.Column {
	out := remote.Column{Name: name, Label: d.Label, Kind: remote.OtherColumn, ReadOnly: bool(d.ReadOnly), Required: bool(d.Required)}
	switch d.Type {
	case "char", "text":
		out.Kind = remote.TextColumn
	case "integer", "biginteger", "float", "numeric":
		out.Kind = remote.NumberColumn
	case "boolean":
		out.Kind = remote.FlagColumn
	case "date":
		out.Kind = remote.DayColumn
	case "datetime", "timestamp":
		out.Kind = remote.TimeColumn
	case "timedelta":
		out.Kind = remote.DurationColumn
	case "selection":
		if out.Kind = remote.ChoiceColumn; d.choices == nil {
			out.Kind, out.Why = remote.OtherColumn, "one of a list that differs from record to record"
		}
	case "many2one":
		if out.Kind, out.Of = remote.ReferenceColumn, d.Relation; !bool(d.Searchable) && bool(d.ReadOnly) {
			out.Kind, out.Of, out.Why = remote.OtherColumn, "", "a record that Tryton works out anew each time"
		}
	case "one2many", "many2many":
		out.Kind, out.Of, out.Why = remote.RowsColumn, d.Relation, "rows of another table"
	case "binary":
		out.Why = "a file"
	case "multiselection", "dict":
		out.Why = "several values"
	case "time":
		out.Why = "a time without a day"
	case "reference", "one2one":
		out.Why = "a record of one table or another"
	default:
		out.Why = "a value of the kind " + d.Type
	}
	return out
}

// keptByTryton are the fields that Tryton fills in although it says otherwise, or that this
// driver needs as they are: the number of a party, whether it is archived, what a task is
// and where it stands in the tree.
func keptByTryton(model string) []string {
	base := []string{"id", "rec_name", "create_uid", "create_date", "write_uid", "write_date", "active"}
	if model == modelWork {
		return append(base, "type", "company", "left", "right")
	}
	return append(base, "code", "code_readonly")
}

// Columns implements remote.FieldMapper: what fields_get tells this user, in the language
// of the connection.
func (c *connector) Columns(ctx context.Context, k pim.Kind) ([]remote.Column, error) {
	i := slices.IndexFunc(c.shelves(), func(s shelf) bool { return s.kind == k })
	if i < 0 {
		return nil, nil
	}
	s := c.shelves()[i]
	f, err := c.facts(ctx)
	if err == nil {
		err = s.usable(f)
	}
	if err != nil {
		return nil, err
	}
	// A person is looking, who may have added a column just now.
	defs, _, err := c.fields.Again(ctx, s.model)
	if err != nil {
		return nil, err
	}
	own := map[string]remote.Mapping{}
	for _, row := range c.FieldMap(k) {
		if row.Kind != remote.RowsColumn && len(row.Columns) == 1 {
			own[row.Columns[0]] = row
		}
	}
	var out []remote.Column
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		col := defs[name].column(name)
		col.ReadOnly = col.ReadOnly || slices.Contains(keptByTryton(s.model), name)
		if row, mapped := own[name]; mapped {
			col.Kind, col.Of, col.Why = row.Kind, row.Of, ""
		}
		out = append(out, col)
	}
	return out, nil
}
