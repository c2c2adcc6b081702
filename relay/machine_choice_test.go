package relay

import (
	"errors"

	"pgregory.net/rapid"

	"crmbridge/pim"
	"crmbridge/store"
)

// pickConflict draws one of the link's reports that are open, or that a person or a rule settled.
func (m *machine) pickConflict(t *rapid.T, open bool) (store.Conflict, bool) {
	var cs []store.Conflict
	for _, c := range m.conflicts(true) {
		if c.LinkID == m.link.ID && (c.ResolvedAt == nil) == open && c.Resolution != superseded {
			cs = append(cs, c)
		}
	}
	if len(cs) == 0 {
		return store.Conflict{}, false
	}
	return rapid.SampledFrom(cs).Draw(t, "conflict"), true
}

// choose settles an open report as a person does, who sees what there is here now.
func (m *machine) choose(t *rapid.T) {
	c, ok := m.pickConflict(t, true)
	if !ok {
		return
	}
	ch := Choice{All: rapid.SampledFrom([]Take{Mine, Theirs, KeepBoth}).Draw(t, "take")}
	if fields := conflictFields(t, c); ch.All != KeepBoth && rapid.Bool().Draw(t, "by field") {
		ch.Fields = map[pim.FieldID]Take{}
		for _, f := range machineFields {
			if fields.Has(f.id) {
				ch.Fields[f.id] = rapid.SampledFrom([]Take{Mine, Theirs}).Draw(t, "take of the field")
			}
		}
	}
	for _, o := range m.objects() {
		if o.ID == c.ObjectID || o.Name == c.Name {
			m.forget(m.item(o))
		}
	}
	err := m.engine.Settle(m.ctx, c.ID, ch, "ann")
	t.Logf("conflict %d of %s: %s: %v", c.ID, c.Name, ch, err)
	switch pim.ReasonOf(err) {
	case "", pim.ErrInvalid, pim.ErrConflict, pim.ErrExists:
	default:
		m.fail(t, "choose: %v", err)
	}
}

// takeBack takes a choice back, and dies on the way as often as it is told to. What it did
// to the end is open again.
func (m *machine) takeBack(t *rapid.T) {
	c, ok := m.pickConflict(t, false)
	if !ok {
		return
	}
	dies := rapid.Bool().Draw(t, "dies")
	if dies {
		m.kill(rapid.IntRange(1, 6).Draw(t, "step"))
	}
	lost := rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "lost answers")
	m.crm.LoseAnswers(lost)
	err := m.engine.Undo(m.ctx, c.ID, "ann")
	m.crm.LoseAnswers(0)
	t.Logf("conflict %d of %s taken back: %v", c.ID, c.Name, err)
	if dies {
		m.restart()
	}
	if err == nil {
		m.view(func(tx *store.Tx) error {
			now, err := tx.Conflict(c.ID)
			if now.ResolvedAt != nil {
				m.fail(t, "conflict %d was taken back and is not open", c.ID)
			}
			return err
		})
		return
	}
	switch pim.ReasonOf(err) {
	case pim.ErrConflict, pim.ErrNotFound, pim.ErrInvalid, pim.ErrHeld, pim.ErrUnavailable, pim.ErrThrottled, pim.ErrProtocol, pim.ErrAuth, pim.ErrRefused, pim.ErrCursorGone:
	default:
		if !errors.Is(err, errKilled) {
			m.fail(t, "take back: %v", err)
		}
	}
}
