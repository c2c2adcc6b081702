package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
)

// TestRowX17X18FieldsOfCreatioByCommand gives a link to a site with columns of its own another
// map, step by step, and syncs both ways with it.
func TestRowX17X18FieldsOfCreatioByCommand(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, err := creatiosim.New(creatiosim.Options{Now: time.Now, Custom: "+Activity\n  UsrRegion text:250\n  UsrKey bool\n  UsrHint text\n  UsrReport text\n  UsrCount int\n",
		Users: []creatiosim.User{{Login: "owner", Password: "crm secret", Name: "Olga Owner", Email: "olga@example.org", FullRights: true}}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim)
	t.Cleanup(func() { srv.Close(); _ = sim.Close() })
	p.link(srv)
	p.serve()

	// The columns are shown with what they hold.
	kinds := map[string]string{}
	for _, c := range list[columnShown](p, "link", "fields", "crm", "--columns", "--kind", "event") {
		kinds[c.Name] = string(c.Kind)
	}
	for name, want := range map[string]string{"UsrRegion": "text", "UsrKey": "yes/no", "UsrCount": "number", "ResultId": "list", "Id": "other"} {
		if kinds[name] != want {
			t.Errorf("column %s is shown as %q, want %q", name, kinds[name], want)
		}
	}
	// What cannot be is refused with every fault, and changes nothing.
	out, code := p.cmd("", "link", "fields", "crm", "--kind", "event", "--set", "report=UsrGone", "--custom", "UsrKey=X-CRM-KEY")
	if code == 0 || !strings.Contains(out, "X-CRM-") {
		t.Errorf("%d %s", code, out)
	}
	out, code = p.cmd("", "link", "fields", "crm", "--kind", "event", "--set", "report=UsrGone", "--custom", "ModifiedOn=X-MODIFIED", "--set", "notes=UsrKey")
	for _, want := range []string{`no column "UsrGone"`, "ModifiedOn is filled in by the CRM", "UsrKey holds a yes/no"} {
		if code == 0 || !strings.Contains(out, want) {
			t.Errorf("%q is not told: %d %s", want, code, out)
		}
	}
	p.must("", "link", "fields", "crm", "--kind", "event", "--set", "report=UsrReport",
		"--custom", "UsrRegion=X-REGION", "--custom", "UsrKey=category", "--custom", "UsrHint=notes", "--clear", "location")
	shown := func() (changed []string) {
		for _, r := range list[fieldMapShown](p, "link", "fields", "crm", "--kind", "event") {
			if !r.Default {
				changed = append(changed, r.Field+"="+strings.Join(r.Columns, "+")+" "+r.Direction)
			}
		}
		slices.Sort(changed)
		return changed
	}
	if got, want := shown(), []string{"X-REGION=UsrRegion both", "category=UsrKey both", "location=Location none", "notes=UsrHint both", "report=UsrReport both"}; !slices.Equal(got, want) {
		t.Errorf("changed rows %q, want %q", got, want)
	}

	// From Creatio to the calendar,
	addMeeting(t, sim, "Visit")
	id := sim.Find("Activity", "Visit")[0].ID
	err = sim.Edit("Activity", id, creatiosim.Fields{"UsrRegion": "North", "UsrKey": true, "UsrHint": "bring samples", "DetailedResult": "old", "UsrReport": "new"})
	if err != nil {
		t.Fatal(err)
	}
	p.must("", "sync", "run", "crm")
	text := p.calendar()
	for _, want := range []string{"X-REGION:North", "CATEGORIES:UsrKey", "UsrHint: bring samples", "X-CRM-REPORT:new"} {
		if !strings.Contains(strings.ReplaceAll(text, "\n ", ""), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	// and back, with an item of a device.
	status, body := p.request("PUT", "/dav/calendars/alice/calendar/a.ics", strings.Replace(meeting("uid-a", "Offer"), "SUMMARY:",
		"X-REGION:South\r\nCATEGORIES:UsrKey\r\nLOCATION:Hall\r\nX-CRM-REPORT:they agreed\r\nDESCRIPTION:Call first\\n\\n--- CRM ---\\nUsrHint: by train\r\nSUMMARY:", 1), nil)
	if status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	p.must("", "sync", "run", "crm")
	made := sim.Find("Activity", "Offer")
	if len(made) != 1 {
		t.Fatalf("%d activities were made", len(made))
	}
	for name, want := range map[string]string{"UsrRegion": "South", "UsrHint": "by train", "UsrReport": "they agreed", "DetailedResult": "", "Notes": "Call first", "Location": ""} {
		if got := made[0].Text(name); got != want {
			t.Errorf("column %s is %q, want %q", name, got, want)
		}
	}
	if !made[0].Bool("UsrKey") {
		t.Error("the category did not reach the column")
	}
	// Taken back, the report is the one of the column that it is usually kept in, and what
	// was in the map stays where it is.
	p.must("", "link", "fields", "crm", "--kind", "event", "--clear", "UsrRegion")
	if got := shown(); slices.Contains(got, "X-REGION=UsrRegion both") || len(got) != 4 {
		t.Errorf("%q", got)
	}
	p.must("", "link", "fields", "crm", "--kind", "event", "--reset")
	if got := shown(); len(got) != 0 {
		t.Errorf("after a reset: %q", got)
	}
	p.must("", "sync", "run", "crm")
	if rec, _ := sim.Record("Activity", id); rec.Text("UsrRegion") != "North" || rec.Text("UsrReport") != "new" || rec.Text("DetailedResult") != "old" {
		t.Errorf("a reset wrote: %+v", rec.Fields())
	}
}
