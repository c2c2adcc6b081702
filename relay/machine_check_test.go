package relay

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// each does something at every remote in turn.
func (m *machine) each(f func()) {
	for _, s := range m.spokes {
		m.at(s)
		f()
	}
}

// finish lets everything come to rest and checks what the machine promises.
func (m *machine) finish(t *rapid.T) {
	m.bringBack()
	m.each(func() {
		m.crm.SetFaults(nil)
		if m.ruled {
			m.tryRun(t, true)
			for _, uid := range m.uids() {
				m.tie(t, uid, rule.TieNone)
			}
		}
		if mails := m.crm.Mails(); len(mails) > 0 {
			t.Fatalf("%s was made to mail: %+v", m.link.Name, mails)
		}
	})
	if m.mayMail = m.ruled; m.ruled {
		m.each(func() { m.setRules(t, `{"mail":"allow"}`) })
	}
	for range 3 * len(m.spokes) { // a change may have to go from one to the other, and what it meets there back
		m.clock.Advance(24 * time.Hour) // past every retry
		m.each(func() { m.tryRun(t, true) })
	}
	m.clock.Advance(24 * time.Hour)
	m.each(func() {
		rep, err := m.engine.Run(m.ctx, m.link.ID, RunOptions{Full: true, AllowDeletions: true})
		if err != nil || rep.Counts.Done() != 0 || rep.Run.Outcome != OutcomeOK {
			m.fail(t, "%s: a run with nothing to do: %v %s %+v", m.link.Name, err, rep.Run.Outcome, rep.Steps)
		}
		open := m.compare(t)
		if at(m.policy, m.link.Side) != rule.Ask && open > 0 {
			m.fail(t, "%s: policy %s left %d conflicts open", m.link.Name, at(m.policy, m.link.Side), open)
		}
	})
	m.account(t)
}

// compare wants the sides equal, pair by pair, but for open fields.
func (m *machine) compare(t *rapid.T) (open int) {
	objects, records := m.objects(), map[string]remote.Record{}
	for _, r := range m.records() {
		records[string(r.ID)] = r
	}
	if len(objects) != len(records) {
		m.fail(t, "%d objects, %d records", len(objects), len(records))
	}
	m.view(func(tx *store.Tx) error {
		for _, o := range objects {
			p, err := tx.PairByObject(m.link.ID, o.ID)
			if err != nil {
				m.fail(t, "object %s has no pair: %v", o.Name, err)
			}
			r, ok := records[p.RemoteID]
			if !ok {
				m.fail(t, "object %s has no record", o.Name)
			}
			delete(records, p.RemoteID)
			left := pim.FieldSet{}
			if c, err := tx.OpenConflict(o.ID, m.link.ID); err == nil {
				if left = conflictFields(t, c); c.ResolvedBy == "" {
					open++ // and nobody took it out of the policy's hands
				}
			}
			seen := pim.AllOf(pim.KindEvent).Minus(pim.Set(pim.FieldURL))
			if d := pim.Diff(limited(m.item(o), seen), limited(r.Item, seen), seen); !d.Minus(left).IsEmpty() {
				m.fail(t, "%s differs in %s (open: %s):\n%s\n%s", o.Name, d, left, inWords(m.item(o)), inWords(r.Item))
			}
		}
		return nil
	})
	return open
}

// inWords is an item in full, for the trace of a failure.
func inWords(it pim.Item) string {
	b, err := pim.EncodeItem(it)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func conflictFields(t *rapid.T, c store.Conflict) (s pim.FieldSet) {
	if c.Fields == "" {
		return s // a deletion that was beaten by a change
	}
	if err := s.UnmarshalJSON([]byte(c.Fields)); err != nil {
		t.Fatal(err)
	}
	return s
}

// account wants every token accounted for.
func (m *machine) account(t *rapid.T) {
	fine := map[string]bool{"": true}
	mark := func(tok string) {
		for !fine[tok] {
			fine[tok] = true
			tok = m.parent[tok]
		}
	}
	markAll := func(e *pim.Event) {
		for _, e := range append(changedIn(e), e) {
			for _, f := range machineFields {
				mark(*f.at(e))
			}
		}
	}
	m.each(func() {
		for _, o := range m.objects() {
			markAll(m.item(o))
		}
		for _, r := range m.records() {
			markAll(r.Item.(*pim.Event))
		}
	})
	for tok := range m.settled {
		mark(tok)
	}
	for _, c := range m.conflicts(true) {
		for _, text := range [][]byte{c.Base, c.Mine, c.Theirs} {
			for rest := string(text); ; {
				i := strings.Index(rest, "tok")
				if i < 0 || len(rest) < i+8 {
					break
				}
				mark(rest[i : i+8])
				rest = rest[i+8:]
			}
		}
	}
	for i := 1; i <= m.tokens; i++ {
		if tok := fmt.Sprintf("tok%05d", i); !fine[tok] {
			m.each(func() {
				for name, o := range m.objects() {
					t.Logf("%s: object %s %+v", m.link.Name, name, m.item(o))
				}
				for _, r := range m.records() {
					t.Logf("%s: record %s %+v", m.link.Name, r.ID, r.Item)
				}
			})
			m.fail(t, "%s is gone: neither on a side, nor replaced or deleted by somebody who saw it, nor in a report", tok)
		}
	}
}
