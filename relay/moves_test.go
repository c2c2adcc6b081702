package relay

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// What others made gets a key, once, without any update that a person sees.
func TestRowX16ItemsOfOthersGetAKey(t *testing.T) {
	t.Parallel()
	onOffice(t, func(t *testing.T, o *office) {
		o.begin(true)
		o.atA()
		rec := o.record()
		if p := o.pair(); rec.Key == "" || rec.Key != p.Mark || p.MarkAt != nil || p.Key != "" || p.TheirVersion != rec.Version || p.Version != rec.Version {
			t.Errorf("the record has the key %q in version %q, the pair %+v", rec.Key, rec.Version, p)
		}
		calls := o.crm.Calls()
		o.crm.SetFaults(func(c mem.Call) mem.Fault {
			if c.Op == "mark" || c.Op == "where" {
				t.Errorf("%s once more", c.Op)
			}
			return mem.Fault{}
		})
		o.quiet()
		o.quiet()
		if o.crm.Calls() == calls {
			t.Error("nothing was asked")
		}
		o.view(func(tx *store.Tx) error {
			steps, err := tx.Steps(store.StepFilter{})
			for _, s := range steps {
				if s.Side == "remote" {
					t.Errorf("a write that people see: %+v", s)
				}
			}
			return err
		})
	})
}

// With the direction in, nothing is written there; once it is both, keys follow.
func TestRowX16NoKeyWhereNothingIsWritten(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.Direction = rule.In
	onBoth(t, marking(), rules, func(w *world) {
		w.crm.AddTo(mem.Activities, event("", "one"))
		w.clean()
		w.quiet()
		if k := w.record().Key; k != "" {
			t.Errorf("it has the key %q", k)
		}
		rules.Direction = rule.Both
		if _, err := w.engine.SetRules(w.ctx, w.link.ID, rules); err != nil {
			t.Fatal(err)
		}
		w.clean()
		if k := w.record().Key; k == "" {
			t.Error("it has no key")
		}
		w.quiet()
	})
}

// Nobody is mailed for the sake of a key, and a run gives a bounded number of them.
func TestRowX16KeysMailNobodyAndAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", marking(), open(rule.Ask))
	const n = markMost + 7
	for i := range n {
		e := event("", fmt.Sprintf("item %d", i))
		if i == 0 {
			e.Attendees = []pim.Attendee{guest("bo")}
		}
		w.crm.AddTo(mem.Activities, e)
	}
	keyed := func() (k int) {
		for _, r := range w.records() {
			if r.Key != "" {
				k++
			}
		}
		return k
	}
	w.clean()
	if k := keyed(); k < markMost-1 || k > markMost {
		t.Errorf("%d keys after the first run", k)
	}
	w.clean()
	if k := keyed(); k != n-1 {
		t.Errorf("%d of %d have keys, want all but the meeting", k, n)
	}
	w.quiet() // and no mail, which the world watches
}

// A record that changed meanwhile gets its key with the next run; an answer that is lost is no second key.
func TestRowX16KeysUnderConflictsAndLostAnswers(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"conflict", "lost", "refused", "unavailable", "throttled"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			onBoth(t, marking(), open(rule.Ask), func(w *world) {
				id := w.crm.AddTo(mem.Activities, event("", "one"))
				done := false
				w.crm.SetFaults(func(c mem.Call) mem.Fault {
					if c.Op != "mark" || done {
						return mem.Fault{}
					}
					done = true
					switch what {
					case "conflict":
						return mem.Fault{Err: pim.Errorf("mem", pim.ErrConflict, "changed")}
					case "lost":
						return mem.Fault{Lost: true}
					case "refused":
						return mem.Fault{Err: pim.Errorf("mem", pim.ErrRefused, "no")}
					case "throttled":
						return mem.Fault{Err: pim.Errorf("mem", pim.ErrThrottled, "slowly")}
					}
					return mem.Fault{Err: pim.Errorf("mem", pim.ErrUnavailable, "away")}
				})
				rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
				if what == "throttled" {
					mustFail(t, err, pim.ErrThrottled)
				} else if err != nil || rep.Run.Outcome != OutcomeOK {
					t.Fatalf("%v %+v", err, rep)
				}
				key := w.record().Key
				w.clock.Advance(25 * time.Hour)
				w.clean()
				if now := w.record(); now.Key == "" || key != "" && now.Key != key || now.ID != id {
					t.Errorf("the key was %q, is %q", key, now.Key)
				}
				w.quiet()
				if w.item(w.only()).Title != "one" || len(w.conflicts(true)) != 0 {
					t.Error("a key is a change")
				}
			})
		})
	}
}

// A move between two linked folders is a move: the object goes along with every byte, and nothing is made or deleted.
func TestRowX16AMoveIsAMove(t *testing.T) {
	t.Parallel()
	for _, there := range []bool{false, true} {
		for _, bFirst := range []bool{false, true} {
			t.Run(fmt.Sprintf("made there %v, new link first %v", there, bFirst), func(t *testing.T) {
				t.Parallel()
				onOffice(t, func(t *testing.T, o *office) {
					o.begin(there)
					o.atA()
					uid := o.only().UID
					o.edit(o.only().Name, func(e *pim.Event) { e.Notes = "written here meanwhile" })
					was := o.only()
					from := o.move(mem.Activities, folderB)
					o.crm.Edit(folderB, from, func(it pim.Item) { it.(*pim.Event).Location = "changed there meanwhile" })
					before := o.counts()
					o.settle(bFirst)
					o.wantIn(0, 1, 0, 1, 0)
					o.atB()
					obj := o.only()
					rec := o.crm.Items(folderB)[0]
					if obj.UID != uid || !strings.Contains(string(obj.Text), "X-OWN-LINE:kept") || o.item(obj).Notes != "written here meanwhile" ||
						o.item(obj).Location != "changed there meanwhile" || rec.ID != from || rec.Item.(*pim.Event).Notes != "written here meanwhile" {
						t.Errorf("was %s\nis %s\nthere %+v", was.Text, obj.Text, rec.Item)
					}
					if now := o.counts(); now != before {
						t.Errorf("made and deleted: %+v before, %+v now", before, now)
					}
					if cs := o.conflicts(true); len(cs) != 0 {
						t.Errorf("conflicts: %+v", cs)
					}
					// And back, with a change after it.
					o.move(folderB, mem.Activities)
					o.settle(bFirst)
					o.wantIn(1, 0, 1, 0, 0)
					o.atA()
					o.edit(o.only().Name, func(e *pim.Event) { e.Title = "later" })
					o.settle(bFirst)
					o.atA()
					if got := o.record().Item.(*pim.Event).Title; got != "later" {
						t.Errorf("%q", got)
					}
				})
			})
		}
	}
}

// Away and back between two runs: another id in the same folder.
func TestRowX16AwayAndBackBetweenTwoRuns(t *testing.T) {
	t.Parallel()
	onOffice(t, func(t *testing.T, o *office) {
		o.begin(true)
		before := o.counts()
		o.move(mem.Activities, folderU)
		id := o.move(folderU, mem.Activities)
		o.settle(false)
		o.wantIn(1, 0, 1, 0, 0)
		o.atA()
		if p := o.pair(); p.RemoteID != string(id) || o.counts() != before {
			t.Errorf("%+v, %+v before, %+v now", p, before, o.counts())
		}
	})
}

// A copy is an item of its own, wherever it is, and gets a key of its own.
func TestRowX16ACopyIsAnItemOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, to := range []remote.CollectionID{mem.Activities, folderB} {
		t.Run(string(to), func(t *testing.T) {
			t.Parallel()
			onOffice(t, func(t *testing.T, o *office) {
				o.begin(true)
				o.atA()
				if _, ok := o.crm.Copy(mem.Activities, o.record().ID, to); !ok {
					t.Fatal("no copy")
				}
				o.settle(true)
				if to == folderB {
					o.wantIn(1, 1, 1, 1, 0)
				} else {
					o.wantIn(2, 0, 2, 0, 0)
				}
				keys := map[string]bool{}
				for _, c := range []remote.CollectionID{mem.Activities, folderB} {
					for _, r := range o.crm.Items(c) {
						keys[r.Key] = true
					}
				}
				if len(keys) != 2 || keys[""] {
					t.Errorf("keys: %v", keys)
				}
				// Known by a key of its own, the copy moves as any item does.
				from, back := to, folderB
				if to == folderB {
					back = mem.Activities
				}
				items := o.crm.Items(from)
				last, before, known := items[len(items)-1], o.counts(), o.uids()
				if _, ok := o.crm.Move(from, last.ID, back); !ok {
					t.Fatal("not moved")
				}
				o.settle(true)
				if !slices.Equal(o.uids(), known) || o.counts() != before {
					t.Errorf("%v and %+v, before the copy moved %v and %+v", o.uids(), o.counts(), known, before)
				}
			})
		})
	}
}

// What is nowhere was deleted.
func TestRowX16DeletedIsDeleted(t *testing.T) {
	t.Parallel()
	onOffice(t, func(t *testing.T, o *office) {
		o.begin(true)
		o.atA()
		o.crm.Remove(mem.Activities, o.record().ID)
		o.atA()
		rep, err := o.engine.Run(o.ctx, o.link.ID, RunOptions{Full: true, AllowDeletions: true})
		if err != nil || rep.Counts.DeletedLocal != 1 {
			t.Errorf("%v %+v", err, rep)
		}
		o.settle(false)
		o.wantIn(0, 0, 0, 0, 0)
	})
}

// Taking an item out of a linked folder unlinks it, and putting it back links it again, with what was changed meanwhile.
func TestRowB8TakenOutOfALinkedFolder(t *testing.T) {
	t.Parallel()
	for _, back := range []remote.CollectionID{mem.Activities, folderB} {
		t.Run("back to "+string(back), func(t *testing.T) {
			t.Parallel()
			onOffice(t, func(t *testing.T, o *office) {
				o.begin(true)
				before := o.counts()
				id := o.move(mem.Activities, folderU)
				for range 2 {
					o.settle(false)
					o.wantIn(1, 0, 0, 0, 1)
				}
				o.atA()
				uid := o.only().UID
				xs, err := o.engine.Explain(t.Context(), o.link.ID, uid)
				if err != nil || len(xs) != 1 || !slices.ContainsFunc(xs[0].Words, func(s string) bool { return strings.Contains(s, "moved out") }) {
					t.Errorf("%v %+v", err, xs)
				}
				o.edit(o.only().Name, func(e *pim.Event) { e.Notes = "written here" })
				o.crm.Edit(folderU, id, func(it pim.Item) { it.(*pim.Event).Location = "written there" })
				o.settle(false)
				o.wantIn(1, 0, 0, 0, 1)
				o.move(folderU, back)
				o.settle(false)
				if back == folderB {
					o.wantIn(0, 1, 0, 1, 0)
					o.atB()
				} else {
					o.wantIn(1, 0, 1, 0, 0)
					o.atA()
				}
				obj, rec := o.only(), o.crm.Items(back)[0].Item.(*pim.Event)
				if o.item(obj).Notes != "written here" || rec.Notes != "written here" || o.item(obj).Location != "written there" || obj.UID != uid || o.counts() != before {
					t.Errorf("%+v\n%+v\n%+v, %+v before", o.item(obj), rec, o.counts(), before)
				}
				if cs := o.conflicts(true); len(cs) != 0 {
					t.Errorf("conflicts: %+v", cs)
				}
			})
		})
	}
}
