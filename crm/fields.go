package crm

import (
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Field is one row of a driver's table of fields: in which columns of the CRM a field is
// kept, and how it comes from there and goes there. R is a record as it was read, W a
// write under way. A driver's table is the only place that knows; what is asked for,
// carried, read, written and shown to people all follows from it.
type Field[R, W any] struct {
	remote.Mapping
	Kinds pim.KindSet
	// Hidden kinds have the field no more: the row is read, because others may be read with
	// it, but neither carried nor written.
	Hidden pim.KindSet
	// Asks is what to ask for to read it; nil: Columns, or nothing for rows of another
	// table, which are asked for by themselves.
	Asks []string
	// Read sets the field of an item; nil: another row sets it as well.
	Read func(R, pim.Item)
	// Write adds to the write; nil: the field is read only, or written together with
	// others.
	Write func(W) error
}

func (f Field[R, W]) shown(k pim.Kind) bool { return f.Kinds.Has(k) && !f.Hidden.Has(k) }

// Fields is a table. The order of its rows is that of reading, writing and showing.
type Fields[R, W any] []Field[R, W]

// Declare adds what is carried of kind k to traits.
func (t Fields[R, W]) Declare(k pim.Kind, to *remote.Traits) {
	for _, f := range t {
		if !f.shown(k) {
			continue
		}
		one := pim.Set(f.Field)
		to.Carries[k] = to.Carries[k].Or(one)
		if f.ReadOnly {
			to.ReadOnly = to.ReadOnly.Or(one)
		}
		if f.Required {
			to.Required[k] = to.Required[k].Or(one)
		}
	}
}

// Asked is what to ask for, each once.
func (t Fields[R, W]) Asked() []string {
	var out []string
	for _, f := range t {
		asks := f.Asks
		if asks == nil && f.Kind != remote.RowsColumn {
			asks = f.Columns
		}
		for _, col := range asks {
			if !slices.Contains(out, col) {
				out = append(out, col)
			}
		}
	}
	return out
}

// Read sets the fields of an item.
func (t Fields[R, W]) Read(r R, it pim.Item) {
	for _, f := range t {
		if f.Read != nil && f.Kinds.Has(it.Kind()) {
			f.Read(r, it)
		}
	}
}

// Write lets each row of kind k whose field is in set add to a write.
func (t Fields[R, W]) Write(k pim.Kind, set pim.FieldSet, w W) error {
	for _, f := range t {
		if f.Write == nil || !f.shown(k) || !set.Has(f.Field) {
			continue
		}
		if err := f.Write(w); err != nil {
			return err
		}
	}
	return nil
}

// Map is the table of kind k as people see it.
func (t Fields[R, W]) Map(k pim.Kind) []remote.Mapping {
	var out []remote.Mapping
	for _, f := range t {
		if f.shown(k) {
			out = append(out, f.Mapping)
		}
	}
	return out
}

// The parts of a row, for tables to be read as tables.

// In is the mapping of a field to columns of its record.
func In(f pim.FieldID, kind remote.ValueKind, columns ...string) remote.Mapping {
	return remote.Mapping{Field: f, Kind: kind, Columns: columns}
}

// Of is m with values of a table.
func Of(table string, m remote.Mapping) remote.Mapping { m.Of = table; return m }

// Required is m for a field that no record can be without.
func Required(m remote.Mapping) remote.Mapping { m.Required = true; return m }

// Tied is m for a field that is read or written together with others.
func Tied(m remote.Mapping) remote.Mapping { m.Tied = true; return m }

// ReadOnly is m for a field that comes from the CRM only.
func ReadOnly(m remote.Mapping) remote.Mapping { m.ReadOnly = true; return m }
