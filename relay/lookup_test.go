package relay

import (
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

func (w *world) words(uid string) string {
	w.t.Helper()
	x, err := w.engine.Explain(w.ctx, w.link.ID, uid)
	if err != nil || len(x) != 1 {
		w.t.Fatalf("explained as %+v, %v", x, err)
	}
	return strings.Join(x[0].Words, "\n")
}

func withCompany(uid, company string) *pim.Event {
	e := event(uid, "Visit")
	e.CRM.Company = company
	return e
}

// TestRowB9 looks companies up for every item; what is not found stays here, and is said.
func TestRowB9(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{KnowsCompanies: true}, open(rule.Ask), func(w *world) {
		w.crm.AddCompany(mem.Company{Name: "Acme Industries"})
		w.put("a.ics", withCompany("a", "Acme"))
		w.put("b.ics", withCompany("b", "Unheard Of"))
		w.clean()
		got := map[string]bool{}
		for _, rec := range w.records() {
			got[rec.Item.(*pim.Event).CRM.Company] = true
		}
		if !got["Acme Industries"] || !got[""] || len(got) != 2 {
			t.Errorf("companies %v", got)
		}
		for name, want := range map[string]string{"a": "the only one that fits", "b": "left out there"} {
			if words := w.words(name); !strings.Contains(words, want) {
				t.Errorf("%s is explained as %s", name, words)
			}
		}
		if c := w.item(w.object("b.ics")).CRM.Company; c != "Unheard Of" {
			t.Errorf("here the company is %q now", c)
		}
		w.quiet()
		// The note goes with the reason for it, and stays while other fields change.
		w.edit("b.ics", func(e *pim.Event) { e.Title = "Visit 2" })
		w.clean()
		if words := w.words("b"); !strings.Contains(words, "left out there") {
			t.Errorf("b is explained as %s", words)
		}
		w.edit("b.ics", func(e *pim.Event) { e.CRM.Company = "Acme Industries" })
		w.clean()
		if words := w.words("b"); strings.Contains(words, "Looked up") {
			t.Errorf("b is explained as %s", words)
		}
	})
}

// TestRowX10 links a company by its code, in its own place or in a category. An unknown
// code waits, with the reason, and loses nothing.
func TestRowX10(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{KnowsCompanies: true, CreatesCompanies: true}, open(rule.Ask), func(w *world) {
		w.crm.AddCompany(mem.Company{Name: "Acme Industries", Code: "A100"})
		w.put("a.ics", withCompany("a", "#A100#"))
		e := event("b", "Call")
		e.Categories = []string{"Travel", "#B200#"}
		w.put("b.ics", e)
		rep := w.run()
		if rep.Counts.CreatedRemote != 1 || rep.Counts.Failed != 1 || w.record().Item.(*pim.Event).CRM.Company != "Acme Industries" {
			for _, rec := range w.records() {
				t.Logf("%+v", rec.Item)
			}
			t.Fatalf("%+v", rep.Counts)
		}
		w.view(func(tx *store.Tx) error {
			failing, err := tx.PairsIn(w.link.ID, store.PairsFailing, 10, 0)
			if err == nil && (len(failing) != 1 || failing[0].UID != "b" || !strings.Contains(failing[0].Error, "no company with the code B200")) {
				t.Errorf("failing: %+v", failing)
			}
			return err
		})
		w.crm.AddCompany(mem.Company{Name: "Beta", Code: "B200"})
		w.clock.Advance(48 * time.Hour)
		w.clean()
		if n := len(w.records()); n != 2 || !strings.Contains(w.words("b"), `the company with the code B200 is "Beta"`) {
			t.Errorf("%d records, %s", n, w.words("b"))
		}
		if got := w.item(w.object("b.ics")).Categories; len(got) != 2 {
			t.Errorf("categories %q", got)
		}
		w.quiet()
		// What comes from the CRM afterwards is one change, not one that is repeated.
		for _, rec := range w.records() {
			w.change(rec.ID, func(e *pim.Event) { e.Title = "Changed there" })
		}
		w.clean()
		w.quiet()
	})
}

// TestRowX11 takes the first attendee for the contact of a CRM that keeps one, and makes
// an unknown one; the others stay on the item.
func TestRowX11(t *testing.T) {
	t.Parallel()
	guests := func(names ...string) (out []pim.Attendee) {
		for i, n := range names {
			out = append(out, pim.Attendee{Person: pim.Person{Name: n, Email: string(rune('a'+i)) + "@example.org"}})
		}
		return out
	}
	for _, creates := range []bool{true, false} {
		onBoth(t, mem.Options{OneContact: true, CreatesContacts: creates}, open(rule.Ask), func(w *world) {
			w.crm.Add(&pim.Contact{FullName: "Ann Example"}, "")
			e := event("a", "Lunch")
			e.Organizer, e.Attendees = pim.Person{Email: "me@example.org"}, guests("Ann Example", "Bob Sample")
			w.put("a.ics", e)
			f := event("b", "Dinner")
			f.Organizer, f.Attendees = pim.Person{Email: "me@example.org"}, guests("Cleo Stranger", "Ann Example")
			w.put("b.ics", f)
			w.clean()
			want, made := map[string]string{"Lunch": "Ann Example", "Dinner": "Cleo Stranger"}, 2
			if !creates {
				want["Dinner"], made = "", 1
			}
			for _, rec := range w.records() {
				if got := rec.Item.(*pim.Event); got.CRM.Contact != want[got.Title] || len(got.Attendees) != 0 {
					t.Errorf("%s: contact %q, %d attendees", got.Title, got.CRM.Contact, len(got.Attendees))
				}
			}
			if n := len(w.crm.Items(mem.Contacts)); n != made {
				t.Errorf("%d contacts, want %d", n, made)
			}
			if got := w.item(w.object("b.ics")); len(got.Attendees) != 2 || got.CRM.Contact != "" {
				t.Errorf("here are %d attendees and the contact %q", len(got.Attendees), got.CRM.Contact)
			}
			if words := w.words("b"); !strings.Contains(words, `contact "Cleo Stranger" was`) {
				t.Error(words)
			}
			w.quiet()
			// Another first attendee is another contact; one who is behind is none.
			w.edit("a.ics", func(e *pim.Event) { e.Attendees = guests("Ann Example", "Dan Late") })
			w.clean()
			w.edit("b.ics", func(e *pim.Event) { e.Attendees = guests("Ann Example", "Cleo Stranger") })
			w.clean()
			for _, rec := range w.records() {
				if got := rec.Item.(*pim.Event); got.CRM.Contact != "Ann Example" {
					t.Errorf("%s: contact %q", got.Title, got.CRM.Contact)
				}
			}
			w.quiet()
		})
	}
}
