package relay

import (
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/relay/rule"
	"crmbridge/remote"
)

func TestWhatARemoteDoesNotCarryStaysInOccurrences(t *testing.T) {
	t.Parallel()
	onBoth(t, fewFields(), open(rule.Ask), func(w *world) {
		w.rich("PUBLIC")
		w.clean()
		w.quiet()
		was := unstampedText(w.override())
		if got := w.record().Item.(*pim.Event).Recurrence.Changed[0].Item.(*pim.Event); got.Title != "Special" || got.Notes != "" || got.Location != "" {
			t.Fatalf("%+v", got)
		}
		// Another title there, for this occurrence and for one that was as the series.
		w.change(w.record().ID, func(e *pim.Event) { occur(1, retitle("Renamed"))(e); occur(3, retitle("New"))(e) })
		w.clean()
		w.quiet()
		o, err := ics.Parse(w.object("a.ics").Text, calendarLimits())
		if err != nil || len(o.Overrides()) != 2 {
			t.Fatalf("%v\n%s", err, w.object("a.ics").Text)
		}
		if got, want := unstampedText(string(o.Overrides()[0].Bytes())), strings.Replace(was, "SUMMARY;LANGUAGE=en:Special", "SUMMARY;LANGUAGE=en:Renamed", 1); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if second := o.Overrides()[1]; second.Value("SUMMARY") != "New" || second.Value("DESCRIPTION") != "of the series" {
			t.Errorf("%s", second.Bytes())
		}
		// What it does not carry is not its business when it changes here.
		w.edit("a.ics", occur(1, move("Attic")))
		if rep := w.clean(); rep.Counts.Done() != 0 {
			t.Errorf("%+v", rep.Steps)
		}
		// It is set back there: what the series says of all of it.
		w.change(w.record().ID, reset(1))
		w.clean()
		w.quiet()
		if got := singled(w.item(w.only())); got != said(3, "New", "") {
			t.Errorf("%s", got)
		}
	})
}

func TestOccurrencesMeetWithoutABase(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*world){
		"a new link": func(w *world) { w.relink(w.coll) },
		"a lost answer": func(w *world) {
			w.crm.LoseAnswers(1)
			w.edit("a.ics", occur(3, retitle("third")))
			_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true})
			w.crm.LoseAnswers(0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, fewFields(), open(rule.Ask), func(w *world) {
				w.rich("PUBLIC")
				w.clean()
				was := unstampedText(w.override())
				lose(w)
				w.want(1, 1)
				w.quiet()
				o, err := ics.Parse(w.only().Text, calendarLimits())
				if err != nil || unstampedText(string(o.Overrides()[0].Bytes())) != was {
					t.Errorf("%v\n%s\nwas\n%s", err, w.only().Text, was)
				}
				if cs := w.conflicts(true); len(cs) > 0 {
					t.Errorf("%+v", cs)
				}
			})
		})
	}
	// What only one side has then was not deleted on the other.
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", daily())
		w.clean()
		w.edit("a.ics", func(e *pim.Event) { exclude(1)(e); occur(2, retitle("mine"))(e) })
		w.change(w.record().ID, func(e *pim.Event) { exclude(3)(e); occur(4, retitle("theirs"))(e) })
		w.relink(w.coll)
		w.want(1, 1)
		w.agree(nth(1).String()+" -", said(2, "mine", "Room 1"), nth(3).String()+" -", said(4, "theirs", "Room 1"))
	})
}

// What a remote cuts in an occurrence is no change of its.
func TestOccurrencesThatAreCut(t *testing.T) {
	t.Parallel()
	onBoth(t, cutting(), open(rule.PreferCRM), func(w *world) {
		e := daily()
		occurAt(e, nth(1), func(o *pim.Event) { o.Title, o.Notes = longTitle, longNotes })
		w.put("a.ics", e)
		w.clean()
		w.quiet()
		w.change(w.record().ID, occur(1, func(o *pim.Event) { o.Notes = strings.Replace(o.Notes, "First we count", "We count", 1) }))
		w.clean()
		w.quiet()
		w.relink(w.coll)
		w.want(1, 1)
		got := pim.OccurrenceAt(w.item(w.only()), nth(1)).(*pim.Event)
		if want := strings.Replace(longNotes, "First we count", "We count", 1); got.Notes != want || got.Title != longTitle {
			t.Errorf("%q\n%q", got.Title, got.Notes)
		}
	})
}

// A series that was deleted here while it changed there comes back with what only its text had.
func TestADeletedSeriesComesBackWhole(t *testing.T) {
	t.Parallel()
	onBoth(t, fewFields(), open(rule.Ask), func(w *world) {
		w.rich("PUBLIC")
		w.clean()
		was := unstampedText(w.override())
		w.change(w.record().ID, func(e *pim.Event) { e.Title = "Changed" })
		w.delete("a.ics")
		w.want(1, 1)
		o, err := ics.Parse(w.only().Text, calendarLimits())
		if err != nil || len(o.Overrides()) != 1 || unstampedText(string(o.Overrides()[0].Bytes())) != was {
			t.Errorf("%v\n%s\nwas\n%s", err, w.only().Text, was)
		}
	})
}

// What is handed to a driver are whole occurrences; what it tells is compared in what it carries.
func TestDriversGetWholeOccurrences(t *testing.T) {
	t.Parallel()
	onBoth(t, fewFields(), open(rule.Ask), func(w *world) {
		got := map[string]*pim.Event{}
		w.engine.Remotes = fixed{listening{w.crm.Remote(), func(op string, e remote.Entry) {
			got[op] = pim.Clone(pim.RecurrenceOf(e.Item).Changed[0].Item).(*pim.Event)
		}}}
		w.rich("PUBLIC")
		w.clean()
		w.edit("a.ics", occur(1, retitle("x")))
		w.clean()
		w.quiet()
		for _, op := range []string{"create", "update"} {
			if e := got[op]; e == nil || e.Notes != "only of this one" || e.Location != "Cellar" || e.Start.String() != "2026-01-09T11:00:00Z" {
				t.Errorf("%s: %+v", op, e)
			}
		}
		if got["update"].Title != "x" {
			t.Errorf("%+v", got["update"])
		}
	})
}
