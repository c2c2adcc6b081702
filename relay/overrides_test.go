package relay

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
)

func TestOccurrencesGoBothWays(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		series := daily()
		occurAt(series, nth(1), retitle("first"))
		exclude(2)(series)
		w.put("a.ics", series)
		w.clean()
		out := nth(2).String() + " -"
		w.agree(said(1, "first", "Room 1"), out)

		w.change(w.record().ID, occur(3, move("Garden")))
		w.clean()
		w.agree(said(1, "first", "Room 1"), out, said(3, "Meeting", "Garden"))

		w.edit("a.ics", occur(3, retitle("third")))
		w.clean()
		w.agree(said(1, "first", "Room 1"), out, said(3, "third", "Garden"))

		w.change(w.record().ID, exclude(3))
		w.clean()
		w.agree(said(1, "first", "Room 1"), out, nth(3).String()+" -")

		w.edit("a.ics", reset(1))
		w.clean()
		w.agree(out, nth(3).String()+" -")

		w.change(w.record().ID, func(e *pim.Event) { e.Recurrence.Except = nil })
		w.clean()
		w.agree()
	})
}

// A series that a person made at the remote comes with all that it says.
func TestASeriesOfTheRemoteComesWithItsOccurrences(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		series := daily()
		occurAt(series, nth(1), retitle("first"))
		exclude(2)(series)
		w.crm.Add(series, "")
		w.clean()
		w.agree(said(1, "first", "Room 1"), nth(2).String()+" -")
		// The page of the series is that of its occurrences, too.
		o := w.item(w.only())
		if page := o.Recurrence.Changed[0].Item.(*pim.Event).URL; page == "" || page != o.URL {
			t.Errorf("the page of the occurrence is %q, of the series %q", page, o.URL)
		}
	})
}

func TestTwoPeopleWithOneSeries(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, mine, theirs func(*pim.Event)
		want                 []string
		reports              int
	}{
		"two occurrences": {nil, occur(1, retitle("mine")), occur(2, retitle("theirs")), []string{said(1, "mine", "Room 1"), said(2, "theirs", "Room 1")}, 0},
		"two fields":      {nil, occur(1, retitle("mine")), occur(1, move("theirs")), []string{said(1, "mine", "theirs")}, 0},
		"two fields of one that differed": {occur(1, retitle("was")), occur(1, retitle("mine")), occur(1, move("theirs")),
			[]string{said(1, "mine", "theirs")}, 0},
		"an exclusion and a change of another": {nil, exclude(1), occur(2, retitle("theirs")), []string{nth(1).String() + " -", said(2, "theirs", "Room 1")}, 0},
		"two exclusions":                       {nil, exclude(1), exclude(2), []string{nth(1).String() + " -", nth(2).String() + " -"}, 0},
		"the rule and an occurrence": {nil, func(e *pim.Event) { e.Recurrence.Rules = []string{"FREQ=DAILY;COUNT=9"} }, occur(1, retitle("theirs")),
			[]string{said(1, "theirs", "Room 1")}, 0},
		"the series renamed there, an occurrence moved here": {nil, occur(1, move("mine")), retitle("theirs"), []string{said(1, "theirs", "mine")}, 0},
		"excluded here, changed there":                       {nil, exclude(1), occur(1, retitle("theirs")), []string{said(1, "theirs", "Room 1")}, 1},
		"changed here, excluded there":                       {occur(1, move("was")), occur(1, retitle("mine")), exclude(1), []string{said(1, "mine", "was")}, 1},
		"excluded there, as it was here":                     {occur(1, move("was")), occur(2, retitle("mine")), exclude(1), []string{nth(1).String() + " -", said(2, "mine", "Room 1")}, 0},
		"set back there, another field here":                 {occur(1, move("was")), occur(1, retitle("mine")), reset(1), []string{said(1, "mine", "Room 1")}, 0},
		"set back here, another field there":                 {occur(1, move("was")), reset(1), occur(1, retitle("theirs")), []string{said(1, "theirs", "Room 1")}, 0},
		"set back on both sides":                             {occur(1, move("was")), reset(1), reset(1), nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				series := daily()
				if c.before != nil {
					c.before(series)
				}
				w.put("a.ics", series)
				w.clean()
				w.edit("a.ics", c.mine)
				w.change(w.record().ID, c.theirs)
				w.clean()
				w.agree(c.want...)
				if open, all := w.conflicts(false), w.conflicts(true); len(open) > 0 || len(all) != c.reports {
					t.Errorf("%d reports, %d of them open", len(all), len(open))
				}
			})
		})
	}
}

// The same field of one occurrence is settled by the policy; whatever else both sides changed stays.
func TestTwoPeopleWithOneFieldOfAnOccurrence(t *testing.T) {
	t.Parallel()
	for policy, title := range map[rule.Policy]string{rule.PreferCRM: "theirs", rule.PreferClient: "mine", rule.Ask: ""} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(policy), func(w *world) {
				w.put("a.ics", daily())
				w.clean()
				w.edit("a.ics", func(e *pim.Event) { occur(1, retitle("mine"))(e); occur(2, move("mine"))(e) })
				w.change(w.record().ID, func(e *pim.Event) { occur(1, retitle("theirs"))(e); occur(3, move("theirs"))(e) })
				w.clean()
				if cs := w.conflicts(true); len(cs) != 1 || (cs[0].ResolvedAt == nil) != (policy == rule.Ask) ||
					!bytes.Contains(cs[0].Mine, []byte("mine")) || !bytes.Contains(cs[0].Theirs, []byte("theirs")) {
					t.Fatalf("%+v", cs)
				}
				if policy == rule.Ask {
					if err := w.engine.Settle(w.ctx, w.conflicts(false)[0].ID, Choice{All: Theirs}, "ann"); err != nil {
						t.Fatal(err)
					}
					w.clean()
					w.agree(said(1, "theirs", "Room 1"), said(3, "Meeting", "theirs"))
					return
				}
				w.agree(said(1, title, "Room 1"), said(2, "Meeting", "mine"), said(3, "Meeting", "theirs"))
			})
		})
	}
}

// The series moves on one side, and an occurrence of it differs on the other: its name moves along.
func TestASeriesThatMovesTakesOccurrencesAlong(t *testing.T) {
	t.Parallel()
	later := func(e *pim.Event) {
		up := func(w pim.When) pim.When { return pim.At(w.Time.Add(time.Hour), "") }
		e.Start, e.End = up(e.Start), up(e.End)
		for i := range e.Recurrence.Except {
			e.Recurrence.Except[i] = up(e.Recurrence.Except[i])
		}
		for i := range e.Recurrence.Changed {
			e.Recurrence.Changed[i].At = up(e.Recurrence.Changed[i].At)
		}
	}
	up := func(n int) string { return pim.At(nth(n).Time.Add(time.Hour), "").String() }
	for name, c := range map[string]struct{ mine, theirs func(*pim.Event) }{
		"there": {func(e *pim.Event) { exclude(1)(e); occur(2, move("Garden"))(e) }, later},
		"here":  {later, func(e *pim.Event) { exclude(1)(e); occur(2, move("Garden"))(e) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				w.put("a.ics", daily())
				w.clean()
				w.edit("a.ics", c.mine)
				w.change(w.record().ID, c.theirs)
				w.clean()
				w.agree(up(1)+" -", up(2)+" Meeting, Garden, "+up(2))
			})
		})
	}
}

// dailyBy is daily by another rule.
func dailyBy(rule string) *pim.Event {
	e := daily()
	e.Recurrence.Rules = []string{rule}
	return e
}

// Rules that two programs spell in two ways are no difference: not when the sides meet, and not when one side spells its own anew. What a
// device wrote stays as it is.
func TestSpellingsOfARuleAreNoDifference(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		const here, there = "FREQ=DAILY;INTERVAL=1;UNTIL=20260112;WKST=SU", "FREQ=DAILY;UNTIL=20260112T090000Z"
		w.put("a.ics", dailyBy(here))
		w.crm.Add(dailyBy(there), "")
		rules := func(what, mine, theirs string) {
			w.t.Helper()
			if got := w.item(w.only()).Recurrence.Rules[0]; got != mine || !strings.Contains(string(w.only().Text), mine) {
				w.t.Errorf("%s: here it is %s, want %s", what, got, mine)
			}
			if got := w.record().Item.(*pim.Event).Recurrence.Rules[0]; got != theirs {
				w.t.Errorf("%s: there it is %s, want %s", what, got, theirs)
			}
			if cs := w.conflicts(true); len(cs) > 0 {
				w.t.Errorf("%s: %+v", what, cs)
			}
			w.quiet()
		}
		w.clean()
		rules("met", here, there)
		const anew = "FREQ=DAILY;UNTIL=20260112T235959Z"
		w.edit("a.ics", func(e *pim.Event) { e.Recurrence.Rules = []string{anew} })
		w.clean()
		rules("spelled anew", anew, there)
		const longer = "FREQ=DAILY;UNTIL=20260114T090000Z"
		w.edit("a.ics", func(e *pim.Event) { e.Recurrence.Rules = []string{here} })
		w.change(w.record().ID, func(e *pim.Event) { e.Recurrence.Rules = []string{longer} })
		w.clean()
		rules("changed there, spelled anew here", longer, longer)
	})
}
