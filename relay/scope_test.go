package relay

import (
	"encoding/json"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// TestRowC2StartDate: activities are made from a day on, per direction, and what is there
// already stays.
func TestRowC2StartDate(t *testing.T) {
	t.Parallel()
	at := func(e *pim.Event, day string) *pim.Event {
		start, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		e.Start, e.End = pim.At(start, ""), pim.At(start.Add(time.Hour), "")
		return e
	}
	onBoth(t, mem.Options{}, parsed(t, `{"since":"2025-12-01","out":{"since":"2026-01-05"}}`), func(w *world) {
		w.put("old.ics", at(event("uid-old", "old here"), "2026-01-04"))
		w.put("new.ics", at(event("uid-new", "new here"), "2026-01-05"))
		w.crm.Add(at(event("", "old there"), "2025-11-29"), "")
		w.crm.Add(at(event("", "new there"), "2025-12-01"), "")
		w.clean()
		if len(w.objects()) != 3 || len(w.records()) != 3 {
			w.t.Fatalf("%d objects, %d records", len(w.objects()), len(w.records()))
		}
		x, err := w.engine.Explain(w.ctx, w.link.ID, "uid-old")
		if err != nil || x[0].Out.Create {
			w.t.Fatalf("%+v, %v", x, err)
		}
		found := false
		for _, reason := range x[0].Out.Reasons {
			found = found || reason.Rule == "out.since" && !reason.Holds
		}
		if !found {
			w.t.Errorf("the start date is not the reason: %+v", x[0].Out.Reasons)
		}
		w.setRules(`{"since":"2027-01-01"}`)
		w.clean()
		if len(w.objects()) != 3 {
			w.t.Errorf("a later start date deleted: %d objects", len(w.objects()))
		}
		w.setRules(`{"since":"2025-01-01"}`)
		w.clean()
		if len(w.objects()) != 4 || len(w.records()) != 4 {
			w.t.Errorf("an earlier one: %d objects, %d records", len(w.objects()), len(w.records()))
		}
	})
}

// TestRowC5ChosenGroups: only items of chosen groups come; leaving the group is no
// deletion, and an item that comes into it later comes over, though it did not change.
func TestRowC5ChosenGroups(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{"reports deletions": {}, "weak": {NoDeletionReport: true, NoLister: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, o, parsed(t, `{"groups":["fairs"]}`), func(w *world) {
				var ids []remote.ItemID
				for _, title := range []string{"booth", "lunch", "talk"} {
					ids = append(ids, w.crm.Add(event("", title), ""))
				}
				w.crm.Group("Fairs", ids[0], ids[2])
				w.clean()
				if len(w.objects()) != 2 {
					w.t.Fatalf("%d objects", len(w.objects()))
				}
				w.crm.Ungroup("Fairs", ids[0])
				w.clean()
				w.change(ids[0], func(e *pim.Event) { e.Notes = "moved out" })
				w.clean()
				if len(w.objects()) != 2 || len(w.records()) != 3 {
					w.t.Fatalf("leaving a group: %d objects, %d records", len(w.objects()), len(w.records()))
				}
				w.crm.Group("Fairs", ids[1])
				w.clean()
				if len(w.objects()) != 3 {
					w.t.Errorf("joining a group: %d objects", len(w.objects()))
				}
				w.quiet()
			})
		})
	}
}

func TestAGroupThatIsGoneDeletesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{NoDeletionReport: true}, parsed(t, `{"groups":["Fairs"]}`))
	w.crm.Group("Fairs", w.crm.Add(event("", "booth"), ""))
	w.clean()
	if _, err := w.engine.SetRules(w.ctx, w.link.ID, parsed(t, `{"groups":["Gone"]}`)); pim.ReasonOf(err) != pim.ErrInvalid {
		t.Errorf("rules with a group that does not exist: %v", err)
	}
	raw, err := json.Marshal(parsed(t, `{"groups":["Gone"]}`))
	if err != nil {
		t.Fatal(err)
	}
	w.update(func(tx *store.Tx) error { // as if it had been there
		w.link.Rules = raw
		return tx.UpdateLink(w.link, "Rules")
	})
	_, err = w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true})
	mustFail(t, err, pim.ErrInvalid)
	if len(w.objects()) != 1 || pim.PublicText(err) != `there is no group "Gone" any more` {
		t.Errorf("%d objects, %v", len(w.objects()), err)
	}
}

// TestGroupsAreChecked against those that the CRM has.
func TestGroupsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	w.crm.Group("Fairs")
	w.crm.Group("Key accounts")
	for groups, want := range map[string]string{
		"fairs": "", "key accounts": "",
		"Fair": `the CRM has no group "Fair"; it has "Fairs", "Key accounts"`,
	} {
		err := w.engine.CheckGroups(w.ctx, w.link.ID, []string{groups})
		if got := pim.PublicText(err); err != nil && got != want || err == nil && want != "" {
			t.Errorf("%s: %v", groups, err)
		}
	}
	w.setRules(`{"groups":["Fairs"]}`)
	w.engine.Remotes = fixed{struct{ remote.Remote }{w.crm.Remote()}}
	_, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{})
	mustFail(t, err, pim.ErrUnsupported)
	mustFail(t, w.engine.CheckGroups(w.ctx, w.link.ID, []string{"Fairs"}), pim.ErrUnsupported)
	if err := w.engine.CheckGroups(w.ctx, w.link.ID, nil); err != nil {
		t.Error(err)
	}
}
