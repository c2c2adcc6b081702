package relay

import (
	"errors"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// A step whose answer was lost says what became of it once that is known.
func TestBegunStepsAreSettled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step string // where the process dies
		done int    // steps that are told of in the end, as done
	}{"the write was done": {"remote written", 1}, "it never was": {"intent stored", 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				begun := func(run store.RunID) (begun, done int) {
					w.view(func(tx *store.Tx) error {
						steps, err := tx.Steps(store.StepFilter{Run: run, Side: "remote"})
						begun, done = 0, 0
						for _, s := range steps {
							if s.Outcome == "begun" {
								begun++
							} else {
								done++
							}
						}
						return err
					})
					return begun, done
				}
				for _, change := range []func(){
					func() { w.put("a.ics", event("uid-a", "one")) },
					func() { w.edit("a.ics", func(e *pim.Event) { e.Title = "two" }) },
					func() { w.delete("a.ics") },
				} {
					change()
					w.engine.pause = func(s string) error {
						if s == c.step {
							return errKilled
						}
						return nil
					}
					rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{AllowDeletions: true})
					if !errors.Is(err, errKilled) {
						w.t.Fatal(err)
					}
					if b, _ := begun(rep.Run.ID); b != 1 {
						w.t.Fatalf("%d steps begun", b)
					}
					w.restart()
					w.clock.Advance(10 * leaseTime)
					w.clean()
					if b, d := begun(rep.Run.ID); b != 0 || d != c.done {
						w.t.Errorf("%d begun, %d done", b, d)
					}
				}
			})
		})
	}
}
