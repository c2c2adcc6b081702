package relay

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
)

// A masked series that comes back changed says when its occurrences are, and nothing else.
func TestOccurrencesOfMaskedSeries(t *testing.T) {
	t.Parallel()
	rules := open(rule.PreferCRM)
	rules.Out.Private = rule.PrivateMask
	onBoth(t, mem.Options{}, rules, func(w *world) {
		w.rich("PRIVATE")
		w.clean()
		w.quiet()
		if raw := fmt.Sprintf("%+v", *w.record().Item.(*pim.Event).Recurrence.Changed[0].Item.(*pim.Event)); strings.Contains(raw, "Special") || strings.Contains(raw, "Cellar") ||
			strings.Contains(raw, "only of this one") || strings.Contains(raw, "room@") {
			t.Fatalf("the remote sees %s", raw)
		}
		w.change(w.record().ID, func(e *pim.Event) {
			occur(1, func(o *pim.Event) {
				o.Title = "Guess"
				o.Start, o.End = pim.At(o.Start.Time.Add(time.Hour), ""), pim.At(o.End.Time.Add(time.Hour), "")
			})(e)
			occur(3, func(o *pim.Event) {
				o.Start, o.End = pim.At(o.Start.Time.Add(time.Hour), ""), pim.At(o.End.Time.Add(time.Hour), "")
			})(e)
			exclude(2)(e)
		})
		w.clean()
		w.quiet()
		o := w.item(w.only())
		if got, want := singled(o), strings.Join([]string{
			nth(1).String() + " Special, Cellar, 2026-01-09T12:00:00Z", nth(2).String() + " -", nth(3).String() + " Meeting, , 2026-01-11T10:00:00Z"}, "\n"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if text := string(w.only().Text); strings.Contains(text, "SUMMARY:Private") || strings.Contains(text, "Guess") || !strings.Contains(text, "X-TUNE:1") {
			t.Errorf("%s", text)
		}
		// Once it may be seen, all of it is there, and still nothing of the mask is here.
		w.setRules(`{"policy":"crm"}`)
		w.clean()
		w.quiet()
		if got := pim.OccurrenceAt(w.record().Item, nth(1)).(*pim.Event); got.Title == "Private" || got.Location != "Cellar" {
			t.Errorf("the remote has %+v", got)
		}
		if text := string(w.only().Text); strings.Contains(text, "Private\r\n") {
			t.Errorf("%s", text)
		}
	})
}

// One private occurrence of a series that is not is masked alone.
func TestAPrivateOccurrenceIsMaskedAlone(t *testing.T) {
	t.Parallel()
	rules := open(rule.PreferCRM)
	rules.Out.Private = rule.PrivateMask
	onBoth(t, mem.Options{}, rules, func(w *world) {
		e := daily()
		occurAt(e, nth(1), func(o *pim.Event) { o.Title, o.Location, o.Class = "Doctor", "Clinic", pim.Private })
		w.put("a.ics", e)
		w.clean()
		w.quiet()
		there := w.record().Item.(*pim.Event)
		if got := pim.OccurrenceAt(there, nth(1)).(*pim.Event); there.Title != "Meeting" || got.Title != rule.MaskTitle || got.Location != "" {
			t.Fatalf("%+v %+v", there, got)
		}
		w.change(w.record().ID, occur(1, func(o *pim.Event) {
			o.Location = "Guess"
			o.Start, o.End = pim.At(o.Start.Time.Add(time.Hour), ""), pim.At(o.End.Time.Add(time.Hour), "")
		}))
		w.clean()
		w.edit("a.ics", occur(2, move("Garden")))
		w.clean()
		w.quiet()
		if got, want := singled(w.item(w.only())), nth(1).String()+" Doctor, Clinic, 2026-01-09T10:00:00Z\n"+said(2, "Meeting", "Garden"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if raw := fmt.Sprintf("%+v", *pim.OccurrenceAt(w.record().Item, nth(1)).(*pim.Event)); strings.Contains(raw, "Doctor") || strings.Contains(raw, "Clinic") {
			t.Errorf("the remote sees %s", raw)
		}
	})
}

// Nobody who takes part in one occurrence is told of anything that the rules keep here. The CRM of these tests mails.
func TestPeopleOfOneOccurrenceStayHere(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		e := daily()
		occurAt(e, nth(1), func(o *pim.Event) { o.Attendees = []pim.Attendee{guest("bo")} })
		w.put("a.ics", e)
		w.clean()
		w.edit("a.ics", occur(1, func(o *pim.Event) { o.Attendees, o.Title = append(o.Attendees, guest("cy")), "x" }))
		w.clean()
		w.quiet()
		if got := pim.OccurrenceAt(w.record().Item, nth(1)).(*pim.Event); got.Title != "x" || len(got.Attendees) > 0 {
			t.Errorf("%+v", got)
		}
		if got := pim.OccurrenceAt(w.item(w.only()), nth(1)).(*pim.Event); len(got.Attendees) != 2 {
			t.Errorf("%+v", got.Attendees)
		}
	})
}

// A masked series that was deleted here while its mask moved comes back as it was, and moved.
func TestAMaskedSeriesComesBackWithoutItsMask(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.Out.Private = rule.PrivateMask
	onBoth(t, mem.Options{}, rules, func(w *world) {
		w.rich("PRIVATE")
		w.clean()
		w.change(w.record().ID, occur(1, func(o *pim.Event) {
			o.Start, o.End = pim.At(o.Start.Time.Add(time.Hour), ""), pim.At(o.End.Time.Add(time.Hour), "")
		}))
		w.delete("a.ics")
		w.want(1, 1)
		got := pim.OccurrenceAt(w.item(w.only()), nth(1)).(*pim.Event)
		if text := string(w.only().Text); strings.Contains(text, "SUMMARY:Private") || got.Title != "Special" || got.Start.String() != "2026-01-09T12:00:00Z" {
			t.Errorf("%s", text)
		}
	})
}
