package series

import (
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/tz"
)

// Plan is what is left to do to the occurrences of a series when the series itself is as wanted, in this order: Delete, then Change.
type Plan struct {
	// Delete are occurrences that go, named by their original starts, the earliest first.
	Delete []pim.When
	// Change are occurrences that get other fields, in an order in which none of them has to pass another one.
	Change []Change
}

// Change is what one occurrence gets.
type Change struct {
	At   pim.When     // its original start
	Item pim.Item     // the whole of it as wanted
	Set  pim.FieldSet // the fields that differ from what it has
}

// Rewritten reports that the pattern of a series has to be written for the wanted one: it differs, or an occurrence that was deleted on
// the server is to be there, which only a new pattern brings back. Exchange then forgets every changed and every deleted occurrence, as
// it does when the times of the series change.
func Rewritten(have, want *pim.Recurrence, is, wanted Pattern) bool {
	gone := set(want.Except)
	return !is.Same(wanted) || slices.ContainsFunc(have.Except, func(e pim.When) bool { return !gone[e.String()] })
}

// Occurrences plans those of a series. have is the series as the server has it, read after the series itself was written as wanted: other
// fields of it show in its occurrences, too, and a new pattern has none that differ. want is the wanted one. carried are the fields
// that the server keeps for an occurrence; zone as for Of. A wanted occurrence without an Item stays as it is.
func Occurrences(have, want pim.Item, carried pim.FieldSet, zone *time.Location) Plan {
	h, w := orNone(pim.RecurrenceOf(have)), orNone(pim.RecurrenceOf(want))
	carried = carried.Minus(pim.Set(pim.FieldRecurrence))
	var p Plan
	there, wanted, was, gone := changed(h), changed(w), set(h.Except), set(w.Except)
	for _, e := range w.Except {
		if !was[e.String()] {
			p.Delete = append(p.Delete, e)
		}
	}
	slices.SortFunc(p.Delete, func(a, b pim.When) int { return a.Time.Compare(b.Time) })
	for _, o := range w.Changed {
		if o.Item == nil || gone[o.At.String()] {
			continue
		}
		now := there[o.At.String()]
		if now == nil {
			now = pim.OwnOccurrenceOnClock(have, o.At, zone)
		}
		p.change(o.At, now, o.Item, carried)
	}
	for _, o := range h.Changed {
		if _, ok := wanted[o.At.String()]; !ok && o.Item != nil && !gone[o.At.String()] {
			p.change(o.At, o.Item, pim.OwnOccurrenceOnClock(want, o.At, zone), carried)
		}
	}
	p.order()
	return p
}

func (p *Plan) change(at pim.When, now, want pim.Item, carried pim.FieldSet) {
	if d := pim.Diff(now, want, carried); !d.IsEmpty() {
		p.Change = append(p.Change, Change{At: at, Item: want, Set: d})
	}
}

// order lets those that move later go from the last to the first, and after them those that move earlier from the first to the last:
// no occurrence may be put where its neighbour still is.
func (p *Plan) order() {
	later := func(c Change) bool { return pim.BeginOf(c.Item).Time.After(c.At.Time) }
	slices.SortStableFunc(p.Change, func(a, b Change) int {
		switch la, lb := later(a), later(b); {
		case la && lb:
			return b.At.Time.Compare(a.At.Time)
		case la:
			return -1
		case lb:
			return 1
		}
		return a.At.Time.Compare(b.At.Time)
	})
}

func instant(wall time.Time, zone *time.Location) time.Time { return tz.Instant(wall, zone).UTC() }

func orNone(r *pim.Recurrence) *pim.Recurrence {
	if r == nil {
		return &pim.Recurrence{}
	}
	return r
}

func changed(r *pim.Recurrence) map[string]pim.Item {
	out := make(map[string]pim.Item, len(r.Changed))
	for _, o := range r.Changed {
		out[o.At.String()] = o.Item
	}
	return out
}

func set(ws []pim.When) map[string]bool {
	out := make(map[string]bool, len(ws))
	for _, w := range ws {
		out[w.String()] = true
	}
	return out
}
