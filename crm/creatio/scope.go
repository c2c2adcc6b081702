package creatio

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// view is a scope compiled for this site.
type view struct {
	remote.Scope
	kinds  pim.KindSet
	me     guid
	types  map[guid]bool // nil: all
	shared cond          // everything but the owner
	own    cond          // with the owner
	spell  spelling
	deep   bool
	// folders are those that an item has to be in one of; nil: it does not matter.
	folders []guid
	// digest identifies the scope but for its window: the window moves with the
	// clock, and what comes into it by that the relay finds by List.
	digest string
}

func (c *connector) view(ctx context.Context, s remote.Scope, kinds pim.KindSet) (v view, err error) {
	v = view{Scope: s, kinds: kinds}
	if s.Kinds != 0 {
		v.kinds &= s.Kinds
	}
	if v.spell, v.deep, err = c.ways(ctx); err != nil {
		return v, err
	}
	if v.me, err = c.people.me(ctx); err != nil {
		return v, err
	}
	types := slices.Clone(s.Types)
	slices.Sort(types)
	v.digest = strings.Join([]string{strconv.Itoa(int(v.kinds)), strings.Join(types, ","), strconv.FormatBool(s.AllOwners), string(v.me)}, "|")
	if len(s.Groups) > 0 {
		entity := "Activity"
		if kinds.Has(pim.KindContact) {
			entity = "Contact"
		}
		if v.folders, err = c.foldersNamed(ctx, entity, s.Groups); err != nil {
			return v, err
		}
		for _, id := range v.folders {
			v.digest += "|" + string(id)
		}
	}
	return v, nil
}

// finish adds the owner, and makes a view of nothing really empty.
func (v *view) finish() {
	if v.kinds == 0 || v.types != nil && len(v.types) == 0 {
		v.shared = compare("Id", "eq", string(nobody))
	}
	v.own = v.shared
	if !v.AllOwners {
		v.own = all(v.spell.is("Owner", "eq", v.me), v.shared)
	}
}

func (a *activities) scope(ctx context.Context, s remote.Scope, kinds pim.KindSet) (view, error) {
	v, err := a.view(ctx, s, kinds)
	if err != nil {
		return v, err
	}
	l, err := a.lists(ctx)
	if err != nil {
		return v, err
	}
	var conds []cond
	if mail := l.types.ids[typeEmail]; mail != "" {
		conds = append(conds, v.spell.is("Type", "ne", mail))
	}
	if event := v.kinds.Has(pim.KindEvent); event != v.kinds.Has(pim.KindTask) {
		conds = append(conds, compare("ShowInScheduler", "eq", strconv.FormatBool(event)))
	}
	if len(s.Types) > 0 {
		categories, cs := v.typesIn(l.categories), []cond{}
		types := v.typesIn(l.types)
		if len(categories) > 0 {
			cs = append(cs, v.spell.among("ActivityCategory", categories))
		}
		if len(types) > 0 {
			cs = append(cs, v.spell.among("Type", types))
		}
		conds = append(conds, either(cs...))
	}
	if !s.From.IsZero() {
		conds = append(conds, compare("DueDate", "ge", literal(s.From)))
	}
	if !s.Until.IsZero() {
		conds = append(conds, compare("StartDate", "le", literal(s.Until)))
	}
	v.shared = all(conds...)
	v.finish()
	return v, nil
}

func (b *contacts) scope(ctx context.Context, s remote.Scope, kinds pim.KindSet) (view, error) {
	v, err := b.view(ctx, s, kinds)
	if err != nil {
		return v, err
	}
	if len(s.Types) > 0 {
		t, err := b.lookups.get(ctx, "ContactType")
		if err != nil {
			return v, err
		}
		if types := v.typesIn(t); len(types) > 0 {
			v.shared = v.spell.among("Type", types)
		}
	}
	v.finish()
	return v, nil
}

// typesIn are the ids of the scope's types in a list; the view remembers them.
func (v *view) typesIn(t *table) []guid {
	if v.types == nil {
		v.types = map[guid]bool{}
	}
	var out []guid
	for _, name := range v.Types {
		if x, ok := t.named(name); ok {
			out = append(out, x.id)
			v.types[x.id] = true
		}
	}
	return out
}

// has reports whether an item is in the view, for items that were found another
// way than by its conditions.
func (v view) has(x loaded) bool {
	if !v.kinds.Has(x.rec.Item.Kind()) {
		return false
	}
	if !v.AllOwners && x.owner != v.me && !slices.Contains(x.people, v.me) {
		return false
	}
	if v.types != nil && !slices.ContainsFunc(x.types, func(id guid) bool { return v.types[id] }) {
		return false
	}
	if x.rec.Item.Kind() == pim.KindContact {
		return true
	}
	return (v.From.IsZero() || !x.due.Before(v.From)) && (v.Until.IsZero() || !x.start.After(v.Until))
}

// ofChildren is the condition on rows of a child entity that belong to items of the
// view, as far as the site can be asked.
func (v view) ofChildren(k child) cond {
	if v.AllOwners || !v.deep {
		return cond{}
	}
	c := behind(k.nav, v.spell.is("Owner", "eq", v.me))
	if k.entity == "ActivityParticipant" {
		c = either(c, v.spell.is("Participant", "eq", v.me))
	}
	return c
}
