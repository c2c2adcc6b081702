package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
)

// B7: contacts that a chosen one points at come along although the filter leaves them out.
func TestRowB7Related(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	boss := r.add("Contact", creatiosim.Fields{"Name": "Bob Boss"})
	acme := r.add("Account", creatiosim.Fields{"Name": "Acme", "PrimaryContactId": boss})
	r.add("Contact", creatiosim.Fields{"Name": "Ann Wanted", "JobTitle": "Buyer", "AccountId": acme})
	r.add("Contact", creatiosim.Fields{"Name": "Ben Other", "JobTitle": "Clerk"})
	r.tie("contacts", "1s", `{"filter":{"field":"jobTitle","op":"is","value":"Buyer"},"relatedContacts":true}`)
	r.sync("contacts")
	r.running()
	r.shows("contacts", "FN:Bob Boss")
	r.shows("contacts", "FN:Ann Wanted")
	if text := r.text("contacts"); strings.Contains(text, "Ben Other") {
		t.Error("what nobody points at came")
	}
	uid := ""
	for _, i := range list[itemShown](r.place, "item", "list", "--link", "contacts") {
		if i.Summary == "Bob Boss" {
			uid = i.UID
		}
	}
	if out := r.must("", "item", "explain", uid); !strings.Contains(out, `comes along with "Ann Wanted" (Primary contact of the account)`) {
		t.Error(out)
	}
}

// S9: the contacts of an activity come into the address book that is linked to the same account.
func TestRowS9Contacts(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	rules := `{"activityContacts":true}`
	flags := append(creatioFlags(r.place, r.srv), "--collection", "calendar", "--name", "calendar", "--rules", rules)
	if out, code := r.cmd("", flags...); code == 0 || !strings.Contains(out, "no address book is linked to this account") {
		t.Errorf("without an address book: %d %s", code, out)
	}
	r.tie("contacts", "1s", `{"filter":{"field":"jobTitle","op":"is","value":"Buyer"}}`)
	r.tie("calendar", "1s", rules)
	if out := r.must("", "link", "show", "calendar"); !strings.Contains(out, "Contacts that an activity is tied to are put into the address book") {
		t.Error(out)
	}
	ann := r.add("Contact", creatiosim.Fields{"Name": "Ann Tied"})
	at := time.Now().UTC().AddDate(0, 0, 2)
	r.add("Activity", creatiosim.Fields{"Title": "tok-tied", "ContactId": ann, "ActivityCategoryId": r.sim.Lookup("ActivityCategory", "Meeting"),
		"ShowInScheduler": true, "StartDate": at, "DueDate": at.Add(time.Hour)})
	r.running()
	r.shows("calendar", "tok-tied")
	r.shows("contacts", "FN:Ann Tied")
}

// B18: a client's activity is tied to company and contact by the address of a guest; what it is
// tied to is shown, changed and taken back from the command line.
func TestRowB18Relations(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	acme := r.add("Account", creatiosim.Fields{"Name": "Acme"})
	r.add("Contact", creatiosim.Fields{"Name": "Ann Guest", "Email": "ann@acme.example.org", "AccountId": acme})
	r.add("Account", creatiosim.Fields{"Name": "Beta"})
	if _, err := r.sim.Add("Opportunity", creatiosim.Fields{"Title": "Big deal"}); err != nil {
		t.Fatal(err)
	}
	r.tie("calendar", "1h", "{}")
	s := r.serve()
	r.put("calendars/alice/calendar/a.ics", meetingWith("uid-a", "tok-a", []string{"ann@acme.example.org"}))
	rec := r.record("Activity", "tok-a")
	if rec.Ref("AccountId") != acme {
		t.Errorf("the account is %q", rec.Ref("AccountId"))
	}
	s.stop()
	out := r.must("", "item", "relate", "uid-a", "--link", "calendar")
	for _, part := range []string{"company", "Acme", "contact", "Ann Guest", "Olga Owner"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is not told: %s", part, out)
		}
	}
	doc, _ := jsonOf[related](r.place, "item", "relate", "uid-a", "--link", "calendar", "--set", "company=beta", "--set", "opportunity=Big deal", "--clear", "contact")
	if doc.Run == 0 || doc.Roles[0].To[0].Name != "Beta" || len(doc.Roles[1].To) != 0 || doc.Roles[2].To[0].Name != "Big deal" {
		t.Errorf("%+v", doc)
	}
	if out := r.must("", "item", "history", "uid-a"); !strings.Contains(out, "relate") || !strings.Contains(out, "command line") {
		t.Error(out)
	}
	for _, wrong := range [][]string{{"--set", "company"}, {"--set", "company=Nobody"}, {"--clear", "owner"}, {"--version", "old", "--clear", "company"}} {
		if out, code := r.cmd("", append([]string{"item", "relate", "uid-a", "--link", "calendar"}, wrong...)...); code == 0 {
			t.Errorf("%v: %s", wrong, out)
		}
	}
	if out := r.must("", "sync", "undo", fmt.Sprint(doc.Run)); !strings.Contains(out, "1 item is again what it was before run") || strings.Contains(out, "paused") {
		t.Error(out)
	}
	if out := r.must("", "link", "resume", "calendar"); !strings.Contains(out, "was not paused") {
		t.Error(out)
	}
	rec = r.record("Activity", "tok-a")
	if rec.Ref("AccountId") != acme || rec.Ref("ContactId") == "" || rec.Ref("OpportunityId") != "" {
		t.Errorf("taken back: %+v", rec)
	}
}
