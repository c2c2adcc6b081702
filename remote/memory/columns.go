package memory

import (
	"context"
	"errors"
	"maps"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Every field is a column of its own here, called by the field's id. Beside them a row has
// the columns of Options.Columns, as canonical texts, which only a field map brings into
// items.

// SetColumn writes into a column of Options.Columns, as a person at the screen.
func (m *System) SetColumn(c remote.CollectionID, id remote.ItemID, column, value string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.living(c, id)
	if r == nil {
		return false
	}
	r.fill(map[string]string{column: value})
	m.touch(r)
	return true
}

// Column is what a column of Options.Columns holds.
func (m *System) Column(c remote.CollectionID, id remote.ItemID, column string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.living(c, id); r != nil {
		return r.columns[column]
	}
	return ""
}

// FieldMap implements remote.FieldMapper.
func (c Records) FieldMap(k pim.Kind) (out []remote.Mapping) {
	carries, ok := c.m.opt.Carries[k]
	if !ok {
		return nil
	}
	for _, f := range pim.Fields(k) {
		if carries.Has(f.ID) && f.ID != pim.FieldCustom {
			out = append(out, remote.Mapping{
				Field: f.ID, Columns: []string{string(f.ID)}, Kind: kindOf(f),
				ReadOnly: readOnly().Has(f.ID), Required: c.m.opt.Required[k].Has(f.ID),
			})
		}
	}
	return out
}

func kindOf(f pim.Field) remote.ValueKind {
	switch f.Values {
	case pim.NumberValue:
		return remote.NumberColumn
	case pim.DurationValue:
		return remote.DurationColumn
	case pim.FlagValue:
		return remote.FlagColumn
	case pim.TimeValue:
		return remote.TimeColumn
	case pim.TextValue:
		if f.Scalar() {
			return remote.TextColumn
		}
	}
	return remote.RowsColumn
}

// Columns implements remote.FieldMapper.
func (c Records) Columns(ctx context.Context, k pim.Kind) (out []remote.Column, err error) {
	err = c.m.call(ctx, Call{Op: "columns"}, func() error {
		for _, x := range c.FieldMap(k) {
			out = append(out, remote.Column{Name: x.Columns[0], Kind: x.Kind, ReadOnly: x.ReadOnly, Required: x.Required})
		}
		out = append(out, c.m.opt.Columns[k]...)
		return nil
	})
	return out, err
}

// Mapped implements remote.FieldMapper.
func (c Records) Mapped(m remote.FieldMaps) (remote.Remote, error) {
	var faults []error
	for k, one := range m {
		faults = append(faults, remote.CheckFieldMap(c.FieldMap(k), one, nil, true)...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, &pim.Error{Op: "memory: map", Kind: pim.ErrInvalid, Public: err.Error()}
	}
	return c.face(&Session{m: c.m, maps: m, face: c.face}), nil
}

// mappedTraits are the traits with what the map carries.
func (c *Session) mappedTraits(t remote.Traits) remote.Traits {
	t.Carries = maps.Clone(t.Carries)
	for k, m := range c.maps {
		set := t.Carries[k]
		for _, id := range m.Without {
			set = set.Minus(pim.Set(id))
		}
		for _, x := range m.Set {
			set = set.Or(pim.Set(x.Field))
		}
		if len(m.Custom) > 0 {
			set = set.Or(pim.Set(pim.FieldCustom))
		}
		t.Carries[k] = set
	}
	return t
}

// elsewhere are the fields that are not in their own columns.
func (c *Session) elsewhere(k pim.Kind) (set pim.FieldSet) {
	for _, id := range c.maps[k].Without {
		set = set.Or(pim.Set(id))
	}
	for _, x := range c.maps[k].Set {
		set = set.Or(pim.Set(x.Field))
	}
	return set
}

// record is a row as the map shows it. It runs under mu, as all below.
func (c *Session) record(r *row) remote.Record {
	rec := c.m.record(r)
	k := rec.Item.Kind()
	m, ok := c.maps[k]
	if !ok {
		return rec
	}
	pim.Copy(rec.Item, pim.New(k), c.elsewhere(k))
	for _, x := range m.Set {
		if f, _ := pim.FieldByID(x.Field); f.SetText(rec.Item, r.columns[x.Column.Name]) != nil {
			_ = f.SetText(rec.Item, "") // what is no value of the field reads as nothing
		}
	}
	var custom []pim.Custom
	for _, x := range m.Custom {
		custom = append(custom, pim.Custom{Key: x.Key, Name: x.Name, Value: r.columns[x.Column.Name]})
	}
	pim.SetCustom(rec.Item, custom)
	return rec
}

// columns are the values of an item for the columns of the map, of the fields in set.
func (c *Session) columns(it pim.Item, set pim.FieldSet) map[string]string {
	out, m := map[string]string{}, c.maps[it.Kind()]
	for _, x := range m.Set {
		if f, _ := pim.FieldByID(x.Field); set.Has(x.Field) {
			out[x.Column.Name] = f.Raw(it)
		}
	}
	for _, x := range m.Custom {
		if set.Has(pim.FieldCustom) && !x.Column.ReadOnly {
			out[x.Column.Name] = pim.CustomValue(it, x.Key)
		}
	}
	return out
}

// fill sets columns and tells whether any changed.
func (r *row) fill(values map[string]string) (changed bool) {
	next := maps.Clone(r.columns)
	if next == nil {
		next = map[string]string{}
	}
	for name, v := range values {
		changed = changed || next[name] != v
		next[name] = v
	}
	r.columns = next
	return changed
}
