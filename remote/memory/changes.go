package memory

import (
	"context"
	"fmt"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Changes implements remote.Remote. The cursor is the epoch and the number of the
// last change seen; an item that changes while pages are read moves behind the
// last page and is seen again.
func (c *Session) Changes(ctx context.Context, col remote.CollectionID, s remote.Scope, since remote.Cursor) (d remote.Delta, err error) {
	err = c.m.call(ctx, Call{Op: "changes", Collection: col}, func() error {
		if err := c.m.exists(col); err != nil {
			return err
		}
		if err := c.m.grouped(col, s); err != nil {
			return err
		}
		d, err = c.page(col, s, since)
		return err
	})
	return d, err
}

func (c *Session) page(col remote.CollectionID, s remote.Scope, since remote.Cursor) (remote.Delta, error) {
	m := c.m
	var d remote.Delta
	last, err := m.position(since)
	if err != nil {
		return d, err
	}
	for _, r := range m.ordered(col) {
		if r.seq <= last {
			continue
		}
		if len(d.Changed)+len(d.Removed) == m.opt.PageSize {
			d.More = true
			break
		}
		last = r.seq
		switch {
		case r.item == nil:
			if !m.opt.NoDeletionReport && since != "" {
				d.Removed = append(d.Removed, r.id)
			}
		case m.inside(r, s):
			rec := c.record(r)
			if m.opt.NoItemsInDelta {
				rec.Item = nil
			}
			d.Changed = append(d.Changed, rec)
		}
	}
	d.Next = remote.Cursor(fmt.Sprintf("%d-%d", m.epoch, last))
	return d, nil
}

func (m *System) position(c remote.Cursor) (uint64, error) {
	if c == "" {
		return 0, nil
	}
	var epoch, seq uint64
	if n, err := fmt.Sscanf(string(c), "%d-%d", &epoch, &seq); n != 2 || err != nil || epoch != m.epoch || seq > m.seq {
		return 0, pim.Errorf("memory: changes", pim.ErrCursorGone, "it is no longer known what was seen")
	}
	return seq, nil
}

// List implements remote.Lister.
func (l Lister) List(ctx context.Context, col remote.CollectionID, s remote.Scope) (out []remote.Ref, err error) {
	err = l.m.call(ctx, Call{Op: "list", Collection: col}, func() error {
		if err := l.m.grouped(col, s); err != nil {
			return err
		}
		for _, r := range l.m.ordered(col) {
			if r.item != nil && l.m.inside(r, s) {
				out = append(out, remote.Ref{ID: r.id, Version: r.version})
			}
		}
		return l.m.exists(col)
	})
	return out, err
}

// inside reports whether a living row is in the scope.
func (m *System) inside(r *row, s remote.Scope) bool {
	if s.Kinds != 0 && !s.Kinds.Has(r.item.Kind()) || !s.AllOwners && !m.mine(r) || !m.inGroups(r, s.Groups) {
		return false
	}
	switch v := r.item.(type) {
	case *pim.Event:
		return contains(s.Types, v.CRM.Type) && overlaps(v.Start, v.End, s)
	case *pim.Task:
		start, due := v.Start, v.Due
		if start.IsZero() {
			start = due
		}
		if due.IsZero() {
			due = start
		}
		return contains(s.Types, v.CRM.Type) && (start.IsZero() || overlaps(start, due, s))
	case *pim.Message:
		return contains(s.Types, v.CRM.Type) && overlaps(v.Time(), v.Time(), s)
	case *pim.Contact:
		return contains(s.Types, v.Type)
	}
	return false
}

// overlaps reports whether the time from start to end touches the window. Series
// are taken as endless: an occurrence may lie inside.
func overlaps(start, end pim.When, s remote.Scope) bool {
	before := func(a, b time.Time) bool { return !a.IsZero() && !b.IsZero() && a.Before(b) }
	return !before(end.Time, s.From) && !before(s.Until, start.Time)
}
