package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

func TestHubToRemoteAndBack(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "made here"))
		if c := w.clean().Counts; c.CreatedRemote != 1 {
			w.t.Fatalf("%+v", c)
		}
		w.quiet()
		w.edit("a.ics", func(e *pim.Event) { e.Title = "renamed here" })
		w.clean()
		if got := w.record().Item.(*pim.Event).Title; got != "renamed here" {
			w.t.Errorf("the CRM has %q", got)
		}
		w.change(w.record().ID, func(e *pim.Event) { e.Location = "room 1" })
		w.clean()
		if got := w.item(w.object("a.ics")); got.Location != "room 1" || got.Title != "renamed here" {
			w.t.Errorf("the hub has %+v", got)
		}
		w.quiet()
		w.delete("a.ics")
		w.clean()
		if n := len(w.records()); n != 0 {
			w.t.Errorf("%d records after the deletion", n)
		}
		w.quiet()
	})
}

func TestRemoteToHub(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoUID: true, NoItemsInDelta: true}, open(rule.Ask), func(w *world) {
		for range 120 { // more than a batch
			w.crm.Add(event("", "made there"), "")
		}
		if c := w.clean().Counts; c.CreatedLocal != 120 {
			w.t.Fatalf("%+v", c)
		}
		w.quiet()
		rec := w.records()[0]
		w.change(rec.ID, func(e *pim.Event) { e.Title = "renamed there" })
		w.clean()
		found := 0
		for _, o := range w.objects() {
			if w.item(o).Title == "renamed there" {
				found++
			}
		}
		if found != 1 {
			w.t.Errorf("%d objects were renamed", found)
		}
		w.crm.Remove(mem.Activities, rec.ID)
		w.clean()
		if n := len(w.objects()); n != 119 {
			w.t.Errorf("%d objects after the deletion", n)
		}
		w.quiet()
	})
}

func TestWhatTheRemoteKnowsNothingAboutSurvives(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{Carries: map[pim.Kind]pim.FieldSet{pim.KindEvent: pim.Set(pim.FieldTitle, pim.FieldTime)}}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "title"))
		o := w.object("a.ics")
		wr, err := newCodec(w.clock.Now(), "").index(o.Kind, []byte(strings.Replace(string(o.Text), "END:VEVENT",
			"X-MOZ-LASTACK:20260101T000000Z\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT7M\r\nEND:VALARM\r\nEND:VEVENT", 1)))
		if err != nil {
			w.t.Fatal(err)
		}
		w.putText("a.ics", o.UID, wr)
		w.clean()
		w.change(w.record().ID, func(e *pim.Event) { e.Title = "their title" })
		w.clean()
		text := string(w.object("a.ics").Text)
		for _, want := range []string{"SUMMARY:their title", "X-MOZ-LASTACK:20260101T000000Z", "TRIGGER:-PT7M"} {
			if !strings.Contains(text, want) {
				w.t.Errorf("%q is gone from\n%s", want, text)
			}
		}
	})
}

// changeBoth makes one agreed item and then changes both sides.
func (w *world) changeBoth(mine, theirs func(*pim.Event)) {
	w.t.Helper()
	w.put("a.ics", event("uid-a", "base"))
	w.clean()
	w.edit("a.ics", mine)
	w.change(w.record().ID, theirs)
}

func TestDifferentFieldsMerge(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.changeBoth(func(e *pim.Event) { e.Title = "mine" }, func(e *pim.Event) { e.Location = "theirs" })
		if c := w.clean().Counts; c.Merged != 1 || c.Conflicts != 0 {
			w.t.Errorf("%+v", c)
		}
		hub, crm := w.item(w.object("a.ics")), w.record().Item.(*pim.Event)
		for _, e := range []*pim.Event{hub, crm} {
			if e.Title != "mine" || e.Location != "theirs" {
				w.t.Errorf("%+v", e)
			}
		}
		w.quiet()
	})
}

func TestSameFieldIsAskedAndSettled(t *testing.T) {
	t.Parallel()
	for _, take := range []string{"mine", "theirs", "title=theirs"} {
		t.Run(take, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				w.changeBoth(func(e *pim.Event) { e.Title, e.Notes = "mine", "note" }, func(e *pim.Event) { e.Title = "theirs" })
				w.clean()
				w.quiet()
				cs := w.conflicts(false)
				if len(cs) != 1 || cs[0].Fields != `["title"]` || cs[0].Cause != store.CauseRelay {
					w.t.Fatalf("%+v", cs)
				}
				for side, text := range map[string][]byte{"SUMMARY:base": cs[0].Base, "SUMMARY:mine": cs[0].Mine, "SUMMARY:theirs": cs[0].Theirs} {
					if !strings.Contains(string(text), side) {
						w.t.Errorf("%s is not in full in its side of the report", side)
					}
				}
				if hub, crm := w.item(w.object("a.ics")).Title, w.record().Item.(*pim.Event); hub != "mine" || crm.Title != "theirs" || crm.Notes != "note" {
					w.t.Errorf("before the decision: %q here, %+v there", hub, crm)
				}
				// Another field changes meanwhile; the open one stays open.
				w.edit("a.ics", func(e *pim.Event) { e.Location = "room" })
				w.clean()
				if crm := w.record().Item.(*pim.Event); crm.Title != "theirs" || crm.Location != "room" {
					w.t.Errorf("an open field was written: %+v", crm)
				}
				ch, err := ParseChoice(take)
				if err != nil {
					w.t.Fatal(err)
				}
				if err := w.engine.Settle(w.ctx, cs[0].ID, ch, "ann"); err != nil {
					w.t.Fatal(err)
				}
				w.clean()
				want := strings.TrimPrefix(take, "title=")
				if hub, crm := w.item(w.object("a.ics")).Title, w.record().Item.(*pim.Event).Title; hub != want || crm != want {
					w.t.Errorf("settled as %s: %q here, %q there", take, hub, crm)
				}
				w.quiet()
				if len(w.conflicts(false)) != 0 {
					w.t.Error("the report is still open")
				}
				mustFail(w.t, w.engine.Settle(w.ctx, cs[0].ID, ch, "ann"), pim.ErrExists)
			})
		})
	}
}

func TestPoliciesDecideAndKeepTheLoser(t *testing.T) {
	t.Parallel()
	for policy, want := range map[rule.Policy]string{rule.PreferCRM: "theirs", rule.PreferClient: "mine", rule.Newest: "theirs"} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			clock := storetest.NewClock()
			w := newWorldAt(t, storetest.OpenWith(t, store.Config{Now: clock.Now}), clock, "ann", mem.Options{}, open(policy))
			w.changeBoth(func(e *pim.Event) { e.Title = "mine" }, func(e *pim.Event) { e.Title = "theirs" })
			w.clock.Advance(time.Hour)
			w.change(w.record().ID, func(e *pim.Event) { e.Title = "theirs" })
			w.clean()
			if hub, crm := w.item(w.object("a.ics")).Title, w.record().Item.(*pim.Event).Title; hub != want || crm != want {
				t.Errorf("%q here, %q there, want %q", hub, crm, want)
			}
			cs := w.conflicts(true)
			if len(cs) != 1 || cs[0].ResolvedAt == nil || !strings.Contains(string(cs[0].Mine), "mine") || !strings.Contains(string(cs[0].Theirs), "theirs") {
				t.Errorf("the losing value is not kept: %+v", cs)
			}
			w.quiet()
		})
	}
}

// Of three replicas Exchange is the one that wins, and the CRM gets its value.
func TestRowX7ExchangeWins(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, "ann", mem.Options{}, open(rule.Ask))
		crm, exchange := w.spoke(), w.join(mem.Options{}, open(rule.PreferMail))
		w.put("a.ics", event("uid-a", "base"))
		w.clean()
		w.at(exchange)
		w.clean()
		w.edit("a.ics", func(e *pim.Event) { e.Title = "mine" })
		w.change(w.record().ID, func(e *pim.Event) { e.Title = "theirs" })
		w.clean()
		cs := w.conflicts(true)
		if len(cs) != 1 || cs[0].ResolvedAt == nil || !strings.Contains(string(cs[0].Mine), "mine") || !strings.Contains(string(cs[0].Theirs), "theirs") {
			t.Errorf("the losing value is not kept: %+v", cs)
		}
		w.at(crm)
		w.clean()
		if hub, crm := w.item(w.object("a.ics")).Title, w.record().Item.(*pim.Event).Title; hub != "theirs" || crm != "theirs" {
			t.Errorf("%q here, %q in the CRM", hub, crm)
		}
	})
}

func TestAChangeBeatsADeletion(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "base"))
		w.clean()
		w.delete("a.ics")
		w.change(w.record().ID, func(e *pim.Event) { e.Title = "still needed" })
		w.clean()
		if got := w.item(w.only()).Title; got != "still needed" {
			w.t.Errorf("the hub has %q", got)
		}
		w.quiet()

		w.crm.Remove(mem.Activities, w.record().ID)
		w.edit(w.only().Name, func(e *pim.Event) { e.Title = "needed here" })
		w.clean()
		if got := w.record().Item.(*pim.Event).Title; got != "needed here" {
			w.t.Errorf("the CRM has %q", got)
		}
		w.quiet()
	})
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		step := func(what string, do func(), check func() bool) {
			w.t.Helper()
			do()
			w.crm.LoseAnswers(1)
			if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{}); err != nil && !errors.Is(err, pim.ErrUnavailable) {
				w.t.Fatalf("%s: %v", what, err)
			}
			w.clock.Advance(time.Hour)
			w.restart()
			w.clean()
			if !check() {
				w.t.Errorf("%s: %+v", what, w.records())
			}
			w.clock.Advance(time.Hour)
			w.quiet()
			if len(w.conflicts(true)) != 0 {
				w.t.Errorf("%s: our own write was taken for somebody else's", what)
			}
		}
		step("create", func() { w.put("a.ics", event("uid-a", "one")) }, func() bool { return len(w.records()) == 1 && len(w.objects()) == 1 })
		step("update", func() { w.edit("a.ics", func(e *pim.Event) { e.Title = "two" }) },
			func() bool { return w.record().Item.(*pim.Event).Title == "two" && len(w.objects()) == 1 })
		step("delete", func() { w.delete("a.ics") }, func() bool { return len(w.records()) == 0 && len(w.objects()) == 0 })
	})
}

// TestKilledAnywhere ends the process at every step of a run that has one of each
// kind of work, and wants the next run to find and finish everything.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	for n := 1; ; n++ {
		w := newWorld(t, s, "ann"+strings.Repeat("x", n), mem.Options{}, open(rule.Ask))
		for _, u := range []string{"edit", "delete", "merge", "theirs"} {
			w.put(u+".ics", event("uid-"+u, u))
		}
		w.clean()
		by := map[string]int{}
		for i, r := range w.records() {
			by[r.Item.(*pim.Event).Title] = i
		}
		rs := w.records()
		w.put("new.ics", event("uid-new", "new"))
		w.edit("edit.ics", func(e *pim.Event) { e.Title = "edited" })
		w.delete("delete.ics")
		w.edit("merge.ics", func(e *pim.Event) { e.Title = "merged here" })
		w.change(rs[by["merge"]].ID, func(e *pim.Event) { e.Location = "merged there" })
		w.change(rs[by["theirs"]].ID, func(e *pim.Event) { e.Title = "theirs edited" })
		w.crm.Add(event("", "new there"), "")
		w.kill(n)
		_, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true})
		w.restart()
		if err == nil {
			if n < 15 {
				t.Fatalf("only %d steps: the test does not reach far", n)
			}
			break
		}
		if !errors.Is(err, errKilled) {
			t.Fatalf("step %d: %v", n, err)
		}
		w.clean()
		w.quiet()
		want := map[string]string{"new": "", "edited": "", "merged here": "merged there", "theirs edited": "", "new there": ""}
		hub, crm := map[string]string{}, map[string]string{}
		for _, o := range w.objects() {
			e := w.item(o)
			hub[e.Title] += e.Location
		}
		for _, r := range w.records() {
			e := r.Item.(*pim.Event)
			crm[e.Title] += e.Location
		}
		for _, side := range []map[string]string{hub, crm} {
			if len(side) != len(want) {
				t.Errorf("killed at step %d: %v", n, side)
			}
			for title, location := range want {
				if got, ok := side[title]; !ok || got != location {
					t.Errorf("killed at step %d: %q is %q, %v", n, title, got, ok)
				}
			}
		}
		if len(w.objects()) != len(want) || len(w.records()) != len(want) {
			t.Errorf("killed at step %d: %d objects, %d records", n, len(w.objects()), len(w.records()))
		}
	}
}

// TestRowB11NotesWaitUntilTheObjectRests: a client that edits what it just made must not
// be refused because the relay wrote the CRM's page address meanwhile.
func TestRowB11NotesWaitUntilTheObjectRests(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	w := newWorldAt(t, storetest.OpenWith(t, store.Config{Now: clock.Now}), clock, "ann", mem.Options{}, open(rule.Ask))
	made := w.put("a.ics", event("uid-a", "made here"))
	w.clean()
	if w.object("a.ics").ETag != made.ETag {
		t.Fatal("the object was written at once")
	}
	w.quiet()
	w.clock.Advance(11 * time.Minute)
	w.clean()
	if e := w.item(w.object("a.ics")); e.URL == "" || e.Title != "made here" {
		t.Errorf("not annotated: %+v", e)
	}
	w.quiet()
	// A link of the person's own stays.
	own := event("uid-b", "with a link")
	own.URL = "https://meet.example.org/room"
	w.put("b.ics", own)
	w.clean()
	w.clock.Advance(11 * time.Minute)
	w.clean()
	if got := w.item(w.object("b.ics")).URL; got != own.URL {
		t.Errorf("the person's link was replaced by %s", got)
	}
}

func TestRowB4C7ProgressAndStop(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		for i := range 120 {
			w.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprintf("uid-%d", i), "made here"))
		}
		ctx, stop := context.WithCancel(w.ctx)
		var seen []string
		rep, err := w.engine.Run(ctx, w.link.ID, RunOptions{Progress: func(part string, done, total int) {
			seen = append(seen, fmt.Sprintf("%s %d/%d", part, done, total))
			if done > 0 {
				stop()
			}
		}})
		if !errors.Is(err, context.Canceled) || rep.Run.Outcome != OutcomeCancelled {
			w.t.Fatalf("stopped: %v, %s", err, rep.Run.Outcome)
		}
		if want := "act 50/120"; seen[len(seen)-1] != want || seen[0] != "resume 0/0" {
			w.t.Errorf("%q, want %q at the end", seen, want)
		}
		w.clean()
		if len(w.records()) != 120 {
			w.t.Errorf("%d records", len(w.records()))
		}
		w.quiet()
	})
}
