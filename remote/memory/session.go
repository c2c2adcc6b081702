package memory

import (
	"context"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Session is one connection with a System: what every driver has. Abilities that only some have stand beside it (Lister, Finder, Marker,
// Watcher, Records), each to be embedded beside the Session that it is made of. Any number may be open.
type Session struct {
	m    *System
	maps remote.FieldMaps // changes of the field map; nil: none
	face func(*Session) remote.Remote
}

// Lister and Finder are the abilities of their names, which some systems have not got.
type (
	Lister struct{ *Session }
	Finder struct{ *Session }
)

var (
	_ remote.Remote  = (*Session)(nil)
	_ remote.Prober  = (*Session)(nil)
	_ remote.Counter = (*Session)(nil)
	_ remote.Lister  = Lister{}
	_ remote.Finder  = Finder{}
)

// Open opens a session; face dresses it in the abilities that the system is to have.
func (m *System) Open(face func(*Session) remote.Remote) remote.Remote {
	return face(&Session{m: m, face: face})
}

// Traits implements remote.Remote.
func (c *Session) Traits() remote.Traits { return c.mappedTraits(c.m.opt.traits()) }

// Collections implements remote.Remote.
func (c *Session) Collections(ctx context.Context) (out []remote.Collection, err error) {
	var kept pim.KindSet
	for k := range c.m.opt.Carries {
		kept |= pim.Kinds(k)
	}
	err = c.m.call(ctx, Call{Op: "collections"}, func() error {
		for _, col := range c.m.cols {
			if col.Kinds &= kept; col.Kinds != 0 {
				out = append(out, col)
			}
		}
		return nil
	})
	return out, err
}

// Fetch implements remote.Remote.
func (c *Session) Fetch(ctx context.Context, col remote.CollectionID, ids []remote.ItemID) (out []remote.Record, err error) {
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
func (c *Session) Create(ctx context.Context, col remote.CollectionID, e remote.Entry, key string) (rec remote.Record, err error) {
	err = c.m.call(ctx, Call{Op: "create", Collection: col, Write: true}, func() error {
		if err := c.m.acceptable(col, e.Item); err != nil {
			return err
		}
		if id, known := c.m.keys[key]; key != "" && known && !c.m.opt.NotIdempotent {
			if r := c.m.living(col, id); r != nil {
				rec = c.record(r)
				return nil
			}
			return pim.Errorf("memory: create", pim.ErrNotFound, "the item was made and deleted since")
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
func (c *Session) Update(ctx context.Context, col remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) (rec remote.Record, err error) {
	err = c.m.call(ctx, Call{Op: "update", Collection: col, ID: old.ID, Write: true}, func() error {
		if err := c.m.acceptable(col, e.Item); err != nil {
			return err
		}
		r, err := c.m.expect("memory: update", col, old)
		if err != nil {
			return err
		}
		if r.item.Kind() != e.Item.Kind() {
			return pim.Errorf("memory: update", pim.ErrUnsupported, "an item cannot become one of another kind")
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
func (c *Session) Delete(ctx context.Context, col remote.CollectionID, old remote.Ref, how remote.Removal) error {
	return c.m.call(ctx, Call{Op: "delete", Collection: col, ID: old.ID, Write: true}, func() error {
		if err := c.m.readOnly(col); err != nil {
			return err
		}
		r, err := c.m.expect("memory: delete", col, old)
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
func (f Finder) Find(ctx context.Context, col remote.CollectionID, key string, _ remote.Entry) (rec remote.Record, found bool, err error) {
	err = f.m.call(ctx, Call{Op: "find", Collection: col}, func() error {
		if r := f.m.living(col, f.m.keys[key]); key != "" && r != nil {
			rec, found = f.record(r), true
		}
		return f.m.exists(col)
	})
	return rec, found, err
}

// Lookup implements remote.Lookups.
func (c Records) Lookup(ctx context.Context, k pim.Kind, f pim.FieldID) (out []remote.LookupValue, err error) {
	if len(c.m.opt.Types) == 0 || f != pim.FieldType || k == pim.KindContact {
		return nil, nil
	}
	err = c.m.call(ctx, Call{Op: "lookup"}, func() error {
		for _, t := range c.m.opt.Types {
			out = append(out, remote.LookupValue{ID: t, Name: t})
		}
		return nil
	})
	return out, err
}

// Probe implements remote.Prober.
func (c *Session) Probe(ctx context.Context) []remote.Check {
	err := c.m.call(ctx, Call{Op: "probe"}, func() error { return nil })
	return []remote.Check{{Name: "in memory", Err: err}}
}

// Close implements remote.Remote.
func (c *Session) Close() error { return nil }

func (m *System) exists(c remote.CollectionID) error {
	if _, ok := m.rows[c]; !ok {
		return pim.Errorf("memory", pim.ErrNotFound, "there is no collection %s", c)
	}
	return nil
}

func (m *System) acceptable(c remote.CollectionID, it pim.Item) error {
	if err := m.exists(c); err != nil {
		return err
	}
	if err := m.readOnly(c); err != nil {
		return err
	}
	if _, ok := m.opt.Carries[it.Kind()]; !ok || !m.keeps(c, it.Kind()) {
		return pim.Errorf("memory: write", pim.ErrUnsupported, "%s cannot keep a %s", c, it.Kind())
	}
	if t := typeOf(it); len(m.opt.Types) > 0 && t != "" && !slices.Contains(m.opt.Types, t) {
		return pim.Errorf("memory: write", pim.ErrRefused, "there is no type %q", t)
	}
	for _, id := range m.opt.Required[it.Kind()].IDs() {
		if f, _ := pim.FieldByID(id); f.Text(it) == "" {
			return pim.Errorf("memory: write", pim.ErrRefused, "%s must not be empty", f.Label)
		}
	}
	return nil
}

// expect is the row that old points at, in that version.
func (m *System) expect(op string, c remote.CollectionID, old remote.Ref) (*row, error) {
	if err := m.exists(c); err != nil {
		return nil, err
	}
	r := m.living(c, old.ID)
	if r == nil {
		return nil, pim.Errorf(op, pim.ErrNotFound, "there is no such item (any more)")
	}
	if old.Version != "" && r.version != old.Version {
		return nil, pim.Errorf(op, pim.ErrConflict, "the item was changed there")
	}
	if m.opt.Unchecked && m.opt.Between != nil {
		// The gap between looking and writing that an unchecked system has.
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
