package mem

import (
	"context"
	"maps"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Group puts items into a group, which is made if there is none of that name. Like a
// folder in a CRM it changes nothing of the items, not even their stamps.
func (m *CRM) Group(name string, ids ...remote.ItemID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.groups[name] == nil {
		m.groups[name] = map[remote.ItemID]bool{}
	}
	for _, id := range ids {
		m.groups[name][id] = true
	}
}

// Ungroup takes items out of a group.
func (m *CRM) Ungroup(name string, ids ...remote.ItemID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		delete(m.groups[name], id)
	}
}

// Groups implements remote.Grouper. A group's id is its name in lower case.
func (c *connector) Groups(ctx context.Context, col remote.CollectionID) (out []remote.Group, err error) {
	err = c.m.call(ctx, Call{Op: "groups", Collection: col}, func() error {
		for _, name := range slices.Sorted(maps.Keys(c.m.groups)) {
			out = append(out, remote.Group{ID: strings.ToLower(name), Name: name})
		}
		return c.m.exists(col)
	})
	return out, err
}

// Count implements remote.Counter.
func (c *connector) Count(ctx context.Context, col remote.CollectionID, s remote.Scope) (n int, err error) {
	err = c.m.call(ctx, Call{Op: "count", Collection: col}, func() error {
		if err := c.m.grouped(s); err != nil {
			return err
		}
		for _, r := range c.m.rows[col] {
			if r.item != nil && c.m.inside(r, s) {
				n++
			}
		}
		return c.m.exists(col)
	})
	return n, err
}

// grouped refuses a scope with a group that does not exist. It runs under mu.
func (m *CRM) grouped(s remote.Scope) error {
	for _, g := range s.Groups {
		if m.group(g) == nil {
			return pim.Errorf("mem: scope", pim.ErrInvalid, "there is no group %q any more", g)
		}
	}
	return nil
}

func (m *CRM) group(name string) map[remote.ItemID]bool {
	for have, members := range m.groups {
		if strings.EqualFold(have, name) {
			return members
		}
	}
	return nil
}

func (m *CRM) inGroups(id remote.ItemID, groups []string) bool {
	return len(groups) == 0 || slices.ContainsFunc(groups, func(g string) bool { return m.group(g)[id] })
}
