package relay

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// A person chooses while a run is at the item, at each of its steps and whatever else the run
// carries over, or is refused: the choice holds on both sides, and nobody is asked again.
func TestAChoiceDuringARunHolds(t *testing.T) {
	t.Parallel()
	notes := func(e *pim.Event) { e.Notes = "more" }
	refused := func(c mem.Call) mem.Fault {
		if c.Write {
			return mem.Fault{Err: pim.Errorf("mem: write", pim.ErrRefused, "the quarter is closed")}
		}
		return mem.Fault{}
	}
	work := map[string]func(w *world, id store.ConflictID){
		"nothing else": func(w *world, id store.ConflictID) { w.choose(id, "mine"); w.takeBack(id) }, // looked at again
		"notes here":   func(w *world, _ store.ConflictID) { w.edit("a.ics", notes) },
		"notes there":  func(w *world, _ store.ConflictID) { w.change(w.record().ID, notes) },
		"notes here, refused": func(w *world, _ store.ConflictID) {
			w.edit("a.ics", notes)
			w.crm.SetFaults(refused)
		},
		"notes here, lost": func(w *world, _ store.ConflictID) {
			w.edit("a.ics", notes)
			w.crm.LoseAnswers(1)
		},
	}
	for take, settled := range choices {
		for what, begin := range work {
			t.Run(take+", "+what, func(t *testing.T) {
				t.Parallel()
				storetest.InTurn(t, func(t *testing.T, s *store.Store) {
					for step, chosen := 1, true; chosen; step++ {
						w := newWorld(t, s, fmt.Sprintf("ann%d", step), mem.Options{}, open(rule.Ask))
						id := w.collision()
						begin(w, id)
						chosen = false
						var steps atomic.Int64
						w.engine.pause = func(string) error {
							if steps.Add(1) == int64(step) {
								chosen = true
								w.choose(id, take)
							}
							return nil
						}
						_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{Trigger: "test", Full: true})
						w.engine.pause = nil
						w.crm.SetFaults(nil)
						if !chosen {
							if step < 5 {
								t.Fatalf("the run had %d steps", step)
							}
							break
						}
						for range 2 {
							if rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Trigger: "test", Full: true, Retry: true}); err != nil || rep.Run.Outcome != OutcomeOK {
								t.Fatal(rep.Run, err)
							}
						}
						if got, left := w.sides(), len(w.conflicts(false)); got != settled || left != 0 {
							t.Errorf("chosen at step %d: %s, %d open, %d in all", step, got, left, len(w.conflicts(true)))
						}
						w.quiet()
					}
				})
			})
		}
	}
}

// Mine is what is here, also what was written since the report.
func TestMineIsWhatIsHereNow(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		for take, want := range map[string]string{"mine": "newer@my place | newer@my place", "title=mine,location=theirs": "newer@their place | newer@their place",
			"theirs": "theirs@their place | theirs@their place", "location=mine,title=theirs": "theirs@my place | theirs@my place"} {
			id := w.collision()
			w.edit("a.ics", func(e *pim.Event) { e.Title = "newer" })
			w.choose(id, take)
			w.clean()
			w.quiet()
			if got := w.sides(); got != want {
				w.t.Errorf("%s: %s, want %s", take, got, want)
			}
			w.delete("a.ics")
			if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true, AllowDeletions: true}); err != nil {
				w.t.Fatal(err)
			}
		}
	})
}

// The same where the choice is made while the run's own transaction waits for somebody else's.
func TestAChoiceDuringATransactionHolds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, "ann", mem.Options{}, open(rule.Ask))
		id := w.collision()
		w.edit("a.ics", func(e *pim.Event) { e.Notes = "more" })
		w.change(w.record().ID, func(e *pim.Event) { e.End.Time = e.End.Time.Add(time.Hour) })
		var once sync.Once
		free := make(chan struct{})
		done, chosen := make(chan struct{}), make(chan struct{})
		w.engine.pause = func(step string) error {
			if step != "remote written" {
				return nil
			}
			once.Do(func() {
				held := make(chan struct{})
				go func() {
					defer close(done)
					_ = s.Update(w.ctx, func(tx *store.Tx) error {
						if _, err := tx.Collection(w.coll.ID); err != nil {
							return err
						}
						select {
						case <-held:
						default:
							close(held)
						}
						<-free
						return nil
					})
				}()
				<-held
				go func() {
					time.Sleep(100 * time.Millisecond) // the run comes to its transaction
					settled := make(chan struct{})
					go func() { w.choose(id, "mine"); close(settled) }()
					select {
					case <-settled:
					case <-time.After(300 * time.Millisecond):
					}
					close(free)
					<-settled
					close(chosen)
				}()
			})
			return nil
		}
		_, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Trigger: "test", Full: true})
		if err != nil {
			t.Fatal(err)
		}
		<-done
		<-chosen
		w.engine.pause = nil
		for range 2 {
			if rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Trigger: "test", Full: true, Retry: true}); err != nil {
				t.Fatal(rep.Run, err)
			}
		}
		if got := w.sides(); got != choices["mine"] {
			t.Errorf("%s", got)
		}
	})
}

// While nobody has decided about a conflict, who deletes one side does not decide it either: what the other side has is a change
// that was never agreed to, and comes back.
func TestADeletionDecidesNoConflict(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		gone func(w *world)
		want string
	}{
		"here":  {func(w *world) { w.delete("a.ics") }, "theirs@their place | theirs@their place"},
		"there": {func(w *world) { w.crm.Remove(mem.Activities, w.record().ID) }, "mine@my place | mine@my place"},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				w.collision()
				c.gone(w)
				for range 3 {
					w.clean()
				}
				if got := w.sides(); got != c.want {
					w.t.Errorf("%s", got)
				}
				if len(w.conflicts(true)) == 0 {
					w.t.Error("nothing tells of it")
				}
				w.quiet()
			})
		})
	}
}

// What is unlinked while a run writes its change stays so.
func TestATieDuringARunHolds(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"looked at", "intent stored", "remote written"} {
		t.Run(step, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				w := newWorld(t, s, "ann", mem.Options{}, open(rule.Ask))
				w.collision()
				w.edit("a.ics", func(e *pim.Event) { e.Notes = "more" })
				uid := ""
				w.update(func(tx *store.Tx) error {
					o, err := tx.Object(w.coll.ID, "a.ics")
					uid = o.UID
					return err
				})
				told := false
				w.engine.pause = func(at string) error {
					if at == step && !told {
						told = true
						if err := w.engine.SetTie(w.ctx, w.link.ID, uid, rule.Apart); err != nil {
							t.Error(err)
						}
					}
					return nil
				}
				_, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Trigger: "test", Full: true})
				if err != nil || !told {
					t.Fatal(told, err)
				}
				w.engine.pause = nil
				w.update(func(tx *store.Tx) error {
					ps, err := tx.PairsByUID(w.link.ID, uid)
					for _, p := range ps {
						if p.Tie != string(rule.Apart) {
							t.Errorf("tie %q dirty %v", p.Tie, p.Dirty)
						}
					}
					return err
				})
			})
		})
	}
}

// What both sides changed while an item was unlinked is asked about once it is linked again.
func TestRowB8WhatChangedWhileUnlinkedIsAsked(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "base"))
		w.clean()
		tie := func(to rule.Tie) {
			if err := w.engine.SetTie(w.ctx, w.link.ID, "uid-a", to); err != nil {
				w.t.Fatal(err)
			}
		}
		tie(rule.Apart)
		w.edit("a.ics", func(e *pim.Event) { e.Notes = "here" })
		w.change(w.record().ID, func(e *pim.Event) { e.Notes = "there" })
		w.clean()
		tie(rule.TieNone)
		w.clean()
		if n := len(w.conflicts(false)); n != 1 {
			w.t.Errorf("%d conflicts are open", n)
		}
		w.quiet()
	})
}

// What a person keeps from being deleted while a run is about to delete it stays.
func TestARejectionDuringARunHolds(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*world){
		"there": func(w *world) { w.delete("a.ics") },
		"here":  func(w *world) { w.crm.Remove(mem.Activities, w.record().ID) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := open(rule.Ask)
			rules.Approve = true
			onBoth(t, mem.Options{}, rules, func(w *world) {
				w.put("a.ics", event("uid-a", "base"))
				w.clean()
				begin(w)
				w.run() // it waits
				rejected := 0
				w.engine.pause = func(step string) error {
					if step == "looked at" && rejected == 0 {
						n, err := w.engine.Reject(w.ctx, w.link.ID, "")
						if err != nil {
							t.Error(err)
						}
						rejected = n
					}
					return nil
				}
				_, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true, AllowDeletions: true})
				if err != nil || rejected != 1 {
					t.Fatal(rejected, err)
				}
				w.engine.pause = nil
				w.run()
				w.run()
				if here, there := len(w.objects()), len(w.records()); here != 1 || there != 1 {
					t.Errorf("%d here, %d there", here, there)
				}
			})
		})
	}
}

// pairOf is the only pair of an item.
func (w *world) pairOf(uid string) (p store.Pair) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		ps, err := tx.PairsByUID(w.link.ID, uid)
		if err != nil || len(ps) != 1 {
			return errors.Join(err, fmt.Errorf("%d pairs of %s", len(ps), uid))
		}
		p = ps[0]
		return nil
	})
	return p
}

// What a run writes to a pair while a person answers to its deletion stays: the intent of a write above all.
func TestAnAnswerDuringATransactionKeepsTheIntent(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.Approve = true
	onBoth(t, mem.Options{}, rules, func(w *world) {
		w.put("a.ics", event("uid-a", "base"))
		w.clean()
		w.delete("a.ics")
		w.run() // it waits
		p := w.pairOf("uid-a")
		answered := make(chan error, 1)
		w.update(func(tx *store.Tx) error {
			now, err := tx.Pair(p.ID)
			if err != nil {
				return err
			}
			go func() {
				_, err := w.engine.Reject(w.ctx, w.link.ID, "")
				answered <- err
			}()
			time.Sleep(200 * time.Millisecond) // it waits for this transaction
			now.Intent = "delete"
			return tx.SavePair(&now)
		})
		if err := <-answered; err != nil {
			w.t.Fatal(err)
		}
		if now := w.pairOf("uid-a"); now.Intent != "delete" || now.Hold != string(rule.HoldRejected) {
			w.t.Errorf("intent %q, hold %q", now.Intent, now.Hold)
		}
	})
}

// Who unlinks an item, and a run that has it, do not wait for each other.
func TestATieTakesLocksAsRunsDo(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "base"))
		w.clean()
		p := w.pairOf("uid-a")
		done := make(chan error, 1)
		var began time.Time
		var took time.Duration
		err := w.store.Update(w.ctx, func(tx *store.Tx) error {
			if _, err := tx.Pair(p.ID); err != nil {
				return err
			}
			if began.IsZero() {
				go func() { done <- w.engine.SetTie(w.ctx, w.link.ID, "uid-a", rule.Apart) }()
				time.Sleep(200 * time.Millisecond) // it waits for this transaction
			}
			began = time.Now()
			_, err := tx.Link(w.link.ID)
			took = max(took, time.Since(began))
			return err
		})
		if err := errors.Join(err, <-done); err != nil {
			w.t.Fatal(err)
		}
		if took > 500*time.Millisecond { // PostgreSQL looks for who waits for whom after a second
			w.t.Errorf("the link was waited for %v", took)
		}
	})
}
