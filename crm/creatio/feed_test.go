package creatio_test

import (
	"slices"
	"testing"
	"time"

	"crmbridge/crm"
	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/pim"
	"crmbridge/remote"
)

// changes reads to the end of a run.
func changes(t testing.TB, c crm.Connector, col remote.CollectionID, s remote.Scope, since remote.Cursor) (map[remote.ItemID]remote.Record, remote.Cursor) {
	t.Helper()
	out := map[remote.ItemID]remote.Record{}
	for range 1000 {
		d, err := c.Changes(t.Context(), col, s, since)
		if err != nil {
			t.Fatalf("changes: %v", err)
		}
		for _, r := range d.Changed {
			out[r.ID] = r
		}
		if since = d.Next; !d.More {
			return out, since
		}
	}
	t.Fatal("no end")
	return nil, ""
}

// bothFilters runs a case on sites of either spelling of conditions.
func bothFilters(t *testing.T, run func(t *testing.T, r *rig)) {
	t.Helper()
	for name, f := range map[string]creatiosim.LookupFilter{"by navigation": creatiosim.ByNavigation, "by column": creatiosim.ByColumn} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, newRig(t, func(o *creatiosim.Options) { o.LookupFilter = f }))
		})
	}
}

// Participants change without their activity.
func TestParticipantsAreFollowed(t *testing.T) {
	t.Parallel()
	bothFilters(t, func(t *testing.T, r *rig) {
		r.populate()
		c := r.open(nil)
		rec := create(t, c, creatio.Events, meeting("Mine"))
		_, cur := changes(t, c, creatio.Activities, remote.Scope{}, "")
		r.clock.Advance(10 * time.Minute)
		anna := r.sim.Find("Contact", "Anna Attendee 4")[0].ID
		part := r.add("ActivityParticipant", creatiosim.Fields{"ActivityId": string(rec.ID), "ParticipantId": anna})
		got, cur := changes(t, c, creatio.Activities, remote.Scope{}, cur)
		e, ok := got[rec.ID].Item.(*pim.Event)
		if !ok || len(e.Attendees) != 1 || e.Attendees[0].Name != "Anna Attendee 4" || got[rec.ID].Version == rec.Version {
			t.Fatalf("after an invitation: %+v", got[rec.ID])
		}
		r.clock.Advance(10 * time.Minute)
		if err := r.sim.Edit("ActivityParticipant", part, creatiosim.Fields{"InviteResponseId": r.sim.Lookup("ParticipantResponse", "In doubt")}); err != nil {
			t.Fatal(err)
		}
		got, _ = changes(t, c, creatio.Activities, remote.Scope{}, cur)
		if e, ok := got[rec.ID].Item.(*pim.Event); !ok || e.Attendees[0].Answer != "tentative" {
			t.Errorf("after an answer: %+v", got[rec.ID])
		}
		// A participant that is taken away leaves no trace but in the listing.
		if err := r.sim.Remove("ActivityParticipant", part); err != nil {
			t.Fatal(err)
		}
		refs, err := c.(remote.Lister).List(t.Context(), creatio.Activities, remote.Scope{})
		if err != nil || len(refs) != 1 || refs[0].Version == got[rec.ID].Version {
			t.Errorf("the listing does not show it: %v %v", refs, err)
		}
	})
}

// What others invite the user to is the user's too.
func TestInvitationsAreFollowed(t *testing.T) {
	t.Parallel()
	bothFilters(t, func(t *testing.T, r *rig) {
		c := r.open(nil)
		hers := r.addOther(meeting("Hers"))
		far := r.addOther(meeting("Far away"))
		if err := r.sim.Edit("Activity", string(far), creatiosim.Fields{"StartDate": r.clock.Now().AddDate(2, 0, 0), "DueDate": r.clock.Now().AddDate(2, 0, 1)}); err != nil {
			t.Fatal(err)
		}
		s := remote.Scope{Until: r.clock.Now().AddDate(1, 0, 0)}
		got, cur := changes(t, c, creatio.Activities, s, "")
		if len(got) != 0 {
			t.Fatalf("%d activities before the invitation", len(got))
		}
		r.clock.Advance(10 * time.Minute)
		for _, id := range []remote.ItemID{hers, far} {
			r.add("ActivityParticipant", creatiosim.Fields{"ActivityId": string(id), "ParticipantId": r.sim.ContactOf("Supervisor")})
		}
		got, cur = changes(t, c, creatio.Activities, s, cur)
		if len(got) != 1 || got[hers].Item == nil {
			t.Fatalf("after the invitation: %v", got)
		}
		if e := got[hers].Item.(*pim.Event); e.Organizer.Name != "Pia Plain" || len(e.Attendees) != 1 || e.Attendees[0].Email != "sue@example.org" {
			t.Errorf("%+v", e)
		}
		r.clock.Advance(10 * time.Minute)
		if err := r.sim.Edit("Activity", string(hers), creatiosim.Fields{"Title": "Hers, renamed"}); err != nil {
			t.Fatal(err)
		}
		got, _ = changes(t, c, creatio.Activities, s, cur)
		if rec, ok := got[hers]; !ok || rec.Item.Summary() != "Hers, renamed" {
			t.Errorf("after a change: %v", got)
		}
		all, _ := changes(t, c, creatio.Activities, s, "")
		refs, err := c.(remote.Lister).List(t.Context(), creatio.Activities, s)
		if err != nil || len(all) != 1 || len(refs) != 1 || refs[0] != all[hers].Ref {
			t.Errorf("from the beginning %v, listed %v, %v", all, refs, err)
		}
	})
}

// Once it is quiet, a run finds nothing, in one call and few requests.
func TestQuietRunIsCheap(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.populate()
	c := r.open(nil)
	for _, title := range []string{"a", "b", "c"} {
		create(t, c, creatio.Activities, meeting(title))
		create(t, c, creatio.Contacts, &pim.Contact{FullName: title, Phones: []pim.Labeled{{Label: "work", Value: "1" + title}}})
	}
	for _, col := range []remote.CollectionID{creatio.Activities, creatio.Contacts} {
		_, cur := changes(t, c, col, remote.Scope{}, "")
		for range 3 {
			r.clock.Advance(30 * time.Second)
			_, cur = changes(t, c, col, remote.Scope{}, cur)
		}
		r.clock.Advance(30 * time.Second)
		before := r.faulty.Requests()
		d, err := c.Changes(t.Context(), col, remote.Scope{}, cur)
		if err != nil || len(d.Changed) != 0 || d.More {
			t.Errorf("%s: %d changes, more %v, %v", col, len(d.Changed), d.More, err)
		}
		if n := r.faulty.Requests() - before; n > 3 {
			t.Errorf("%s: %d requests for nothing", col, n)
		}
	}
}

// A row may be committed after rows with later stamps were read.
func TestLateCommitIsSeen(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	create(t, c, creatio.Activities, meeting("On time"))
	stamp := r.clock.Now().Add(-20 * time.Second)
	_, cur := changes(t, c, creatio.Activities, remote.Scope{}, "")
	r.clock.Advance(time.Minute)
	late := r.add("Activity", creatiosim.Fields{"Title": "Late", "ActivityCategoryId": r.sim.Lookup("ActivityCategory", "Meeting"), "ShowInScheduler": true,
		"StartDate": stamp, "DueDate": stamp.Add(time.Hour), "ModifiedOn": stamp, "CreatedOn": stamp})
	got, _ := changes(t, c, creatio.Activities, remote.Scope{}, cur)
	if _, ok := got[remote.ItemID(late)]; !ok {
		t.Error("a row that was committed late is lost")
	}
}

func TestCursorBelongsToItsScope(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	create(t, c, creatio.Activities, meeting("One"))
	_, cur := changes(t, c, creatio.Activities, remote.Scope{}, "")
	for name, s := range map[string]remote.Scope{
		"kinds": {Kinds: pim.Kinds(pim.KindTask)}, "types": {Types: []string{"Meeting"}}, "owners": {AllOwners: true},
	} {
		if _, err := c.Changes(t.Context(), creatio.Activities, s, cur); pim.ReasonOf(err) != pim.ErrCursorGone {
			t.Errorf("other %s: %v", name, err)
		}
	}
	if _, err := c.Changes(t.Context(), creatio.Contacts, remote.Scope{}, cur); pim.ReasonOf(err) != pim.ErrCursorGone {
		t.Error("the cursor of activities is taken for contacts")
	}
	moved := remote.Scope{From: r.clock.Now().AddDate(-1, 0, 0)}
	if _, err := c.Changes(t.Context(), creatio.Activities, moved, cur); err != nil {
		t.Errorf("a window that moved: %v", err)
	}
}

// A category can be named by its type as well: "Call" is both.
func TestTypesInScope(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	for _, typ := range []string{"Meeting", "Product demo", "Site inspection", "Call"} {
		e := meeting(typ)
		e.CRM.Type = typ
		create(t, c, creatio.Activities, e)
	}
	for want, types := range map[string][]string{
		"Meeting,Product demo": {"Task"}, "Site inspection": {"Visit"}, "Call": {"call"}, "Call,Meeting": {"Call", "Meeting", "No such"},
		"Product demo": {r.sim.Lookup("ActivityCategory", "Product demo")}, "": {"No such"},
	} {
		got, _ := changes(t, c, creatio.Activities, remote.Scope{Types: types}, "")
		var names []string
		for _, rec := range got {
			names = append(names, rec.Item.Summary())
		}
		slices.Sort(names)
		if joined := join(names); joined != want {
			t.Errorf("%v: %s, want %s", types, joined, want)
		}
	}
}

func join(names []string) string {
	s := ""
	for i, n := range names {
		if i > 0 {
			s += ","
		}
		s += n
	}
	return s
}
