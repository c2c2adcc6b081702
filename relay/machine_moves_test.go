package relay

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// The state machine with two calendars that are linked to two folders of one mailbox, between which, and to a third folder
// without a link, people move and copy items while everything else goes on.

// move is one of the steps with several folders.
func (m *machine) move(t *rapid.T, what string) {
	folders := []remote.CollectionID{mem.Activities, folderB, folderU}
	from := m.folder
	if what == "edit unlinked" || rapid.IntRange(0, 2).Draw(t, "from elsewhere") == 0 {
		from = folderU
	}
	switch what {
	case "move here":
		m.moveHere(t)
	case "edit unlinked":
		for _, r := range m.crm.Items(from) {
			m.crm.Edit(from, r.ID, func(it pim.Item) { m.write(t, &it.(*pim.Event).Notes) })
			return
		}
	default:
		items := m.crm.Items(from)
		if len(items) == 0 {
			return
		}
		id, to := rapid.SampledFrom(items).Draw(t, "item").ID, rapid.SampledFrom(folders).Draw(t, "to")
		if what == "copy there" {
			m.crm.Copy(from, id, to)
		} else {
			m.crm.Move(from, id, to)
		}
		t.Logf("%s %s from %s to %s", what, id, from, to)
	}
}

// moveHere moves an object to the other calendar, as a device does.
func (m *machine) moveHere(t *rapid.T) {
	o, ok := m.pickObject(t)
	if !ok {
		return
	}
	to := m.spokes[0].coll
	if to.ID == m.coll.ID {
		to = m.spokes[1].coll
	}
	err := m.store.Update(m.ctx, func(tx *store.Tx) error {
		_, err := tx.MoveObject(store.Move{From: m.coll.ID, Name: o.Name, To: to.ID, NewName: o.Name, By: "dav:test"})
		return err
	})
	if err != nil && !errors.Is(err, pim.ErrExists) && !errors.Is(err, pim.ErrConflict) { // its name or UID is taken there
		t.Fatal(err)
	}
}

// bringBack puts what is in the folder without a link into a linked one, so that all sides can be compared.
func (m *machine) bringBack() {
	if !m.moving {
		return
	}
	for _, r := range m.crm.Items(folderU) {
		m.crm.Move(folderU, r.ID, m.folder)
	}
}

func TestMachineOfMoves(t *testing.T) {
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
					m.moving, m.ruled = true, rapid.Bool().Draw(rt, "ruled")
					m.play(rt, 40)
				})
			})
		}
	})
}
