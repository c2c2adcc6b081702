package relay

import (
	"fmt"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
)

// cut does a run that is killed at the n-th step of that name, and then lets runs be.
func (w *world) cut(o RunOptions, step string, n int) {
	w.t.Helper()
	w.engine.pause = func(s string) error {
		if s != step {
			return nil
		}
		if n--; n > 0 {
			return nil
		}
		return errKilled
	}
	if _, err := w.engine.Run(w.ctx, w.link.ID, o); err == nil {
		w.t.Fatalf("the run was not killed at %s %d", step, n)
	}
	w.engine.pause = nil
}

func titles(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("item %d", i))
	}
	return out
}

// TestResendThatIsCutShortDeletesNothing: what a run is to make anew is nothing that somebody
// deleted, for the runs after it, either.
func TestResendThatIsCutShortDeletesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		step string
		n    int
	}{{"match", 1}, {"wake", 1}, {"act", 1}, {"item", 1}, {"intent stored", 3}, {"remote written", 4}} {
		t.Run(fmt.Sprintf("%s %d", c.step, c.n), func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{NoDeletionReport: true}, open(rule.Ask), func(w *world) {
				for _, title := range titles(5) {
					w.put(title+".ics", event("uid-"+title, title))
				}
				w.clean()
				w.crm.Clear(mem.Activities)
				w.cut(RunOptions{Resend: ToRemote}, c.step, c.n)
				for range 2 {
					w.run()
				}
				if len(w.objects()) != 5 || len(w.records()) != 5 {
					w.t.Errorf("%d objects, %d records", len(w.objects()), len(w.records()))
				}
				if len(w.conflicts(false)) != 0 {
					w.t.Errorf("what was asked for became a conflict: %+v", w.conflicts(false))
				}
				w.quiet()
			})
		})
	}
}

// TestThrottledResendGoesOn: most are made when the remote has enough; those that the brake
// withheld before are made by the next run, and not deleted because they are few now.
func TestThrottledResendGoesOn(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		for _, title := range titles(20) {
			w.put(title+".ics", event("uid-"+title, title))
		}
		w.clean()
		w.crm.Clear(mem.Activities)
		w.run()
		if len(w.objects()) != 20 {
			w.t.Fatalf("the brake let %d pass", 20-len(w.objects()))
		}
		made := 0
		w.crm.SetFaults(func(c mem.Call) mem.Fault {
			if c.Op != "create" {
				return mem.Fault{}
			}
			if made++; made <= 15 {
				return mem.Fault{}
			}
			return mem.Fault{Err: pim.Errorf("mem: create", pim.ErrThrottled, "too many")}
		})
		if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Resend: ToRemote}); pim.ReasonOf(err) != pim.ErrThrottled {
			w.t.Fatal(err)
		}
		w.crm.SetFaults(nil)
		w.run()
		if len(w.objects()) != 20 || len(w.records()) != 20 {
			w.t.Errorf("%d objects, %d records", len(w.objects()), len(w.records()))
		}
		w.quiet()
	})
}

// TestRereadThatIsCutShortDeletesNothing is the mirror: devices lost all.
func TestRereadThatIsCutShortDeletesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		for _, title := range titles(20) {
			w.crm.Add(event("", title), "")
		}
		w.clean()
		for name := range w.objects() {
			w.delete(name)
		}
		w.run()
		if len(w.records()) != 20 {
			w.t.Fatalf("the brake let %d pass", 20-len(w.records()))
		}
		w.cut(RunOptions{Resend: ToLocal}, "item", 1)
		w.run()
		if len(w.objects()) != 20 || len(w.records()) != 20 {
			w.t.Errorf("%d objects, %d records", len(w.objects()), len(w.records()))
		}
		w.quiet()
	})
}

// TestResendKeepsTheBrakeForTheRest: what is older than asked for is not made anew, and an
// empty CRM is no reason to delete it.
func TestResendKeepsTheBrakeForTheRest(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoDeletionReport: true}, open(rule.Ask), func(w *world) {
		for _, title := range titles(3) {
			w.put(title+".ics", event("uid-"+title, title))
		}
		w.clean()
		w.crm.Clear(mem.Activities)
		rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Resend: ToRemote, Since: time.Now().AddDate(100, 0, 0)})
		if err != nil || rep.Run.Outcome != OutcomeHeld {
			w.t.Fatalf("%+v, %v", rep, err)
		}
		w.run()
		if len(w.objects()) != 3 || len(w.records()) != 0 {
			w.t.Errorf("%d objects, %d records", len(w.objects()), len(w.records()))
		}
	})
}

// TestResendForgetsNoDeletion: where the rules forbid to make the item anew, its deletion
// still waits for a usual run.
func TestResendForgetsNoDeletion(t *testing.T) {
	t.Parallel()
	t.Run("to the CRM", func(t *testing.T) {
		t.Parallel()
		onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
			for _, title := range []string{"a", "b"} {
				w.crm.Add(event("", title), "")
			}
			w.clean()
			w.setRules(`{"direction":"in"}`)
			w.clean()
			w.crm.Remove(mem.Activities, w.entitled("a").ID)
			w.resend(RunOptions{Resend: ToRemote})
			if len(w.objects()) != 2 || len(w.records()) != 1 {
				w.t.Fatalf("sent: %d objects, %d records", len(w.objects()), len(w.records()))
			}
			w.clean()
			if len(w.objects()) != 1 || len(w.records()) != 1 {
				w.t.Errorf("the deletion was forgotten: %d objects, %d records", len(w.objects()), len(w.records()))
			}
		})
	})
	t.Run("to here", func(t *testing.T) {
		t.Parallel()
		onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
			for _, title := range []string{"a", "b"} {
				w.put(title+".ics", event("uid-"+title, title))
			}
			w.clean()
			w.setRules(`{"direction":"out"}`)
			w.clean()
			w.delete("a.ics")
			w.resend(RunOptions{Resend: ToLocal})
			if len(w.objects()) != 1 || len(w.records()) != 2 {
				w.t.Fatalf("sent: %d objects, %d records", len(w.objects()), len(w.records()))
			}
			w.clean()
			if len(w.objects()) != 1 || len(w.records()) != 1 {
				w.t.Errorf("the deletion was forgotten: %d objects, %d records", len(w.objects()), len(w.records()))
			}
		})
	})
}
