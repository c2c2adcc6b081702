package relay

import (
	"fmt"
	"sync/atomic"
	"testing"

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
				storetest.Each(t, func(t *testing.T, s *store.Store) {
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
