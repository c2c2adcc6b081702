package relay

import (
	"fmt"
	"slices"
	"sort"

	"pgregory.net/rapid"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// flip puts a category on, which rules may switch items by, or takes it away.
func flip(t *rapid.T, e *pim.Event) {
	if drop(e, "CRM"); rapid.Bool().Draw(t, "on") {
		add(e, "CRM")
	}
}

// invite adds somebody to those who take part, or takes the first away. The CRM would mail
// them of any write, and no run may make it before finish lets it.
func (m *machine) invite(t *rapid.T, e *pim.Event) {
	if len(e.Attendees) > 0 && rapid.Bool().Draw(t, "leaves") {
		e.Attendees = e.Attendees[1:]
		return
	}
	g := guest(rapid.SampledFrom([]string{"bo", "cy", "di"}).Draw(t, "guest"))
	for _, a := range e.Attendees {
		if a.Email == g.Email {
			return
		}
	}
	e.Attendees = append(slices.Clone(e.Attendees), g)
}

// setRules changes the rules as a person does.
func (m *machine) setRules(t *rapid.T, text string) {
	r, err := rule.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r.PastDays, r.FutureDays, r.Policy = -1, -1, at(m.policy, m.link.Side)
	if _, err := m.engine.SetRules(m.ctx, m.link.ID, r); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) token() string {
	m.tokens++
	return fmt.Sprintf("tok%05d", m.tokens)
}

// write puts a new token into a field, remembering what it replaces.
func (m *machine) write(t *rapid.T, at *string) {
	tok := m.token()
	t.Logf("%s over %q", tok, *at)
	m.parent[tok] = *at
	*at = tok
}

func (m *machine) forget(e *pim.Event) {
	for _, f := range machineFields {
		m.settled[*f.at(e)] = true
	}
	for _, o := range changedIn(e) {
		m.forget(o)
	}
}

func (m *machine) pickObject(t *rapid.T) (store.Object, bool) {
	os := m.objects()
	if len(os) == 0 {
		return store.Object{}, false
	}
	names := make([]string, 0, len(os))
	for n := range os {
		names = append(names, n)
	}
	sort.Strings(names)
	return os[rapid.SampledFrom(names).Draw(t, "object")], true
}

func (m *machine) pickRecord(t *rapid.T) (remote.Record, bool) {
	rs := m.records()
	if len(rs) == 0 {
		return remote.Record{}, false
	}
	sort.Slice(rs, func(i, j int) bool { return rs[i].ID < rs[j].ID })
	return rapid.SampledFrom(rs).Draw(t, "record"), true
}

// pickUID draws an item that the link knows.
func (m *machine) pickUID(t *rapid.T) (string, bool) {
	uids := m.uids()
	if len(uids) == 0 {
		return "", false
	}
	return rapid.SampledFrom(uids).Draw(t, "uid"), true
}

// uids are those of the link's pairs, in the order of their making.
func (m *machine) uids() (uids []string) {
	m.view(func(tx *store.Tx) error {
		uids = nil
		return tx.EachPair(m.link.ID, func(p *store.Pair) error {
			uids = append(uids, p.UID)
			return nil
		})
	})
	return uids
}
