package relay

import (
	"slices"
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

const (
	longTitle = "The quarterly meeting of all who build bridges"
	longNotes = "First we count the rivers, then the boats, and in the end what is left of the money.\nBring sandwiches."
)

func cutting() mem.Options {
	return mem.Options{TextLimit: map[pim.FieldID]int{pim.FieldTitle: 30, pim.FieldNotes: 52}}
}

func longEvent() *pim.Event {
	e := event("uid-a", longTitle)
	e.Notes = longNotes
	return e
}

// untouched wants the client's texts as they were written, and nothing to settle.
func (w *world) untouched() {
	w.t.Helper()
	if got := w.item(w.object("a.ics")); got.Title != longTitle || got.Notes != longNotes {
		w.t.Errorf("the client's texts became %q and %q", got.Title, got.Notes)
	}
	if cs := w.conflicts(true); len(cs) != 0 {
		w.t.Errorf("conflicts: %+v", cs)
	}
}

// What a CRM cuts is told, and stays whole here.
func TestRowX4ACutTextIsTold(t *testing.T) {
	t.Parallel()
	onBoth(t, cutting(), open(rule.PreferCRM), func(w *world) {
		w.put("a.ics", longEvent())
		rep := w.clean()
		const want = "title to 30 of 46, notes to 52 of 102"
		if len(rep.Steps) != 1 || rep.Steps[0].Cut != want {
			t.Fatalf("%+v", rep.Steps)
		}
		w.view(func(tx *store.Tx) error {
			steps, err := tx.Steps(store.StepFilter{Run: rep.Run.ID, Limit: 10})
			if len(steps) != 1 || steps[0].Cut != want {
				t.Errorf("stored: %+v", steps)
			}
			return err
		})
		h, err := w.engine.History(w.ctx, w.coll.ID, "uid-a")
		if err != nil || !slices.ContainsFunc(h.Events, func(e Event) bool { return e.Remote && e.Cut == want }) {
			t.Errorf("history: %+v %v", h.Events, err)
		}
		x, err := w.engine.Explain(w.ctx, w.link.ID, "uid-a")
		if err != nil || len(x) != 1 || !strings.Contains(strings.Join(x[0].Words, "\n"), "30 of the 46 characters of the title") {
			t.Errorf("%+v %v", x, err)
		}
		w.quiet()
		// Another write cuts again, and says so of what it wrote only.
		w.edit("a.ics", func(e *pim.Event) { e.Location = "Hall" })
		if rep := w.clean(); len(rep.Steps) != 1 || rep.Steps[0].Cut != "" {
			t.Errorf("%+v", rep.Steps)
		}
		w.change(w.record().ID, func(e *pim.Event) { e.Location = "Garden" })
		w.clean()
		w.untouched()
	})
}

// Without its base a text that was cut is no change of the CRM's: after a lost answer, after the
// link was made anew, after everything is read again.
func TestRowX4ACutNeverComesBack(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(w *world){
		"a lost answer": func(w *world) {
			w.crm.LoseAnswers(1)
			w.put("a.ics", longEvent())
			_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true})
			w.crm.LoseAnswers(0)
		},
		"a lost answer to a change": func(w *world) {
			w.put("a.ics", event("uid-a", "short"))
			w.clean()
			w.crm.LoseAnswers(1)
			w.edit("a.ics", func(e *pim.Event) { e.Title, e.Notes = longTitle, longNotes })
			_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true})
			w.crm.LoseAnswers(0)
		},
		"a new link": func(w *world) {
			w.put("a.ics", longEvent())
			w.clean()
			w.relink(w.coll)
		},
		"everything again, there": func(w *world) {
			w.put("a.ics", longEvent())
			w.clean()
			rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true, Resend: ToRemote})
			if err != nil || rep.Counts.Done() != 0 {
				w.t.Errorf("%+v %v", rep.Steps, err)
			}
		},
		"everything again, here": func(w *world) {
			w.put("a.ics", longEvent())
			w.clean()
			if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true, Resend: ToLocal}); err != nil {
				w.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, policy := range []rule.Policy{rule.Ask, rule.PreferCRM} {
				onBoth(t, cutting(), open(policy), func(w *world) {
					lose(w)
					w.want(1, 1)
					w.untouched()
				})
			}
		})
	}
}

// What comes back because it was changed there comes back whole.
func TestRowX4ACutItemThatComesBack(t *testing.T) {
	t.Parallel()
	onBoth(t, cutting(), open(rule.Ask), func(w *world) {
		w.put("a.ics", longEvent())
		w.clean()
		w.change(w.record().ID, func(e *pim.Event) { e.Location = "Garden" })
		w.delete("a.ics")
		w.want(1, 1)
		if got := w.item(w.only()); got.Title != longTitle || got.Notes != longNotes || got.Location != "Garden" {
			t.Errorf("%+v", got)
		}
	})
}

// What a person changes in the part that the CRM has leaves the rest as it was.
func TestRowX4AChangeOfACutText(t *testing.T) {
	t.Parallel()
	onBoth(t, cutting(), open(rule.Ask), func(w *world) {
		w.put("a.ics", longEvent())
		w.clean()
		w.change(w.record().ID, func(e *pim.Event) {
			e.Notes = strings.Replace(e.Notes, "First we count", "We count", 1)
			e.Title = "Cancelled"
		})
		w.want(1, 1)
		got := w.item(w.object("a.ics"))
		if want := strings.Replace(longNotes, "First we count", "We count", 1); got.Notes != want || got.Title != "Cancelled" {
			t.Errorf("%q\n%q", got.Title, got.Notes)
		}
	})
}

func TestCutAway(t *testing.T) {
	t.Parallel()
	title, _ := pim.FieldByID(pim.FieldTitle)
	for _, c := range []struct {
		local, remote string
		limit         int
		want          bool
	}{
		{"abcdef", "abc", 3, true},
		{"abcdef", "abc", 4, false}, // shorter than it had to be: a person's
		{"abcdef", "abc", 0, false},
		{"abc", "abc", 3, false},
		{"ab cdef", "ab", 3, true}, // the blank at the new end went
		{"a😀bc", "a😀", 3, true},    // units of UTF-16
		{"a😀bc", "a😀b", 3, true},   // characters
		{"a😀bc", "a", 2, true},     // no half of a pair
		{"abcdef", "abd", 3, false},
		{"abcdef", "", 3, false},
	} {
		s := Sides{Local: event("", c.local), Remote: event("", c.remote), TextLimit: map[pim.FieldID]int{pim.FieldTitle: c.limit}}
		if got := s.cutAway(title); got != c.want {
			t.Errorf("%q of %q, at most %d: %v", c.remote, c.local, c.limit, got)
		}
	}
}
