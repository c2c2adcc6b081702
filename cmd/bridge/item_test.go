package main

import (
	"slices"
	"strings"
	"testing"

	"crmbridge/manage"
)

// TestItemsAndRules: the rules of a link changed and told, the items listed, explained,
// taken apart and tied again, from the command line.
func TestItemsAndRules(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	p.link(srv)
	doc, _ := jsonOf[manage.RulesChanged](p, "link", "rules", "crm", "--change", `{"out":{"create":["Call"]},"policy":"newest"}`)
	if !slices.Contains(doc.Touches, "Every item is looked at again.") || !strings.Contains(strings.Join(doc.Words, "\n"), `new items are made of these types only: "Call"`) {
		t.Errorf("%+v", doc)
	}
	s := p.serve()
	for _, name := range []string{"a", "b"} {
		if status, body := p.request("PUT", "/dav/calendars/alice/calendar/"+name+".ics", meeting("uid-"+name, "tok-"+name), nil); status != 201 {
			t.Fatalf("PUT: %d %s", status, body)
		}
	}
	s.stop()
	p.must("", "sync", "run", "crm")
	if got := there(sim); got["tok-a"] != 0 || got["tok-b"] != 0 {
		t.Errorf("made against the rules: %v", got)
	}
	if rows := list[itemShown](p, "item", "list", "--link", "crm", "--state", "here"); len(rows) != 2 || rows[0].UID != "uid-a" || rows[0].Summary != "tok-a" || rows[0].Kind != "event" {
		t.Errorf("%+v", rows)
	}
	if rows := list[itemShown](p, "item", "list", "--link", "crm", "--limit", "1", "--after", "1"); len(rows) != 1 || rows[0].No != 2 {
		t.Errorf("the second page: %+v", rows)
	}
	for args, n := range map[string]int{
		"--kind event": 2, "--kind task": 0, "--text TOK-A": 1, "--text uid-": 2, "--since 1h": 2, "--until 1h": 0, "--state here --kind event --text tok-b --user alice": 1,
	} {
		if got := list[itemShown](p, append([]string{"item", "list", "--link", "crm"}, strings.Fields(args)...)...); len(got) != n {
			t.Errorf("%s: %+v", args, got)
		}
	}
	why, _ := jsonOf[[]manage.Explained](p, "item", "explain", "uid-a")
	if len(why) != 1 || why[0].Out.Made || !why[0].In.Made || why[0].Here != "changed" || why[0].There != "absent" || len(why[0].Out.Reasons) == 0 || why[0].Out.Reasons[0].Rule != "out.create" {
		t.Errorf("%+v", why)
	}
	if out, code := p.cmd("", "item", "explain", "nosuch", "--link", "crm"); code == 0 || !strings.Contains(out, `link "crm" knows no item with the UID "nosuch"`) || !strings.Contains(out, "bridge item list --link ") {
		t.Errorf("%d %s", code, out)
	}
	if out := p.must("", "item", "explain", "uid-a", "--link", "crm"); !strings.Contains(out, "It is here, and not on the remote.") || !strings.Contains(out, `no   no type is not among the types that are made (Call) (out.create)`) {
		t.Errorf("in words: %s", out)
	}
	p.must("", "item", "link", "uid-a", "--link", "crm")
	p.must("", "sync", "run", "crm")
	if got := there(sim); got["tok-a"] != 1 || got["tok-b"] != 0 {
		t.Errorf("one is linked: %v", got)
	}
	if rows := list[itemShown](p, "item", "list", "--link", "crm", "--state", "linked"); len(rows) != 1 || !slices.Contains(rows[0].States, "linked") {
		t.Errorf("%+v", rows)
	}
	// Apart, a change of one copy leaves the other alone, and nothing is made twice.
	p.must("", "item", "unlink", "uid-a", "--link", "crm")
	s = p.serve()
	if status, body := p.request("PUT", "/dav/calendars/alice/calendar/a.ics", meeting("uid-a", "tok-a changed"), map[string]string{"If-Match": "*"}); status != 204 {
		t.Fatalf("PUT: %d %s", status, body)
	}
	s.stop()
	p.must("", "sync", "run", "crm")
	if got := there(sim); got["tok-a"] != 1 || got["tok-a changed"] != 0 {
		t.Errorf("apart: %v", got)
	}
	p.must("", "item", "relink", "uid-a", "--link", "crm")
	p.must("", "sync", "run", "crm")
	if got := there(sim); got["tok-a changed"] != 1 || got["tok-a"] != 0 {
		t.Errorf("tied again: %v", got)
	}
	p.must("", "item", "retry", "uid-b", "--link", "crm")
	// The rest of the rules stays, and one goes back to its default.
	doc, _ = jsonOf[manage.RulesChanged](p, "link", "rules", "crm", "--change", `{"out":{"create":null,"private":"mask"}}`)
	if doc.Rules.Policy != "newest" || doc.Rules.Out.Create != nil || doc.Rules.Out.Private != "mask" {
		t.Errorf("%+v", doc.Rules)
	}
	p.must("", "sync", "run", "crm")
	if got := there(sim); got["tok-b"] != 1 {
		t.Errorf("once the rules let it: %v", got)
	}
	shown, _ := jsonOf[manage.LinkDetail](p, "link", "show", "crm")
	if shown.Settings["password"] != "…" || shown.State != "ok" || shown.Items != 2 || !strings.Contains(strings.Join(shown.Words, "\n"), "the later value") {
		t.Errorf("%+v", shown)
	}
	if out := p.must("", "link", "show", "crm"); !strings.Contains(out, "settings: ") || strings.Contains(out, "password=s") {
		t.Errorf("%s", out)
	}
	// Deletions wait, one is approved, one rejected.
	p.must("", "link", "rules", "crm", "--change", `{"approve":true}`)
	s = p.serve()
	for _, name := range []string{"a", "b"} {
		if status, body := p.request("DELETE", "/dav/calendars/alice/calendar/"+name+".ics", "", nil); status != 204 {
			t.Fatalf("DELETE: %d %s", status, body)
		}
	}
	s.stop()
	p.cmd("", "sync", "run", "crm") // it says that it holds
	if rows := list[itemShown](p, "item", "list", "--link", "crm", "--state", "held"); len(rows) != 2 || !strings.Contains(rows[0].Reason, "approve or reject") {
		t.Errorf("%+v", rows)
	}
	if doc, _ := jsonOf[answered](p, "item", "approve", "uid-a", "--link", "crm"); doc.Deletions != 1 {
		t.Errorf("%+v", doc)
	}
	if doc, _ := jsonOf[answered](p, "item", "reject", "--all", "--link", "crm"); doc.Deletions != 1 {
		t.Errorf("%+v", doc)
	}
	p.must("", "sync", "run", "crm")
	if got := there(sim); got["tok-a changed"] != 0 || got["tok-b"] != 1 {
		t.Errorf("answered: %v", got)
	}
	for _, bad := range [][]string{
		{"item", "approve", "--link", "crm"}, {"item", "approve", "uid-a", "--all", "--link", "crm"}, {"item", "reject", "--all", "--link", "crm"},
		{"item", "explain", "nobody"}, {"item", "link", "nobody", "--link", "crm"}, {"item", "retry", "nobody", "--link", "crm"},
		{"item", "list", "--link", "crm", "--state", "lost"}, {"link", "show", "other"},
		{"link", "rules", "crm", "--change", `{"out":{"privat":"mask"}}`}, {"link", "rules", "crm", "--change", `[]`},
		{"link", "rules", "crm", "--rules", `{"filter":{"field":"cty","op":"is","value":"x"}}`},
	} {
		if out, code := p.cmd("", bad...); code == 0 || strings.Contains(out, "json:") {
			t.Errorf("%v: %d %s", bad, code, out)
		}
	}
}
