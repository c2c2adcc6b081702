package relay

import (
	"fmt"
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
