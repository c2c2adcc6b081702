package creatio_test

import (
	"strings"
	"testing"
	"time"

	"crmbridge/crm"
	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/pim"
	"crmbridge/remote"
)

func update(t *testing.T, c crm.Connector, col remote.CollectionID, old remote.Ref, it pim.Item, fields ...pim.FieldID) remote.Record {
	t.Helper()
	rec, err := c.Update(t.Context(), col, old, remote.Entry{Item: it}, pim.Set(fields...))
	if err != nil {
		t.Fatalf("update: %v", err)
	}
	return rec
}

// A site's own rule says no in its own words, and nothing is stored.
func TestRuleOfTheSite(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *creatiosim.Options) { o.Rules = []creatiosim.Rule{creatiosim.NoOverlap()} })
	c := r.open(nil)
	create(t, c, creatio.Events, meeting("First"))
	_, err := c.Create(t.Context(), creatio.Events, remote.Entry{Item: meeting("Second")}, "second")
	if pim.ReasonOf(err) != pim.ErrRefused || !strings.Contains(pim.PublicText(err), "already has a meeting at this time") {
		t.Errorf("%v, public %q", err, pim.PublicText(err))
	}
	if n := r.sim.Len("Activity"); n != 1 {
		t.Errorf("%d activities", n)
	}
}

// Creatio mails everybody it is told to invite. We never tell it.
func TestNobodyIsMailed(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.populate()
	c := r.open(nil)
	e := meeting("With guests")
	e.Attendees = []pim.Attendee{{Person: pim.Person{Email: "ANNA1@example.org"}}, {Person: pim.Person{Name: "Anna Attendee 2"}},
		{Person: pim.Person{Name: "A Stranger", Email: "stranger@example.com"}}, {Person: pim.Person{Name: "Nobody Known"}}}
	rec := create(t, c, creatio.Events, e)
	got := rec.Item.(*pim.Event)
	if len(got.Attendees) != 2 {
		t.Errorf("%d attendees are contacts, want 2: %+v", len(got.Attendees), got.Attendees)
	}
	e.Title, e.Attendees[0].Answer = "Moved", "declined"
	e.Start, e.End = pim.At(e.Start.Time.Add(time.Hour), ""), pim.At(e.End.Time.Add(time.Hour), "")
	rec = update(t, c, creatio.Events, rec.Ref, e, pim.FieldTitle, pim.FieldTime, pim.FieldAttendees)
	if err := c.Delete(t.Context(), creatio.Events, rec.Ref, remote.Delete); err != nil {
		t.Fatal(err)
	}
	if n := r.sim.MailCount(); n != 0 {
		t.Errorf("%d mails were sent: %+v", n, r.sim.Mails())
	}
}

func TestEmailsAreNoItems(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	id := r.add("Activity", creatiosim.Fields{"Title": "Re: offer", "TypeId": r.sim.Lookup("ActivityType", "Email"), "ActivityCategoryId": r.sim.Lookup("ActivityCategory", "Email"),
		"StartDate": r.clock.Now(), "DueDate": r.clock.Now()})
	d, err := c.Changes(t.Context(), creatio.Activities, remote.Scope{}, "")
	refs, err2 := c.(remote.Lister).List(t.Context(), creatio.Activities, remote.Scope{})
	recs, err3 := c.Fetch(t.Context(), creatio.Activities, []remote.ItemID{remote.ItemID(id)})
	if err != nil || err2 != nil || err3 != nil || len(d.Changed)+len(refs)+len(recs) != 0 {
		t.Errorf("%d changed, %d listed, %d fetched; %v %v %v", len(d.Changed), len(refs), len(recs), err, err2, err3)
	}
	e := meeting("Write a letter")
	e.CRM.Type = "Email"
	if _, err := c.Create(t.Context(), creatio.Events, remote.Entry{Item: e}, "key"); pim.ReasonOf(err) != pim.ErrRefused {
		t.Errorf("an e-mail was made: %v", err)
	}
}

func TestCategories(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(crm.Settings{"default_task_type": "Call"})
	e := create(t, c, creatio.Events, meeting("Plain")).Item.(*pim.Event)
	task := create(t, c, creatio.Tasks, &pim.Task{Activity: pim.Activity{Title: "Ring them"}}).Item.(*pim.Task)
	if e.CRM.Type != "Meeting" || task.CRM.Type != "Call" || task.Due.IsZero() || task.Status != pim.NeedsAction {
		t.Errorf("%q, %q, due %s, %s", e.CRM.Type, task.CRM.Type, task.Due, task.Status)
	}
	row := r.sim.Find("Activity", "Ring them")[0]
	if row.Ref("TypeId") != r.sim.Lookup("ActivityType", "Call") || row.Bool("ShowInScheduler") {
		t.Error("the type does not go with the category")
	}
	bad := meeting("Strange")
	bad.CRM.Type = "Picnic"
	if _, err := c.Create(t.Context(), creatio.Events, remote.Entry{Item: bad}, "key"); pim.ReasonOf(err) != pim.ErrRefused || !strings.Contains(pim.PublicText(err), "Picnic") {
		t.Errorf("%v", err)
	}
	bad.CRM.Type, bad.Recurrence = "", &pim.Recurrence{Rules: []string{"FREQ=DAILY"}}
	if _, err := c.Create(t.Context(), creatio.Events, remote.Entry{Item: bad}, "key"); pim.ReasonOf(err) != pim.ErrUnsupported {
		t.Errorf("a series was made of one meeting: %v", err)
	}
	group := &pim.Contact{FullName: "Everybody", Group: true}
	if _, err := c.Create(t.Context(), creatio.Contacts, remote.Entry{Item: group}, "key"); pim.ReasonOf(err) != pim.ErrUnsupported {
		t.Errorf("a group: %v", err)
	}
	if _, err := c.Create(t.Context(), creatio.Tasks, remote.Entry{Item: meeting("x")}, "key"); pim.ReasonOf(err) != pim.ErrUnsupported {
		t.Errorf("an event among the tasks: %v", err)
	}
}

// A reminder is a moment in Creatio and a distance in a calendar.
func TestReminderMovesWithTheStart(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	e := meeting("Early bird")
	e.Reminders = []pim.Reminder{{Before: 45 * time.Minute}}
	rec := create(t, c, creatio.Events, e)
	e.Start, e.End = pim.At(e.Start.Time.Add(26*time.Hour), ""), pim.At(e.End.Time.Add(26*time.Hour), "")
	got := update(t, c, creatio.Events, rec.Ref, e, pim.FieldTime).Item.(*pim.Event)
	row := r.sim.Find("Activity", "Early bird")[0]
	if len(got.Reminders) != 1 || got.Reminders[0].Before != 45*time.Minute || !row.Time("RemindToOwnerDate").Equal(e.Start.Time.Add(-45*time.Minute)) {
		t.Errorf("%v at %s", got.Reminders, row.Time("RemindToOwnerDate"))
	}
}

// Creatio's finer states of an event stay, steps of processes are left to Creatio.
func TestStatusIsChangedWithCare(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	rec := create(t, c, creatio.Events, meeting("In Creatio"))
	set := func(name string) {
		t.Helper()
		if err := r.sim.Edit("Activity", string(rec.ID), creatiosim.Fields{"StatusId": r.sim.Lookup("ActivityStatus", name)}); err != nil {
			t.Fatal(err)
		}
		rec = fetchOne(t, c, creatio.Events, rec.ID)
	}
	status := func() string {
		row, _ := r.sim.Record("Activity", string(rec.ID))
		return row.Ref("StatusId")
	}
	set("Completed")
	e := meeting("In Creatio")
	e.Status = pim.Confirmed
	rec = update(t, c, creatio.Events, rec.Ref, e, pim.FieldStatus)
	if status() != r.sim.Lookup("ActivityStatus", "Completed") {
		t.Error("confirming an event reopened it")
	}
	e.Status = pim.Cancelled
	rec = update(t, c, creatio.Events, rec.Ref, e, pim.FieldStatus)
	if status() != r.sim.Lookup("ActivityStatus", "Canceled") {
		t.Error("a cancelled event is not cancelled in Creatio")
	}
	set("Postponed")
	if err := r.sim.Edit("Activity", string(rec.ID), creatiosim.Fields{"ProcessElementId": "0b1a7c58-2c5f-4b9e-8a45-6f6d2f2f9d11"}); err != nil {
		t.Fatal(err)
	}
	rec = fetchOne(t, c, creatio.Events, rec.ID)
	_, err := c.Update(t.Context(), creatio.Events, rec.Ref, remote.Entry{Item: e}, pim.Set(pim.FieldStatus))
	if pim.ReasonOf(err) != pim.ErrRefused || !strings.Contains(pim.PublicText(err), "business process") {
		t.Errorf("%v", err)
	}
}

func TestWritesSendOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	e := meeting("Same")
	rec := create(t, c, creatio.Events, e)
	r.clock.Advance(time.Minute)
	before := r.sim.Counts()["patch"] + r.sim.Counts()["update"]
	again := update(t, c, creatio.Events, rec.Ref, e, pim.AllOf(pim.KindEvent).IDs()...)
	if again.Version != rec.Version {
		t.Errorf("a write of the same values moved the version from %s to %s (%d writes)", rec.Version, again.Version, before)
	}
}

func TestCompanies(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.add("Account", creatiosim.Fields{"Name": "Nordwind GmbH"})
	c := r.open(nil)
	person := func(name, company string) *pim.Contact { return &pim.Contact{FullName: name, Company: company} }
	company := func(rec remote.Record) string { return rec.Item.(*pim.Contact).Company }
	if got := company(create(t, c, creatio.Contacts, person("Kim", "Nordwind GmbH"))); got != "Nordwind GmbH" || r.sim.Len("Account") != 1 {
		t.Errorf("a known company: %q, %d companies", got, r.sim.Len("Account"))
	}
	create(t, c, creatio.Contacts, person("Lee", "Südwind & Söhne"))
	if got := company(create(t, c, creatio.Contacts, person("Max", "Südwind & Söhne"))); got != "Südwind & Söhne" || r.sim.Len("Account") != 2 {
		t.Errorf("a new company: %q, %d companies", got, r.sim.Len("Account"))
	}
	// A company that may not be created is left out; the contact is made.
	if _, err := r.sim.AddFault(creatiosim.Fault{Kind: creatiosim.FaultStatus, Status: 403, Message: "No rights", Entity: "Account", Method: "POST"}); err != nil {
		t.Fatal(err)
	}
	if got := company(create(t, c, creatio.Contacts, person("Noa", "Ostwind AS"))); got != "" || len(r.sim.Find("Contact", "Noa")) != 1 {
		t.Errorf("a company without the right to make it: %q", got)
	}
	r.sim.ClearFaults()
	strict := r.open(crm.Settings{"create_companies": "no", "create_places": "no"})
	p := person("Ola", "Westwind AB")
	p.Addresses = []pim.Address{{Label: "home", Street: "Kaj 1", City: "Nowhere upon Sea", Country: "Finland"}}
	got := create(t, strict, creatio.Contacts, p).Item.(*pim.Contact)
	if got.Company != "" || len(got.Addresses) != 1 || got.Addresses[0].City != "" || got.Addresses[0].Street != "Kaj 1" || got.Addresses[0].Country != "Finland" {
		t.Errorf("%+v", got)
	}
}

// A job that is not in the list becomes the free title.
func TestUnknownJob(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	got := create(t, c, creatio.Contacts, &pim.Contact{FullName: "Ada", Role: "Lion tamer"}).Item.(*pim.Contact)
	if got.Role != "" || got.Title != "Lion tamer" {
		t.Errorf("%q %q", got.Role, got.Title)
	}
	got = create(t, c, creatio.Contacts, &pim.Contact{FullName: "Bea", Role: "beekeeper", Title: "Queen of hives"}).Item.(*pim.Contact)
	if got.Role != "Beekeeper" || got.Title != "Queen of hives" {
		t.Errorf("%q %q", got.Role, got.Title)
	}
}

// Contacts need a name in Creatio; ours may have none.
func TestNameless(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	for want, in := range map[string]*pim.Contact{
		"Ann B. Cee":      {Given: "Ann", Middle: "B.", Family: "Cee"},
		"Acme":            {Company: "Acme"},
		"a@example.org":   {Emails: []pim.Labeled{{Value: "a@example.org"}}},
		"+358 40 1234567": {Phones: []pim.Labeled{{Value: "+358 40 1234567"}}},
	} {
		rec, err := c.Create(t.Context(), creatio.Contacts, remote.Entry{Item: in}, want)
		if err != nil || rec.Item.Summary() != want {
			t.Errorf("%s: %v %v", want, rec.Item, err)
		}
	}
}
