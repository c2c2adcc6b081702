package main

import (
	"testing"

	"crmbridge/e2e/tryton"
	"crmbridge/internal/testenv"
)

// TestRowB7TiesOfTrytonByCommand tells what a task in a live Tryton is tied to, and ties it
// to another project.
func TestRowB7TiesOfTrytonByCommand(t *testing.T) {
	t.Parallel()
	server := testenv.Tryton(t)
	crm := tryton.SignIn(t, server)
	company := crm.Company(t)
	client := crm.Add(t, "party.party", tryton.Fields{"name": "Example Housing Ltd"})
	house := crm.Add(t, "project.work", tryton.Fields{"name": "House", "type": "project", "company": company, "party": client})
	task := crm.Task(t, company, "Ring the roofer")
	p := newPlace(t, "")
	p.alice()
	p.linkTryton(server, "tasks")
	p.serve()
	p.must("", "sync", "run", "crm")
	items := list[itemShown](p, "item", "list", "--link", "crm")
	if len(items) != 1 {
		t.Fatalf("items: %+v", items)
	}
	ties := func(args ...string) map[string]string {
		got, code := jsonOf[related](p, append([]string{"item", "relate", items[0].UID, "--link", "crm"}, args...)...)
		if code != 0 {
			t.Fatalf("item relate %q: %d", args, code)
		}
		out := map[string]string{}
		for _, role := range got.Roles {
			for _, to := range role.To {
				out[role.Role] = to.Name
			}
		}
		return out
	}
	if got := ties(); len(got) != 0 {
		t.Errorf("a task without a project is tied to %v", got)
	}
	if got := ties("--set", "project=House"); got["project"] != "House" || got["customer"] != "Example Housing Ltd" {
		t.Errorf("tied to %v", got)
	}
	if now := crm.Find(t, "project.work", []any{[]any{"id", "=", task}}, "parent"); now[0]["parent"] != float64(house) {
		t.Errorf("in Tryton: %v", now)
	}
	if out, code := p.cmd("", "item", "relate", items[0].UID, "--link", "crm", "--set", "project=Castle"); code == 0 {
		t.Errorf("tied to a project that there is not: %s", out)
	}
}
