package rule

import (
	"crmbridge/pim"
	"crmbridge/remote"
)

// hidden stands for a name in rules that leave the house.
const hidden = "…"

// Anonymous is r without what a person or a CRM named: groups, types, and the values that a
// filter compares with. What is left are the program's own words, numbers and days. r has
// to be valid (Parse): else a name may stand where a word of ours belongs.
func (r Rules) Anonymous() Rules {
	r.Groups, r.Types, r.TypeNames = anonymous(r.Groups), anonymous(r.Types), anonymous(r.TypeNames)
	if r.DefaultType != "" {
		r.DefaultType = hidden
	}
	if r.Category != "" {
		r.Category = hidden
	}
	if r.ContactsLink != "" {
		r.ContactsLink = hidden
	}
	r.Filter = withoutValues(r.Filter)
	r.Fields = anonymousFields(r.Fields)
	for _, f := range []*Flow{&r.In, &r.Out} {
		f.Create, f.Carry = anonymous(f.Create), anonymous(f.Carry)
	}
	return r
}

// anonymous keeps how many there are: nil is all, and none is none.
func anonymous[T ~[]string](names T) T {
	if names == nil {
		return nil
	}
	out := make(T, len(names))
	for i, n := range names {
		if out[i] = hidden; n == NoType {
			out[i] = NoType
		}
	}
	return out
}

// anonymousFields keeps our fields and kinds of value: columns and labels are the CRM's.
func anonymousFields(maps map[pim.Kind]FieldMap) map[pim.Kind]FieldMap {
	if maps == nil {
		return nil
	}
	column := func(c remote.Column) remote.Column {
		c.Name, c.Label, c.Of = hidden, "", ""
		return c
	}
	out := map[pim.Kind]FieldMap{}
	for k, m := range maps {
		anon := FieldMap{Without: m.Without}
		for _, x := range m.Set {
			x.Column = column(x.Column)
			anon.Set = append(anon.Set, x)
		}
		for _, c := range m.Custom {
			c.Column, c.Label = column(c.Column), ""
			if c.As != AsCategory && c.As != AsNotes {
				c.As = hidden
			}
			anon.Custom = append(anon.Custom, c)
		}
		out[k] = anon
	}
	return out
}

func withoutValues(f pim.Filter) pim.Filter {
	if f.Value != "" {
		f.Value = hidden
	}
	all := func(fs []pim.Filter) []pim.Filter {
		var out []pim.Filter
		for _, g := range fs {
			out = append(out, withoutValues(g))
		}
		return out
	}
	f.And, f.Or = all(f.And), all(f.Or)
	if f.Not != nil {
		not := withoutValues(*f.Not)
		f.Not = &not
	}
	return f
}
