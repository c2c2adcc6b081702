package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/manage"
)

// TestRowB12AChoiceIsTakenBackFromTheCommandLine settles conflicts with the CRM and takes that
// back, one by one and all at once.
func TestRowB12AChoiceIsTakenBackFromTheCommandLine(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	p.link(srv)
	s := p.serve()
	defer s.stop()
	const a, b = "/dav/calendars/alice/calendar/a.ics", "/dav/calendars/alice/calendar/b.ics"
	write := func(path, uid, title string) {
		t.Helper()
		_, _ = p.get(path)
		if status, body := p.request("PUT", path, meeting(uid, title), nil); status != http.StatusCreated && status != http.StatusNoContent {
			t.Fatalf("PUT: %d %s", status, body)
		}
	}
	write(a, "uid-a", "tok-a")
	write(b, "uid-b", "tok-b")
	eventually(t, "both meetings are in the CRM", func() bool { m := there(sim); return m["tok-a"] == 1 && m["tok-b"] == 1 })
	p.must("", "sync", "run", "crm")
	p.must("", "link", "pause", "crm")
	p.idle("crm")
	for _, x := range []string{"a", "b"} {
		edit(t, sim, "tok-"+x, "tok-theirs-"+x)
		write("/dav/calendars/alice/calendar/"+x+".ics", "uid-"+x, "tok-mine-"+x)
	}
	p.must("", "link", "resume", "crm")
	var ids []string
	eventually(t, "the conflicts are found", func() bool {
		ids = nil
		for _, c := range list[manage.Conflict](p, "conflict", "list") {
			if c.Cause == "relay" {
				ids = append(ids, fmt.Sprint(c.ID))
			}
		}
		return len(ids) == 2
	})
	sides := func(who string, m map[string]int, want ...string) {
		t.Helper()
		for _, w := range want {
			if m[w] != 1 || len(m) != len(want) {
				t.Errorf("%s: %v, want %v", who, m, want)
			}
		}
	}
	open := func(want int) {
		t.Helper()
		if n := len(list[manage.Conflict](p, "conflict", "list")); n != want {
			t.Errorf("%d conflicts are open, want %d", n, want)
		}
	}
	p.must("", append([]string{"conflict", "resolve", "--take", "mine"}, ids...)...)
	eventually(t, "the choice is in the CRM", func() bool { m := there(sim); return m["tok-mine-a"] == 1 && m["tok-mine-b"] == 1 })
	if out := p.must("", append([]string{"conflict", "undo"}, ids...)...); strings.Count(out, "open again") != 2 {
		t.Error(out)
	}
	sides("there", there(sim), "tok-theirs-a", "tok-theirs-b")
	sides("here", p.here(), "tok-mine-a", "tok-mine-b")
	p.must("", "sync", "run", "crm")
	open(2)
	p.must("", "conflict", "resolve", ids[0], "--take", "theirs")
	p.must("", "conflict", "resolve", ids[1], "--take", "both")
	eventually(t, "both versions are in the CRM", func() bool { return len(there(sim)) == 3 })
	p.must("", "sync", "run", "crm")
	var doc choicesUndone
	if err := json.Unmarshal([]byte(p.must("", "conflict", "undo", "--all-since", "1h", "--user", "alice", "--json")), &doc); err != nil || len(doc.IDs) != 2 || len(doc.Left) != 0 {
		t.Errorf("%+v %v", doc, err)
	}
	sides("there", there(sim), "tok-theirs-a", "tok-theirs-b")
	sides("here", p.here(), "tok-mine-a", "tok-mine-b")
	open(2)
	// What was changed since stays, and is told; the other one goes back.
	p.must("", append([]string{"conflict", "resolve", "--take", "mine"}, ids...)...)
	eventually(t, "the choice is in the CRM", func() bool { m := there(sim); return m["tok-mine-a"] == 1 && m["tok-mine-b"] == 1 })
	p.must("", "link", "pause", "crm")
	p.idle("crm")
	edit(t, sim, "tok-mine-a", "tok-since")
	out, code := p.cmd("", append([]string{"conflict", "undo"}, ids...)...)
	if code == 0 || strings.Count(out, "changed at the remote since") != 1 || strings.Count(out, "open again") != 1 {
		t.Errorf("%d %s", code, out)
	}
	sides("there", there(sim), "tok-since", "tok-theirs-b")
	open(1)
	for _, args := range [][]string{{}, {"--all-since", "1h", ids[0]}, {"--all-since", "soon"}, {"--user", "alice", ids[0]}, {"--all-since", "1h", "--user", "nobody"}, {"999"}} {
		if out, code := p.cmd("", append([]string{"conflict", "undo"}, args...)...); code == 0 {
			t.Errorf("%v: %s", args, out)
		}
	}
	// Nobody can be asked what the CRM has.
	srv.Close()
	before := p.calendar()
	if out, code := p.cmd("", "conflict", "undo", ids[0]); code == 0 || strings.Contains(out, "open again") {
		t.Errorf("without the CRM: %s", out)
	}
	if p.calendar() != before {
		t.Error("it changed something")
	}
	open(1)
}

// idle waits until no run of a link is under way: one that had begun before a pause goes on.
func (p *place) idle(link string) {
	p.t.Helper()
	eventually(p.t, "the end of the last run", func() bool {
		return !slices.ContainsFunc(list[manage.Run](p, "sync", "history", link), func(r manage.Run) bool { return r.Ended == nil })
	})
}

// edit gives the one meeting with a title another one, as somebody does in the CRM.
func edit(t testing.TB, sim *creatiosim.Sim, title, now string) {
	t.Helper()
	rs := sim.Find("Activity", title)
	if len(rs) != 1 {
		t.Fatalf("%d meetings %q", len(rs), title)
	}
	if err := sim.Edit("Activity", rs[0].ID, creatiosim.Fields{"Title": now}); err != nil {
		t.Fatal(err)
	}
}
