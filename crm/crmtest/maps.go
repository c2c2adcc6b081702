package crmtest

import (
	"slices"
	"testing"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Columns are the columns that records of a kind have, by name.
func Columns(t testing.TB, c remote.Remote, k pim.Kind) map[string]remote.Column {
	t.Helper()
	all, err := mapper(t, c).Columns(t.Context(), k)
	if err != nil {
		t.Fatalf("%v: %s", err, pim.PublicText(err))
	}
	out := map[string]remote.Column{}
	for _, col := range all {
		out[col.Name] = col
	}
	return out
}

// MapOf is a changed map: fields put into columns by their names, fields left out, and custom columns, whose keys
// are like those that rules make (Customs).
func MapOf(t testing.TB, c remote.Remote, k pim.Kind, set map[pim.FieldID]string, without []pim.FieldID, custom ...string) remote.FieldMap {
	t.Helper()
	all := Columns(t, c, k)
	m := remote.FieldMap{Without: without}
	for id, name := range set {
		m.Set = append(m.Set, remote.FieldColumn{Field: id, Column: all[name]})
	}
	for _, name := range custom {
		m.Custom = append(m.Custom, remote.CustomColumn{Key: CustomKey(name), Name: name, Column: all[name]})
	}
	var columns []remote.Column
	for _, col := range all {
		columns = append(columns, col)
	}
	if faults := remote.CheckFieldMap(mapper(t, c).FieldMap(k), m, columns, false); len(faults) > 0 {
		t.Fatalf("%ss: %v", k, faults)
	}
	return m
}

// Mapped is a connection with another map.
func Mapped(t testing.TB, c remote.Remote, m remote.FieldMaps) remote.Remote {
	t.Helper()
	out, err := mapper(t, c).Mapped(m)
	if err != nil {
		t.Fatalf("%v: %s", err, pim.PublicText(err))
	}
	return out
}

// Customs are custom fields with these values, by the names of columns that MapOf was given.
func Customs(values map[string]string) (out []pim.Custom) {
	for name, v := range values {
		out = append(out, pim.Custom{Key: CustomKey(name), Name: name, Value: v})
	}
	return out
}

// CustomKey is the key of the custom field that MapOf makes of a column.
func CustomKey(column string) string { return column + "=X-TEST" }

// OwnMap wants the map that people see to be what is carried, and to name these columns, by kind and field.
func OwnMap(t testing.TB, c remote.Remote, columns map[pim.Kind]map[pim.FieldID]string) {
	t.Helper()
	for kind, want := range columns {
		var shown pim.FieldSet
		for _, m := range mapper(t, c).FieldMap(kind) {
			shown = shown.Or(pim.Set(m.Field))
			if col := want[m.Field]; col != "" && !slices.Contains(m.Columns, col) {
				t.Errorf("%s of %ss is kept in %q, want %s", m.Field, kind, m.Columns, col)
			}
			delete(want, m.Field)
		}
		if shown != c.Traits().Carries[kind] || len(want) > 0 {
			t.Errorf("the map of %ss shows %s, carried are %s; missing %v", kind, shown, c.Traits().Carries[kind], want)
		}
	}
}

func mapper(t testing.TB, c remote.Remote) remote.FieldMapper {
	t.Helper()
	m, ok := remote.As[remote.FieldMapper](c)
	if !ok {
		t.Fatal("the map cannot be changed")
	}
	return m
}
