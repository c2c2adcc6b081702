package remote

import (
	"context"
	"fmt"

	"crmbridge/pim"
)

// FieldLister tells in which columns a connection keeps the fields.
type FieldLister interface {
	// FieldMap is the connection's own map of kind k, in the order that people see; nil
	// for a kind that it does not keep. It does no I/O.
	FieldMap(k pim.Kind) []Mapping
}

// FieldMapper keeps them in others, too, when it is told to.
type FieldMapper interface {
	FieldLister
	// Columns lists the columns that records of kind k have, those of the map among
	// them.
	Columns(ctx context.Context, k pim.Kind) ([]Column, error)
	// Mapped is the same connection with a changed map. Its Traits carry what the map
	// has. It shares sessions with the first one and must not be closed on its own.
	// ErrInvalid for a map that CheckFieldMap finds fault with, as far as that can be
	// told without I/O.
	Mapped(m FieldMaps) (Remote, error)
}

// FieldMaps are the changes of a connection's maps, by kind.
type FieldMaps map[pim.Kind]FieldMap

// FieldMap is how the map of one kind differs from the connection's own.
type FieldMap struct {
	// Set are fields that are kept in another column, or in one for the first time.
	Set []FieldColumn
	// Without are fields that are not kept.
	Without []pim.FieldID
	// Custom are columns that are no field of ours (pim.Custom).
	Custom []CustomColumn
}

// FieldColumn is a field and its column.
type FieldColumn struct {
	Field  pim.FieldID `json:"field"`
	Column Column      `json:"column"`
}

// CustomColumn is a column that rides in pim.Custom under a key.
type CustomColumn struct {
	Key    string
	Name   string
	Column Column
}

// Holds reports whether a column of this kind can keep values of a field.
func (k ValueKind) Holds(v pim.ValueType) bool {
	switch k {
	case TextColumn, ChoiceColumn, ReferenceColumn:
		return v == pim.TextValue
	case NumberColumn:
		return v == pim.TextValue || v == pim.NumberValue || v == pim.DurationValue
	case DurationColumn:
		return v == pim.DurationValue
	case FlagColumn:
		return v == pim.FlagValue
	case DayColumn, TimeColumn:
		return v == pim.TimeValue
	}
	return false
}

// Plain reports a column of single values that have a canonical text.
func (k ValueKind) Plain() bool { return k != RowsColumn && k != OtherColumn && k != "" }

// CheckFieldMap says everything that is wrong with a change of a map. own is the
// connection's map; columns are those that records have, nil when they are not known.
// inOnly: nothing is written to the remote.
func CheckFieldMap(own []Mapping, m FieldMap, columns []Column, inOnly bool) (faults []error) {
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	c := checkedMap{own: map[pim.FieldID]Mapping{}, used: map[string]string{}, gone: map[pim.FieldID]bool{}, bad: bad, inOnly: inOnly}
	for _, row := range own {
		c.own[row.Field] = row
	}
	if columns != nil {
		c.columns = map[string]Column{}
		for _, col := range columns {
			c.columns[col.Name] = col
		}
	}
	c.without(m)
	c.set(m)
	for _, x := range m.Custom {
		c.use(x.Column, "custom field "+x.Name)
	}
	return faults
}

type checkedMap struct {
	own     map[pim.FieldID]Mapping
	columns map[string]Column
	used    map[string]string // what a column is used for
	gone    map[pim.FieldID]bool
	bad     func(format string, args ...any)
	inOnly  bool
}

func (c *checkedMap) without(m FieldMap) {
	for _, id := range m.Without {
		switch row, ok := c.own[id]; {
		case !ok:
			c.bad("%s is not in the map, so that it cannot be taken out", id)
		case row.Required:
			c.bad("%s has to stay in the map: the CRM keeps no record without it", id)
		}
		c.gone[id] = true
	}
	for _, x := range m.Set {
		if c.gone[x.Field] {
			c.bad("%s is both taken out of the map and set", x.Field)
		}
		c.gone[x.Field] = true
	}
	for id, row := range c.own {
		if !c.gone[id] && row.Kind != RowsColumn {
			for _, col := range row.Columns {
				c.used[col] = string(id)
			}
		}
	}
}

func (c *checkedMap) set(m FieldMap) {
	seen := map[pim.FieldID]bool{}
	for _, x := range m.Set {
		if seen[x.Field] {
			c.bad("%s is set twice", x.Field)
		}
		seen[x.Field] = true
		f, known := pim.FieldByID(x.Field)
		row, there := c.own[x.Field]
		switch {
		case !known:
			c.bad("there is no field %q", x.Field)
		case !f.Scalar():
			c.bad("%s has no plain value and cannot be kept in another column", x.Field)
		case there && row.Fixed():
			c.bad("%s is kept in %s together with other things and cannot be kept in another column", x.Field, row.Columns[0])
		case x.Column.Kind.Plain() && !x.Column.Kind.Holds(f.Values):
			c.bad("%s holds a %s, which is no place for %s", x.Column.Name, x.Column.Kind, x.Field)
		}
		c.use(x.Column, string(x.Field))
	}
}

// use notes what a column is for.
func (c *checkedMap) use(col Column, what string) {
	if before := c.used[col.Name]; before != "" {
		c.bad("column %s is mapped twice: to %s and to %s", col.Name, before, what)
	}
	c.used[col.Name] = what
	if c.columns != nil {
		now, there := c.columns[col.Name]
		if !there {
			c.bad("the CRM has no column %q", col.Name)
			return
		}
		if !now.Kind.Plain() && now.Why != "" {
			c.bad("column %s cannot be mapped: it holds %s", col.Name, now.Why)
			return
		}
		if now.Kind != col.Kind || now.Of != col.Of {
			c.bad("column %s holds a %s, not a %s", col.Name, now.Kind, col.Kind)
		}
	}
	switch {
	case !col.Kind.Plain():
		c.bad("column %s holds no plain value", col.Name)
	case col.ReadOnly && !c.inOnly:
		c.bad("column %s is filled in by the CRM; it can be mapped only where changes come from the CRM and none go there (direction in)", col.Name)
	}
}

// Fixed reports a row that cannot be kept in another column.
func (m Mapping) Fixed() bool {
	return m.Tied || m.Required || m.ReadOnly || m.Kind == RowsColumn || len(m.Columns) != 1
}
