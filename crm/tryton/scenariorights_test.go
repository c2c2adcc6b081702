package tryton

import (
	"context"
	"errors"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/remote"
)

func playEmployer(t *testing.T, open func(map[string]string) *connector) {
	ctx, c := t.Context(), open(map[string]string{"employer_relation": "Employee of"})
	if c.Traits().ReadOnly.Has(pim.FieldCompany) {
		t.Error("the company is read-only although there is a relation for it")
	}
	works := must(c.Create(ctx, Parties, entry(&pim.Contact{FullName: "Example Works Ltd", Company: "Example Works Ltd"}), ""))(t)
	if got := works.Item.(*pim.Contact); got.Company != "Example Works Ltd" || got.Family != "" {
		t.Errorf("the organisation is %+v", got)
	}
	_, cur := changed(t, c, Parties, "")
	made := must(c.Create(ctx, Parties, entry(&pim.Contact{FullName: "Ann Example", Company: "Example Works Ltd"}), ""))(t)
	if got := made.Item.(*pim.Contact); got.Company != "Example Works Ltd" {
		t.Errorf("employed by %q", got.Company)
	}
	next := &pim.Contact{FullName: "Ann Example", Company: "Another Employer"}
	moved := must(c.Update(ctx, Parties, made.Ref, entry(next), pim.Set(pim.FieldCompany)))(t)
	if got := moved.Item.(*pim.Contact); got.Company != "Another Employer" {
		t.Errorf("employed by %q", got.Company)
	}
	recs, cur := changed(t, c, Parties, cur)
	var employer remote.Record
	for _, r := range recs {
		if r.Item.Summary() == "Another Employer" {
			employer = r
		}
	}
	if employer.ID == "" {
		t.Fatalf("the new employer is not a party: %+v", recs)
	}
	// An employer's new name shows in the people.
	must(c.Update(ctx, Parties, employer.Ref, entry(&pim.Contact{FullName: "Renamed Employer"}), pim.Set(pim.FieldFullName)))(t)
	recs, _ = changed(t, c, Parties, cur)
	var shown string
	for _, r := range recs {
		if r.ID == made.ID {
			shown = r.Item.(*pim.Contact).Company
		}
	}
	if shown != "Renamed Employer" {
		t.Errorf("the employer was renamed, the contact says %q", shown)
	}
	cleared := must(c.Update(ctx, Parties, remote.Ref{ID: made.ID}, entry(&pim.Contact{}), pim.Set(pim.FieldCompany)))(t)
	if got := cleared.Item.(*pim.Contact); got.Company != "" {
		t.Errorf("employed by %q", got.Company)
	}
}

// lowly makes a second user who is in no group and has no company. Tryton lets
// everybody change parties until somebody restricts it.
func lowly(t *testing.T, l *live, _ string) {
	t.Helper()
	var models []struct{ ID int64 }
	l.call(t, "ir.model", "search_read", &models, domain{clause("model", "=", modelParty)}, 0, 1, nil, []string{"model"})
	// Both in one transaction: between them the stories beside this one could not write.
	l.call(t, "ir.model.access", "create", nil, []values{
		{"model": models[0].ID, "perm_read": true},
		{"model": models[0].ID, "group": l.groups[0], "perm_read": true, "perm_write": true, "perm_create": true, "perm_delete": true},
	})
	l.add(t, "res.user", values{"name": "lowly", "login": "lowly", "password_hash": cheapHash(t)})
}

func playRights(t *testing.T, open func(map[string]string) *connector) {
	ctx, c := t.Context(), open(map[string]string{"username": "lowly", "password": livePassword})
	cols := must(c.Collections(ctx))(t)
	if len(cols) != 1 || cols[0].ID != Parties || !cols[0].ReadOnly {
		t.Errorf("collections %+v", cols)
	}
	_, err := c.Create(ctx, Parties, entry(&pim.Contact{FullName: "Ann Example"}), "")
	wantReason(t, "create without the right", err, pim.ErrForbidden)
	_, err = c.Changes(ctx, Tasks, remote.Scope{}, "")
	wantReason(t, "tasks without a company", err, pim.ErrUnsupported)
	checks := c.Probe(ctx)
	if len(checks) != 5 {
		t.Fatalf("%+v", checks)
	}
	for _, k := range checks {
		if k.Err != nil {
			t.Errorf("%s: %v", k.Name, k.Err)
		}
	}
	if !strings.HasPrefix(checks[0].Note, "Tryton 6.") || !strings.Contains(checks[3].Note, "not create or change or delete") || !strings.Contains(checks[4].Note, "no company") {
		t.Errorf("notes %+v", checks)
	}
}

func playSettings(t *testing.T, open func(map[string]string) *connector) {
	ctx := t.Context()
	for _, s := range []struct {
		what string
		more map[string]string
		kind pim.Reason
		says string
	}{
		{"wrong database", map[string]string{"database": "nosuch"}, pim.ErrAuth, `there is no database "nosuch" on this server; it has: crm`},
		{"wrong password", map[string]string{"password": "not it"}, pim.ErrAuth, "does not accept this user name and password"},
		{"no such company", map[string]string{"company": "Nobody Inc"}, pim.ErrInvalid, `no company named "Nobody Inc"`},
		{"no such project", map[string]string{"default_project": "None"}, pim.ErrRefused, `no project named "None"`},
		{"no such relation", map[string]string{"employer_relation": "Cousin of"}, pim.ErrInvalid, `no relation type named "Cousin of"`},
		{"no such status", map[string]string{"cancelled_status": "Dropped"}, pim.ErrInvalid, `no status "Dropped"`},
	} {
		checks := open(s.more).Probe(ctx)
		last := checks[len(checks)-1]
		if pim.ReasonOf(last.Err) != s.kind || !strings.Contains(pim.PublicText(last.Err), s.says) {
			t.Errorf("%s: step %q: %v: %s", s.what, last.Name, last.Err, pim.PublicText(last.Err))
		}
	}
	c := open(map[string]string{"cancelled_status": "done", "web_url": "crm.example.org/web"})
	for _, k := range c.Probe(ctx) {
		if k.Err != nil {
			t.Errorf("%s: %v", k.Name, k.Err)
		}
	}
	task := &pim.Task{}
	task.Title, task.Status = "Dropped", pim.Cancelled
	made := must(c.Create(ctx, Tasks, entry(task), ""))(t)
	if made.Item.(*pim.Task).Status != pim.Cancelled || !strings.HasPrefix(made.URL, "https://crm.example.org/web/#crm/model/project.work/") {
		t.Errorf("%+v %s", made.Item, made.URL)
	}
}

// playConcurrency: somebody writes between our look and our write.
func playConcurrency(t *testing.T, open func(map[string]string) *connector) {
	ctx, c := t.Context(), open(nil)
	made := must(c.Create(ctx, Parties, entry(ann()), ""))(t)
	f := must(c.facts(ctx))(t)
	n, _ := recordID(made.ID)
	r := must(c.one(ctx, "test", c.partyShelf(), f, n))(t)
	for key := range r.locks {
		if strings.HasPrefix(key, modelMechanism) {
			r.locks[key] = "1.0"
		}
	}
	p := must(planParty(ctx, c, "test", f, r, &pim.Contact{}, pim.Set(pim.FieldPhones)))(t)
	err := c.user(ctx, "test", modelParty, "write", f.locked(r), nil, []int64{n}, p.set)
	wantReason(t, "a phone that changed meanwhile", err, pim.ErrConflict)
	if err := removeParty(ctx, c, "test", f, r, remote.Delete); !errors.Is(err, pim.ErrConflict) {
		t.Errorf("delete of a party whose phone changed meanwhile: %v", err)
	}
	if left := must(c.Fetch(ctx, Parties, []remote.ItemID{made.ID}))(t); len(left) != 1 || len(left[0].Item.(*pim.Contact).Phones) != 2 {
		t.Errorf("after the conflict: %+v", left)
	}
	dead, cancel := context.WithCancel(ctx)
	cancel()
	_, err = c.Update(dead, Parties, made.Ref, entry(ann()), pim.Set(pim.FieldPhones))
	wantReason(t, "a dead context", err, pim.ErrUnavailable)
}
