package relay

import (
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
)

// Sides is what Merge looks at. The base may be nil on both sides (first match):
// then a value that only one side has is no conflict.
type Sides struct {
	BaseLocal, Local   pim.Item // BaseLocal nil: never agreed
	BaseRemote, Remote pim.Item
	// Carried fields are compared, and those in Writable may be written to the
	// remote. The others flow from the remote to the hub only.
	Carried, Writable pim.FieldSet
	// MayIn and MayOut are the fields that the rules let through to the hub and to the
	// remote.
	MayIn, MayOut pim.FieldSet
	// LocalAt and RemoteAt are the last changes, for Newest; zero is unknown.
	LocalAt, RemoteAt time.Time
	// TextLimit is how long the remote's texts may be (remote.Traits); nil is not known.
	TextLimit map[pim.FieldID]int
	Policy    rule.Policy
	// RemoteName is the policy that means this remote: PreferCRM or PreferMail.
	RemoteName rule.Policy
	// Asked are fields that a person is to decide about whatever the policy says.
	Asked pim.FieldSet
	// VeiledLocal and VeiledRemote: of occurrences that are private in a series that is not, the
	// other side sees only the mask of what this one has.
	VeiledLocal, VeiledRemote bool
}

// Merged is what is to be done. Item holds the wanted value of every field in
// ToLocal and ToRemote; other fields are those of Local, or not to be looked at.
type Merged struct {
	Item              pim.Item
	ToLocal, ToRemote pim.FieldSet
	// Settled fields collided and the policy decided, or a change beat a deletion of an
	// occurrence; Open ones wait for a person and keep their values and their base on both
	// sides.
	Settled, Open pim.FieldSet
	// KeptIn and KeptOut changed and are not let through: they keep their values, and
	// the base of the side that changed, so that they go once the rules let them.
	KeptIn, KeptOut pim.FieldSet
	// RemoteWon are the settled fields whose remote value was taken.
	RemoteWon pim.FieldSet
	// heldIn and heldOut are what KeptIn and KeptOut are, of the occurrences of a series.
	heldIn, heldOut held
	// stay are occurrences that differ at the remote only and go on doing so.
	stay []pim.Occurrence
}

// Merge is per field: a change on one side is carried to the other; lists merge by
// element, series by occurrence (mergeseries.go); the same change on both sides is
// agreement; what collides is settled by the policy or left open.
func Merge(s Sides) Merged {
	m := Merged{Item: pim.Clone(s.Local)}
	mine := pim.Diff(s.BaseLocal, s.Local, s.Carried.And(s.Writable))
	theirs := pim.Diff(s.BaseRemote, s.Remote, s.Carried)
	for _, f := range pim.Fields(s.Local.Kind()) {
		one := pim.FieldSet{}.With(f)
		switch inMine, inTheirs := mine.Has(f.ID), theirs.Has(f.ID); {
		case f.ID == pim.FieldRecurrence && s.repeatBoth():
			// After the times: occurrences are named by them.
		case (inMine || inTheirs) && s.cutAway(f):
			// It has as much of the text as it takes.
		case inTheirs && !inMine:
			if !s.parts(f, &m) {
				s.take(f, &m)
			}
			m.ToLocal = m.ToLocal.Or(one)
		case inMine && !inTheirs:
			s.parts(f, &m) // else it is the local value already
			m.ToRemote = m.ToRemote.Or(one)
		case inMine && inTheirs && !f.Equal(s.Local, s.Remote):
			if !s.MayIn.Has(f.ID) && !s.MayOut.Has(f.ID) {
				m.KeptIn, m.KeptOut = m.KeptIn.Or(one), m.KeptOut.Or(one)
				continue
			}
			s.collide(f, &m)
		}
	}
	if s.repeatBoth() {
		s.series(&m)
	}
	// A field may differ although neither side changed it since (the remote
	// rounds). That is agreed and stays.
	m.ToLocal = m.ToLocal.And(pim.Diff(s.Local, m.Item, s.Carried))
	m.KeptIn, m.ToLocal = m.KeptIn.Or(m.ToLocal.Minus(s.MayIn)), m.ToLocal.And(s.MayIn)
	m.KeptOut, m.ToRemote = m.KeptOut.Or(m.ToRemote.Minus(s.MayOut)), m.ToRemote.And(s.MayOut)
	return m
}

// parts merges a field of which each side may have what the other one cannot keep: whatever changed where, the rest stays on
// both. False, with the item as it was, for other fields and for a collision.
func (s Sides) parts(f pim.Field, m *Merged) bool {
	k := s.Local.Kind()
	return f.Parts(orNew(s.BaseLocal, k), s.Local, orNew(s.BaseRemote, k), s.Remote, m.Item)
}

// collide handles a field that both sides changed, differently.
func (s Sides) collide(f pim.Field, m *Merged) {
	one := pim.FieldSet{}.With(f)
	toLocal := func() { s.take(f, m); m.ToLocal = m.ToLocal.Or(one) }
	toRemote := func() { m.ToRemote = m.ToRemote.Or(one) }
	if s.BaseLocal == nil || s.BaseRemote == nil {
		// Nothing was ever agreed: what is missing on one side was not deleted
		// there.
		switch {
		case f.Text(s.Local) == "":
			toLocal()
			return
		case f.Text(s.Remote) == "":
			toRemote()
			return
		}
	}
	base := s.BaseLocal
	if base == nil {
		base = pim.New(s.Local.Kind())
	}
	if s.parts(f, m) || !f.InParts() && f.Merge(base, s.Local, s.Remote, m.Item) {
		m.ToLocal, m.ToRemote = m.ToLocal.Or(one), m.ToRemote.Or(one)
		return
	}
	if s.Asked.Has(f.ID) {
		m.Open = m.Open.Or(one)
		return
	}
	switch s.winner() {
	case sideRemote:
		toLocal()
		m.Settled, m.RemoteWon = m.Settled.Or(one), m.RemoteWon.Or(one)
	case sideLocal:
		toRemote()
		m.Settled = m.Settled.Or(one)
	default:
		m.Open = m.Open.Or(one)
	}
}

type side uint8

const (
	sideNone side = iota
	sideLocal
	sideRemote
)

func (s Sides) winner() side {
	switch s.Policy {
	case rule.PreferClient:
		return sideLocal
	case rule.Newest:
		switch {
		case s.LocalAt.IsZero() || s.RemoteAt.IsZero() || s.LocalAt.Equal(s.RemoteAt):
			return sideNone
		case s.LocalAt.After(s.RemoteAt):
			return sideLocal
		}
		return sideRemote
	case rule.PreferCRM, rule.PreferMail:
		// A policy that names another remote than this one speaks against this
		// one: the hub, where that other remote's values arrive, wins.
		if s.Policy == s.RemoteName {
			return sideRemote
		}
		return sideLocal
	}
	return sideNone
}
