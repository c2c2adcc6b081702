package relay

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
)

// meeting is an event with people, by address.
func meeting(uid, title string, addresses ...string) *pim.Event {
	e := event(uid, title)
	e.Organizer = pim.Person{Name: "me", Email: "me@home.example.org"}
	for _, a := range addresses {
		e.Attendees = append(e.Attendees, pim.Attendee{Person: pim.Person{Name: "Guest " + a, Email: a}})
	}
	return e
}

// staff fills a CRM with people of companies, "Name Company address" each.
func (w *world) staff(people ...string) map[string]remote.ItemID {
	w.t.Helper()
	ids := map[string]remote.ItemID{}
	for _, p := range people {
		f := strings.Fields(p)
		c := &pim.Contact{FullName: f[0], Emails: []pim.Labeled{{Value: f[2]}}}
		if f[1] != "-" {
			c.Company = f[1]
		}
		ids[f[0]] = w.crm.Add(c, "")
	}
	return ids
}

// TestRowB18ResolvedFromAddresses: what an activity of a device is about is found out from the
// addresses of those who take part, where it is clear, and where the item does not say.
func TestRowB18ResolvedFromAddresses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		item             *pim.Event
		rules            string
		company, contact string
	}{
		"a contact and his company": {meeting("u", "t", "Ann@Acme.example.org"), "", "Acme", "Ann"},
		"the organizer": {func() *pim.Event {
			e := meeting("u", "t", "me@home.example.org")
			e.Organizer.Email = "bea@beta.example.org"
			return e
		}(), "", "Beta", "Bea"},
		"a guest before a colleague":       {meeting("u", "t", "cole@home.example.org", "ann@acme.example.org"), "", "Acme", "Ann"},
		"colleagues only":                  {meeting("u", "t", "cole@home.example.org"), "", "Home", "Cole"},
		"two of one company":               {meeting("u", "t", "abe@acme.example.org", "ann@acme.example.org"), "", "Acme", "Abe"},
		"two companies":                    {meeting("u", "t", "ann@acme.example.org", "bea@beta.example.org"), "", "", "Ann"},
		"an address of two contacts":       {meeting("u", "t", "office@acme.example.org"), "", "", ""},
		"a stranger at a company's domain": {meeting("u", "t", "new@acme.example.org"), "", "Acme", ""},
		"strangers of two companies":       {meeting("u", "t", "new@acme.example.org", "new@beta.example.org"), "", "", ""},
		"a domain of two companies":        {meeting("u", "t", "new@shared.example.org"), "", "", ""},
		"where anybody has an address":     {meeting("u", "t", "somebody@gmail.com"), "", "", ""},
		"a contact without a company":      {meeting("u", "t", "lone@nowhere.example.org"), "", "", "Lone"},
		"nobody is known":                  {meeting("u", "t", "who@else.example.org"), "", "", ""},
		"the item says it":                 {func() *pim.Event { e := meeting("u", "t", "ann@acme.example.org"); e.CRM.Company = "Beta"; return e }(), "", "Beta", ""},
		"the item names the contact":       {func() *pim.Event { e := meeting("u", "t", "ann@acme.example.org"); e.CRM.Contact = "Ann"; return e }(), "", "Acme", "Ann"},
		"the rule is off":                  {meeting("u", "t", "ann@acme.example.org"), `{"pastDays":-1,"relate":"never"}`, "", ""},
		"a private item is masked":         {func() *pim.Event { e := meeting("u", "t", "ann@acme.example.org"); e.Class = pim.Private; return e }(), `{"pastDays":-1,"out":{"private":"mask"}}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := open(rule.Ask)
			if c.rules != "" {
				rules = parsed(t, c.rules)
			}
			onBoth(t, mem.Options{}, rules, func(w *world) {
				w.staff("me Home me@home.example.org", "Cole Home cole@home.example.org", "Ann Acme ann@acme.example.org", "Abe Acme abe@acme.example.org",
					"Bea Beta bea@beta.example.org", "Off - office@acme.example.org", "Ice - office@acme.example.org", "Lone - lone@nowhere.example.org",
					"Sue Shared1 sue@shared.example.org", "Sam Shared2 sam@shared.example.org", "Gus Gamma gus@gmail.com")
				w.put("a.ics", c.item)
				before := w.object("a.ics").ETag
				w.clean()
				got := w.record().Item.(*pim.Event).CRM
				if got.Company != c.company || got.Contact != c.contact {
					w.t.Errorf("company %q, contact %q; want %q, %q", got.Company, got.Contact, c.company, c.contact)
				}
				w.quiet()
				if w.object("a.ics").ETag != before {
					w.t.Error("the device's item was written")
				}
				// A later change of a device does not move what a person set in the CRM.
				w.change(w.record().ID, func(e *pim.Event) { e.CRM.Company = "Chosen" })
				w.edit("a.ics", func(e *pim.Event) { e.Title = "moved" })
				w.clean()
				if got := w.record().Item.(*pim.Event); got.CRM.Company != "Chosen" || got.Title != "moved" && !rule.IsPrivate(c.item) {
					w.t.Errorf("after a change: %+v", got.CRM)
				}
			})
		})
	}
}

// TestRowB18OneContact: where a CRM keeps one contact, who has the first attendee's address is
// it, whatever the device calls him; none is made beside.
func TestRowB18OneContact(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{OneContact: true, CreatesContacts: true}, open(rule.Ask), func(w *world) {
		w.staff("Ann Acme ann@acme.example.org")
		w.put("a.ics", meeting("a", "Lunch", "ann@acme.example.org"))
		w.clean()
		if got := w.record().Item.(*pim.Event).CRM; got.Contact != "Ann" || got.Company != "Acme" || len(w.crm.Items(mem.Contacts)) != 1 {
			w.t.Errorf("%+v, %d contacts", got, len(w.crm.Items(mem.Contacts)))
		}
		w.quiet()
	})
}

// TestRowB18LostAnswers: a create whose answer is lost is tied all the same, and stays so.
func TestRowB18LostAnswers(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{"strong": {}, "not idempotent": {NotIdempotent: true}, "bumps": {Bump: true, Unchecked: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, o, open(rule.Ask), func(w *world) {
				w.staff("Ann Acme ann@acme.example.org")
				w.put("a.ics", meeting("a", "Lunch", "ann@acme.example.org"))
				w.crm.LoseAnswers(1)
				_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{})
				for range 4 {
					w.clock.Advance(3 * 60 * 60e9)
					_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true, Retry: true})
				}
				if got := w.record().Item.(*pim.Event).CRM; got.Contact != "Ann" || got.Company != "Acme" {
					w.t.Errorf("%+v", got)
				}
				if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Resend: ToRemote}); err != nil {
					w.t.Fatal(err)
				}
				if got := w.record().Item.(*pim.Event).CRM; got.Contact != "Ann" || got.Company != "Acme" {
					w.t.Errorf("sent again: %+v", got)
				}
			})
		})
	}
}

// TestRowB18Preview shows what an item would be tied to, and writes nothing.
func TestRowB18Preview(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.staff("Ann Acme ann@acme.example.org")
		w.put("a.ics", meeting("a", "Lunch", "ann@acme.example.org"))
		p, err := w.engine.Preview(w.ctx, w.link.ID, PreviewOptions{})
		if err != nil || len(p.Changes) != 1 || len(w.records()) != 0 {
			w.t.Fatalf("%+v %v, %d records", p, err, len(w.records()))
		}
		told := fmt.Sprint(p.Changes[0].Fields)
		if !strings.Contains(told, "Ann") || !strings.Contains(told, "Acme") {
			w.t.Error(told)
		}
	})
}

// TestAboutWhom is the pure part.
func TestAboutWhom(t *testing.T) {
	t.Parallel()
	k := func(id, company string) remote.Known {
		return remote.Known{Contact: remote.LookupValue{ID: id}, Company: remote.LookupValue{ID: company}}
	}
	me := remote.Known{Self: true, Company: remote.LookupValue{ID: "home"}}
	a := aboutWhom([]string{"me@h", "x@gmail.com", "s@acme", "s@acme2"}, map[string][]remote.Known{"me@h": {me}})
	if a.contact.ID != "" || !slices.Equal(a.domains, []string{"acme", "acme2"}) {
		t.Errorf("%+v", a)
	}
	a = aboutWhom([]string{"c@h", "s@other", "n@acme"}, map[string][]remote.Known{"me@h": {me}, "n@acme": {k("n", "")}, "c@h": {k("c", "home")}})
	if a.contact.ID != "c" { // the user's own address is not among them, so that nobody is known to be a colleague
		t.Errorf("%+v", a)
	}
}

// A remote that makes nothing of the question who people are gets the items all the same, without ties; what would stop
// any request stops the run.
func TestRowB18ALookupThatFails(t *testing.T) {
	t.Parallel()
	for kind, made := range map[pim.Reason]int{pim.ErrProtocol: 3, pim.ErrForbidden: 3, pim.ErrRefused: 3, pim.ErrUnavailable: 0} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				w.staff("Ann Acme ann@acme.example.org")
				before := len(w.records())
				for _, uid := range []string{"a", "b", "c"} {
					w.put(uid+".ics", meeting(uid, "Lunch "+uid, "ann@acme.example.org"))
				}
				w.crm.SetFaults(func(c mem.Call) mem.Fault {
					if c.Op == "whois" {
						return mem.Fault{Err: pim.Errorf("mem", kind, "no")}
					}
					return mem.Fault{}
				})
				_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{})
				if got := len(w.records()) - before; got != made {
					w.t.Errorf("%d were made, not %d", got, made)
				}
			})
		})
	}
}
