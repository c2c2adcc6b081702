package tryton

import (
	"slices"
	"testing"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

// TestConformanceWithEmployers judges the relations of parties. The other cases want fresh
// accounts to be empty, and an employer is a party itself.
func TestConformanceWithEmployers(t *testing.T) {
	t.Parallel()
	l := startLive(t)
	h := remotetest.Harness{Renews: true, Many: 1,
		Only: []string{"relations", "relations in scope"},
		Open: func(t *testing.T) remotetest.Account { return l.account(t, "employer_relation", "Employee of") },
		Fix: func(it pim.Item, n int) {
			fix(it, n)
			if c, is := it.(*pim.Contact); is {
				c.Company = ""
			}
		},
	}
	remotetest.Run(t, h)
}

// playTies: a task is tied to the work above it and to the party of that, a party to its
// employer (row B7).
func playTies(t *testing.T, open func(map[string]string) *connector) {
	c := open(map[string]string{"employer_relation": "Employee of"})
	f := must(c.facts(t.Context()))(t)
	t.Run("tasks", func(t *testing.T) { playTaskTies(t, c, f) })
	t.Run("contacts", func(t *testing.T) { playPartyTies(t, c) })
	t.Run("none", func(t *testing.T) {
		bare := open(nil)
		if roles := must(bare.Roles(t.Context(), pim.KindContact))(t); len(roles) != 0 {
			t.Errorf("without a relation for it there are %v", roles)
		}
		if roles := must(bare.Roles(t.Context(), pim.KindEvent))(t); len(roles) != 0 {
			t.Errorf("events have %v", roles)
		}
	})
}

func playTaskTies(t *testing.T, c *connector, f *facts) {
	ctx := t.Context()
	var parties, works []int64
	ok(t, c.user(ctx, "test", modelParty, "create", f.in, &parties, []values{{"name": "Example Housing Ltd"}}))
	ok(t, c.user(ctx, "test", modelWork, "create", f.in, &works, []values{
		{"name": "House", "type": "project", "party": parties[0]}, {"name": "House of cards", "type": "project"},
	}))
	task := &pim.Task{}
	task.Title = "Ring the roofer"
	made := must(c.Create(ctx, Tasks, entry(task), ""))(t)
	tied := func() []remote.Relation {
		t.Helper()
		got := must(c.Related(ctx, Tasks, remote.Scope{}, []remote.ItemID{made.ID, "0", "x"}))(t)
		if _, there := got[made.ID]; !there || len(got) != 1 {
			t.Fatalf("related: %v", got)
		}
		return got[made.ID]
	}
	if got := tied(); len(got) != 0 {
		t.Errorf("a new task is tied to %v", got)
	}
	house := crm.LookupValue{ID: string(itemID(works[0])), Name: "House"}
	cards := crm.LookupValue{ID: string(itemID(works[1])), Name: "House of cards"}
	for text, want := range map[string][]crm.LookupValue{"House": {house}, "house of": {cards}, cards.ID: {cards}, "Castle": nil} {
		if got := must(c.Candidates(ctx, pim.KindTask, roleProject, text))(t); !slices.Equal(got, want) {
			t.Errorf("candidates for %q: %v, want %v", text, got, want)
		}
	}
	first := must(c.Relate(ctx, Tasks, made.Ref, map[string]remote.ItemID{roleProject: remote.ItemID(house.ID)}))(t)
	want := []remote.Relation{{Role: roleProject, ID: remote.ItemID(house.ID), Name: "House"}, {Role: roleCustomer, ID: itemID(parties[0]), Name: "Example Housing Ltd"}}
	if got := tied(); !slices.Equal(got, want) || first.Item.(*pim.Task).CRM.Project != "House" {
		t.Errorf("tied to %v, want %v; the item says %q", got, want, first.Item.(*pim.Task).CRM.Project)
	}
	_, err := c.Relate(ctx, Tasks, made.Ref, map[string]remote.ItemID{roleProject: ""})
	wantReason(t, "a stale version", err, pim.ErrConflict)
	for what, set := range map[string]map[string]remote.ItemID{
		"an unknown role": {"opportunity": ""}, "a role that is not changed": {roleCustomer: ""}, "no such project": {roleProject: "999999"}, "no number": {roleProject: "House"},
	} {
		_, err := c.Relate(ctx, Tasks, first.Ref, set)
		wantReason(t, what, err, pim.ErrInvalid)
	}
	_, err = c.Relate(ctx, Tasks, first.Ref, map[string]remote.ItemID{roleProject: made.ID})
	wantReason(t, "a task below itself", err, pim.ErrRefused)
	same := must(c.Relate(ctx, Tasks, first.Ref, map[string]remote.ItemID{roleProject: remote.ItemID(house.ID)}))(t)
	if same.Version != first.Version {
		t.Error("tied to what it is tied to already, it was written")
	}
	must(c.Relate(ctx, Tasks, first.Ref, map[string]remote.ItemID{roleProject: ""}))(t)
	if got := tied(); len(got) != 0 {
		t.Errorf("still tied to %v", got)
	}
	if got := must(c.Related(ctx, Tasks, remote.Scope{Types: []string{"milestone"}}, []remote.ItemID{made.ID}))(t); len(got) != 0 {
		t.Errorf("out of scope: %v", got)
	}
	_, err = c.Candidates(ctx, pim.KindTask, remote.RoleCompany, "x")
	wantReason(t, "candidates for a role of other items", err, pim.ErrInvalid)
}

func playPartyTies(t *testing.T, c *connector) {
	ctx := t.Context()
	works := must(c.Create(ctx, Parties, entry(&pim.Contact{FullName: "Example Works Ltd", Company: "Example Works Ltd", Emails: []pim.Labeled{{Value: "of_fice@example.org"}}}), ""))(t)
	other := must(c.Create(ctx, Parties, entry(&pim.Contact{FullName: "Other Works Ltd", Company: "Other Works Ltd", Emails: []pim.Labeled{{Value: "ofxfice@example.org"}}}), ""))(t)
	ann := must(c.Create(ctx, Parties, entry(&pim.Contact{FullName: "Ann Example"}), ""))(t)
	firm := crm.LookupValue{ID: string(works.ID), Name: "Example Works Ltd"}
	for text, want := range map[string][]crm.LookupValue{firm.Name: {firm}, "example works": {firm}, firm.ID: {firm}, "OF_FICE@example.org": {firm}, "nobody@example.org": nil} {
		if got := must(c.Candidates(ctx, pim.KindContact, remote.RoleCompany, text))(t); !slices.Equal(got, want) {
			t.Errorf("candidates for %q: %v, want %v", text, got, want)
		}
	}
	rec := ann
	for _, to := range []remote.Record{works, other, {}} {
		rec = must(c.Relate(ctx, Parties, rec.Ref, map[string]remote.ItemID{remote.RoleCompany: to.ID}))(t)
		got := must(c.Related(ctx, Parties, remote.Scope{}, []remote.ItemID{ann.ID, works.ID}))(t)
		var want []remote.Relation
		name := ""
		if to.ID != "" {
			name = to.Item.Summary()
			want = []remote.Relation{{Role: remote.RoleCompany, ID: to.ID, Name: name}}
		}
		if !slices.Equal(got[ann.ID], want) || len(got[works.ID]) != 0 || rec.Item.(*pim.Contact).Company != name {
			t.Errorf("tied to %v, want %v; the item says %q", got, want, rec.Item.(*pim.Contact).Company)
		}
	}
}
