package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/manage"
)

// The rows of what users of a CRM's own add-in have today, each through the outer surface: a client's requests and the
// commands on one side, the simulated CRM on the other. Rows that have a test of their own elsewhere are not here.

// B3 C1: the interval is chosen, the next run is shown, and runs come by themselves.
func TestRowB3C1Interval(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	r.tie("calendar", "1s", "{}")
	r.running()
	addMeeting(t, r.sim, "tok-polled")
	r.shows("calendar", "tok-polled")
	addMeeting(t, r.sim, "tok-again")
	r.shows("calendar", "tok-again")
	r.within("the next run", func() bool {
		s := list[manage.Status](r.place, "sync", "status")[0]
		return s.NextRun != nil && s.LastRun != nil && s.NextRun.After(*s.LastRun) && s.NextRun.Before(time.Now().Add(5*time.Second)) && s.Interval == "1s"
	})
}

// S7: what a client changes goes out at once, however long the interval is, and a change in the CRM comes with the poll.
func TestRowS7AtOnce(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	r.tie("calendar", "1h", "{}")
	r.running()
	r.within("the first run", func() bool { return list[manage.Status](r.place, "sync", "status")[0].LastSuccess != nil })
	r.put("calendars/alice/calendar/a.ics", meeting("uid-a", "tok-a"))
	r.record("Activity", "tok-a")
	r.put("calendars/alice/calendar/a.ics", meeting("uid-a", "tok-later"))
	r.record("Activity", "tok-later")
}

// B4 C7: run now, with what it did; a run that is under way is not begun twice (relay TestRowB4C7ProgressAndStop has the rest).
func TestRowB4C7RunNow(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	r.tie("calendar", "1h", "{}")
	addMeeting(t, r.sim, "tok-now")
	if out := r.must("", "sync", "run", "calendar"); !strings.Contains(out, "1") {
		t.Error(out)
	}
	r.running()
	r.shows("calendar", "tok-now")
}

// B5: contacts both ways; from the CRM those that match the filter.
func TestRowB5Contacts(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	r.add("Contact", creatiosim.Fields{"Name": "Ann Wanted", "JobTitle": "Buyer"})
	r.add("Contact", creatiosim.Fields{"Name": "Ben Other", "JobTitle": "Clerk"})
	r.tie("contacts", "1s", `{"filter":{"field":"jobTitle","op":"is","value":"Buyer"}}`)
	r.running()
	r.shows("contacts", "FN:Ann Wanted")
	r.put("addressbooks/alice/contacts/c.vcf", card("uid-c", "Cleo Chosen", "TITLE:Visitor\r\n"))
	rec := r.record("Contact", "Cleo Chosen")
	r.inStep()
	r.edit("Contact", rec.ID, creatiosim.Fields{"JobTitle": "Guest"})
	r.shows("contacts", "TITLE:Guest")
	if text := r.text("contacts"); strings.Contains(text, "Ben Other") {
		t.Error("what the filter leaves out came")
	}
}

// B10: the whole record of a contact goes to the CRM as vCard 3, and comes to another client as vCard 4.
func TestRowB10FullContact(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	r.tie("contacts", "1s", "{}")
	r.running()
	r.put("addressbooks/alice/contacts/c.vcf", card("uid-c", "Cleo Chosen", strings.Join([]string{
		"ORG:Acme Works;Sales", "TITLE:Head of buying things", "ROLE:Specialist", "X-CRM-SALUTATION:Ms.", "X-CRM-CONTACT-TYPE:Customer",
		"X-CRM-DECISION-ROLE:Decision maker", "X-CRM-DO-NOT-USE:call,sms", "TEL;TYPE=WORK,VOICE:+1 555 0100", "TEL;TYPE=CELL:+1 555 0101", "TEL;TYPE=HOME,VOICE:+1 555 0102",
		"IMPP;X-SERVICE-TYPE=Skype:skype:cleo.chosen", "EMAIL;TYPE=INTERNET:cleo@example.org", "ADR;TYPE=WORK:;;1 Long Street;Boston;;02101;United States",
		"NOTE:Met at the fair", "BDAY:1980-02-29", "",
	}, "\r\n")))
	r.record("Contact", "Cleo Chosen")
	r.inStep()
	rec := r.record("Contact", "Cleo Chosen")
	for column, want := range map[string]string{"Surname": "Chosen", "GivenName": "Cleo", "JobTitle": "Head of buying things", "Notes": "Met at the fair",
		"Phone": "+1 555 0100", "MobilePhone": "+1 555 0101", "HomePhone": "+1 555 0102", "Email": "cleo@example.org", "Skype": "cleo.chosen", "Address": "1 Long Street", "Zip": "02101"} {
		if got := rec.Text(column); got != want {
			t.Errorf("%s is %q, not %q", column, got, want)
		}
	}
	for column, value := range map[string]string{"SalutationTypeId": r.sim.Lookup("ContactSalutationType", "Ms."), "TypeId": r.sim.Lookup("ContactType", "Customer"),
		"DecisionRoleId": r.sim.Lookup("ContactDecisionRole", "Decision maker"), "JobId": r.sim.Lookup("Job", "Specialist"), "DepartmentId": r.sim.Lookup("Department", "Sales"),
		"AccountId": r.sim.Find("Account", "Acme Works")[0].ID} {
		if got := rec.Ref(column); got != value || value == "" {
			t.Errorf("%s is %q, not %q", column, got, value)
		}
	}
	if !rec.Bool("DoNotUseCall") || !rec.Bool("DoNotUseSms") || rec.Bool("DoNotUseEmail") {
		t.Error("the flags of what is not to be used")
	}
	// What only the CRM may set comes along, and its changes too.
	r.edit("Contact", rec.ID, creatiosim.Fields{"DoNotUseMail": true, "DecisionRoleId": r.sim.Lookup("ContactDecisionRole", "Influencer")})
	r.shows("contacts", "X-CRM-DECISION-ROLE:Influencer")
	body := `<X:addressbook-query xmlns:X="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:"><D:prop><X:address-data content-type="text/vcard" version="4.0"/></D:prop><X:filter/></X:addressbook-query>`
	_, text := r.request("REPORT", "/dav/addressbooks/alice/contacts/", body, map[string]string{"Depth": "1", "Content-Type": "application/xml"})
	text = strings.ReplaceAll(strings.ReplaceAll(text, "&#13;\n ", ""), "&#13;", "")
	for _, want := range []string{"VERSION:4.0", "N:Chosen;Cleo;;;", "ORG:Acme Works;Sales", "TITLE:Head of buying things", "ROLE:Specialist", "X-CRM-SALUTATION:Ms.", "X-CRM-CONTACT-TYPE:Customer",
		"X-CRM-DO-NOT-USE:call,sms,mail", "X-CRM-OWNER:Olga Owner", "+1 555 0100", "+1 555 0101", "+1 555 0102", "cleo.chosen", "cleo@example.org", "1 Long Street;Boston", "NOTE:Met at the fair", "BDAY:19800229"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

// B11: every item leads to its page in the CRM.
func TestRowB11OpenInCRM(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	addMeeting(t, r.sim, "tok-page")
	ann := r.add("Contact", creatiosim.Fields{"Name": "Ann Page"})
	r.tie("calendar", "1s", "{}")
	r.tie("contacts", "1s", "{}")
	r.running()
	r.shows("calendar", "tok-page")
	r.shows("contacts", "Ann Page")
	meeting := r.record("Activity", "tok-page").ID
	for collection, id := range map[string]string{"calendar": meeting, "contacts": ann} {
		text := strings.ReplaceAll(r.text(collection), "&#13;\n ", "")
		if !slices.ContainsFunc(strings.Split(text, "\n"), func(l string) bool {
			return strings.HasPrefix(l, "URL") && strings.Contains(l, r.srv.URL) && strings.Contains(l, id)
		}) {
			t.Errorf("no page of %s in %s", id, text)
		}
	}
}

// B17 B8: of a link that has only what is linked, nothing else goes or comes.
func TestRowB17OnlyLinked(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	addMeeting(t, r.sim, "tok-there")
	r.tie("calendar", "1h", `{"onlyLinked":true}`)
	s := r.serve()
	r.put("calendars/alice/calendar/a.ics", meeting("uid-a", "tok-a"))
	r.put("calendars/alice/calendar/b.ics", meeting("uid-b", "tok-b"))
	s.stop()
	r.sync("calendar")
	if got := there(r.sim); got["tok-a"]+got["tok-b"] != 0 {
		t.Errorf("unasked: %v", got)
	}
	r.must("", "item", "link", "uid-a", "--link", "calendar")
	r.sync("calendar")
	if got := there(r.sim); got["tok-a"] != 1 || got["tok-b"] != 0 {
		t.Errorf("one is linked: %v", got)
	}
	r.running()
	if got := r.here(); got["tok-there"] != 0 {
		t.Errorf("the CRM's came unasked: %v", got)
	}
}

// C6: shown in the calendar it is an appointment, otherwise a task.
func TestRowC6ShowInCalendar(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	at := time.Now().UTC().AddDate(0, 0, 2).Truncate(time.Hour)
	for title, shown := range map[string]bool{"tok-event": true, "tok-task": false} {
		r.add("Activity", creatiosim.Fields{"Title": title, "StartDate": at, "DueDate": at.Add(time.Hour), "Type": "Task",
			"ActivityCategory": "To do", "Status": "Not started", "ShowInScheduler": shown})
	}
	r.tie("calendar", "1s", "{}")
	r.tie("tasks", "1s", "{}")
	r.running()
	r.shows("calendar", "SUMMARY:tok-event")
	r.shows("tasks", "SUMMARY:tok-task")
	if strings.Contains(r.text("calendar"), "tok-task") || strings.Contains(r.text("tasks"), "tok-event") {
		t.Error("in the wrong one")
	}
	r.put("calendars/alice/calendar/a.ics", meeting("uid-a", "tok-made-event"))
	todo := strings.NewReplacer("VEVENT", "VTODO", "DURATION:PT1H\r\n", "").Replace(meeting("uid-t", "tok-made-task"))
	r.put("calendars/alice/tasks/t.ics", todo)
	if !r.record("Activity", "tok-made-event").Bool("ShowInScheduler") || r.record("Activity", "tok-made-task").Bool("ShowInScheduler") {
		t.Error("the CRM shows them in the wrong place")
	}
}

// X2: kinds and directions, what is made, changed and deleted in each, as a matrix.
func TestRowX2Matrix(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	for _, title := range []string{"tok-1", "tok-2"} {
		addMeeting(t, r.sim, title)
	}
	// Only from the CRM: new ones, changes and deletions; what devices make and change stays here.
	r.tie("calendar", "1h", `{"out":{"create":[],"carry":[]}}`)
	r.sync("calendar")
	s := r.serve()
	defer s.stop()
	r.shows("calendar", "tok-1")
	r.put("calendars/alice/calendar/mine.ics", meeting("uid-mine", "tok-mine"))
	uid := ""
	for _, it := range list[itemShown](r.place, "item", "list", "--link", "calendar") {
		if it.Summary == "tok-1" {
			uid = it.UID
		}
	}
	_, text := r.get("/dav/calendars/alice/calendar/" + uid + ".ics")
	r.put("calendars/alice/calendar/"+uid+".ics", strings.Replace(text, "tok-1", "tok-1-here", 1))
	second := r.record("Activity", "tok-2").ID
	r.edit("Activity", second, creatiosim.Fields{"Title": "tok-2-changed"})
	r.must("", "sync", "run", "calendar", "--full")
	if got := there(r.sim); got["tok-mine"] != 0 || got["tok-1"] != 1 || got["tok-1-here"] != 0 {
		t.Errorf("the CRM has %v", got)
	}
	r.shows("calendar", "tok-2-changed")
	if err := r.sim.Remove("Activity", second); err != nil {
		t.Fatal(err)
	}
	r.must("", "sync", "run", "calendar", "--full")
	if got := r.here(); got["tok-2-changed"] != 0 || got["tok-mine"] != 1 || got["tok-1-here"] != 1 {
		t.Errorf("devices see %v", got)
	}
	// The other way round.
	r.must("", "link", "rules", "calendar", "--change", `{"out":{"create":null,"carry":null},"in":{"create":[],"carry":[]}}`)
	addMeeting(t, r.sim, "tok-3")
	r.edit("Activity", r.record("Activity", "tok-1").ID, creatiosim.Fields{"Location": "elsewhere"})
	r.must("", "sync", "run", "calendar", "--full")
	if got := there(r.sim); got["tok-mine"] != 1 || got["tok-1-here"] != 1 {
		t.Errorf("the CRM has %v", got)
	}
	if text := r.text("calendar"); strings.Contains(text, "tok-3") || strings.Contains(text, "elsewhere") {
		t.Errorf("came from the CRM: %s", text)
	}
}

// X7 B12: who wins is a rule of the link; asked, a person settles it, all at once or one by one.
func TestRowX7B12Policy(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{"crm": "tok-crm", "client": "tok-client", "newest": "tok-crm", "ask": ""} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			r := newRow(t)
			r.tie("calendar", "1h", `{"policy":"`+policy+`"}`)
			s := r.serve()
			r.put("calendars/alice/calendar/a.ics", meeting("uid-a", "tok-a"))
			id := r.record("Activity", "tok-a").ID
			s.stop()
			r.sync("calendar")
			r.must("", "link", "pause", "calendar") // before the server can begin a run
			s = r.serve()
			r.put("calendars/alice/calendar/a.ics", meeting("uid-a", "tok-client"))
			time.Sleep(1100 * time.Millisecond) // the later one is later by the CRM's stamps too
			r.edit("Activity", id, creatiosim.Fields{"Title": "tok-crm"})
			s.stop()
			r.must("", "link", "resume", "calendar")
			r.sync("calendar")
			defer r.serve().stop()
			open := list[manage.Conflict](r.place, "conflict", "list")
			if policy != "ask" {
				if there(r.sim)[want] != 1 || r.here()[want] != 1 || len(open) != 0 {
					t.Errorf("%v, %v, %+v", there(r.sim), r.here(), open)
				}
				if all := list[manage.Conflict](r.place, "conflict", "list", "--all"); len(all) != 1 {
					t.Errorf("what lost is in no report: %+v", all)
				}
				return
			}
			if len(open) != 1 || there(r.sim)["tok-crm"] != 1 || r.here()["tok-client"] != 1 {
				t.Fatalf("%v, %v, %+v", there(r.sim), r.here(), open)
			}
			if out := r.must("", "conflict", "show", fmtID(open[0].ID)); !strings.Contains(out, "tok-a") || !strings.Contains(out, "tok-client") || !strings.Contains(out, "tok-crm") {
				t.Errorf("base, mine and theirs: %s", out)
			}
			r.must("", "conflict", "resolve", "--all", "--take", "theirs")
			r.within("theirs on both sides", func() bool { return r.here()["tok-crm"] == 1 && there(r.sim)["tok-crm"] == 1 })
		})
	}
}

// X8: a deletion goes over, but of a contact only its owner is taken in the CRM.
func TestRowX8Deletions(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	r.tie("calendar", "1s", `{"reconcileEvery":"1s"}`)
	r.tie("contacts", "1s", `{"reconcileEvery":"1s"}`)
	r.running()
	r.put("calendars/alice/calendar/a.ics", meeting("uid-a", "tok-a"))
	r.put("calendars/alice/calendar/b.ics", meeting("uid-b", "tok-b"))
	r.put("calendars/alice/calendar/keep.ics", meeting("uid-keep", "tok-keep"))
	r.put("addressbooks/alice/contacts/c.vcf", card("uid-c", "Cleo Chosen", ""))
	r.record("Activity", "tok-a")
	r.record("Activity", "tok-keep")
	b, c := r.record("Activity", "tok-b").ID, r.record("Contact", "Cleo Chosen")
	r.inStep()
	for _, path := range []string{"calendars/alice/calendar/a.ics", "addressbooks/alice/contacts/c.vcf"} {
		if status, _ := r.request("DELETE", "/dav/"+path, "", nil); status != http.StatusNoContent {
			t.Fatal(status)
		}
	}
	r.within("the deletions in the CRM", func() bool {
		rs := r.sim.Find("Contact", "Cleo Chosen")
		return there(r.sim)["tok-a"] == 0 && len(rs) == 1 && rs[0].ID == c.ID && rs[0].Ref("OwnerId") == ""
	})
	if err := r.sim.Remove("Activity", b); err != nil {
		t.Fatal(err)
	}
	r.within("the CRM's deletion", func() bool { return r.here()["tok-b"] == 0 && r.here()["tok-keep"] == 1 })
}
