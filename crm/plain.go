package crm

import (
	"slices"
	"strconv"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Plain is how a driver keeps plain values in a column of any name. Values are the canonical
// texts of package pim (pim.Field.SetText).
type Plain[R, W any] struct {
	Read  func(R, remote.Column) string
	Write func(W, pim.FieldID, remote.Column, string) error
	Item  func(W) pim.Item // what is written
	// Asks is what to ask for to read a column.
	Asks func(remote.Column) []string
}

// Changed is the table with the changes of a map of kind k. Rows that are taken out are
// still read by those that read them together with others, and cleared afterwards.
func (t Fields[R, W]) Changed(k pim.Kind, m remote.FieldMap, p Plain[R, W]) Fields[R, W] {
	var gone pim.FieldSet
	out := make(Fields[R, W], 0, len(t)+len(m.Set)+1)
	taken := func(id pim.FieldID) bool {
		return slices.Contains(m.Without, id) || slices.ContainsFunc(m.Set, func(x remote.FieldColumn) bool { return x.Field == id })
	}
	for _, f := range t {
		if f.Kinds.Has(k) && taken(f.Field) {
			gone = gone.Or(pim.Set(f.Field))
			f.Hidden |= pim.Kinds(k)
		}
		out = append(out, f)
	}
	out = append(out, Field[R, W]{Kinds: pim.Kinds(k), Hidden: pim.Kinds(k), Read: func(_ R, it pim.Item) { pim.Copy(it, pim.New(k), gone) }})
	for _, x := range m.Set {
		out = append(out, plainField(k, x, p))
	}
	if len(m.Custom) > 0 {
		out = append(out, customField(k, m.Custom, p))
	}
	return out
}

// plainField keeps a scalar field in a column. A value that is none of the field's, which
// somebody put into the column, reads as nothing.
func plainField[R, W any](k pim.Kind, x remote.FieldColumn, p Plain[R, W]) Field[R, W] {
	f, _ := pim.FieldByID(x.Field)
	minutes := f.Values == pim.DurationValue && x.Column.Kind == remote.NumberColumn
	out := Field[R, W]{
		Mapping: x.Column.Mapping(x.Field), Kinds: pim.Kinds(k), Asks: p.Asks(x.Column),
		Read: func(r R, it pim.Item) {
			s := p.Read(r, x.Column)
			if minutes && s != "" {
				s += "m"
			}
			if f.SetText(it, s) != nil {
				_ = f.SetText(it, "") // clearing a scalar cannot fail
			}
		},
	}
	if x.Column.ReadOnly {
		return out
	}
	out.Write = func(w W) error {
		s := f.Raw(p.Item(w))
		if minutes {
			s = inMinutes(s)
		}
		return p.Write(w, x.Field, x.Column, s)
	}
	return out
}

// inMinutes is a duration as the number of its minutes, which is what people count in
// where a CRM has a number for it; less than one is left out.
func inMinutes(s string) string {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Minute {
		return ""
	}
	return strconv.FormatInt(int64(d/time.Minute), 10)
}

// customField keeps the values of a kind that are no field of ours.
func customField[R, W any](k pim.Kind, all []remote.CustomColumn, p Plain[R, W]) Field[R, W] {
	out := Field[R, W]{Mapping: remote.Mapping{Field: pim.FieldCustom, Kind: remote.TextColumn}, Kinds: pim.Kinds(k), Asks: []string{}}
	for _, c := range all {
		out.Columns = append(out.Columns, c.Column.Name)
		out.Asks = append(out.Asks, p.Asks(c.Column)...)
	}
	out.Read = func(r R, it pim.Item) {
		var values []pim.Custom
		for _, c := range all {
			values = append(values, pim.Custom{Key: c.Key, Name: c.Name, Value: p.Read(r, c.Column)})
		}
		pim.SetCustom(it, values)
	}
	out.Write = func(w W) error {
		for _, c := range all {
			if c.Column.ReadOnly {
				continue
			}
			if err := p.Write(w, pim.FieldCustom, c.Column, pim.CustomValue(p.Item(w), c.Key)); err != nil {
				return err
			}
		}
		return nil
	}
	return out
}
