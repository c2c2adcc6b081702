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
	"crmbridge/store"
	"crmbridge/store/storetest"
)

func TestBound(t *testing.T) {
	t.Parallel()
	tasks := func(actions ...Action) (out []Task) {
		for i, a := range actions {
			out = append(out, Task{Pair: store.PairID(i), Action: a})
		}
		return out
	}
	plan := tasks(UpdateRemote, CreateRemote, CreateRemote, CreateLocal, CreateRemote, DeleteRemote)
	for _, c := range []struct {
		made, most int
		kept       []Action
		says       string
	}{
		{0, -1, []Action{UpdateRemote, CreateRemote, CreateRemote, CreateLocal, CreateRemote, DeleteRemote}, ""},
		{0, 3, []Action{UpdateRemote, CreateRemote, CreateRemote, CreateLocal, CreateRemote, DeleteRemote}, ""},
		{7, 9, []Action{UpdateRemote, CreateRemote, CreateRemote, CreateLocal, DeleteRemote}, "1 items more would be made there, after 9 within an hour, and the rule createsPerHour allows 9"},
		{10, 9, []Action{UpdateRemote, CreateLocal, DeleteRemote}, "3 items more"},
	} {
		kept, reason := Bound(plan, c.made, c.most)
		var have []Action
		for _, k := range kept {
			have = append(have, k.Action)
		}
		if !slices.Equal(have, c.kept) || !strings.Contains(reason, c.says) || (reason == "") != (c.says == "") {
			t.Errorf("%d of %d: %v, %q", c.made, c.most, have, reason)
		}
	}
}

// What a device makes by the thousand, as one that was taken over does, waits for a person once the first run is over.
func TestMoreThanMayBeMadeWaits(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	rules := open(rule.Ask)
	rules.CreatesPerHour = 5
	w := newWorldAt(t, storetest.OpenWith(t, store.Config{Now: clock.Now}), clock, "ann", mem.Options{}, rules)
	made := 0
	make := func(n int) {
		for range n {
			w.put(fmt.Sprintf("%d.ics", made), event(fmt.Sprintf("uid-%d", made), "item"))
			made++
		}
	}
	make(20)
	w.clean() // the first run is not bounded
	make(3)
	w.clean()
	make(4)
	rep := w.run()
	if rep.Run.Outcome != OutcomeHeld || len(w.records()) != 25 || !strings.Contains(rep.Held, "2 items more would be made there, after 5 within an hour") {
		t.Fatalf("%s: %s, %d records", rep.Run.Outcome, rep.Held, len(w.records()))
	}
	if rep := w.run(); rep.Run.Outcome != OutcomeHeld || len(w.records()) != 25 {
		t.Fatalf("again: %s, %d records", rep.Run.Outcome, len(w.records()))
	}
	if _, err := w.engine.AllowMany(w.ctx, w.link.ID); err != nil {
		t.Fatal(err)
	}
	make(10)
	if rep := w.run(); rep.Run.Outcome != OutcomeOK || len(w.records()) != 37 {
		t.Fatalf("allowed: %s %s, %d records", rep.Run.Outcome, rep.Held, len(w.records()))
	}
	// The word is good for an hour, and what went by it does not count afterwards.
	clock.Advance(boundSpan + time.Minute)
	make(5)
	w.clean()
	make(1)
	if rep := w.run(); rep.Run.Outcome != OutcomeHeld || len(w.records()) != 42 {
		t.Fatalf("later: %s, %d records", rep.Run.Outcome, len(w.records()))
	}
	clock.Advance(boundSpan + time.Minute)
	w.clean()
	if len(w.records()) != 43 {
		t.Errorf("an hour later: %d records", len(w.records()))
	}
}

// However many a device invites, no more are mailed within an hour than the rules say, unless a person lets them.
func TestNoMoreAreMailedThanMayBe(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	rules := open(rule.Ask)
	rules.Mail, rules.MailsPerHour = rule.MailAllow, 4
	w := newWorldAt(t, storetest.OpenWith(t, store.Config{Now: clock.Now}), clock, "ann", mem.Options{}, rules)
	w.put("zero.ics", event("uid-0", "nobody"))
	w.clean()
	w.mayMail = true
	w.put("a.ics", invited("uid-a", "three", "bo", "cy", "di"))
	w.clean()
	w.put("b.ics", invited("uid-b", "two more", "ed", "flo"))
	w.put("c.ics", invited("uid-c", "one more", "gus"))
	w.put("d.ics", event("uid-d", "nobody"))
	w.run()
	waits := func() (uids []string) {
		err := w.store.View(w.ctx, func(tx *store.Tx) error {
			return tx.EachPair(w.link.ID, func(p *store.Pair) error {
				if p.Error != "" {
					if p.ErrorKind != string(pim.ErrHeld) || !strings.Contains(p.Error, "mailsPerHour") {
						t.Errorf("%s: %s: %s", p.UID, p.ErrorKind, p.Error)
					}
					uids = append(uids, p.UID)
				}
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		return uids
	}
	if got := waits(); !slices.Equal(got, []string{"uid-b"}) || len(w.records()) != 4 {
		t.Fatalf("%v wait, %d records", got, len(w.records()))
	}
	if _, err := w.engine.AllowMany(w.ctx, w.link.ID); err != nil {
		t.Fatal(err)
	}
	w.run()
	if got := waits(); len(got) != 0 || len(w.records()) != 5 {
		t.Errorf("allowed: %v wait, %d records", got, len(w.records()))
	}
}
