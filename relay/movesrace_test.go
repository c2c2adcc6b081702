package relay

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// Moves of many at once, by several at once, cut short, and beside other rules and links.

// All items of a folder at once, more than the brake lets pass as deletions.
func TestRowX16AWholeFolderMoves(t *testing.T) {
	t.Parallel()
	onOffice(t, func(t *testing.T, o *office) {
		const n = 30
		for i := range n {
			o.crm.AddTo(mem.Activities, event("", fmt.Sprintf("item %d", i)))
		}
		o.settle(false)
		before := o.counts()
		for i, r := range o.crm.Items(mem.Activities) {
			to := folderB
			if i%3 == 0 {
				to = folderU
			}
			o.crm.Move(mem.Activities, r.ID, to)
		}
		o.settle(false)
		o.wantIn(n/3, n-n/3, 0, n-n/3, n/3)
		if o.counts() != before {
			t.Errorf("%+v before, %+v now", before, o.counts())
		}
	})
}

// Both links run at once, in two processes.
func TestRowX16TwoLinksRace(t *testing.T) {
	t.Parallel()
	onOffice(t, func(t *testing.T, o *office) {
		const n = 12
		for i := range n {
			o.crm.AddTo(mem.Activities, event("", fmt.Sprintf("item %d", i)))
		}
		o.settle(false)
		for round := range 3 {
			from, to := mem.Activities, folderB
			if round%2 == 1 {
				from, to = to, from
			}
			for i, r := range o.crm.Items(from) {
				id, _ := o.crm.Move(from, r.ID, to)
				if i%2 == 0 {
					o.crm.Edit(to, id, func(it pim.Item) { it.(*pim.Event).Notes = fmt.Sprintf("round %d", round) })
				}
			}
			var both sync.WaitGroup
			for i, l := range []store.Link{o.linkA, o.linkB} {
				e := &Engine{Store: o.store, Remotes: o.engine.Remotes, Now: o.engine.Now, Log: o.engine.Log, Owner: fmt.Sprintf("process %d.%d", round, i), Alive: func(string) bool { return true }}
				both.Go(func() {
					if _, err := e.Run(o.ctx, l.ID, RunOptions{Full: true}); err != nil {
						t.Errorf("link %d: %v", l.ID, err)
					}
				})
			}
			both.Wait()
			o.settle(round == 1)
			if to == folderB {
				o.wantIn(0, n, 0, n, 0)
			} else {
				o.wantIn(n, 0, n, 0, 0)
			}
			if c := o.counts(); c.CreatedLocal != n || c.CreatedRemote+c.DeletedLocal+c.DeletedRemote != 0 {
				t.Errorf("%+v", c)
			}
		}
	})
}

// Killed anywhere, by either link's run, and gone on with by either.
func TestRowX16MovesKilledAnywhere(t *testing.T) {
	t.Parallel()
	for _, to := range []remote.CollectionID{folderB, folderU} {
		for _, bFirst := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %v", to, bFirst), func(t *testing.T) {
				t.Parallel()
				o := newWorld(t, storetest.Open(t), "ann", marking(), open(rule.Ask)).office(open(rule.Ask))
				o.begin(true)
				before := o.counts()
				for step := 1; ; step++ {
					o.move(mem.Activities, to)
					o.atA()
					if bFirst {
						o.atB()
					}
					o.kill(step)
					_, err := o.engine.Run(o.ctx, o.link.ID, RunOptions{Full: true})
					o.restart()
					o.settle(step%2 == 0)
					if to == folderB {
						o.wantIn(0, 1, 0, 1, 0)
					} else {
						o.wantIn(1, 0, 0, 0, 1)
					}
					o.move(to, mem.Activities)
					o.settle(step%2 == 1)
					o.wantIn(1, 0, 1, 0, 0)
					if o.counts() != before {
						t.Fatalf("killed at step %d: %+v before, %+v now", step, before, o.counts())
					}
					if err == nil {
						if step < 8 {
							t.Errorf("only %d steps", step)
						}
						return
					}
				}
			})
		}
	}
}

// A record whose making was never confirmed, and that was moved before anybody looked.
func TestRowX16MadeUnseenAndMoved(t *testing.T) {
	t.Parallel()
	for _, to := range []remote.CollectionID{folderB, folderU} {
		for _, bFirst := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %v", to, bFirst), func(t *testing.T) {
				t.Parallel()
				onOffice(t, func(t *testing.T, o *office) {
					o.atA()
					o.put("a.ics", event("uid-a", "one"))
					o.crm.LoseAnswers(1)
					if _, err := o.engine.Run(o.ctx, o.link.ID, RunOptions{Full: true}); err != nil {
						t.Fatal(err)
					}
					o.move(mem.Activities, to)
					o.clock.Advance(24 * time.Hour)
					o.settle(bFirst)
					if to == folderB {
						o.wantIn(0, 1, 0, 1, 0)
					} else {
						o.wantIn(1, 0, 0, 0, 1)
					}
				})
			})
		}
	}
}

// A device that moves an object from one linked calendar to the other: deleted there and made there, and once only;
// also when the person moved the record, too.
func TestRowX16ADeviceMoves(t *testing.T) {
	t.Parallel()
	for _, too := range []bool{false, true} {
		for _, byMove := range []bool{false, true} {
			for _, bFirst := range []bool{false, true} {
				t.Run(fmt.Sprintf("record too %v, by MOVE %v, new link first %v", too, byMove, bFirst), func(t *testing.T) {
					t.Parallel()
					onOffice(t, func(t *testing.T, o *office) {
						o.begin(false)
						o.atA()
						o.update(func(tx *store.Tx) error {
							if byMove {
								_, err := tx.MoveObject(store.Move{From: o.collA.ID, Name: "a.ics", To: o.collB.ID, NewName: "a.ics", By: "dav:test"})
								return err
							}
							obj, err := tx.Object(o.collA.ID, "a.ics")
							if err != nil {
								return err
							}
							_, err = tx.PutObject(store.Put{Collection: o.collB.ID, Name: "b.ics", Kind: obj.Kind, Component: obj.Component, UID: obj.UID, Text: obj.Text, Start: obj.Start, End: obj.End, By: "dav:test"})
							if err == nil {
								_, err = tx.DeleteObject(o.collA.ID, "a.ics", store.Cond{}, "dav:test", 0)
							}
							return err
						})
						if too {
							o.move(mem.Activities, folderB)
						}
						o.settle(bFirst)
						o.wantIn(0, 1, 0, 1, 0)
						o.atB()
						if !strings.Contains(string(o.only().Text), "X-OWN-LINE:kept") {
							t.Errorf("%s", o.only().Text)
						}
					})
				})
			}
		}
	}
}

// An open conflict goes along.
func TestRowX16AConflictGoesAlong(t *testing.T) {
	t.Parallel()
	for _, bFirst := range []bool{false, true} {
		t.Run(fmt.Sprint(bFirst), func(t *testing.T) {
			t.Parallel()
			onOffice(t, func(t *testing.T, o *office) {
				o.begin(false)
				o.atA()
				o.edit("a.ics", func(e *pim.Event) { e.Title = "mine" })
				o.change(o.record().ID, func(e *pim.Event) { e.Title = "theirs" })
				o.run()
				if n := len(o.conflicts(false)); n != 1 {
					t.Fatalf("%d conflicts", n)
				}
				o.move(mem.Activities, folderB)
				o.settle(bFirst)
				o.wantIn(0, 1, 0, 1, 0)
				cs := o.conflicts(true)
				o.atB()
				if len(cs) != 1 || cs[0].ResolvedAt != nil || cs[0].ObjectID != o.only().ID || cs[0].LinkID != o.linkB.ID {
					t.Fatalf("%+v", cs)
				}
				if err := o.engine.Settle(o.ctx, cs[0].ID, Choice{All: "mine"}, "ann"); err != nil {
					t.Fatal(err)
				}
				o.settle(bFirst)
				if got := o.crm.Items(folderB)[0].Item.(*pim.Event).Title; got != "mine" {
					t.Errorf("%q", got)
				}
			})
		})
	}
}

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
