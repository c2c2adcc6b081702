package relay

import (
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// Custom fields have no place of their own in a text: a map says that one is a property, a
// category, or a line below the notes. lift takes them out of what was read, so that notes
// and categories are a person's own; lower puts them back. Both are exact: what is lowered
// is lifted as it was.

// with is the codec that knows the custom fields of some rules besides those it knows.
func (c codec) with(r rule.Rules) codec {
	out := c
	out.custom = map[pim.Kind][]rule.Custom{}
	for k, all := range c.custom {
		out.custom[k] = all
	}
	for k, m := range r.Fields {
		out.custom[k] = append(slices.Clip(out.custom[k]), m.Custom...)
	}
	return out
}

// withLinks knows the custom fields of links; rules that cannot be read add none.
func (c codec) withLinks(links ...store.Link) codec {
	for _, l := range links {
		if r, err := rule.Parse(l.Rules); err == nil && len(r.Fields) > 0 {
			c = c.with(r)
		}
	}
	return c
}

// ReadFor is Read for a text of a link, whose custom fields are seen as fields; link may be 0.
func ReadFor(tx *store.Tx, link store.LinkID, kind pim.Kind, text []byte, zone string) (pim.Item, error) {
	return newCodec(tx.Now(), zone).ofLink(tx, link).read(kind, text)
}

// ofLink knows the custom fields of one link; of none where there is no such link (any more).
func (c codec) ofLink(tx *store.Tx, id store.LinkID) codec {
	if id == 0 {
		return c
	}
	l, err := tx.Link(id)
	if err != nil {
		return c
	}
	return c.withLinks(l)
}

// extras are the texts of X- properties by name; "" is none.
type extras map[string]string

// present are those with a text, for a text that has none of them yet.
func present(x extras) extras {
	out := extras{}
	for name, v := range x {
		if v != "" {
			out[name] = v
		}
	}
	return out
}

func (c codec) lift(it pim.Item, extra func(name string) string) pim.Item {
	all := c.custom[it.Kind()]
	if len(all) == 0 {
		return it
	}
	lines := map[string]string{}
	if below(all) {
		own, have, _ := splitNotes(*notesOf(it), labels(all))
		*notesOf(it), lines = own, have
	}
	var values []pim.Custom
	for _, f := range all {
		v := pim.Custom{Key: f.Key(), Name: f.Name()}
		switch f.As {
		case rule.AsNotes:
			v.Value = lines[f.Name()]
		case rule.AsCategory:
			v.Value = takeCategory(it, f)
		default:
			v.Value = extra(f.As)
		}
		values = append(values, v)
	}
	pim.SetCustom(it, values)
	return it
}

func (c codec) lower(it pim.Item) (pim.Item, extras) {
	all := c.custom[it.Kind()]
	out, x := pim.Clone(it), extras{}
	var lines []noteLine
	var named []string
	for _, f := range all {
		v := pim.CustomValue(it, f.Key())
		switch f.As {
		case rule.AsNotes:
			lines = append(lines, noteLine{f.Name(), v})
		case rule.AsCategory:
			if s := categoryFor(f, v); s != "" {
				named = append(named, s)
			}
		default:
			x[f.As] = v
		}
	}
	if below(all) {
		*notesOf(out) = joinNotes(*notesOf(out), lines)
	}
	if len(named) > 0 {
		// First, so that a value is found before a category of a person's that looks like it.
		setCategories(out, append(named, pim.CategoriesOf(out)...))
	}
	pim.SetCustom(out, nil)
	return out, x
}

// lowered are the fields of a text that change when those of set do.
func (c codec) lowered(k pim.Kind, set pim.FieldSet) pim.FieldSet {
	out := set.Minus(pim.Set(pim.FieldCustom))
	for _, f := range c.custom[k] {
		switch {
		case !set.Has(pim.FieldCustom):
		case f.As == rule.AsNotes:
			out = out.Or(pim.Set(pim.FieldNotes))
		case f.As == rule.AsCategory:
			out = out.Or(pim.Set(pim.FieldCategories))
		}
	}
	return out
}

// unsaid gives an item the values of base for lines below the notes when the text has no
// such part at all: a device that wrote notes of its own took out the part, and said
// nothing about the values. A line that is missing from the part is a value taken out.
func (c codec) unsaid(it, base pim.Item, notes string) {
	all := c.custom[it.Kind()]
	if base == nil || base.Kind() != it.Kind() || !below(all) {
		return
	}
	if _, _, there := splitNotes(notes, nil); there {
		return
	}
	values := slices.Clone(pim.CustomOf(it))
	for _, f := range all {
		if f.As == rule.AsNotes {
			values = append(values, pim.Custom{Key: f.Key(), Name: f.Name(), Value: pim.CustomValue(base, f.Key())})
		}
	}
	pim.SetCustom(it, values)
}

func below(all []rule.Custom) bool {
	return slices.ContainsFunc(all, func(f rule.Custom) bool { return f.As == rule.AsNotes })
}

func labels(all []rule.Custom) (out []string) {
	for _, f := range all {
		if f.As == rule.AsNotes {
			out = append(out, f.Name())
		}
	}
	return out
}

func notesOf(it pim.Item) *string {
	switch v := it.(type) {
	case *pim.Event:
		return &v.Notes
	case *pim.Task:
		return &v.Notes
	case *pim.Contact:
		return &v.Notes
	}
	return new(string)
}

func setCategories(it pim.Item, all []string) {
	switch v := it.(type) {
	case *pim.Event:
		v.Categories = all
	case *pim.Task:
		v.Categories = all
	case *pim.Contact:
		v.Categories = all
	}
}

// takeCategory takes the category that is the field out of an item, the first one of them.
func takeCategory(it pim.Item, f rule.Custom) string {
	all := pim.CategoriesOf(it)
	for i, s := range all {
		if v := categoryValue(f, s); v != "" {
			setCategories(it, append(slices.Clone(all[:i]), all[i+1:]...))
			return v
		}
	}
	return ""
}

func categoryFor(f rule.Custom, value string) string {
	switch {
	case value == "":
		return ""
	case f.IsFlag():
		return f.Name()
	}
	return f.Name() + ": " + oneLine(value)
}

func categoryValue(f rule.Custom, category string) string {
	if f.IsFlag() {
		if strings.EqualFold(strings.TrimSpace(category), f.Name()) {
			return "yes"
		}
		return ""
	}
	label, value, ok := strings.Cut(category, ":")
	if !ok || !strings.EqualFold(strings.TrimSpace(label), f.Name()) {
		return ""
	}
	return manyLines(strings.TrimPrefix(value, " "))
}
