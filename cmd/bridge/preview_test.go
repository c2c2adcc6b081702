package main

import (
	"strings"
	"testing"
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
	d, code := jsonOf[previewShown](p, "sync", "preview", "crm")
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
		if d, _ := jsonOf[previewShown](p, args...); len(d.Changes) != 0 || len(d.Touches) == 0 {
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
