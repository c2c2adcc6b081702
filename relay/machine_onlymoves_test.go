package relay

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/crm/mem"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// TestMachineMovesOnly moves and edits items that are in step, under kills, lost answers and failures: nothing is ever
// deleted, every item keeps its UID, there is each of them once, and in the end the object is where its record is.
func TestMachineMovesOnly(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		worlds := 0
		for name, o := range markings() {
			t.Run(name, func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					worlds++
					w := newWorld(t, s, fmt.Sprintf("user%d", worlds), o, open(rule.Ask))
					first := w.spoke()
					b := w.office(open(rule.Ask))
					m := newMachine(w, rule.Ask, spoke{first.crm, b.linkB, b.collB, folderB})
					m.moving = true
					m.playMoves(rt)
				})
			})
		}
	})
}

func (m *machine) playMoves(t *rapid.T) {
	for i := range rapid.IntRange(1, 4).Draw(t, "items") {
		m.at(m.spokes[rapid.IntRange(0, 1).Draw(t, "remote")])
		e := event(fmt.Sprintf("uid-%d", i), "")
		m.write(t, &e.Title)
		if rapid.Bool().Draw(t, "here") {
			m.put(e.UID+".ics", e)
		} else {
			e.UID = ""
			m.crm.AddTo(m.folder, e)
		}
	}
	m.rest(t)
	uids := m.allUIDs()
	for range rapid.IntRange(1, 25).Draw(t, "steps") {
		m.at(m.spokes[rapid.IntRange(0, 1).Draw(t, "remote")])
		m.do(t, rapid.SampledFrom([]string{"move there", "move there", "move there", "edit here", "edit there", "edit unlinked", "run", "run",
			"killed run", "killed run", "failing run", "lost answer", "expire", "time"}).Draw(t, "what"))
	}
	m.crm.SetFaults(nil)
	m.rest(t)
	m.nothingWent(t, uids)
	m.bringBack()
	m.finish(t)
	m.nothingWent(t, uids)
}

// rest lets both links come to the end of what is to do.
func (m *machine) rest(t *rapid.T) {
	for range 4 {
		m.clock.Advance(25 * time.Hour)
		m.each(func() { m.tryRun(t, true) })
	}
}

// allUIDs are those of the objects of both calendars.
func (m *machine) allUIDs() (uids []string) {
	m.each(func() {
		for _, o := range m.objects() {
			uids = append(uids, o.UID)
		}
	})
	slices.Sort(uids)
	return uids
}

// nothingWent wants the same objects and as many records as ever, and no deletion told.
func (m *machine) nothingWent(t *rapid.T, uids []string) {
	if now := m.allUIDs(); !slices.Equal(now, uids) {
		m.fail(t, "the objects were %q, are %q", uids, now)
	}
	records := map[remote.CollectionID]int{}
	total := 0
	for _, c := range []remote.CollectionID{mem.Activities, folderB, folderU} {
		n := len(m.crm.Items(c))
		records[c], total = n, total+n
	}
	if total != len(uids) {
		m.fail(t, "%d items and the records %v", len(uids), records)
	}
	m.view(func(tx *store.Tx) error {
		for _, s := range m.spokes {
			runs, err := tx.Runs(store.RunFilter{Link: s.link.ID, Limit: 1000})
			if err != nil {
				return err
			}
			for _, r := range runs {
				steps, err := tx.Steps(store.StepFilter{Run: r.ID})
				for _, step := range steps {
					if step.Action == "delete" {
						m.fail(t, "%s deleted: %+v", s.link.Name, step)
					}
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}
