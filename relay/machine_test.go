package relay

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// The state machine: the hub and one remote or two, which people edit at random, runs
// that are killed, answers that are lost, calls that fail. Every value anybody writes is
// a token that exists once. In the end
//
//   - all sides are equal, but for fields that a conflict report leaves open;
//   - every token is on all sides, or was knowingly replaced or deleted by
//     somebody who saw it, or stands in a conflict report;
//   - there are as many records as objects: nothing was doubled;
//   - a further run does nothing.
type machine struct {
	*world
	spokes   []spoke
	tokens   int
	parent   map[string]string // token → what its writer saw there
	settled  map[string]bool   // knowingly deleted
	policy   rule.Policy
	commands map[string]int
	ruled    bool   // rules, ties and approvals change on the way
	moving   bool   // people move items between collections
	failing  func() // is called instead of failing the test
}

// machineRules are what the rules are changed to and back from.
var machineRules = []string{
	`{}`, `{}`, `{"direction":"in"}`, `{"direction":"out"}`, `{"out":{"private":"mask"}}`, `{"in":{"private":"mask"}}`,
	`{"in":{"private":"none"},"out":{"private":"none"}}`, `{"in":{"private":"mask"},"out":{"private":"mask"}}`,
	`{"in":{"carry":[]}}`, `{"out":{"carry":[]}}`, `{"in":{"create":[]}}`, `{"out":{"create":[]}}`, `{"onlyLinked":true}`, `{"holdUntyped":true}`,
	`{"filter":{"field":"notes","op":"is empty"}}`, `{"in":{"attendees":"keep"}}`, `{"out":{"attendees":"keep"}}`,
	`{"category":"CRM"}`, `{"category":"CRM","onlyLinked":true}`, `{"approve":true}`, `{"approve":true,"out":{"private":"none"}}`,
}

// at is the policy of a link to that side: who prefers the remote there asks where it is the other one.
func at(p rule.Policy, side store.Side) rule.Policy {
	if p == rule.PreferMail && side == store.CRM || p == rule.PreferCRM && side == store.Exchange {
		return rule.Ask
	}
	return p
}

// fields the machine edits.
var machineFields = []struct {
	id pim.FieldID
	at func(*pim.Event) *string
}{
	{pim.FieldTitle, func(e *pim.Event) *string { return &e.Title }},
	{pim.FieldNotes, func(e *pim.Event) *string { return &e.Notes }},
	{pim.FieldLocation, func(e *pim.Event) *string { return &e.Location }},
}

func (m *machine) step(t *rapid.T) {
	steps := []string{"new series here", "new series there", "occurrence here", "occurrence here", "occurrence there", "occurrence there", "new here", "new there", "edit here", "edit here", "edit there", "edit there",
		"delete here", "delete there", "touch there", "install anew", "choose", "take back", "run", "run", "killed run", "killed run", "failing run", "lost answer", "expire", "time"}
	if m.ruled {
		steps = append(steps, "rules", "rules", "class here", "class there", "category here", "category there", "invite here", "invite there", "tie", "tie", "answer", "cautious run")
	}
	if m.moving {
		steps = append(steps, "move there", "move there", "move there", "copy there", "edit unlinked", "move here")
	}
	if len(m.spokes) > 1 {
		m.at(m.spokes[rapid.IntRange(0, len(m.spokes)-1).Draw(t, "remote")])
		t.Logf("%s:", m.link.Name)
	}
	m.do(t, rapid.SampledFrom(steps).Draw(t, "what"))
}

// do is one of the steps.
func (m *machine) do(t *rapid.T, what string) {
	m.commands[what]++
	switch what {
	case "new here":
		e := event(fmt.Sprintf("uid-%d", m.tokens), "")
		m.write(t, &e.Title)
		m.put(e.UID+".ics", e)
	case "new there":
		e := event("", "")
		m.write(t, &e.Title)
		m.crm.AddTo(m.folder, e)
	case "new series here":
		e := event(fmt.Sprintf("uid-%d", m.tokens), "")
		m.write(t, &e.Title)
		e.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=DAILY;COUNT=5"}}
		m.put(e.UID+".ics", e)
	case "new series there":
		e := event("", "")
		m.write(t, &e.Title)
		e.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=DAILY;COUNT=5"}}
		m.crm.AddTo(m.folder, e)
	case "occurrence here":
		if o, ok := m.pickObject(t); ok {
			m.edit(o.Name, func(e *pim.Event) { m.occurrence(t, e) })
		}
	case "occurrence there":
		if r, ok := m.pickRecord(t); ok {
			m.change(r.ID, func(e *pim.Event) { m.occurrence(t, e) })
		}
	case "edit here":
		if o, ok := m.pickObject(t); ok {
			f := rapid.SampledFrom(machineFields).Draw(t, "field")
			m.edit(o.Name, func(e *pim.Event) { m.write(t, f.at(e)) })
		}
	case "edit there":
		if r, ok := m.pickRecord(t); ok {
			f := rapid.SampledFrom(machineFields).Draw(t, "field")
			m.change(r.ID, func(e *pim.Event) { m.write(t, f.at(e)) })
		}
	case "rules":
		text := rapid.SampledFrom(machineRules).Draw(t, "rules")
		t.Logf("rules %s", text)
		m.setRules(t, text)
	case "class here":
		if o, ok := m.pickObject(t); ok {
			class := rapid.SampledFrom([]pim.Class{pim.Public, pim.Private}).Draw(t, "class")
			m.edit(o.Name, func(e *pim.Event) { e.Class = class })
		}
	case "class there":
		if r, ok := m.pickRecord(t); ok {
			class := rapid.SampledFrom([]pim.Class{pim.Public, pim.Private}).Draw(t, "class")
			m.change(r.ID, func(e *pim.Event) { e.Class = class })
		}
	case "category here":
		if o, ok := m.pickObject(t); ok {
			m.edit(o.Name, func(e *pim.Event) { flip(t, e) })
		}
	case "category there":
		if r, ok := m.pickRecord(t); ok {
			m.change(r.ID, func(e *pim.Event) { flip(t, e) })
		}
	case "invite here":
		if o, ok := m.pickObject(t); ok {
			m.edit(o.Name, func(e *pim.Event) { m.invite(t, e) })
		}
	case "invite there":
		if r, ok := m.pickRecord(t); ok {
			m.change(r.ID, func(e *pim.Event) { m.invite(t, e) })
		}
	case "delete here":
		if o, ok := m.pickObject(t); ok {
			m.forget(m.item(o))
			m.delete(o.Name)
		}
	case "delete there":
		if r, ok := m.pickRecord(t); ok {
			m.forget(r.Item.(*pim.Event))
			m.crm.Remove(m.folder, r.ID)
		}
	case "touch there":
		if r, ok := m.pickRecord(t); ok {
			m.change(r.ID, func(*pim.Event) {})
		}
	case "move there", "copy there", "edit unlinked", "move here":
		m.move(t, what)
	case "install anew":
		m.installAnew(t)
	case "choose":
		m.choose(t)
	case "take back":
		m.takeBack(t)
	case "tie":
		if uid, ok := m.pickUID(t); ok {
			m.tie(t, uid, rapid.SampledFrom([]rule.Tie{rule.TieNone, rule.Linked, rule.Apart}).Draw(t, "tie"))
		}
	case "answer":
		say := m.engine.Approve
		if rapid.Bool().Draw(t, "reject") {
			say = m.engine.Reject
		}
		if _, err := say(m.ctx, m.link.ID, ""); err != nil && !errors.Is(err, pim.ErrNotFound) {
			t.Fatal(err)
		}
	case "cautious run":
		m.tryRunWith(t, RunOptions{Full: rapid.Bool().Draw(t, "full")})
	case "run":
		m.tryRun(t, false)
	case "killed run":
		m.kill(rapid.IntRange(1, 30).Draw(t, "step"))
		m.tryRun(t, rapid.Bool().Draw(t, "full"))
		m.restart()
	case "failing run":
		m.crm.FailCall(rapid.IntRange(1, 6).Draw(t, "call"), &pim.Error{Op: "mem", Kind: rapid.SampledFrom([]pim.Reason{
			pim.ErrUnavailable, pim.ErrThrottled, pim.ErrProtocol, pim.ErrRefused, pim.ErrAuth}).Draw(t, "reason"), Public: "no"})
		m.tryRun(t, true)
	case "lost answer":
		m.crm.LoseAnswers(rapid.IntRange(1, 2).Draw(t, "answers"))
		m.tryRun(t, false)
		m.crm.LoseAnswers(0)
	case "expire":
		m.crm.ExpireCursors()
	case "time":
		m.clock.Advance(time.Duration(rapid.IntRange(1, 7200).Draw(t, "seconds")) * time.Second)
	}
}

// installAnew gives the remote's records other ids and no memory, as when a copy of its
// data is read in elsewhere. Some are other items, which only look like the old ones.
func (m *machine) installAnew(t *rapid.T) {
	records := m.records()
	m.crm.Clear(m.folder)
	m.crm.ExpireCursors()
	for _, r := range records {
		e := pim.Clone(r.Item).(*pim.Event)
		if rapid.Bool().Draw(t, "lookalike") {
			m.forget(e)
			e.Notes, e.Location = "", ""
			m.write(t, &e.Notes)
		}
		m.crm.AddTo(m.folder, e)
	}
}

func (m *machine) tie(t *rapid.T, uid string, tie rule.Tie) {
	if err := m.engine.SetTie(m.ctx, m.link.ID, uid, tie); err != nil {
		t.Fatal(err)
	}
}

// tryRun is a run that may fail for the reasons the machine makes.
func (m *machine) tryRun(t *rapid.T, full bool) {
	m.tryRunWith(t, RunOptions{Full: full, AllowDeletions: true})
}

func (m *machine) tryRunWith(t *rapid.T, o RunOptions) {
	rep, err := m.engine.Run(m.ctx, m.link.ID, o)
	t.Logf("run: %v %v", brief(rep.Steps), err)
	if err == nil || errors.Is(err, errKilled) {
		return
	}
	switch pim.ReasonOf(err) {
	case pim.ErrUnavailable, pim.ErrThrottled, pim.ErrProtocol, pim.ErrAuth, pim.ErrRefused, pim.ErrCursorGone:
	default:
		m.fail(t, "run: %v", err)
	}
}

// fail tells of a broken promise.
func (m *machine) fail(t *rapid.T, format string, args ...any) {
	if m.failing != nil {
		m.failing()
	}
	t.Fatalf(format, args...)
}

// brief is what a run did, for the trace of a failure.
func brief(steps []store.Step) (out []string) {
	for _, s := range steps {
		out = append(out, strings.Join([]string{s.UID, s.Side, s.Action, s.Fields, s.Error}, " "))
	}
	return out
}

// machineWeaknesses are what the remotes are weak at.
func machineWeaknesses() map[string]mem.Options {
	return map[string]mem.Options{
		"strong":       {},
		"weak":         {NoDeletionReport: true, NoUID: true, NoItemsInDelta: true, Stamps: time.Second, Bump: true, Unchecked: true},
		"ahead":        {NoDeletionReport: true, Stamps: time.Second, Bump: true, Skew: time.Hour},
		"behind":       {NoUID: true, NoItemsInDelta: true, Stamps: time.Second, Bump: true, Skew: -time.Hour},
		"finder":       {NotIdempotent: true, NoLister: true, NoDeletionReport: true, PageSize: 3},
		"short memory": {NotIdempotent: true, NoUID: true, NoItemsInDelta: true, PageSize: 2},
	}
}

// play does up to so many steps and finishes.
func (m *machine) play(t *rapid.T, most int) {
	for range rapid.IntRange(1, most).Draw(t, "steps") {
		m.step(t)
	}
	m.finish(t)
}

func newMachine(w *world, policy rule.Policy, others ...spoke) *machine {
	return &machine{world: w, spokes: append([]spoke{w.spoke()}, others...), policy: policy,
		parent: map[string]string{}, settled: map[string]bool{}, commands: map[string]int{}}
}

func TestMachine(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		worlds := 0
		for name, o := range machineWeaknesses() {
			for _, policy := range []rule.Policy{rule.Ask, rule.PreferCRM, rule.PreferClient} {
				if o.Skew != 0 && policy != rule.Ask {
					continue // the policies look at no clock
				}
				t.Run(name+" "+string(policy), func(t *testing.T) {
					rapid.Check(t, func(rt *rapid.T) {
						worlds++
						m := newMachine(newWorld(t, s, fmt.Sprintf("user%d", worlds), o, open(policy)), policy)
						m.ruled = rapid.Bool().Draw(rt, "ruled")
						m.play(rt, 40)
					})
				})
			}
		}
	})
}

// The same with three replicas: a CRM and Exchange, linked to one collection.
func TestMachineOfThree(t *testing.T) {
	t.Parallel()
	weak := machineWeaknesses()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		worlds := 0
		for _, c := range []struct {
			crm, exchange string
			policy        rule.Policy
		}{
			{"strong", "strong", rule.Ask}, {"weak", "strong", rule.PreferCRM}, {"finder", "weak", rule.PreferClient},
			{"short memory", "finder", rule.PreferMail}, {"weak", "short memory", rule.Ask},
		} {
			t.Run(c.crm+" "+c.exchange+" "+string(c.policy), func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					worlds++
					o := weak[c.crm]
					o.Place = "crm" // its ids are those of the other remote, too
					w := newWorld(t, s, fmt.Sprintf("user%d", worlds), o, open(at(c.policy, store.CRM)))
					m := newMachine(w, c.policy, w.join(weak[c.exchange], open(at(c.policy, store.Exchange))))
					m.ruled = rapid.Bool().Draw(rt, "ruled")
					m.play(rt, 40)
				})
			})
		}
	})
}
