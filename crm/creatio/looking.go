package creatio

import (
	"context"
	"strings"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// looking is the lookups of one write: what they found, and what a person is told.
type looking struct {
	*connector
	notes []remote.Note
}

// resolve looks one name up and keeps the note.
func (k *looking) resolve(ctx context.Context, l crm.Lookup, name string) (guid, error) {
	v, note, err := l.Resolve(ctx, clip(name, nameLimit))
	if note.Field != "" {
		k.notes = append(k.notes, note)
	}
	return guid(v.ID), err
}

// pick finds a name in a pick-list that only administrators add to.
func (k *looking) pick(ctx context.Context, field pim.FieldID, what, entity, name, instead string) (guid, error) {
	return k.resolve(ctx, crm.Lookup{
		Field: field, What: what, Else: instead,
		Find: func(ctx context.Context, _ string) ([]crm.LookupValue, error) {
			t, err := k.lookups.Get(ctx, entity)
			if err != nil {
				return nil, err
			}
			return t.offered(), nil
		},
		Again: func(ctx context.Context, _ string) ([]crm.LookupValue, bool, error) {
			t, asked, err := k.lookups.Again(ctx, entity)
			if err != nil {
				return nil, false, err
			}
			return t.offered(), asked, nil
		},
	}, name)
}

// kept finds a name in a list that is too long to be loaded, through a cache by name.
func (k *looking) kept(ctx context.Context, c *crm.Cache[[]crm.LookupValue], prefix string, l crm.Lookup, name string) (guid, error) {
	key := func(name string) string { return prefix + "\x00" + strings.TrimSpace(name) }
	l.Find = func(ctx context.Context, name string) ([]crm.LookupValue, error) { return c.Get(ctx, key(name)) }
	l.Again = func(ctx context.Context, name string) ([]crm.LookupValue, bool, error) {
		return c.Again(ctx, key(name))
	}
	if add := l.Add; add != nil {
		l.Add = func(ctx context.Context, name string) (crm.LookupValue, error) {
			v, err := add(ctx, name)
			if err == nil {
				c.Put(key(name), []crm.LookupValue{v})
			}
			return v, err
		}
	}
	return k.resolve(ctx, l, name)
}

// alike asks an entity for rows that are named so, else for those whose name has the
// longest word of the name in it.
func (c *connector) alike(ctx context.Context, entity, name string, q query) ([]row, error) {
	const most = 50
	q.filter = equals("Name", name)
	q.order, q.top = "CreatedOn asc,Id asc", 1
	if entity != "Account" {
		q.top = most // which country it is in is for the caller to see
	}
	rows, _, err := c.site.rows(ctx, entity, q)
	if err != nil || len(rows) > 0 {
		return rows, err
	}
	word := ""
	for _, w := range strings.FieldsFunc(fold(name), func(r rune) bool { return strings.ContainsRune(" ,.;:-&/()\"'", r) }) {
		if len(w) > len(word) {
			word = w
		}
	}
	if len(word) < 2 {
		return nil, nil
	}
	q.filter, q.top = holds("Name", word), most
	rows, _, err = c.site.rows(ctx, entity, q)
	return rows, err
}

func valuesOf(rows []row) []crm.LookupValue {
	out := make([]crm.LookupValue, len(rows))
	for i, r := range rows {
		out[i] = crm.LookupValue{ID: string(r.id()), Name: r.text("Name")}
	}
	return out
}
