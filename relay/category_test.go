package relay

import (
	"slices"
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
)

func switched() rule.Rules {
	r := open(rule.Ask)
	r.Category = "CRM"
	return r
}

// drop takes a category away, as a person does; add puts it on.
func drop(e *pim.Event, c string) {
	e.Categories = slices.DeleteFunc(slices.Clone(e.Categories), func(s string) bool { return strings.EqualFold(s, c) })
}

func add(e *pim.Event, c string) { e.Categories = append(slices.Clone(e.Categories), c) }

// Only what carries the category is made on the other side, from either.
func TestRowB8OnlyWhatCarriesTheCategoryIsLinked(t *testing.T) {
	t.Parallel()
	for _, only := range []bool{false, true} {
		rules := switched()
		rules.OnlyLinked = only
		onBoth(t, mem.Options{}, rules, func(w *world) {
			with := event("uid-with", "with")
			with.Categories = []string{"crm", "Fairs"}
			w.put("with.ics", with)
			w.put("without.ics", event("uid-without", "without"))
			there := event("", "there with")
			there.Categories = []string{"CRM"}
			w.crm.Add(there, "")
			plain := w.crm.Add(event("", "there without"), "")
			w.want(3, 3)
			// A person links one of the others, here and there.
			if err := w.engine.SetTie(w.ctx, w.link.ID, "uid-without", rule.Linked); err != nil {
				t.Fatal(err)
			}
			if _, err := w.engine.Bring(w.ctx, w.link.ID, plain); err != nil {
				t.Fatal(err)
			}
			w.want(4, 4)
			w.edit("without.ics", func(e *pim.Event) { e.Title = "linked by hand" })
			w.clean()
			if !slices.ContainsFunc(titlesOf(w), func(s string) bool { return s == "linked by hand" }) {
				t.Errorf("%q", titlesOf(w))
			}
		})
	}
}

func titlesOf(w *world) (out []string) {
	for _, r := range w.records() {
		out = append(out, r.Item.Summary())
	}
	return out
}

// Taking the category away on either side unlinks: both copies stay, whatever happens to either. Putting it on
// where it was taken away links again, and what was changed meanwhile goes over.
func TestRowB17TheCategoryIsASwitch(t *testing.T) {
	t.Parallel()
	for _, here := range []bool{true, false} {
		onBoth(t, mem.Options{}, switched(), func(w *world) {
			e := event("uid-a", "one")
			e.Categories = []string{"CRM"}
			w.put("a.ics", e)
			w.want(1, 1)
			id := w.record().ID
			flip := func(f func(*pim.Event, string)) {
				if here {
					w.edit("a.ics", func(e *pim.Event) { f(e, "CRM") })
				} else {
					w.change(id, func(e *pim.Event) { f(e, "crm") })
				}
				w.want(1, 1)
			}
			flip(drop)
			w.edit("a.ics", func(e *pim.Event) { e.Notes = "written here" })
			w.change(id, func(e *pim.Event) { e.Location = "written there" })
			w.want(1, 1)
			if o, r := w.item(w.only()), w.record().Item.(*pim.Event); o.Location != "" || r.Notes != "" || len(o.Categories)+len(r.Categories) != 1 {
				t.Errorf("carried over though it is switched off: %+v, %+v", o, r)
			}
			xs, err := w.engine.Explain(t.Context(), w.link.ID, "uid-a")
			if err != nil || len(xs) != 1 || !slices.ContainsFunc(xs[0].Out.Reasons, func(r rule.Reason) bool { return r.Rule == "category" && !r.Holds }) {
				t.Errorf("%v %+v", err, xs)
			}
			flip(add)
			if o, r := w.item(w.only()), w.record().Item.(*pim.Event); o.Location != "written there" || r.Notes != "written here" || len(o.Categories) != 1 || len(r.Categories) != 1 {
				t.Errorf("not carried over though it is switched on: %+v, %+v", o, r)
			}
			if cs := w.conflicts(true); len(cs) != 0 {
				t.Errorf("conflicts: %+v", cs)
			}
		})
	}
}

// A copy that is deleted while the switch is off leaves the other one alone; both switched off, one of them switches on.
func TestRowB17SwitchedOffOnBothSides(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, switched(), func(w *world) {
		e := event("uid-a", "one")
		e.Categories = []string{"CRM", "Fairs"}
		w.put("a.ics", e)
		w.want(1, 1)
		id := w.record().ID
		w.edit("a.ics", func(e *pim.Event) { drop(e, "CRM") })
		w.want(1, 1)
		w.change(id, func(e *pim.Event) { drop(e, "CRM") })
		w.want(1, 1)
		w.edit("a.ics", func(e *pim.Event) { e.Title = "two" })
		w.want(1, 1)
		if got := w.record().Item.Summary(); got != "one" {
			t.Errorf("%q went over", got)
		}
		w.change(id, func(e *pim.Event) { add(e, "CRM") })
		w.want(1, 1)
		if o, r := w.item(w.only()), w.record().Item.(*pim.Event); r.Title != "two" || !slices.Contains(o.Categories, "CRM") {
			t.Errorf("%+v, %+v", o, r)
		}
		w.change(id, func(e *pim.Event) { drop(e, "CRM") })
		w.want(1, 1)
		w.delete("a.ics")
		w.want(0, 1)
	})
}

// A rule that is set later leaves what is there as it is, and a mask, which shows no category, unlinks nothing.
func TestRowB17TheSwitchComesLater(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.Out.Private = rule.PrivateMask
	onBoth(t, mem.Options{}, rules, func(w *world) {
		secret := event("uid-secret", "secret")
		secret.Class, secret.Categories = pim.Private, []string{"CRM"}
		w.put("secret.ics", secret)
		w.put("plain.ics", event("uid-plain", "plain"))
		w.want(2, 2)
		rules.Category = "CRM"
		if _, err := w.engine.SetRules(w.ctx, w.link.ID, rules); err != nil {
			t.Fatal(err)
		}
		w.want(2, 2)
		w.edit("secret.ics", func(e *pim.Event) {
			e.Start, e.End = pim.At(e.Start.Time.AddDate(0, 0, 1), ""), pim.At(e.End.Time.AddDate(0, 0, 1), "")
		})
		w.edit("plain.ics", func(e *pim.Event) { e.Title = "changed" })
		w.want(2, 2)
		moved := 0
		for _, r := range w.records() {
			e := r.Item.(*pim.Event)
			if e.Title == "changed" {
				t.Error("what does not carry the category went over")
			}
			if e.Start.Time.Day() == 9 {
				moved++
			}
		}
		if moved != 1 {
			t.Errorf("%d masks moved", moved)
		}
	})
}
