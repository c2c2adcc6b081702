package relay

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store/storetest"
)

// mutants decide or merge wrongly, each so that something that somebody wrote is lost.
func mutants() map[string]func(*Engine) {
	deciding := func(local, remote State, wrong Action) func(*Engine) {
		return func(e *Engine) {
			e.decide = func(l, r State, equal bool) Action {
				if l == local && r == remote {
					return wrong
				}
				return Decide(l, r, equal)
			}
		}
	}
	merging := func(wrong func(*Merged, Sides)) func(*Engine) {
		return func(e *Engine) {
			e.merge = func(s Sides) Merged {
				m := Merge(s)
				wrong(&m, s)
				return m
			}
		}
	}
	notes := pim.Set(pim.FieldNotes)
	return map[string]func(*Engine){
		"a deletion here beats a change there": deciding(Gone, Changed, DeleteRemote),
		"a deletion there beats a change here": deciding(Changed, Gone, DeleteLocal),
		"a change there is passed over":        deciding(Same, Changed, Nothing),
		"a change here is passed over":         deciding(Changed, Same, Nothing),
		"what is gone there is forgotten":      deciding(Changed, Gone, Forget),
		"one field is not sent":                merging(func(m *Merged, _ Sides) { m.ToRemote = m.ToRemote.Minus(notes) }),
		"one field is not taken":               merging(func(m *Merged, _ Sides) { m.ToLocal = m.ToLocal.Minus(notes) }),
		"occurrences are not sent":             merging(func(m *Merged, _ Sides) { m.ToRemote = m.ToRemote.Minus(pim.Set(pim.FieldRecurrence)) }),
		"occurrences are not taken":            merging(func(m *Merged, _ Sides) { m.ToLocal = m.ToLocal.Minus(pim.Set(pim.FieldRecurrence)) }),
		"occurrences of one side replace the other's": merging(func(m *Merged, s Sides) {
			if m.ToLocal.And(m.ToRemote).Has(pim.FieldRecurrence) {
				pim.Copy(m.Item, s.Remote, pim.Set(pim.FieldRecurrence))
			}
		}),
		"a collision makes no report": merging(func(m *Merged, s Sides) {
			pim.Copy(m.Item, s.Remote, m.Open)
			m.ToLocal, m.Open = m.ToLocal.Or(m.Open), pim.FieldSet{}
		}),
		"what rules keep back is taken for carried": merging(func(m *Merged, _ Sides) { m.KeptIn, m.KeptOut = pim.FieldSet{}, pim.FieldSet{} }),
	}
}

// noticed plays the machine until it finds a fault.
func noticed(t *testing.T, world func() *world) (fault bool) {
	type broken struct{}
	rapid.Check(t, func(rt *rapid.T) {
		if fault {
			return
		}
		defer func() {
			if r := recover(); r == (broken{}) {
				fault = true
			} else if r != nil {
				panic(r)
			}
		}()
		m := newMachine(world(), rule.Ask)
		m.ruled = rapid.Bool().Draw(rt, "ruled")
		m.failing = func() { panic(broken{}) }
		m.play(rt, 40)
	})
	return fault
}

// The machine is worth something only if it notices.
func TestMachineNoticesWhatLosesAnEdit(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it judges the machine, not what the machine looks at")
	}
	t.Parallel()
	s := storetest.Open(t)
	worlds := 0
	for name, mutate := range mutants() {
		t.Run(name, func(t *testing.T) {
			fault := false
			for round := 0; round < 400 && !fault; round++ {
				fault = noticed(t, func() *world {
					worlds++
					w := newWorld(t, s, fmt.Sprintf("user%d", worlds), mem.Options{}, open(rule.Ask))
					mutate(w.engine)
					return w
				})
			}
			if !fault {
				t.Error("not noticed")
			}
			t.Logf("noticed after %d worlds", worlds)
		})
	}
}
