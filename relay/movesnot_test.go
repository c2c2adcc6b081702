package relay

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// While it cannot be told where a record is, nothing is deleted.
func TestRowX16NothingGoesWhileNobodyTells(t *testing.T) {
	t.Parallel()
	onOffice(t, func(t *testing.T, o *office) {
		o.begin(true)
		o.move(mem.Activities, folderB)
		o.crm.SetFaults(func(c mem.Call) mem.Fault {
			if c.Op == "where" {
				return mem.Fault{Err: pim.Errorf("mem", pim.ErrUnavailable, "away")}
			}
			return mem.Fault{}
		})
		o.atA()
		if _, err := o.engine.Run(o.ctx, o.link.ID, RunOptions{Full: true}); err == nil {
			t.Error("a run that could not ask came to its end")
		}
		o.wantIn(1, 0, 0, 1, 0)
		o.crm.SetFaults(nil)
		o.settle(false)
		o.wantIn(0, 1, 0, 1, 0)
	})
}

// While the link that an item went to cannot take it, it waits: nothing is deleted here. A paused one takes it.
func TestRowX16TheOtherLinkCannotTakeItNow(t *testing.T) {
	t.Parallel()
	onBoth(t, marking(), open(rule.Ask), func(w *world) {
		o := w.office(open(rule.Ask))
		o.begin(true)
		rules := o.linkB.Rules
		set := func(text []byte, paused bool) {
			o.update(func(tx *store.Tx) error {
				l, err := tx.Link(o.linkB.ID)
				if l.Rules, l.Paused = text, paused; err != nil {
					return err
				}
				return tx.UpdateLink(l, "Rules", "Paused")
			})
		}
		set([]byte(`{"direction":"nowhere"}`), false)
		o.move(mem.Activities, folderB)
		for range 2 {
			o.atA().clean()
			o.wantIn(1, 0, 0, 1, 0)
		}
		set(rules, true)
		o.atA().clean()
		o.wantIn(0, 1, 0, 1, 0)
		set(rules, false)
		o.settle(false)
		o.wantIn(0, 1, 0, 1, 0)
	})
}

// A link that takes nothing from the remote takes no move either: the copies part.
func TestRowX16ALinkThatTakesNothing(t *testing.T) {
	t.Parallel()
	out := open(rule.Ask)
	out.Direction = rule.Out
	onBoth(t, marking(), open(rule.Ask), func(w *world) {
		o := w.office(out)
		o.begin(false)
		o.move(mem.Activities, folderB)
		o.settle(false)
		o.wantIn(1, 0, 0, 1, 0)
	})
}

// What a person unlinked stays unlinked where it is.
func TestRowB8UnlinkedByAPersonStaysSo(t *testing.T) {
	t.Parallel()
	onOffice(t, func(t *testing.T, o *office) {
		o.begin(false)
		o.atA()
		if err := o.engine.SetTie(o.ctx, o.link.ID, "uid-a", rule.Apart); err != nil {
			t.Fatal(err)
		}
		o.settle(false)
		// Away and back it is the same item, and as unlinked as before.
		o.move(mem.Activities, folderU)
		id := o.move(folderU, mem.Activities)
		o.crm.Edit(mem.Activities, id, func(it pim.Item) { it.(*pim.Event).Title = "not carried over" })
		o.settle(false)
		o.wantIn(1, 0, 1, 0, 0)
		o.atA()
		if p := o.pair(); rule.Tie(p.Tie) != rule.Apart || o.item(o.only()).Title != "one" {
			t.Errorf("%+v", p)
		}
		o.move(mem.Activities, folderB)
		o.settle(true)
		o.wantIn(1, 1, 0, 1, 0)
		o.atA()
		if o.only().UID != "uid-a" {
			t.Errorf("%+v", o.only())
		}
	})
}

// A preview shows a move as one, and moves nothing.
func TestRowX16APreviewMovesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, marking(), open(rule.Ask), func(w *world) {
		o := w.office(open(rule.Ask))
		o.begin(true)
		o.move(mem.Activities, folderB)
		o.atA()
		for _, link := range []store.Link{o.linkA, o.linkB} {
			p, err := o.engine.Preview(o.ctx, link.ID, PreviewOptions{Run: RunOptions{Full: true}})
			if err != nil || len(p.Changes) != 1 || p.Changes[0].Action != "move" || p.Changes[0].Title != "one" || p.Counts.Done() != 0 {
				t.Errorf("link %s: %v %+v", link.Name, err, p)
			}
			o.wantIn(1, 0, 0, 1, 0)
		}
		o.settle(false)
		o.wantIn(0, 1, 0, 1, 0)
	})
}

// In a calendar that a CRM is linked to, too, an item that moves in Exchange parts from the CRM's record: it is there, and
// is one with the item again when that comes back.
func TestRowX16TheCRMKeepsWhatMovesInExchange(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{Place: "crm"}, open(rule.Ask), func(w *world) {
		crm := w.spoke()
		mail := w.join(marking(), open(rule.Ask))
		there := w.another("work")
		raw, err := json.Marshal(open(rule.Ask))
		if err != nil {
			t.Fatal(err)
		}
		second := mail
		second.coll, second.folder = there, folderB
		w.update(func(tx *store.Tx) error {
			second.link, err = tx.CreateLink(store.Link{UserID: w.user.ID, CollectionID: there.ID, Side: store.Exchange, Name: "work",
				Driver: "mem", Remote: string(folderB), Rules: raw, Interval: time.Minute})
			return err
		})
		settle := func() {
			for range 3 {
				for _, s := range []spoke{crm, mail, second} {
					w.at(s)
					w.clean()
				}
			}
		}
		count := func(want ...int) {
			t.Helper()
			got := []int{len(crm.crm.Items(mem.Activities)), len(mail.crm.Items(mem.Activities)), len(mail.crm.Items(folderB))}
			for _, s := range []spoke{mail, second} {
				w.at(s)
				got = append(got, len(w.objects()))
			}
			if !slices.Equal(got, want) {
				t.Fatalf("records in the CRM and in two folders, objects in two calendars: %v, want %v", got, want)
			}
		}
		w.at(crm)
		id := crm.crm.AddTo(mem.Activities, event("", "one"))
		settle()
		count(1, 1, 0, 1, 0)
		mail.crm.Move(mem.Activities, mail.crm.Items(mem.Activities)[0].ID, folderB)
		settle()
		count(1, 0, 1, 0, 1)
		crm.crm.Edit(mem.Activities, id, func(it pim.Item) { it.(*pim.Event).Location = "changed in the CRM" })
		w.at(second)
		w.edit(w.only().Name, func(e *pim.Event) { e.Notes = "changed on a device" })
		settle()
		mail.crm.Move(folderB, mail.crm.Items(folderB)[0].ID, mem.Activities)
		settle()
		count(1, 1, 0, 1, 0)
		for _, s := range []spoke{crm, mail} {
			if e := s.crm.Items(mem.Activities)[0].Item.(*pim.Event); e.Location != "changed in the CRM" || e.Notes != "changed on a device" {
				t.Errorf("%s: %+v", s.link.Name, e)
			}
		}
		if cs := w.conflicts(true); len(cs) != 0 {
			t.Errorf("conflicts: %+v", cs)
		}
	})
}
