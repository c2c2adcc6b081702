package main

import (
	"strings"
	"testing"

	"crmbridge/manage"
	"crmbridge/store"
)

// TestRowB14FromTheCommandLine: duplicates found, listed, told, merged by choice, taken
// apart and ignored.
func TestRowB14FromTheCommandLine(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	p.link(srv)
	s := p.serve()
	for name, title := range map[string]string{"a": "Review of the budget", "b": "Review of budget"} {
		if status, body := p.request("PUT", "/dav/calendars/alice/calendar/"+name+".ics", meeting("uid-"+name, title), nil); status != 201 {
			t.Fatalf("PUT: %d %s", status, body)
		}
	}
	s.stop()
	p.must("", "sync", "run", "crm")
	for _, where := range []string{"crm", "calendar"} {
		if doc, _ := jsonOf[duplicatesFound](p, "duplicate", "find", where); doc.Open != 1 {
			t.Errorf("%s: %+v", where, doc)
		}
	}
	rows := list[manage.Duplicate](p, "duplicate", "list", "--user", "alice", "--collection", "calendar")
	if len(rows) != 1 || rows[0].State != store.DuplicateOpen || !strings.Contains(rows[0].WhyInWords(), "nearly the same title") || rows[0].A == rows[0].B {
		t.Fatalf("%+v", rows)
	}
	if more := list[manage.Duplicate](p, "duplicate", "list", "--after", "1"); len(more) != 0 {
		t.Errorf("a page behind the last: %+v", more)
	}
	for args, n := range map[string]int{
		"--link crm": 1, "--kind event": 1, "--kind contact": 0, "--text BUDGET": 1, "--text same": 1, "--text lost": 0, "--since 1h": 1, "--until 1h": 0,
		"--state merged": 0, "--link crm --kind event --text review --since 1h --state open": 1,
	} {
		if got := list[manage.Duplicate](p, append([]string{"duplicate", "list"}, strings.Fields(args)...)...); len(got) != n {
			t.Errorf("%s: %+v", args, got)
		}
	}
	if out := p.must("", "duplicate", "list", "--csv"); !strings.HasPrefix(out, "ID,USER,COLLECTION,A,B,LIKE,WHY,STATE\r\n1,alice,calendar,") {
		t.Errorf("%s", out)
	}
	if out := p.must("", "duplicate", "show", "1"); !strings.Contains(out, "Review of the budget") || !strings.Contains(out, "nearly the same title") {
		t.Errorf("%s", out)
	}
	if doc, _ := jsonOf[manage.Merged](p, "duplicate", "merge", "1", "--field", "title=b"); doc.ID != 1 || len(doc.Left) != 1 || doc.Left[0].Field != "title" {
		t.Errorf("%+v", doc)
	}
	p.must("", "sync", "run", "crm")
	if got := there(sim); got["Review of the budget"]+got["Review of budget"] != 1 {
		t.Errorf("merged: %v", got)
	}
	if d, _ := jsonOf[manage.DuplicateDetail](p, "duplicate", "show", "1"); d.State != store.DuplicateMerged || len(d.Left) != 1 || d.Left[0].Value == "" {
		t.Errorf("%+v", d)
	}
	if doc, _ := jsonOf[duplicateDone](p, "duplicate", "undo", "1"); doc.Done != "undone" {
		t.Errorf("%+v", doc)
	}
	p.must("", "sync", "run", "crm")
	if got := there(sim); got["Review of the budget"] != 1 || got["Review of budget"] != 1 {
		t.Errorf("undone: %v", got)
	}
	if rows := list[manage.Duplicate](p, "duplicate", "list", "--state", "ignored"); len(rows) != 1 {
		t.Errorf("%+v", rows)
	}
	p.must("", "duplicate", "undo", "1")
	if doc, _ := jsonOf[duplicateDone](p, "duplicate", "ignore", "1"); doc.Done != "ignored" {
		t.Errorf("%+v", doc)
	}
	for want, args := range map[string][]string{
		"bridge: there is no duplicate 9\n":                     {"duplicate", "merge", "9"},
		"bridge: there is no duplicate 8\n":                     {"duplicate", "show", "8"},
		"bridge: there is no duplicate 7\n":                     {"duplicate", "undo", "7"},
		"bridge: there is no link and no collection \"lost\"\n": {"duplicate", "find", "lost"},
		"bridge: there is no field \"colour\"\n":                {"duplicate", "merge", "1", "--field", "colour=a"},
		"bridge: there is no state \"lost\"\n":                  {"duplicate", "list", "--state", "lost"},
		"bridge: --collection needs --user\n":                   {"duplicate", "list", "--collection", "calendar"},
	} {
		if out, code := p.cmd("", args...); code == 0 || out != want {
			t.Errorf("bridge %s: %d %q, want %q", strings.Join(args, " "), code, out, want)
		}
	}
}
