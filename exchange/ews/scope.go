package ews

import (
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Scope. Exchange's sync knows no conditions, so they are applied to what comes.

// wants reports a kind that the scope has.
func wants(s remote.Scope, k pim.Kind) bool { return s.Kinds == 0 || s.Kinds.Has(k) }

// within reports an item that is in the scope: in its window, and of tasks those that the mailbox's owner is responsible for. Of a series that ends Exchange tells the last occurrence.
func (z *zones) within(s remote.Scope, x *item, it pim.Item) bool {
	switch v := it.(type) {
	case *pim.Event:
		last := z.instant(endOf(v))
		if x.Recurrence != nil || x.master() {
			last = x.Last.End.time()
		}
		return overlaps(s, z.instant(v.Start), last)
	case *pim.Task:
		if !s.AllOwners && x.assignedAway() {
			return false
		}
		return z.taskWithin(s, v, x.Recurring.bool() || x.Recurrence != nil)
	}
	return true
}

// taskWithin counts the whole of a day that a task ends on.
func (z *zones) taskWithin(s remote.Scope, t *pim.Task, repeats bool) bool {
	first, last := t.Start, t.Due
	if first.IsZero() {
		first = last
	}
	if last.IsZero() {
		last = first
	}
	if first.IsZero() {
		return true
	}
	if repeats { // the day is that of the occurrence that is to be done next
		return overlaps(s, z.instant(first), time.Time{})
	}
	return overlaps(s, z.instant(first), z.instant(last).Add(24*time.Hour))
}

// overlaps reports times that have something in common with the window; a zero last is for ever.
func overlaps(s remote.Scope, first, last time.Time) bool {
	if !s.Until.IsZero() && !first.Before(s.Until) {
		return false
	}
	return s.From.IsZero() || last.IsZero() || last.After(s.From) || first.Equal(last) && !last.Before(s.From)
}
