package relay

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/remote"
)

// wilful is a driver that fills in a type, and keeps only those attendees whom it knows.
type wilful struct{ remote.Remote }

func willed(e remote.Entry) remote.Entry {
	e.Item = pim.Clone(e.Item)
	ev := e.Item.(*pim.Event)
	if ev.CRM.Type == "" {
		ev.CRM.Type = "Meeting"
	}
	ev.Attendees = slices.DeleteFunc(slices.Clone(ev.Attendees), func(a pim.Attendee) bool { return !strings.HasPrefix(a.Email, "known") })
	return e
}

func (d wilful) Create(ctx context.Context, c remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	return d.Remote.Create(ctx, c, willed(e), key)
}

func (d wilful) Update(ctx context.Context, c remote.CollectionID, ref remote.Ref, e remote.Entry, set pim.FieldSet) (remote.Record, error) {
	return d.Remote.Update(ctx, c, ref, willed(e), set)
}

// updates counts the writes to the CRM from now on.
func (w *world) updates() *int {
	n := 0
	w.crm.SetFaults(func(c mem.Call) mem.Fault {
		if c.Op == "update" {
			n++
		}
		return mem.Fault{}
	})
	return &n
}

func outward(steps []string) string { return strings.Join(steps, "; ") }

func stepsOut(rep Report) (out []string) {
	for _, s := range rep.Steps {
		if s.Side == "remote" {
			out = append(out, s.Action+" "+s.Fields)
		}
	}
	return out
}

// TestRowX14ResendSettles: what differs because the CRM fills it in, rounds it or has no place for
// it is not sent again and again, and nothing is told as written that was not.
func TestRowX14ResendSettles(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{
		"strong": {TimeStep: time.Minute},
		"weak":   {TimeStep: time.Minute, NoDeletionReport: true, NoItemsInDelta: true, NoUID: true, Stamps: time.Second, Unchecked: true},
		"bumps":  {TimeStep: time.Minute, Bump: true},
		"short":  {TextLimit: map[pim.FieldID]int{pim.FieldNotes: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, o, parsed(t, `{"mail":"allow"}`), func(w *world) {
				w.mayMail = true
				full := w.engine.Remotes.(fixed).r
				w.engine.Remotes = fixed{wilful{full}}
				w.put("plain.ics", event("plain", "plain"))
				e := meeting("full", "full", "known@example.org", "stranger@example.org")
				e.Notes = "longer than some keep"
				e.Reminders = []pim.Reminder{{Before: 95 * time.Second}}
				w.put("full.ics", e)
				w.clean()
				if got := w.entitled("full").Item.(*pim.Event); len(got.Attendees) != 1 || got.CRM.Type != "Meeting" {
					w.t.Fatalf("%+v", got)
				}
				n := w.updates()
				w.clock.Advance(time.Minute)
				first := w.resend(RunOptions{Resend: ToRemote})
				if *n > 1 {
					w.t.Errorf("%d writes: the type alone is no reason to", *n)
				}
				// A CRM that takes the write of what it has for a change was written to.
				if got := outward(stepsOut(first)); !o.Bump && (first.Counts.UpdatedRemote != 0 || got != "") {
					w.t.Errorf("first: %+v, steps %q", first.Counts, got)
				}
				*n = 0
				for range 2 {
					w.clock.Advance(time.Minute)
					rep := w.resend(RunOptions{Resend: ToRemote})
					if got := outward(stepsOut(rep)); *n != 0 || rep.Counts.UpdatedRemote+rep.Counts.UpdatedLocal != 0 || got != "" {
						w.t.Fatalf("again: %d writes, %+v, steps %q", *n, rep.Counts, got)
					}
				}
				w.quiet()
				h, err := w.engine.History(w.ctx, w.coll.ID, "plain")
				for _, ev := range h.Events {
					if err != nil || ev.Action == "update" {
						w.t.Errorf("%+v %v", ev, err)
					}
				}
			})
		})
	}
}

// TestResendSendsWhatChangedSinceItWasRefused: what the CRM did not keep once is tried again when it
// is another value, and after a day, as the CRM may know by then what it did not.
func TestResendSendsWhatChangedSinceItWasRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, parsed(t, `{"mail":"allow"}`), func(w *world) {
		w.mayMail = true
		full := w.engine.Remotes.(fixed).r
		w.engine.Remotes = fixed{wilful{full}}
		w.put("a.ics", meeting("a", "a", "stranger@example.org"))
		w.clean()
		n := w.updates()
		w.resend(RunOptions{Resend: ToRemote})
		w.resend(RunOptions{Resend: ToRemote})
		if *n != 1 {
			w.t.Fatalf("%d writes", *n)
		}
		x, err := w.engine.Explain(w.ctx, w.link.ID, "a")
		if err != nil || !strings.Contains(strings.Join(x[0].Words, "\n"), "attendees") {
			w.t.Errorf("%v %v", x, err)
		}
		w.clock.Advance(25 * time.Hour)
		w.engine.Remotes = fixed{full} // it knows everybody now
		rep := w.resend(RunOptions{Resend: ToRemote})
		if *n != 2 || rep.Counts.UpdatedRemote != 1 || outward(stepsOut(rep)) != "update attendees" || len(w.record().Item.(*pim.Event).Attendees) != 1 {
			w.t.Errorf("%d writes, %+v, %v", *n, rep.Counts, stepsOut(rep))
		}
		if x, err = w.engine.Explain(w.ctx, w.link.ID, "a"); err != nil || strings.Contains(strings.Join(x[0].Words, "\n"), "attendees") {
			w.t.Errorf("%v %v", x, err)
		}
		w.quiet()
	})
}
