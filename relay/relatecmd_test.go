package relay

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// tied are the changeable relations of an item, in words.
func (w *world) tied(uid string) string {
	w.t.Helper()
	t, err := w.engine.Relations(w.ctx, w.link.ID, uid)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, r := range t.Roles {
		for _, to := range r.To {
			out = append(out, r.ID+"="+to.Name)
		}
	}
	return strings.Join(out, " ")
}

func (w *world) relate(c Relating) Tied {
	w.t.Helper()
	t, err := w.engine.Relate(w.ctx, w.link.ID, "a", c, "shell")
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

// TestRowB18ShownAndEdited: what an item is tied to is shown with names, changed in the CRM by a
// person, told in its history, and taken back.
func TestRowB18ShownAndEdited(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{"strong": {}, "weak": {NoDeletionReport: true, Unchecked: true, NotIdempotent: true, NoUID: true, Bump: true, NoItemsInDelta: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, o, open(rule.Ask), func(w *world) {
				w.staff("Ann Acme ann@acme.example.org", "Bea Beta bea@beta.example.org")
				deal := w.crm.AddThing(mem.RoleOpportunity, "Big deal")
				w.put("a.ics", event("a", "Lunch"))
				w.clean()
				if got := w.tied("a"); got != "" {
					w.t.Errorf("at first %q", got)
				}
				done := w.relate(Relating{Set: map[string]string{"company": "acme", "contact": "ANN@acme.example.org", "opportunity": string(deal)}})
				if got := w.tied("a"); got != "company=Acme contact=Ann opportunity=Big deal" || done.Run == 0 {
					w.t.Fatalf("%q, run %d", got, done.Run)
				}
				if rec := w.record().Item.(*pim.Event); rec.CRM.Company != "Acme" || rec.CRM.Contact != "Ann" || rec.Title != "Lunch" {
					w.t.Errorf("%+v", rec)
				}
				w.clean()
				if it := w.item(w.object("a.ics")); it.CRM.Company != "Acme" || it.CRM.Contact != "Ann" {
					w.t.Errorf("here: %+v", it.CRM)
				}
				w.quiet()
				x, err := w.engine.Explain(w.ctx, w.link.ID, "a")
				if err != nil || !strings.Contains(strings.Join(x[0].Words, "\n"), `tied to company "Acme", contact "Ann", opportunity "Big deal".`) {
					w.t.Errorf("%v %v", x, err)
				}
				h, err := w.engine.History(w.ctx, w.coll.ID, "a")
				if err != nil {
					w.t.Fatal(err)
				}
				told := ""
				for _, ev := range h.Events {
					if ev.Action == "relate" {
						told = fmt.Sprintf("%s %s %s %v", ev.By, ev.By.Side, ev.Outcome, ev.Fields)
					}
				}
				for _, part := range []string{"command line client done", "Acme", "Ann", "Big deal"} {
					if !strings.Contains(told, part) {
						w.t.Errorf("the history says %q, without %q", told, part)
					}
				}
				// The same again is no write.
				if again := w.relate(Relating{Set: map[string]string{"company": "Acme"}}); again.Run != 0 {
					w.t.Errorf("run %d for nothing", again.Run)
				}
				u, err := w.engine.UndoRun(w.ctx, done.Run)
				if err != nil || u.Items != 1 || len(u.Left) != 0 || u.Paused || u.Already {
					w.t.Fatalf("%+v %v", u, err)
				}
				if u, err = w.engine.UndoRun(w.ctx, done.Run); err != nil || !u.Already || u.Paused || u.Run.ID != 0 {
					w.t.Errorf("once more: %+v %v", u, err)
				}
				if got := w.tied("a"); got != "" {
					w.t.Errorf("taken back: %q", got)
				}
				w.clean() // it is not paused
				if it := w.item(w.object("a.ics")); it.CRM.Company != "" || it.Title != "Lunch" {
					w.t.Errorf("here, taken back: %+v", it.CRM)
				}
				w.quiet()
				later := w.relate(Relating{Set: map[string]string{"contact": "Bea"}})
				w.relate(Relating{Clear: []string{"contact"}})
				u, err = w.engine.UndoRun(w.ctx, later.Run)
				if err != nil || u.Items != 1 {
					w.t.Errorf("cleared since: %+v %v", u, err) // as it was before, all the same
				}
				later = w.relate(Relating{Set: map[string]string{"contact": "Bea"}})
				w.relate(Relating{Set: map[string]string{"contact": "Ann"}})
				u, err = w.engine.UndoRun(w.ctx, later.Run)
				if err != nil || u.Items != 0 || len(u.Left) != 1 || !strings.Contains(u.Left[0].Reason, "tied to something else since") {
					w.t.Errorf("changed since: %+v %v", u, err)
				}
			})
		})
	}
}

// TestRowB18IsRefused, and writes nothing, when the record changed since, or when it is not
// clear what is meant.
func TestRowB18IsRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.staff("Ann Acme ann@acme.example.org", "Ann Beta ann@beta.example.org", "Cid Acme cid@acme.example.org")
		w.put("a.ics", event("a", "Lunch"))
		w.clean()
		refused := func(c Relating, kind pim.Reason, says string) {
			w.t.Helper()
			_, err := w.engine.Relate(w.ctx, w.link.ID, "a", c, "shell")
			if pim.ReasonOf(err) != kind || !strings.Contains(pim.PublicText(err), says) {
				w.t.Errorf("%+v: %v", c, err)
			}
		}
		set := func(role, text string) Relating { return Relating{Set: map[string]string{role: text}} }
		refused(set("contact", "Nobody"), pim.ErrInvalid, `knows no contact "Nobody"`)
		refused(set("contact", "Ann"), pim.ErrInvalid, "several fit")
		refused(set("participant", "Cid"), pim.ErrInvalid, "cannot be changed")
		refused(set("spouse", "Cid"), pim.ErrInvalid, `"company", "contact", "opportunity", "project"`)
		refused(Relating{Set: map[string]string{"contact": "Cid"}, Clear: []string{"contact"}}, pim.ErrInvalid, "to be cleared")
		refused(Relating{Version: "0", Set: map[string]string{"contact": "Cid"}}, pim.ErrConflict, "changed on the remote")
		refused(Relating{Version: "old", Set: map[string]string{"contact": "Cid"}}, pim.ErrInvalid, "is no version of a record")
		w.change(w.record().ID, func(e *pim.Event) { e.Title = "moved" })
		refused(set("contact", "Cid"), pim.ErrConflict, "changed on the remote")
		if got := w.tied("a"); got != "" {
			w.t.Errorf("it is tied to %q", got)
		}
		w.relate(set("contact", "Cid")) // seen now
		_, err := w.engine.Relate(w.ctx, w.link.ID, "no such", set("contact", "Cid"), "shell")
		mustFail(w.t, err, pim.ErrNotFound)
		w.rulesOf(w.link, `{"direction":"in"}`)
		refused(set("contact", "Ann"), pim.ErrInvalid, "writes nothing")
		w.rulesOf(w.link, `{}`)
		w.crm.LoseAnswers(1)
		refused(Relating{Clear: []string{"contact"}}, pim.ErrUnavailable, "")
		w.clean() // and reads that it was done
		if got := w.tied("a"); got != "" {
			w.t.Errorf("it is tied to %q", got)
		}
		w.view(func(tx *store.Tx) error {
			steps, err := tx.RemoteSteps(w.link.ID, "a")
			if last := steps[len(steps)-1]; last.Action != "relate" || last.Outcome != "done" {
				w.t.Errorf("%+v", last)
			}
			return err
		})
		w.engine.Remotes = fixed{struct{ remote.Remote }{w.crm.Remote()}}
		refused(set("contact", "Cid"), pim.ErrUnsupported, "does not tell")
	})
}

// TestRowB18RelatingIsKilledAnywhere: the run after it tells what came of it, and every run has an end.
func TestRowB18RelatingIsKilledAnywhere(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		killed := 0
		for step, done := 1, false; !done; step++ {
			w := newWorld(t, s, fmt.Sprintf("ann%d", step), mem.Options{}, open(rule.Ask))
			w.staff("Ann Acme ann@acme.example.org")
			w.put("a.ics", event("a", "Lunch"))
			w.clean()
			w.kill(step)
			_, err := w.engine.Relate(w.ctx, w.link.ID, "a", Relating{Set: map[string]string{"company": "Acme"}}, "shell")
			if done = err == nil; !done {
				if !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
				killed++
			}
			w.restart()
			w.clean()
			written := w.tied("a") != ""
			w.view(func(tx *store.Tx) error {
				steps, err := tx.RemoteSteps(w.link.ID, "a")
				told := slices.ContainsFunc(steps, func(s store.Step) bool { return s.Action == "relate" && s.Outcome == "done" })
				if told != written {
					t.Errorf("killed at step %d: written %t, told %+v", step, written, steps)
				}
				if err != nil {
					return err
				}
				runs, err := tx.Runs(store.RunFilter{Link: w.link.ID})
				for _, r := range runs {
					if cut := r.Trigger == "relate" && !done; r.Ended == nil || (r.Outcome == OutcomeCancelled) != cut {
						t.Errorf("killed at step %d: run %+v", step, r)
					}
				}
				return err
			})
			w.quiet()
			if w.relate(Relating{Set: map[string]string{"company": "Acme"}}); w.tied("a") != "company=Acme" {
				t.Errorf("killed at step %d: it is tied to %q", step, w.tied("a"))
			}
		}
		if killed < 2 {
			t.Errorf("killed %d times", killed)
		}
	})
}

// TestRowB18PreviewWritesNothing: relations are asked through a preview's remote and never changed
// by it.
func TestRowB18PreviewWritesNothing(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	crm, err := mem.New(mem.Options{Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	id := crm.Add(event("", "Lunch"), "")
	deal := crm.AddThing(mem.RoleProject, "Bridge")
	d := newDry(crm.Remote(), clock.Now)
	rel, ok := remote.As[remote.Relations](remote.Remote(d))
	if !ok {
		t.Fatal("no relations")
	}
	recs, err := d.Fetch(t.Context(), mem.Activities, []remote.ItemID{id})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := rel.Relate(t.Context(), mem.Activities, recs[0].Ref, map[string]remote.ItemID{mem.RoleProject: deal})
	if err != nil || rec.Version == recs[0].Version {
		t.Errorf("%+v %v", rec, err)
	}
	if _, err := rel.Relate(t.Context(), mem.Activities, recs[0].Ref, nil); pim.ReasonOf(err) != pim.ErrConflict {
		t.Errorf("an old version: %v", err)
	}
	got, err := crm.Remote().(remote.Relations).Related(t.Context(), mem.Activities, remote.Scope{AllOwners: true}, []remote.ItemID{id})
	if err != nil || len(got[id]) != 0 {
		t.Errorf("it wrote %v %v", got, err)
	}
	if _, ok := remote.As[remote.Relations](remote.Remote(newDry(struct{ remote.Remote }{crm.Remote()}, clock.Now))); ok {
		t.Error("a preview has relations that the remote has not")
	}
}
