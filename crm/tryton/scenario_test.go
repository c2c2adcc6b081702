package tryton

import (
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// scenario is a story that is played on the live server and on its recording.
type scenario struct {
	// setup prepares the live server, as its administrator.
	setup func(t *testing.T, l *live, login string)
	// run plays; open opens a connector with options besides the usual ones.
	run func(t *testing.T, open func(more map[string]string) *connector)
}

func scenarios() map[string]scenario {
	return map[string]scenario{
		"parties":  {run: playParties},
		"tasks":    {run: playTasks},
		"children": {run: playChildren},
		"archive":  {run: playArchive},
		"employer": {run: playEmployer},
		"rights":   {setup: lowly, run: playRights},
		"settings": {run: playSettings},
		"busy":     {run: playConcurrency},
		"columns":  {run: playColumns},
		"custom":   {run: playCustom},
		"ties":     {run: playTies},
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%v: %s", err, pim.PublicText(err))
		}
		return v
	}
}

func entry(it pim.Item) remote.Entry { return remote.Entry{Item: it} }

func wantReason(t *testing.T, what string, err error, want pim.Reason) {
	t.Helper()
	if pim.ReasonOf(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func ann() *pim.Contact {
	return &pim.Contact{
		FullName: "Dr. Ann Mary Example", Prefix: "Dr.", Given: "Ann", Middle: "Mary", Family: "Example",
		Phones:     []pim.Labeled{{Label: "work", Value: "+47 22 33 44 55", Preferred: true}, {Label: "cell", Value: "+47 900 00 001"}},
		Emails:     []pim.Labeled{{Label: "work", Value: "ann@example.org"}},
		IMs:        []pim.Labeled{{Label: "skype", Value: "ann.example"}, {Label: "telegram", Value: "@ann"}},
		Addresses:  []pim.Address{{Label: "work", POBox: "PO Box 1", Street: "Storgata 1", PostalCode: "0155", City: "Oslo", Region: "Østlandet", Country: "Norge"}},
		Categories: []string{"Customers / Large"},
	}
}

// changed is every page since a cursor.
func changed(t *testing.T, c *connector, col remote.CollectionID, since remote.Cursor) (recs []remote.Record, next remote.Cursor) {
	t.Helper()
	for {
		d := must(c.Changes(t.Context(), col, remote.Scope{}, since))(t)
		recs = append(recs, d.Changed...)
		if since = d.Next; !d.More {
			return recs, since
		}
	}
}

func playParties(t *testing.T, open func(map[string]string) *connector) {
	ctx, c := t.Context(), open(nil)
	recs, cur := changed(t, c, Parties, "")
	if len(recs) != 0 {
		t.Fatalf("%d parties in a new account", len(recs))
	}
	made := must(c.Create(ctx, Parties, entry(ann()), "key-1"))(t)
	got := made.Item.(*pim.Contact)
	if got.FullName != "Dr. Ann Mary Example" || got.Family != "Example" || len(got.Phones) != 2 || !got.Phones[0].Preferred || len(got.IMs) != 2 {
		t.Errorf("made %+v", got)
	}
	if a := got.Addresses[0]; a.Street != "PO Box 1\nStorgata 1" || a.Country != "Norway" || a.Region != "Østlandet" {
		t.Errorf("the address is %+v", a)
	}
	if len(got.Categories) != 1 || got.Categories[0] != "Customers / Large" || !strings.HasSuffix(made.URL, "#crm/model/party.party/"+string(made.ID)) {
		t.Errorf("%v %s", got.Categories, made.URL)
	}
	again := must(c.Create(ctx, Parties, entry(ann()), "key-1"))(t)
	found, ok, err := c.Find(ctx, Parties, "key-1", remote.Entry{})
	if err != nil || !ok || found.ID != made.ID || again.ID != made.ID || !found.Untouched {
		t.Errorf("the key finds %v %v, creates %v, made %v: %v", ok, found.ID, again.ID, made.ID, err)
	}
	if recs, cur = changed(t, c, Parties, cur); len(recs) != 1 || recs[0].Version != made.Version {
		t.Errorf("listed %+v", recs)
	}

	for _, typ := range []string{"Customers / Large", "Large", "No such category"} {
		d := must(c.Changes(ctx, Parties, remote.Scope{Types: []string{typ}, AllOwners: true}, ""))(t)
		if want := typ != "No such category"; (len(d.Changed) == 1) != want {
			t.Errorf("%d parties of category %q", len(d.Changed), typ)
		}
	}
	if vs := must(c.Lookup(ctx, pim.KindContact, pim.FieldCategories))(t); len(vs) < 2 || vs[0].ID == "" || vs[0].Name == "" {
		t.Errorf("categories %v", vs)
	}

	next := pim.Clone(got).(*pim.Contact)
	next.Phones = append(next.Phones[:1:1], pim.Labeled{Label: "home", Value: "+47 11 22 33 44"})
	next.Categories, next.Addresses[0].Street, next.Addresses[0].Country = nil, "Storgata 2", "Utopia"
	set := pim.Set(pim.FieldPhones, pim.FieldCategories, pim.FieldAddresses)
	changedRec := must(c.Update(ctx, Parties, made.Ref, entry(next), set))(t)
	after := changedRec.Item.(*pim.Contact)
	if len(after.Categories) != 0 || after.Phones[1].Label != "home" || after.Addresses[0].Street != "Storgata 2\nØstlandet\nUtopia" {
		t.Errorf("after the update: %+v", after)
	}
	_, err = c.Update(ctx, Parties, made.Ref, entry(ann()), set)
	wantReason(t, "stale update", err, pim.ErrConflict)
	wantReason(t, "stale delete", c.Delete(ctx, Parties, made.Ref, remote.Delete), pim.ErrConflict)

	refs := must(c.List(ctx, Parties, remote.Scope{}))(t)
	if len(refs) != 1 || refs[0] != changedRec.Ref {
		t.Errorf("list %+v, want %+v", refs, changedRec.Ref)
	}
	if err := c.Delete(ctx, Parties, changedRec.Ref, remote.Delete); err != nil {
		t.Fatal(err)
	}
	if left := must(c.Fetch(ctx, Parties, []remote.ItemID{made.ID, "0", "x"}))(t); len(left) != 0 {
		t.Errorf("still there: %+v", left)
	}
	if recs, _ = changed(t, c, Parties, cur); len(recs) != 0 {
		t.Errorf("the deleted party is listed: %+v", recs)
	}
}

func playTasks(t *testing.T, open func(map[string]string) *connector) {
	ctx, c := t.Context(), open(nil)
	f := must(c.facts(ctx))(t)
	var ids []int64
	if err := c.user(ctx, "test", modelWork, "create", f.in, &ids, []values{{"name": "Roof", "type": "project"}, {"name": "House", "type": "project"}}); err != nil {
		t.Fatal(err)
	}
	c = open(map[string]string{"default_project": "House"})
	task := &pim.Task{Effort: 90 * time.Minute}
	task.Title, task.Notes = `Ring C:\Ann`+"\tsoon", "About the roof"
	made := must(c.Create(ctx, Tasks, entry(task), "key-1"))(t)
	got := made.Item.(*pim.Task)
	if got.Title != `Ring C:\Ann soon` || got.Notes != "About the roof" || got.CRM.Project != "House" || got.Effort != 90*time.Minute || got.Status != pim.NeedsAction {
		t.Errorf("made %+v", got)
	}
	task.Notes, task.Status, task.Percent, task.CRM.Project = "Changed", pim.Completed, 100, "Roof"
	done := must(c.Update(ctx, Tasks, made.Ref, entry(task), pim.Set(pim.FieldNotes, pim.FieldStatus, pim.FieldProject)))(t)
	if got := done.Item.(*pim.Task); got.Notes != "Changed" || got.Status != pim.Completed || got.Percent != 100 || got.CRM.Project != "Roof" {
		t.Errorf("done %+v", got)
	}
	if !made.Untouched || done.Untouched {
		t.Errorf("untouched after create %v, after update %v", made.Untouched, done.Untouched)
	}
	if found, ok, err := c.Find(ctx, Tasks, "key-1", remote.Entry{}); !ok || found.ID != made.ID || err != nil {
		t.Errorf("its notes were changed and the key no longer finds it: %v", err)
	}
	task.Status, task.Percent, task.CRM.Project = pim.InProcess, 60, ""
	reopened := must(c.Update(ctx, Tasks, done.Ref, entry(task), pim.Set(pim.FieldStatus, pim.FieldPercent, pim.FieldProject)))(t)
	if got := reopened.Item.(*pim.Task); got.Status != pim.InProcess || got.Percent != 60 || got.CRM.Project != "" {
		t.Errorf("reopened %+v", got)
	}
	task.CRM.Project = "No such project"
	_, err := c.Update(ctx, Tasks, reopened.Ref, entry(task), pim.Set(pim.FieldProject))
	wantReason(t, "unknown project", err, pim.ErrRefused)
	task.Status = pim.Cancelled
	_, err = c.Update(ctx, Tasks, reopened.Ref, entry(task), pim.Set(pim.FieldStatus))
	wantReason(t, "cancelled", err, pim.ErrUnsupported)
	wantReason(t, "unassign", c.Delete(ctx, Tasks, reopened.Ref, remote.Unassign), pim.ErrUnsupported)
	_, err = c.Create(ctx, Tasks, entry(&pim.Task{}), "key-2")
	wantReason(t, "a task without a title", err, pim.ErrRefused)

	// A task below another: Tryton does not let the upper one go.
	n, _ := recordID(made.ID)
	if err := c.user(ctx, "test", modelWork, "create", f.in, nil, []values{{"name": "Below", "type": "task", "parent": n}}); err != nil {
		t.Fatal(err)
	}
	err = c.Delete(ctx, Tasks, remote.Ref{ID: made.ID}, remote.Delete)
	wantReason(t, "delete with a sub-task", err, pim.ErrRefused)
	if text := pim.PublicText(err); !strings.Contains(text, "Parent") {
		t.Errorf("the text is %q", text)
	}
	recs := must(c.Changes(ctx, Tasks, remote.Scope{}, ""))(t).Changed
	if len(recs) != 2 || recs[1].Item.(*pim.Task).CRM.Project != "Ring C:"+lookalike+"Ann soon" {
		t.Errorf("listed %+v", recs)
	}
	if vs := must(c.Lookup(ctx, pim.KindTask, pim.FieldProject))(t); len(vs) != 2 {
		t.Errorf("projects %v", vs)
	}
}

// playChildren: people change phones in Tryton's own list of them, which leaves the
// party's stamp alone.
func playChildren(t *testing.T, open func(map[string]string) *connector) {
	ctx, c := t.Context(), open(nil)
	made := must(c.Create(ctx, Parties, entry(ann()), ""))(t)
	f := must(c.facts(ctx))(t)
	_, cur := changed(t, c, Parties, "")
	n, _ := recordID(made.ID)
	r := must(c.one(ctx, "test", c.partyShelf(), f, n))(t)
	phone := rowOfType(r.party, "phone")
	if !made.Untouched {
		t.Error("a new party is touched")
	}
	check := func(what string, wantListed int, before remote.Record) remote.Record {
		t.Helper()
		var recs []remote.Record
		if recs, cur = changed(t, c, Parties, cur); len(recs) < wantListed {
			t.Errorf("%s is not among the changes", what)
		}
		now := must(c.Fetch(ctx, Parties, []remote.ItemID{made.ID}))(t)[0]
		refs := must(c.List(ctx, Parties, remote.Scope{}))(t)
		if now.Version == before.Version || len(refs) != 1 || refs[0].Version != now.Version {
			t.Errorf("%s: version %q, was %q, listed %+v", what, now.Version, before.Version, refs)
		}
		if now.Untouched && wantListed > 0 {
			t.Errorf("%s: untouched", what)
		}
		return now
	}
	ok(t, c.user(ctx, "test", modelMechanism, "write", f.in, nil, []int64{phone}, values{"value": "+47 99 99 99 99", "comment": "after six"}))
	now := check("a changed phone", 1, made)
	ok(t, c.user(ctx, "test", modelAddress, "create", f.in, nil, []values{{"party": n, "street": "Torget 5"}}))
	now = check("a new address", 1, now)
	// What is deleted leaves no trace; the versions of List show it.
	ok(t, c.user(ctx, "test", modelMechanism, "delete", f.in, nil, []int64{phone}))
	now = check("a deleted phone", 0, now)
	// The second change of the same phone keeps its row and what people wrote there.
	next := pim.Clone(now.Item).(*pim.Contact)
	next.Emails[0].Value = "ann.new@example.org"
	if got := must(c.Update(ctx, Parties, now.Ref, entry(next), pim.Set(pim.FieldEmails)))(t); got.Item.(*pim.Contact).Emails[0].Value != "ann.new@example.org" {
		t.Errorf("%+v", got.Item)
	}
	r2 := must(c.one(ctx, "test", c.partyShelf(), f, n))(t)
	if a, b := rowOfType(r.party, "email"), rowOfType(r2.party, "email"); a != b {
		t.Errorf("the e-mail address moved from row %d to %d", a, b)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v: %s", err, pim.PublicText(err))
	}
}

func rowOfType(p *party, typ string) int64 {
	for _, m := range p.Mechanisms {
		if m.Type == typ {
			return m.ID
		}
	}
	return 0
}

// playArchive: what something else points to is archived, not deleted.
func playArchive(t *testing.T, open func(map[string]string) *connector) {
	ctx, c := t.Context(), open(nil)
	f := must(c.facts(ctx))(t)
	made := must(c.Create(ctx, Parties, entry(&pim.Contact{FullName: "Ann Example"}), ""))(t)
	n, _ := recordID(made.ID)
	ok(t, c.user(ctx, "test", modelWork, "create", f.in, nil, []values{{"name": "House", "type": "project", "party": n}}))
	ok(t, c.Delete(ctx, Parties, made.Ref, remote.Delete))
	recs := must(c.Fetch(ctx, Parties, []remote.ItemID{made.ID}))(t)
	if len(recs) != 1 {
		t.Fatal("the party of a project was deleted")
	}
	if refs := must(c.List(ctx, Parties, remote.Scope{}))(t); len(refs) != 0 {
		t.Errorf("the archived party is listed: %v", refs)
	}
	_, cur := changed(t, c, Parties, "")
	ok(t, c.user(ctx, "test", modelParty, "write", f.in, nil, []int64{n}, values{"active": true}))
	if back, _ := changed(t, c, Parties, cur); len(back) != 1 {
		t.Errorf("taken out of the archive, it is not among the changes")
	}
	ok(t, c.Delete(ctx, Parties, remote.Ref{ID: made.ID}, remote.Unassign))
	if refs := must(c.List(ctx, Parties, remote.Scope{}))(t); len(refs) != 0 {
		t.Errorf("unassigned, it is listed: %v", refs)
	}
}
