package creatio

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// role finds a role of a kind by its name.
func (c *connector) role(ctx context.Context, k pim.Kind, name string) (link, error) {
	links, err := c.links(ctx, k)
	if err != nil {
		return link{}, err
	}
	for _, l := range links {
		if l.ID == name {
			return l, nil
		}
	}
	return link{}, pim.Errorf("creatio: relate", pim.ErrInvalid, "in Creatio a %s cannot be tied to a %s", k, printable(name, 50))
}

// Candidates implements remote.Relations.
func (c *connector) Candidates(ctx context.Context, k pim.Kind, role, text string) ([]crm.LookupValue, error) {
	l, err := c.role(ctx, k, role)
	if err != nil {
		return nil, err
	}
	text = strings.TrimSpace(text)
	if id, ok := parseGUID(text); ok {
		names, err := c.namesOf(ctx, l.entity, l.title, []guid{id})
		if err != nil || names[id] == "" {
			return nil, err
		}
		return []crm.LookupValue{{ID: string(id), Name: names[id]}}, nil
	}
	if l.entity == "Contact" && strings.Contains(text, "@") {
		found, err := c.whoIs(ctx, text)
		out := make([]crm.LookupValue, len(found))
		for i, k := range found {
			out[i] = k.Contact
		}
		return out[:min(len(out), crm.MostCandidates)], err
	}
	return c.titled(ctx, l, text)
}

// titled finds rows by what people read of them, or a part of it.
func (c *connector) titled(ctx context.Context, l link, text string) ([]crm.LookupValue, error) {
	q := query{filter: equals(l.title, clip(text, titleLimit)), sel: []string{"Id", l.title, "CreatedOn"}, order: "CreatedOn asc,Id asc", top: mostAlike}
	rows, _, err := c.site.rows(ctx, l.entity, q)
	words := crm.LongestWords(text, askAtOnce)
	if err == nil && len(rows) == 0 && len(words) > 0 {
		var every []cond
		for _, w := range words {
			every = append(every, holds(l.title, w))
		}
		q.filter = all(every...)
		rows, _, err = c.site.rows(ctx, l.entity, q)
	}
	if err != nil {
		return nil, err
	}
	values := make([]crm.LookupValue, len(rows))
	for i, r := range rows {
		values[i] = crm.LookupValue{ID: string(r.id()), Name: r.text(l.title)}
	}
	return crm.Candidates(text, values), nil
}

// Relate implements remote.Relations.
func (c *connector) Relate(ctx context.Context, col remote.CollectionID, old remote.Ref, set map[string]remote.ItemID) (remote.Record, error) {
	const op = "creatio: relate"
	s, kinds, err := c.shelf(col)
	if err != nil {
		return remote.Record{}, err
	}
	want := row{}
	for role, id := range set {
		l, err := c.role(ctx, kinds.List()[0], role)
		if err != nil {
			return remote.Record{}, err
		}
		if l.Fixed {
			return remote.Record{}, pim.Errorf(op, pim.ErrInvalid, "%s is not changed that way", l.Label)
		}
		g, ok := parseGUID(string(id))
		if id != "" {
			names, err := c.namesOf(ctx, l.entity, l.title, slices.DeleteFunc([]guid{g}, func(guid) bool { return !ok }))
			if err != nil {
				return remote.Record{}, err
			}
			if names[g] == "" {
				return remote.Record{}, pim.Errorf(op, pim.ErrInvalid, "Creatio has no such %s (any more)", strings.ToLower(l.Label))
			}
		}
		want[l.nav+"Id"] = g
	}
	id, ok := parseGUID(string(old.ID))
	if !ok {
		return remote.Record{}, missing(op)
	}
	// Creatio has no conditional writes: read, compare, then write.
	now, err := c.single(ctx, s, op, id)
	if err != nil {
		return remote.Record{}, err
	}
	if err := unchanged(op, now.rec.Version, old.Version); err != nil {
		return remote.Record{}, err
	}
	cols := []string{"Id"}
	for col := range want {
		cols = append(cols, col)
	}
	r, found, err := c.site.one(ctx, s.entity(), id, query{sel: cols})
	if err != nil || !found {
		return remote.Record{}, cmp.Or(err, missing(op))
	}
	if err := c.site.update(ctx, s.entity(), id, r.differing(want)); err != nil {
		return remote.Record{}, gone(op, err)
	}
	x, err := c.single(ctx, s, op, id)
	if err != nil {
		// It is written, whatever can be read of it.
		return remote.Record{Ref: remote.Ref{ID: old.ID}}, nil //nolint:nilerr // the caller asks again
	}
	return x.rec, nil
}

// insertTied makes a record that is tied to others. One that is refused is made without them: what it was to be tied to may be gone, and
// that is no reason not to make it.
func (c *connector) insertTied(ctx context.Context, entity string, r row, rels []remote.Relation) (made bool, err error) {
	tied := tie(r, rels)
	made, err = c.site.insert(ctx, entity, r)
	if pim.ReasonOf(err) != pim.ErrRefused || len(tied) == 0 {
		return made, err
	}
	for _, col := range tied {
		delete(r, col)
	}
	return c.site.insert(ctx, entity, r)
}

// tie sets the lookups that a new activity gets where its fields name nothing, and returns
// their columns.
func tie(r row, rels []remote.Relation) (cols []string) {
	for _, rel := range rels {
		for _, l := range activityLinks() {
			g, ok := parseGUID(string(rel.ID))
			if l.ID == rel.Role && !l.Fixed && ok && r.ref(l.nav+"Id") == "" {
				r[l.nav+"Id"], cols = g, append(cols, l.nav+"Id")
			}
		}
	}
	return cols
}
