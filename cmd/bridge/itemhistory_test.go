package main

import (
	"strconv"
	"strings"
	"testing"

	"crmbridge/manage"
)

// X4: the history of an item, where it comes from, and an earlier version put back, from
// the command line.
func TestRowX4ItemHistory(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	p.link(srv)
	s := p.serve()
	for i, title := range []string{"tok-one", "tok-two"} {
		if status, body := p.request("PUT", "/dav/calendars/alice/calendar/a.ics", meeting("uid-a", title), nil); status != 201+3*i {
			t.Fatalf("PUT: %d %s", status, body)
		}
	}
	s.stop()
	p.must("", "sync", "run", "crm")
	hs := list[manage.History](p, "item", "history", "uid-a")
	if len(hs) != 1 || !hs[0].Whole || hs[0].User != "alice" || hs[0].Collection != "calendar" || hs[0].Origin.Side != "client" || len(hs[0].Events) < 3 {
		t.Fatalf("%+v", hs)
	}
	first := hs[0].Events[0]
	if first.Side != "hub" || first.Action != "create" || first.By.Who != "alice" || len(first.Fields) == 0 || first.Version == 0 {
		t.Errorf("%+v", first)
	}
	sent := 0
	for _, e := range hs[0].Events {
		if e.Side == "remote" && e.By.Name == "crm" && e.Run != 0 && e.Outcome == "done" {
			sent++
		}
	}
	if sent == 0 {
		t.Errorf("nothing tells what went to the CRM: %+v", hs[0].Events)
	}
	out := p.must("", "item", "history", "uid-a", "--link", "crm")
	for _, want := range []string{`event "tok-two" in calendar of alice, first made by alice, `, "from its beginning", "create by alice", `Title: "tok-one" → "tok-two"`, "create to crm crm (run "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	version := first.Version
	doc, _ := jsonOf[manage.Restored](p, "item", "restore", "uid-a", "--version", strconv.FormatInt(int64(version), 10))
	if doc.Unchanged || doc.Collection != "calendar" {
		t.Errorf("%+v", doc)
	}
	if out := p.must("", "item", "restore", "uid-a", "--version", strconv.FormatInt(int64(version), 10), "--link", "crm"); !strings.Contains(out, "already") {
		t.Error(out)
	}
	p.must("", "sync", "run", "crm")
	if got := there(sim); got["tok-one"] != 1 || got["tok-two"] != 0 {
		t.Errorf("the CRM has %v", got)
	}
	for origin, n := range map[string]int{"client": 1, "crm": 0, "exchange": 0, "nobody": 0} {
		if rows := list[itemShown](p, "item", "list", "--link", "crm", "--origin", origin); len(rows) != n {
			t.Errorf("origin %s: %+v", origin, rows)
		}
	}
	if why, _ := jsonOf[[]manage.Explained](p, "item", "explain", "uid-a"); len(why) != 1 || why[0].Origin.Who != "alice" {
		t.Errorf("%+v", why)
	}
	for _, bad := range [][]string{{"item", "history", "nobody"}, {"item", "restore", "uid-a", "--version", "777"}, {"item", "restore", "uid-a"}} {
		if out, code := p.cmd("", bad...); code == 0 || strings.Contains(out, "sql") {
			t.Errorf("%v: %d %s", bad, code, out)
		}
	}
}
