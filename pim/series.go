package pim

import (
	"slices"
)

// The merge of FieldRecurrence. The rule is one value. Extra dates and exclusions are sets. Occurrences that differ are
// merged one by one, each field by field; one that a side does not have among them is for that side what its series
// makes of it. So two people who change different occurrences, or different fields of one, both have their way.
//
// As with items (relay.Decide), a change beats a deletion: an occurrence that one side excluded and the other wrote to
// stays, as it was written. One that the other side only set back to what the series says is excluded.
//
// Where the start of the series moved on one side, the names of the other side's occurrences move along (Shift).

// mergeSeries is the merged recurrence; false when the two changes collide.
func mergeSeries(base, mine, theirs Item) (*Recurrence, bool) {
	m := seriesMerge{base: sideOf(base), mine: sideOf(mine), theirs: sideOf(theirs)}
	b, x, y := recurrenceText(RecurrenceOf(base)), recurrenceText(RecurrenceOf(mine)), recurrenceText(RecurrenceOf(theirs))
	switch {
	case x == y || b == y && StartShift(base, theirs).IsZero():
		return RecurrenceOf(mine).clone(), true
	case b == x && StartShift(base, mine).IsZero():
		return RecurrenceOf(theirs).clone(), true
	case RecurrenceOf(mine) == nil || RecurrenceOf(theirs) == nil:
		return nil, false // one made it a single item, and the other went on with the series
	}
	if !m.align() || !m.distinct() {
		return nil, false
	}
	return m.merge()
}

// seriesSide is one of the three versions of a series.
type seriesSide struct {
	item Item
	rec  *Recurrence // never nil; its occurrences have the names of the outcome
	back Shift       // from the names of the outcome to the item's own
}

func sideOf(it Item) seriesSide {
	rec := RecurrenceOf(it)
	if rec == nil {
		rec = &Recurrence{}
	}
	return seriesSide{item: it, rec: rec}
}

func (s *seriesSide) rename(by Shift) { s.rec, s.back = s.rec.named(by), by.Back() }

// find is the occurrence of that name among those that differ.
func (s seriesSide) find(at When) (Occurrence, bool) {
	return findOccurrence(s.rec.Changed, at)
}

func findOccurrence(list []Occurrence, at When) (Occurrence, bool) {
	i := slices.IndexFunc(list, func(o Occurrence) bool { return o.At.Equal(at) })
	if i < 0 {
		return Occurrence{}, false
	}
	return list[i], true
}

// at is the occurrence of that name, differing or not; nil where it is not known how it is.
func (s seriesSide) at(at When) Item {
	if o, ok := s.find(at); ok {
		return o.Item
	}
	if w, ok := s.item.(whole); ok {
		return w.own(s.back.Of(at), exactly)
	}
	return nil
}

func (s seriesSide) excludes(at When) bool { return slices.ContainsFunc(s.rec.Except, at.Equal) }

type seriesMerge struct{ base, mine, theirs seriesSide }

// align gives the occurrences of all versions the names they have where the start of the series moved; false where it moved
// to different times.
func (m *seriesMerge) align() bool {
	mine, theirs := StartShift(m.base.item, m.mine.item), StartShift(m.base.item, m.theirs.item)
	switch {
	case mine.IsZero() && theirs.IsZero():
	case mine.IsZero():
		m.base.rename(theirs)
		m.mine.rename(theirs)
	case theirs.IsZero():
		m.base.rename(mine)
		m.theirs.rename(mine)
	default:
		m.base.rename(mine)
		return mine.to.Equal(theirs.to)
	}
	return true
}

// distinct reports that no version has an occurrence twice.
func (m *seriesMerge) distinct() bool {
	for _, s := range []seriesSide{m.base, m.mine, m.theirs} {
		seen := map[string]bool{}
		for _, o := range s.rec.Changed {
			if seen[o.At.String()] {
				return false
			}
			seen[o.At.String()] = true
		}
	}
	return true
}

func (m *seriesMerge) merge() (*Recurrence, bool) {
	b, x, y := m.base.rec, m.mine.rec, m.theirs.rec
	out := &Recurrence{Dates: MergeWhens(b.Dates, x.Dates, y.Dates), Except: MergeWhens(b.Except, x.Except, y.Except)}
	switch {
	case SameRules(m.mine.item, m.theirs.item) || SameRules(m.base.item, m.theirs.item):
		out.Rules = slices.Clone(x.Rules)
	case SameRules(m.base.item, m.mine.item):
		out.Rules = slices.Clone(y.Rules)
	default:
		return nil, false
	}
	for _, at := range m.names() {
		o, stays, ok := m.occurrence(at)
		if !ok {
			return nil, false
		}
		if stays {
			out.Except = slices.DeleteFunc(out.Except, at.Equal)
			out.Changed = append(out.Changed, o)
		}
	}
	return out, true
}

// names are those of the occurrences that differ on either side, mine first.
func (m *seriesMerge) names() (out []When) {
	for _, o := range slices.Concat(m.mine.rec.Changed, m.theirs.rec.Changed) {
		if !slices.ContainsFunc(out, o.At.Equal) {
			out = append(out, o.At)
		}
	}
	return out
}

// occurrence merges one; it stays when it is still to differ from the series. False is a collision.
func (m *seriesMerge) occurrence(at When) (o Occurrence, stays, ok bool) {
	was, wasThere := m.base.find(at)
	for _, s := range [][2]seriesSide{{m.mine, m.theirs}, {m.theirs, m.mine}} {
		has, lacks := s[0], s[1]
		now, there := has.find(at)
		if _, both := lacks.find(at); !there || both {
			continue
		}
		untouched := wasThere && was.text() == now.text()
		switch {
		case lacks.excludes(at) && !m.base.excludes(at):
			return now.clone(), !untouched, true
		case untouched:
			return Occurrence{}, false, true // set back to what the series says
		}
	}
	o.At = at
	_, here := m.mine.find(at)
	_, there := m.theirs.find(at)
	switch {
	case there && !here && !wasThere:
		o.Item, ok = mergeOccurrence(m.base.at(at), m.theirs.at(at), m.mine.at(at), true)
	default:
		o.Item, ok = mergeOccurrence(m.base.at(at), m.mine.at(at), m.theirs.at(at), !there && !wasThere)
	}
	return o, true, ok
}

// mergeOccurrence merges one occurrence; an item that is not known says nothing. Where mine alone says something of it, that
// is not for what theirs says of the whole series.
func mergeOccurrence(base, mine, theirs Item, alone bool) (Item, bool) {
	x, there := mine.(whole)
	y, there2 := theirs.(whole)
	switch {
	case !there && !there2:
		return nil, true
	case !there:
		return y.clone(), true
	case !there2 || x.print() == y.print():
		return x.clone(), true
	}
	return x.merged(base, theirs, alone)
}

func (e *Event) merged(base, theirs Item, alone bool) (Item, bool) {
	return mergeFields(base, e, theirs, alone)
}

func (t *Task) merged(base, theirs Item, alone bool) (Item, bool) {
	return mergeFields(base, t, theirs, alone)
}

// mergeFields merges items of one kind field by field.
func mergeFields(base, mine, theirs Item, alone bool) (Item, bool) {
	if base == nil || base.Kind() != mine.Kind() || theirs.Kind() != mine.Kind() {
		return nil, false
	}
	out := Clone(mine)
	for _, f := range Fields(mine.Kind()) {
		switch b, x, y := f.Text(base), f.Text(mine), f.Text(theirs); {
		case x == y || b == y:
		case b == x:
			f.Copy(out, theirs)
		case alone: // mine
		case !f.Merge(base, mine, theirs, out):
			return nil, false
		}
	}
	return out, true
}

// MergeWhens is the merge of sets of times: what either side added is there, what either side took out is not.
func MergeWhens(base, mine, theirs []When) (out []When) {
	for _, w := range mine {
		if slices.ContainsFunc(theirs, w.Equal) || !slices.ContainsFunc(base, w.Equal) {
			out = append(out, w)
		}
	}
	for _, w := range theirs {
		if !slices.ContainsFunc(base, w.Equal) && !slices.ContainsFunc(mine, w.Equal) {
			out = append(out, w)
		}
	}
	return out
}
