package mem

import (
	"context"
	"slices"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// connector is one session with the CRM.
type connector struct {
	m    *CRM
	maps remote.FieldMaps // changes of the field map; nil: none
}

// lister and finder are separate, so that Options can leave them out.
type (
	lister struct{ *connector }
	finder struct{ *connector }
	full   struct {
		*connector
		lister
		finder
	}
)

var (
	_ remote.Remote  = (*connector)(nil)
	_ remote.Prober  = (*connector)(nil)
	_ remote.Grouper = (*connector)(nil)
	_ remote.Counter = (*connector)(nil)
	_ remote.Lister  = full{}
	_ remote.Finder  = full{}
)

// Remote opens a session. Any number may be open.
func (m *CRM) Remote() remote.Remote { return m.session(&connector{m: m}) }

func (m *CRM) session(c *connector) remote.Remote {
	switch {
	case m.opt.Marks:
		return marker{full{c, lister{c}, finder{c}}}
	case m.opt.Watch:
		return watching{full{c, lister{c}, finder{c}}}
	case m.opt.NoLister && m.opt.NoFinder:
		return c
	case m.opt.NoLister:
		return struct {
			*connector
			finder
		}{c, finder{c}}
	case m.opt.NoFinder:
		return struct {
			*connector
			lister
		}{c, lister{c}}
	}
	return full{c, lister{c}, finder{c}}
}

// Traits implements remote.Remote.
func (c *connector) Traits() remote.Traits { return c.mappedTraits(c.m.opt.traits()) }

// Collections implements remote.Remote.
func (c *connector) Collections(ctx context.Context) (out []remote.Collection, err error) {
	err = c.m.call(ctx, Call{Op: "collections"}, func() error {
		var activities pim.KindSet
		for k := range c.m.opt.Carries {
			if k == pim.KindContact {
				out = append(out, remote.Collection{ID: Contacts, Name: "Contacts", Kinds: pim.Kinds(k)})
			} else {
				activities |= pim.Kinds(k)
			}
		}
		if activities != 0 {
			out = append([]remote.Collection{{ID: Activities, Name: "Activities", Kinds: activities}}, out...)
			for _, f := range c.m.opt.Folders {
				out = append(out, remote.Collection{ID: f, Name: string(f), Kinds: activities})
			}
		}
		return nil
	})
	return out, err
}

// Fetch implements remote.Remote.
func (c *connector) Fetch(ctx context.Context, col remote.CollectionID, ids []remote.ItemID) (out []remote.Record, err error) {
	err = c.m.call(ctx, Call{Op: "fetch", Collection: col}, func() error {
		if err := c.m.exists(col); err != nil {
			return err
		}
		seen := map[remote.ItemID]bool{}
		for _, id := range ids {
			if r := c.m.shown(col, id); r != nil && !seen[id] {
				seen[id] = true
				out = append(out, c.record(r))
			}
		}
		return nil
	})
	return out, err
}

// Create implements remote.Remote.
func (c *connector) Create(ctx context.Context, col remote.CollectionID, e remote.Entry, key string) (rec remote.Record, err error) {
	err = c.m.call(ctx, Call{Op: "create", Collection: col, Write: true}, func() error {
		if err := c.m.acceptable(col, e.Item); err != nil {
			return err
		}
		if id, known := c.m.keys[key]; key != "" && known && !c.m.opt.NotIdempotent {
			if r := c.m.living(col, id); r != nil {
				rec = c.record(r)
				return nil
			}
			return pim.Errorf("mem: create", pim.ErrNotFound, "the item was made and deleted since")
		}
		it := pim.Clone(e.Item)
		ties := c.m.begin(it, e.Relations)
		pim.Copy(it, pim.New(it.Kind()), c.elsewhere(it.Kind()))
		notes, err := c.m.lookUp(ctx, it, c.m.opt.Carries[it.Kind()])
		if err != nil {
			return err
		}
		r := c.m.insert(col, it, e.UID, key, c.m.opt.User)
		r.ties = ties
		r.fill(c.columns(e.Item, pim.AllOf(it.Kind())))
		c.m.keys[key] = r.id
		c.m.mail("invitation", r.item)
		rec = c.record(r)
		rec.Notes = notes
		return nil
	})
	return rec, err
}

// Update implements remote.Remote.
func (c *connector) Update(ctx context.Context, col remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) (rec remote.Record, err error) {
	err = c.m.call(ctx, Call{Op: "update", Collection: col, ID: old.ID, Write: true}, func() error {
		if err := c.m.acceptable(col, e.Item); err != nil {
			return err
		}
		r, err := c.m.expect("mem: update", col, old)
		if err != nil {
			return err
		}
		if r.item.Kind() != e.Item.Kind() {
			return pim.Errorf("mem: update", pim.ErrUnsupported, "an item cannot become one of another kind")
		}
		it := pim.Clone(r.item)
		columns := c.columns(e.Item, changed)
		changed = changed.And(c.m.opt.Carries[it.Kind()]).Minus(c.elsewhere(it.Kind()))
		pim.Copy(it, e.Item, changed)
		keepUnknown(it, r.item)
		notes, err := c.m.lookUp(ctx, it, changed)
		if err != nil {
			return err
		}
		c.m.mail("update", r.item, it)
		c.m.write(r, it)
		if r.fill(columns) {
			c.m.touch(r)
		}
		rec = c.record(r)
		rec.Notes = notes
		return nil
	})
	return rec, err
}

// Delete implements remote.Remote.
func (c *connector) Delete(ctx context.Context, col remote.CollectionID, old remote.Ref, how remote.Removal) error {
	return c.m.call(ctx, Call{Op: "delete", Collection: col, ID: old.ID, Write: true}, func() error {
		r, err := c.m.expect("mem: delete", col, old)
		if err != nil {
			return err
		}
		if how == remote.Unassign {
			r.owner = ""
			c.m.touch(r)
			return nil
		}
		c.m.mail("cancellation", r.item)
		c.m.bury(r)
		return nil
	})
}

// Find implements remote.Finder.
func (f finder) Find(ctx context.Context, col remote.CollectionID, key string, _ remote.Entry) (rec remote.Record, found bool, err error) {
	err = f.m.call(ctx, Call{Op: "find", Collection: col}, func() error {
		if r := f.m.living(col, f.m.keys[key]); key != "" && r != nil {
			rec, found = f.record(r), true
		}
		return f.m.exists(col)
	})
	return rec, found, err
}

// Lookup implements crm.Lookups.
func (c *connector) Lookup(ctx context.Context, k pim.Kind, f pim.FieldID) (out []crm.LookupValue, err error) {
	if len(c.m.opt.Types) == 0 || f != pim.FieldType || k == pim.KindContact {
		return nil, nil
	}
	err = c.m.call(ctx, Call{Op: "lookup"}, func() error {
		for _, t := range c.m.opt.Types {
			out = append(out, crm.LookupValue{ID: t, Name: t})
		}
		return nil
	})
	return out, err
}

// Probe implements remote.Prober.
func (c *connector) Probe(ctx context.Context) []remote.Check {
	err := c.m.call(ctx, Call{Op: "probe"}, func() error { return nil })
	return []remote.Check{{Name: "in memory", Err: err}}
}

// Close implements remote.Remote.
func (c *connector) Close() error { return nil }

func (m *CRM) exists(c remote.CollectionID) error {
	if _, ok := m.rows[c]; !ok {
		return pim.Errorf("mem", pim.ErrNotFound, "there is no collection %s", c)
	}
	return nil
}

func (m *CRM) acceptable(c remote.CollectionID, it pim.Item) error {
	if err := m.exists(c); err != nil {
		return err
	}
	if _, ok := m.opt.Carries[it.Kind()]; !ok || !m.keeps(c, it.Kind()) {
		return pim.Errorf("mem: write", pim.ErrUnsupported, "%s cannot keep a %s", c, it.Kind())
	}
	if t := typeOf(it); len(m.opt.Types) > 0 && t != "" && !slices.Contains(m.opt.Types, t) {
		return pim.Errorf("mem: write", pim.ErrRefused, "there is no type %q", t)
	}
	for _, id := range m.opt.Required[it.Kind()].IDs() {
		if f, _ := pim.FieldByID(id); f.Text(it) == "" {
			return pim.Errorf("mem: write", pim.ErrRefused, "%s must not be empty", f.Label)
		}
	}
	return nil
}

// expect is the row that old points at, in that version.
func (m *CRM) expect(op string, c remote.CollectionID, old remote.Ref) (*row, error) {
	if err := m.exists(c); err != nil {
		return nil, err
	}
	r := m.living(c, old.ID)
	if r == nil {
		return nil, pim.Errorf(op, pim.ErrNotFound, "there is no such item (any more)")
	}
	if old.Version != "" && r.version != old.Version {
		return nil, pim.Errorf(op, pim.ErrConflict, "the item was changed in the CRM")
	}
	if m.opt.Unchecked && m.opt.Between != nil {
		// The gap between looking and writing that an unchecked CRM has.
		m.mu.Unlock()
		m.opt.Between(op, old.ID)
		m.mu.Lock()
		if r = m.living(c, old.ID); r == nil {
			return nil, pim.Errorf(op, pim.ErrNotFound, "there is no such item (any more)")
		}
	}
	return r, nil
}

func contains(types []string, s string) bool { return len(types) == 0 || slices.Contains(types, s) }
