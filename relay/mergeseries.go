package relay

import (
	"slices"

	"crmbridge/pim"
)

// The merge of a series that both sides have. The rule is one value; extra dates and exclusions are sets; each occurrence that
// differs is merged as an item of its own (Merge), with the series' own occurrence for a side that has none of it. So two
// people who change two occurrences, or two fields of one, both have their way; and what a remote does not carry, cuts or
// rounds in an occurrence is no change of its, as with items.
//
// As Decide has it of items, a change beats a deletion: an occurrence that one side excluded and the other wrote to stays, and
// is reported. One that was only set back to what the series says does not.

// edition is a series as one side has or had it. Its occurrences are called as the hub called them when both agreed.
type edition struct {
	item    pim.Item    // nil: never agreed
	to, own []pim.Shift // from its own names, and back
	rec     *pim.Recurrence
	dates   set
	except  set
	changed map[string]pim.Occurrence // At as the edition has it
}

// set are times by their text.
type set map[string]pim.When

func called(shifts []pim.Shift, w pim.When) pim.When {
	for _, s := range shifts {
		w = s.Of(w)
	}
	return w
}

func editionOf(it pim.Item, to ...pim.Shift) edition {
	v := edition{item: it, to: to, rec: pim.RecurrenceOf(it), dates: set{}, except: set{}, changed: map[string]pim.Occurrence{}}
	for _, s := range slices.Backward(to) {
		v.own = append(v.own, s.Back())
	}
	if v.rec == nil {
		v.rec = &pim.Recurrence{}
	}
	for _, w := range v.rec.Dates {
		v.dates[w.String()] = w
	}
	for _, w := range v.rec.Except {
		name := v.name(w)
		v.except[name.String()] = name
	}
	for _, o := range v.rec.Changed {
		v.changed[v.name(o.At).String()] = o
	}
	return v
}

// name is what the occurrence that the edition calls so is called here.
func (v edition) name(w pim.When) pim.When { return called(v.to, pim.StartOf(v.item, w)) }

// at is the occurrence of that name, differing or not; nil when it is not known.
func (v edition) at(name pim.When) pim.Item {
	if o, ok := v.changed[name.String()]; ok {
		return o.Item
	}
	return v.ordinary(name)
}

// ordinary is the occurrence of that name as the series itself has it.
func (v edition) ordinary(name pim.When) pim.Item {
	if v.item == nil {
		return nil
	}
	return pim.OwnOccurrence(v.item, called(v.own, name))
}

// seriesMerge is one merge under way.
type seriesMerge struct {
	series          Merged // what becomes of the other fields
	s               Sides
	bl, l, br, r    edition
	out             pim.Recurrence
	final           []pim.Shift // to the names of the outcome
	renamed         bool        // which are others than those that the hub has
	except          set         // exclusions of the outcome
	toLocal         bool
	toRemote        bool
	settled, open   bool
	heldIn, heldOut held
	stay            []pim.Occurrence
}

// held are fields of occurrences that were not carried over, by the name that their side has for the occurrence.
type held map[string]pim.FieldSet

// repeatBoth reports that there are two series to merge.
func (s Sides) repeatBoth() bool {
	return s.Carried.Has(pim.FieldRecurrence) && pim.RecurrenceOf(s.Local) != nil && pim.RecurrenceOf(s.Remote) != nil
}

func (s Sides) met() bool { return s.BaseLocal != nil && s.BaseRemote != nil }

// series merges the recurrence of two series into m, once m has their times.
func (s Sides) series(m *Merged) {
	x := s.seriesMerge(*m)
	x.mergeRules()
	x.mergeDates()
	x.mergeOccurrences()
	one := pim.Set(pim.FieldRecurrence)
	if x.open {
		m.Open = m.Open.Or(one)
		return
	}
	*pim.RecurrenceOf(m.Item) = x.out
	named := len(x.out.Except)+len(x.out.Changed) > 0
	if x.toLocal || named && x.renamed {
		m.ToLocal = m.ToLocal.Or(one)
	}
	// A remote may drop what it names by starts that are others now. And people may have waited for a write of their own, those of
	// single occurrences with them.
	goes := m.ToRemote.And(s.MayOut)
	if x.toRemote || named && !goes.And(beginning()).IsEmpty() || len(x.out.Changed) > 0 && goes.Has(pim.FieldAttendees) {
		m.ToRemote = m.ToRemote.Or(one)
	}
	if x.settled {
		m.Settled = m.Settled.Or(one)
	}
	m.heldIn, m.heldOut, m.stay = x.heldIn, x.heldOut, x.stay
}

// beginning are the fields that say when a series begins.
func beginning() pim.FieldSet { return pim.Set(pim.FieldTime, pim.FieldStart, pim.FieldDue) }

func (s Sides) seriesMerge(m Merged) *seriesMerge {
	var mine, theirs pim.Shift
	agreed := pim.StartShift(s.Remote, s.Local)
	if s.met() {
		mine, theirs = pim.StartShift(s.BaseLocal, s.Local), pim.StartShift(s.BaseRemote, s.Remote)
		agreed = pim.StartShift(s.BaseRemote, s.BaseLocal)
	}
	x := &seriesMerge{
		s: s, series: m, bl: editionOf(s.BaseLocal), l: editionOf(s.Local, mine.Back()), br: editionOf(s.BaseRemote, agreed), r: editionOf(s.Remote, theirs.Back(), agreed),
		out: *pim.RecurrenceOf(pim.Clone(s.Local)), final: []pim.Shift{mine}, except: set{}, heldIn: held{}, heldOut: held{},
	}
	if !s.met() {
		x.bl, x.br = editionOf(nil), editionOf(nil)
	}
	if !m.ToLocal.And(beginning()).And(s.MayIn).IsEmpty() && !theirs.IsZero() {
		x.final, x.renamed = []pim.Shift{theirs}, true
	}
	return x
}

func (x *seriesMerge) mergeRules() {
	mine, theirs := !pim.SameRules(x.bl.item, x.l.item), !pim.SameRules(x.br.item, x.r.item)
	switch {
	case pim.SameRules(x.l.item, x.r.item):
	case theirs && !mine:
		x.out.Rules, x.toLocal = slices.Clone(x.r.rec.Rules), true
	case mine && !theirs:
		x.toRemote = true
	case mine:
		x.collide(func() { x.out.Rules = slices.Clone(x.r.rec.Rules) })
	}
}

// collide has the policy, or a person, decide about what there can be one of only.
func (x *seriesMerge) collide(take func()) {
	winner := x.s.winner()
	if x.s.Asked.Has(pim.FieldRecurrence) {
		winner = sideNone
	}
	switch winner {
	case sideRemote:
		take()
		x.toLocal, x.settled = true, true
	case sideLocal:
		x.toRemote, x.settled = true, true
	default:
		x.open = true
	}
}

// mergeSets merges what is there or not there: what either side added since they agreed is there, what either took out is
// not. It tells what the hub's set gains and loses.
func (x *seriesMerge) mergeSets(bl, l, br, r set) (gained, lost set) {
	gained, lost = set{}, set{}
	for k, w := range r {
		if !bl.has(k) && !l.has(k) && !br.has(k) {
			gained[k] = w
		}
		x.toRemote = x.toRemote || bl.has(k) && !l.has(k)
	}
	for k, w := range l {
		switch {
		case r.has(k):
		case br.has(k) && bl.has(k):
			lost[k] = w
		case !bl.has(k):
			x.toRemote = true
		}
	}
	x.toLocal = x.toLocal || len(gained)+len(lost) > 0
	return gained, lost
}

func (s set) has(k string) bool {
	_, ok := s[k]
	return ok
}

func (s set) sorted() []string {
	keys := make([]string, 0, len(s))
	for k := range s {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (x *seriesMerge) mergeDates() {
	gained, lost := x.mergeSets(x.bl.dates, x.l.dates, x.br.dates, x.r.dates)
	x.out.Dates = slices.DeleteFunc(x.out.Dates, func(w pim.When) bool { return lost.has(w.String()) })
	for _, k := range gained.sorted() {
		x.out.Dates = append(x.out.Dates, gained[k])
	}
	gained, lost = x.mergeSets(x.bl.except, x.l.except, x.br.except, x.r.except)
	for _, from := range []set{x.l.except, gained} {
		for k, w := range from {
			if !lost.has(k) {
				x.except[k] = w
			}
		}
	}
}

func (x *seriesMerge) mergeOccurrences() {
	x.out.Changed = nil
	for _, o := range x.l.rec.Changed {
		x.occurrence(x.l.name(o.At))
	}
	for _, o := range x.r.rec.Changed {
		if name := x.r.name(o.At); !x.has(x.l, name) {
			x.occurrence(name)
		}
	}
	x.out.Except = nil
	for _, w := range x.l.rec.Except { // those that the hub has stay as they are written
		k := x.l.name(w).String()
		if !x.except.has(k) {
			continue
		}
		if x.renamed {
			w = called(x.final, x.except[k])
		}
		x.out.Except = append(x.out.Except, w)
		delete(x.except, k)
	}
	for _, k := range x.except.sorted() {
		x.out.Except = append(x.out.Except, called(x.final, x.except[k]))
	}
}

func (x *seriesMerge) has(v edition, name pim.When) bool {
	_, ok := v.changed[name.String()]
	return ok
}
