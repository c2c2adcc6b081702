package relay

import (
	"context"
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// pending reports a pair whose choice is being taken back.
func (w *world) pending() (found bool) {
	w.view(func(tx *store.Tx) error {
		ps, err := tx.Intents(w.link.ID)
		found = len(ps) == 1 && strings.HasPrefix(ps[0].Intent, "undo ")
		return err
	})
	return found
}

// What somebody changed since is not overwritten, on either side.
func TestRowB12TakingBackIsRefused(t *testing.T) {
	t.Parallel()
	since := map[string]func(*world){
		"here":  func(w *world) { w.edit("a.ics", func(e *pim.Event) { e.Title = "since" }) },
		"notes": func(w *world) { w.edit("a.ics", func(e *pim.Event) { e.Notes = "since" }) },
		"there": func(w *world) {
			for _, r := range w.records() {
				w.change(r.ID, func(e *pim.Event) { e.Title = "since" })
			}
		},
		"there, read": func(w *world) {
			for _, r := range w.records() {
				w.change(r.ID, func(e *pim.Event) { e.Title = "since" })
			}
			w.clean()
		},
		"gone here": func(w *world) { w.delete("a.ics") },
		"gone there": func(w *world) {
			for _, r := range w.records() {
				w.crm.Remove(mem.Activities, r.ID)
			}
		},
	}
	for what, change := range since {
		for take := range choices {
			t.Run(what+" "+take, func(t *testing.T) {
				t.Parallel()
				inTurn(t, mem.Options{}, open(rule.Ask), func(w *world) {
					id := w.collision()
					w.choose(id, take)
					w.clean()
					w.clean()
					change(w)
					before := w.both()
					mustFail(w.t, w.engine.Undo(w.ctx, id, "ann"), pim.ErrConflict)
					if after := w.both(); after != before || len(w.conflicts(false)) != 0 || w.pending() {
						w.t.Errorf("refused, and yet: %d open, pending %t\n%s\n%s", len(w.conflicts(false)), w.pending(), before, after)
					}
				})
			})
		}
	}
}

// While the remote cannot be reached nothing is changed; nor when it refuses the write.
func TestRowB12TakingBackNeedsTheRemote(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		id := w.collision()
		first := w.both()
		w.choose(id, "mine")
		w.clean()
		before := w.both()
		for call, reason := range []pim.Reason{pim.ErrUnavailable, pim.ErrRefused} {
			w.crm.FailCall(call+1, &pim.Error{Op: "mem", Kind: reason, Public: "no"})
			mustFail(w.t, w.engine.Undo(w.ctx, id, "ann"), reason)
			w.crm.SetFaults(nil)
			if after := w.both(); after != before || len(w.conflicts(false)) != 0 || w.pending() {
				w.t.Errorf("%s: %s", reason, after)
			}
		}
		// The answer to the write is lost: what was begun is finished.
		w.crm.LoseAnswers(1)
		mustFail(w.t, w.engine.Undo(w.ctx, id, "ann"), pim.ErrUnavailable)
		w.crm.LoseAnswers(0)
		w.clean()
		w.openAgain(id, first)
		// Paused or not.
		w.choose(id, "mine")
		w.clean()
		if _, err := w.engine.SetPaused(w.ctx, w.link.ID, true); err != nil {
			w.t.Fatal(err)
		}
		w.takeBack(id)
		if !w.linkNow().Paused {
			w.t.Error("the link goes on")
		}
		if _, err := w.engine.SetPaused(w.ctx, w.link.ID, false); err != nil {
			w.t.Fatal(err)
		}
		w.openAgain(id, first)
	})
}

// A report outlives its link: it can be settled, and that be taken back, for what is here.
func TestRowB12ALinkThatIsGone(t *testing.T) {
	t.Parallel()
	for take, want := range map[string]string{"mine": "mine@my place", "theirs": "theirs@their place", "title=mine,location=theirs": "mine@their place",
		"both": "mine@my place,theirs@their place"} {
		t.Run(take, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				id := w.collision()
				// As the queue does it, for which a link that is gone is an error.
				w.engine.Wake = func(_ context.Context, tx *store.Tx, id store.LinkID) error {
					_, err := tx.Link(id)
					return err
				}
				w.update(func(tx *store.Tx) error { return w.engine.RemoveLink(tx, w.link.ID, true) })
				here := func() string { s, _, _ := strings.Cut(w.sides(), " | "); return s }
				for range 2 {
					w.choose(id, take)
					if got := here(); got != want || len(w.conflicts(false)) != 0 {
						w.t.Errorf("settled: %s, %d open", got, len(w.conflicts(false)))
					}
					w.takeBack(id)
					if got := here(); got != "mine@my place" || len(w.conflicts(false)) != 1 {
						w.t.Errorf("taken back: %s, %d open", got, len(w.conflicts(false)))
					}
				}
			})
		})
	}
}
