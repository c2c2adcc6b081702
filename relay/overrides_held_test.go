package relay

import (
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
)

// What rules keep from coming here of one occurrence keeps nothing from going to it: it says of itself what was changed
// there, and of everything else what its series says.
func TestAnOccurrenceHeldBackFollowsItsSeries(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.Mail, rules.In.Carry = rule.MailAllow, rule.Types{}
	onBoth(t, mem.Options{}, rules, func(w *world) {
		w.mayMail = true
		w.put("a.ics", dailyWithBo())
		w.clean()
		w.change(w.record().ID, occur(1, retitle("theirs")))
		w.clean()
		w.edit("a.ics", func(e *pim.Event) { e.Attendees, e.Location = append(e.Attendees, guest("di")), "Room 2" })
		w.clean()
		w.quiet()
		there := w.record().Item.(*pim.Event)
		if o := pim.OccurrenceAt(there, nth(1)).(*pim.Event); o.Title != "theirs" || o.Location != "Room 2" || len(o.Attendees) != 2 {
			t.Errorf("there the occurrence is %q in %q with %v", o.Title, o.Location, o.Attendees)
		}
		if rec := w.item(w.only()).Recurrence; len(rec.Changed) > 0 {
			t.Errorf("here %+v", rec.Changed)
		}
		w.setRules(`{"mail":"allow"}`)
		w.clean()
		w.agree(said(1, "theirs", "Room 2"))
		here, there := w.item(w.only()), w.record().Item.(*pim.Event)
		for side, e := range map[string]*pim.Event{"here": here, "there": there} {
			if o := pim.OccurrenceAt(e, nth(1)).(*pim.Event); len(o.Attendees) != 2 {
				t.Errorf("%s with %v", side, o.Attendees)
			}
		}
	})
}

func dailyWithBo() *pim.Event {
	e := daily()
	e.Attendees = append(e.Attendees, guest("bo"))
	return e
}
