package main

import (
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/manage"
)

// A run and a change of rules are shown from the command line, and nothing of it is done.
func TestSyncPreview(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	s := p.serve()
	if status, body := p.request("PUT", "/dav/calendars/alice/calendar/a.ics", meeting("uid-a", "tok-a"), nil); status != 201 {
		t.Fatalf("PUT: %d %s", status, body)
	}
	s.stop()
	p.link(srv) // not before, as the server would run it
	d, code := jsonOf[manage.Preview](p, "sync", "preview", "crm")
	if code != 0 || len(d.Changes) != 1 || d.Changes[0].Side != "there" || d.Changes[0].Action != "create" || d.Changes[0].Title != "tok-a" || len(d.Changes[0].Fields) == 0 || d.Counts.CreatedRemote != 1 {
		t.Fatalf("%d %+v", code, d)
	}
	if out := p.must("", "sync", "preview", "crm"); !strings.Contains(out, "tok-a") || !strings.Contains(out, "there: 1 created") || !strings.Contains(out, "Nothing was done.") {
		t.Error(out)
	}
	if out := p.must("", "sync", "preview", "crm", "--csv"); !strings.HasPrefix(out, "SIDE,ACTION") || !strings.Contains(out, "there,create,event,tok-a,uid-a") {
		t.Error(out)
	}
	for _, args := range [][]string{{"sync", "preview", "crm", "--change", `{"direction":"in"}`}, {"link", "rules", "crm", "--change", `{"direction":"in"}`, "--preview"}} {
		if d, _ := jsonOf[manage.Preview](p, args...); len(d.Changes) != 0 || len(d.Touches) == 0 {
			t.Errorf("%v: %+v", args, d)
		}
	}
	if got := there(sim); len(got) != 0 {
		t.Errorf("the CRM has %v", got)
	}
	p.must("", "sync", "run", "crm")
	if got := there(sim); got["tok-a"] != 1 {
		t.Errorf("the rules were changed: %v", got)
	}
	for _, bad := range [][]string{{"sync", "preview", "other"}, {"sync", "preview", "crm", "--change", `{"directio":"in"}`}} {
		if out, code := p.cmd("", bad...); code == 0 || strings.Contains(out, "sql") {
			t.Errorf("%v: %d %s", bad, code, out)
		}
	}
}

// The contacts that activities would bring into the address book of another link are listed with
// that link, as table, CSV and JSON.
func TestSyncPreviewOfContacts(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	r.tie("contacts", "1h", `{"filter":{"field":"jobTitle","op":"is","value":"Buyer"}}`)
	r.tie("calendar", "1h", "{}")
	ann := r.add("Contact", creatiosim.Fields{"Name": "Ann Tied"})
	at := time.Now().UTC().AddDate(0, 0, 2)
	r.add("Activity", creatiosim.Fields{"Title": "tok-tied", "ContactId": ann, "ActivityCategoryId": r.sim.Lookup("ActivityCategory", "Meeting"),
		"ShowInScheduler": true, "StartDate": at, "DueDate": at.Add(time.Hour)})
	r.sync("contacts")
	r.sync("calendar")
	if d, code := jsonOf[manage.Preview](r.place, "sync", "preview", "calendar"); code != 0 || d.Brought != nil {
		t.Errorf("%d %+v", code, d.Brought)
	}
	args := []string{"sync", "preview", "calendar", "--change", `{"activityContacts":true}`}
	d, code := jsonOf[manage.Preview](r.place, args...)
	if b := d.Brought; code != 0 || b == nil || b.Link != "contacts" || b.Counts.CreatedLocal != 1 || len(b.Changes) != 1 || b.Changes[0].Title != "Ann Tied" || b.Changes[0].Side != "here" || len(d.Changes) != 0 {
		t.Fatalf("%d %+v %+v", code, d, b)
	}
	if out := r.must("", args...); !strings.Contains(out, "Ann Tied") || !strings.Contains(out, `the next run of the link "contacts": 1 created, 0 changed`) {
		t.Error(out)
	}
	out := r.must("", append(args, "--csv")...)
	if !strings.HasPrefix(out, "SIDE,ACTION,KIND,TITLE,UID,FIELDS,REASON,LINK") || !strings.Contains(out, "here,create,contact,Ann Tied,"+d.Brought.Changes[0].UID) || !strings.Contains(out, ",contacts") {
		t.Error(out)
	}
	// Noted by a run, they are the address book's own to show.
	r.must("", "link", "rules", "calendar", "--change", `{"activityContacts":true}`)
	r.sync("calendar")
	own, code := jsonOf[manage.Preview](r.place, "sync", "preview", "contacts")
	if code != 0 || len(own.Changes) != 1 || own.Changes[0].Title != "Ann Tied" {
		t.Errorf("%d %+v", code, own)
	}
	if out := r.must("", "item", "list", "--link", "contacts"); strings.Contains(out, "Ann Tied") {
		t.Errorf("a preview made it: %s", out)
	}
}
