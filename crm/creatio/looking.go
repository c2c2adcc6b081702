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
	drop  []func() // lets what was found be asked for anew
}

// forget lets everything that was found be asked for anew; false when nothing was.
func (k *looking) forget() bool {
	for _, d := range k.drop {
		d()
	}
	return len(k.drop) > 0
}

// written does a write that looks names up. What is remembered of names may be older than
// a deletion in Creatio, which then refuses the write: it is done once more with what is
// there now. Where a part of the first was done, the answer is that of the first.
func (c *connector) written(write func(k *looking) (remote.Record, error)) (remote.Record, error) {
	k := &looking{connector: c}
	rec, err := write(k)
	if pim.ReasonOf(err) != pim.ErrRefused || !k.forget() {
		return rec, err
	}
	again, second := write(&looking{connector: c})
	if pim.ReasonOf(second) == pim.ErrConflict {
		return rec, err
	}
	return again, second
}

// resolve looks one name up and keeps the note. drop forgets what was found.
func (k *looking) resolve(ctx context.Context, l crm.Lookup, name string, drop func()) (guid, error) {
	v, note, err := l.Resolve(ctx, clip(name, nameLimit))
	if v.ID != "" {
		k.drop = append(k.drop, drop)
	}
	if note.Field != "" {
		k.notes = append(k.notes, note)
	}
	return guid(v.ID), err
}

// pick finds a name in a pick-list that only administrators add to.
func (k *looking) pick(ctx context.Context, field pim.FieldID, what, entity, name, instead string) (guid, error) {
	return k.resolve(ctx, crm.Lookup{
		Field: field, What: what, Else: instead,
		Find: func(ctx context.Context, _ string) (crm.Offer, error) {
			t, err := k.lookups.Get(ctx, entity)
			if err != nil {
				return crm.Offer{}, err
			}
			return t.offered(), nil
		},
		Again: func(ctx context.Context, _ string) (crm.Offer, bool, error) {
			t, asked, err := k.lookups.Again(ctx, entity)
			if err != nil {
				return crm.Offer{}, false, err
			}
			return t.offered(), asked, nil
		},
	}, name, func() { k.lookups.Drop(entity) })
}

// kept finds a name in a list that is too long to be loaded, through a cache by name.
func (k *looking) kept(ctx context.Context, c *crm.Cache[crm.Offer], prefix string, l crm.Lookup, name string) (guid, error) {
	key := func(name string) string { return prefix + "\x00" + strings.TrimSpace(name) }
	l.Find = func(ctx context.Context, name string) (crm.Offer, error) { return c.Get(ctx, key(name)) }
	l.Again = func(ctx context.Context, name string) (crm.Offer, bool, error) {
		return c.Again(ctx, key(name))
	}
	if add := l.Add; add != nil {
		l.Add = func(ctx context.Context, name string) (crm.LookupValue, error) {
			v, err := add(ctx, name)
			if err == nil {
				c.Put(key(name), crm.Offer{Values: []crm.LookupValue{v}})
			}
			return v, err
		}
	}
	return k.resolve(ctx, l, name, func() { c.Drop(key(name)) })
}

// mostAlike is how many rows are looked through for a name.
const mostAlike = 50

// alike asks an entity for rows that are named so, else for those whose name has the
// longest word of the name in it; where those are too many, for those with all its words.
// cut: there are more rows than these.
func (c *connector) alike(ctx context.Context, entity, name string, q query) (rows []row, cut bool, err error) {
	q.filter = equals("Name", name)
	q.order, q.top = "CreatedOn asc,Id asc", 1
	if entity != "Account" {
		q.top = mostAlike // which country it is in is for the caller to see
	}
	rows, more, err := c.site.rows(ctx, entity, q)
	if err != nil || len(rows) > 0 {
		return rows, more && entity != "Account", err
	}
	q.top = mostAlike
	words := crm.LongestWords(name, askAtOnce)
	if len(words) == 0 || len(words[0]) < 2 {
		return nil, false, nil
	}
	q.filter = holds("Name", words[0])
	rows, cut, err = c.site.rows(ctx, entity, q)
	if err != nil || !cut || len(words) == 1 {
		return rows, cut, err
	}
	var every []cond
	for _, w := range words {
		every = append(every, holds("Name", w))
	}
	q.filter = all(every...)
	return c.site.rows(ctx, entity, q)
}

func valuesOf(rows []row) []crm.LookupValue {
	out := make([]crm.LookupValue, len(rows))
	for i, r := range rows {
		out[i] = crm.LookupValue{ID: string(r.id()), Name: r.text("Name")}
	}
	return out
}
