package memory

import (
	"context"
	"maps"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Group puts items into a group, which is made if there is none of that name. Like a
// folder of a CRM it changes nothing of the items, not even their stamps.
func (m *System) Group(name string, ids ...remote.ItemID) {
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
func (m *System) Ungroup(name string, ids ...remote.ItemID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		delete(m.groups[name], id)
	}
}

// Groups implements remote.Grouper. A group's id is its name in lower case.
func (c Records) Groups(ctx context.Context, col remote.CollectionID) (out []remote.Group, err error) {
	err = c.m.call(ctx, Call{Op: "groups", Collection: col}, func() error {
		for _, name := range slices.Sorted(maps.Keys(c.m.groups)) {
			out = append(out, remote.Group{ID: strings.ToLower(name), Name: name})
		}
		return c.m.exists(col)
	})
	return out, err
}

// Count implements remote.Counter.
func (c *Session) Count(ctx context.Context, col remote.CollectionID, s remote.Scope) (n int, err error) {
	err = c.m.call(ctx, Call{Op: "count", Collection: col}, func() error {
		if err := c.m.grouped(col, s); err != nil {
			return err
		}
		for _, r := range c.m.all(col) {
			if r.item != nil && c.m.inside(r, s) {
				n++
			}
		}
		return c.m.exists(col)
	})
	return n, err
}

// grouped refuses a scope with a group that does not exist. It runs under mu.
func (m *System) grouped(c remote.CollectionID, s remote.Scope) error {
	var categories []string // the groups of mail
	if len(s.Groups) > 0 && c == m.opt.AllMail {
		categories = m.categories()
	}
	for _, g := range s.Groups {
		if m.group(g) == nil && !slices.Contains(categories, g) {
			return pim.Errorf("memory: scope", pim.ErrInvalid, "there is no group %q any more", g)
		}
	}
	return nil
}

func (m *System) group(name string) map[remote.ItemID]bool {
	for have, members := range m.groups {
		if strings.EqualFold(have, name) {
			return members
		}
	}
	return nil
}

func (m *System) inGroups(r *row, groups []string) bool {
	return len(groups) == 0 || slices.ContainsFunc(groups, func(g string) bool {
		msg, ok := r.item.(*pim.Message)
		return m.group(g)[r.id] || ok && slices.Contains(msg.Categories, g)
	})
}
