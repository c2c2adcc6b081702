package relay

import (
	"crmbridge/pim"
	"crmbridge/relay/rule"
)

// The merge of one occurrence of a series that differs on either side: an item of its own, which follows its series in
// everything that it does not say otherwise.

// wrote reports that a side's occurrence is not what it was when both agreed.
func (x *seriesMerge) wrote(was, is edition, name pim.When) bool {
	now, there := is.changed[name.String()]
	before, had := was.changed[name.String()]
	if !there || now.Item == nil {
		return false
	}
	return !had || before.Item == nil || before.Item.Kind() != now.Item.Kind() || !pim.Equal(before.Item, now.Item, inOccurrences(x.s.Carried))
}

// occurrence merges one that differs on either side.
func (x *seriesMerge) occurrence(name pim.When) {
	k := name.String()
	here, there := x.has(x.l, name), x.has(x.r, name)
	wroteHere, wroteThere := x.wrote(x.bl, x.l, name), x.wrote(x.br, x.r, name)
	switch {
	case here && !there && x.r.except.has(k) && !x.br.except.has(k): // taken out there
		if !wroteHere {
			x.toLocal = true
			return
		}
		delete(x.except, k)
		x.keep(name, x.l.changed[k].Item)
		x.toRemote, x.settled = true, true
	case there && !here && x.l.except.has(k) && !x.bl.except.has(k): // taken out here
		if !wroteThere {
			x.toRemote = true
			return
		}
		delete(x.except, k)
		x.keep(name, x.r.changed[k].Item)
		x.toLocal, x.settled = true, true
	case here && !there && x.has(x.br, name) && !wroteHere: // set back there
		x.toLocal = true
	case there && !here && x.has(x.bl, name) && !wroteThere: // set back here
		x.toRemote = true
	default:
		x.fields(name, here)
	}
}

// inherit gives an occurrence of which one side alone says something what the series has become, in the fields in which
// that side too has it from its series.
func (x *seriesMerge) inherit(name pim.When, here bool, m *Merged) {
	side := x.r
	if here {
		side = x.l
	}
	is, ordinary := side.at(name), side.ordinary(name)
	became := pim.OwnOccurrence(x.series.Item, called(x.final, name))
	in, out := x.series.ToLocal.And(x.s.MayIn), x.series.ToRemote.And(x.s.MayOut)
	keptIn, keptOut := x.series.ToLocal.Minus(x.s.MayIn), x.series.ToRemote.Minus(x.s.MayOut)
	for _, f := range pim.Fields(is.Kind()) {
		one := pim.FieldSet{}.With(f)
		if f.ID == pim.FieldRecurrence || beginning().Has(f.ID) || m.ToLocal.Or(m.ToRemote).Has(f.ID) || !f.Equal(is, ordinary) {
			continue
		}
		if in.Or(out).Has(f.ID) {
			f.Copy(m.Item, became)
		}
		m.ToLocal, m.ToRemote = m.ToLocal.Or(one.And(in)), m.ToRemote.Or(one.And(out))
		if here { // what is held back of the series is held back of what it gave the occurrence
			m.KeptOut = m.KeptOut.Or(one.And(keptOut))
		} else {
			m.KeptIn = m.KeptIn.Or(one.And(keptIn))
		}
	}
}

// keep puts an occurrence into the outcome.
func (x *seriesMerge) keep(name pim.When, it pim.Item) {
	at := called(x.final, name)
	if o, ok := x.l.changed[name.String()]; ok && !x.renamed {
		at = o.At // as it is written
	}
	x.out.Changed = append(x.out.Changed, pim.Occurrence{At: at, Item: pim.Clone(it)})
}

// fields merges an occurrence field by field.
func (x *seriesMerge) fields(name pim.When, here bool) {
	n := x.s
	n.BaseLocal, n.Local, n.BaseRemote, n.Remote = x.bl.at(name), x.l.at(name), x.br.at(name), x.r.at(name)
	if n.Remote == nil {
		n.Remote = n.BaseRemote // it is not told how it is
	}
	if n.Local == nil || n.Remote == nil || n.Local.Kind() != n.Remote.Kind() {
		if here {
			x.keep(name, n.Local)
		}
		return
	}
	there := x.has(x.r, name)
	setBack := there && !here && x.has(x.bl, name) || here && !there && x.has(x.br, name)
	alone := here != there && !setBack
	if alone {
		// What one side says of this occurrence, the other never said otherwise: not for what it says of the series.
		n.Policy, n.RemoteName, n.Asked = rule.PreferClient, rule.PreferCRM, pim.FieldSet{}
		if there {
			n.Policy = rule.PreferCRM
		}
		if !n.met() {
			n.BaseLocal, n.BaseRemote = x.l.ordinary(name), x.r.ordinary(name)
		}
	}
	n.Carried, n.Writable = inOccurrences(n.Carried), inOccurrences(n.Writable)
	if n.VeiledLocal && rule.IsPrivate(n.Local) {
		n.MayIn = n.MayIn.Minus(contentOf(n.Local.Kind()))
	}
	if n.VeiledRemote && rule.IsPrivate(n.Remote) {
		n.MayOut = n.MayOut.Minus(contentOf(n.Local.Kind()))
	}
	if n.Asked.Has(pim.FieldRecurrence) {
		n.Asked = n.Carried
	}
	m := Merge(n)
	if alone {
		x.inherit(name, here, &m)
	}
	switch {
	case setBack && here && m.ToRemote.Or(m.Open).Or(m.KeptOut).IsEmpty():
		x.toLocal = true // nothing of what was written here is left
	case here || !m.ToLocal.IsEmpty():
		x.keep(name, m.Item)
	case setBack:
		x.toRemote = true
	default: // what the rules do not let in, or what differs in nothing that is carried; the rest of it follows the series
		it := x.r.changed[name.String()].Item
		if !m.ToRemote.IsEmpty() {
			it = pim.Clone(n.Remote)
			pim.Copy(it, m.Item, m.ToRemote)
		}
		x.stay = append(x.stay, pim.Occurrence{At: called(x.final, name), Item: it})
	}
	x.toLocal = x.toLocal || !m.ToLocal.IsEmpty()
	x.toRemote = x.toRemote || !m.ToRemote.IsEmpty()
	x.settled = x.settled || !alone && !m.Settled.IsEmpty()
	x.open = x.open || !m.Open.IsEmpty()
	if !m.KeptIn.IsEmpty() {
		x.heldIn[called(x.r.own, name).String()] = m.KeptIn
	}
	if !m.KeptOut.IsEmpty() {
		x.heldOut[called(x.final, name).String()] = m.KeptOut
	}
}
