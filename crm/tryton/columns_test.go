package tryton

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/crmtest"
	"crmbridge/pim"
	"crmbridge/remote"
)

// playColumns: the columns of a database are told with what they hold (row X17).
func playColumns(t *testing.T, open func(map[string]string) *connector) {
	c := open(nil)
	for kind, want := range map[pim.Kind]map[string]remote.Column{
		pim.KindContact: {
			"remarks": {Label: "Remarks", Kind: remote.TextColumn}, "position": {Label: "Position", Kind: remote.TextColumn},
			"birth": {Label: "Birthday", Kind: remote.DayColumn}, "vip": {Label: "Important", Kind: remote.FlagColumn},
			"score": {Label: "Score", Kind: remote.NumberColumn}, "members": {Label: "Members", Kind: remote.NumberColumn},
			"rating": {Label: "Rating", Kind: remote.NumberColumn}, "credit": {Label: "Credit", Kind: remote.NumberColumn},
			"seen": {Label: "Last visit", Kind: remote.TimeColumn}, "travel": {Label: "Way", Kind: remote.DurationColumn},
			"segment": {Label: "Segment", Kind: remote.ChoiceColumn}, "shift": {Label: "Shift", Kind: remote.ChoiceColumn},
			"area":       {Label: "Area", Kind: remote.ReferenceColumn, Of: modelRegion},
			"areas":      {Label: "Areas", Kind: remote.NumberColumn, ReadOnly: true},
			"lang":       {Label: "Language", Kind: remote.ReferenceColumn, Of: "ir.lang"},
			"code":       {Label: "Code", Kind: remote.TextColumn, ReadOnly: true, Required: true},
			"active":     {Label: "Active", Kind: remote.FlagColumn, ReadOnly: true},
			"name":       {Label: "Name", Kind: remote.TextColumn},
			"branch":     {Label: "Branch", Kind: remote.OtherColumn, Why: "one of a list that differs from record to record"},
			"first_area": {Label: "First area", Kind: remote.OtherColumn, ReadOnly: true, Why: "a record that Tryton works out anew each time"},
			"best_time":  {Label: "Best time", Kind: remote.OtherColumn, Why: "a time without a day"},
			"picture":    {Label: "Picture", Kind: remote.OtherColumn, Why: "a file"},
			"tags":       {Label: "Tags", Kind: remote.OtherColumn, Why: "several values"},
			"addresses":  {Label: "Addresses", Kind: remote.RowsColumn, Of: modelAddress, Why: "rows of another table"},
		},
		pim.KindTask: {
			"name": {Label: "Name", Kind: remote.TextColumn, Required: true}, "comment": {Label: "Comment", Kind: remote.TextColumn},
			"effort_duration": {Label: "Effort", Kind: remote.DurationColumn}, "progress": {Label: "Progress", Kind: remote.NumberColumn},
			"parent": {Label: "Parent", Kind: remote.ReferenceColumn, Of: modelWork}, "type": {Label: "Type", Kind: remote.ChoiceColumn, ReadOnly: true, Required: true},
			"timesheet_duration": {Label: "Duration", Kind: remote.DurationColumn, ReadOnly: true}, "due": {Label: "Due date", Kind: remote.DayColumn},
			"deadline": {Label: "Deadline", Kind: remote.TimeColumn}, "phase": {Label: "Phase", Kind: remote.ChoiceColumn},
			"area": {Label: "Area", Kind: remote.ReferenceColumn, Of: modelRegion},
		},
		pim.KindEvent: {},
	} {
		all := crmtest.Columns(t, c, kind)
		for name, col := range want {
			col.Name = name
			if got := all[name]; got != col {
				t.Errorf("column %s of %ss is %+v, want %+v", name, kind, got, col)
			}
		}
		if kind == pim.KindEvent && len(all) > 0 {
			t.Errorf("events have columns: %v", all)
		}
	}
	// What cannot be mapped is refused, with the reason.
	mapper, _ := remote.As[remote.FieldMapper](remote.Remote(c))
	columns := must(mapper.Columns(t.Context(), pim.KindContact))(t)
	for name, says := range map[string]string{"picture": "it holds a file", "branch": "differs from record to record", "areas": "filled in by the CRM", "addresses": "rows of another table"} {
		m := remote.FieldMap{Custom: []remote.CustomColumn{{Key: name, Name: name, Column: crmtest.Columns(t, c, pim.KindContact)[name]}}}
		if faults := fmt.Sprint(remote.CheckFieldMap(c.FieldMap(pim.KindContact), m, columns, false)); !strings.Contains(faults, says) {
			t.Errorf("column %s: %s", name, faults)
		}
	}
}

// customs are custom fields under the keys of crmtest.MapOf.
func customs(pairs ...string) []pim.Custom {
	var out []pim.Custom
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, pim.Custom{Key: crmtest.CustomKey(pairs[i]), Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func custom(it pim.Item, name string) string { return pim.CustomValue(it, crmtest.CustomKey(name)) }

// playCustom: fields and columns of the company's own travel as the map says, and their
// changes are found (rows X17 and X18).
func playCustom(t *testing.T, open func(map[string]string) *connector) {
	c := open(nil)
	f := must(c.facts(t.Context()))(t)
	var regions []int64
	ok(t, c.user(t.Context(), "test", modelRegion, "create", f.in, &regions, []values{{"name": "Westland"}, {"name": "Eastland"}}))
	t.Run("contacts", func(t *testing.T) { playCustomContacts(t, c, f, regions) })
	t.Run("tasks", func(t *testing.T) { playCustomTasks(t, c, f) })
}

func playCustomContacts(t *testing.T, plain *connector, f *facts, regions []int64) {
	ctx := t.Context()
	all := crmtest.Columns(t, plain, pim.KindContact)
	m := crmtest.MapOf(t, plain, pim.KindContact, map[pim.FieldID]string{pim.FieldNotes: "remarks", pim.FieldBirthday: "birth", pim.FieldDepartment: "area", pim.FieldNickname: "nickname"},
		[]pim.FieldID{pim.FieldIMs}, "vip", "score", "credit", "segment", "shift", "origin", "lang")
	m.Custom = append(m.Custom, remote.CustomColumn{Key: "areas=X-TEST", Name: "areas", Column: all["areas"]})
	c := withMaps(t, plain, remote.FieldMaps{pim.KindContact: m})
	person := &pim.Contact{FullName: "Ann Example", Notes: "likes tea\nand biscuits", Birthday: pim.On(1980, time.May, 17), Department: "Westland"}
	pim.SetCustom(person, customs("vip", "yes", "score", "0", "credit", "12.50", "segment", "Large", "shift", "By night", "lang", "English"))
	made := must(c.Create(ctx, Parties, entry(person), "key-1"))(t)
	got := made.Item.(*pim.Contact)
	if got.Notes != person.Notes || !got.Birthday.Equal(person.Birthday) || got.Department != "Westland" || len(made.Notes) != 0 {
		t.Errorf("made %+v, told %v", got, made.Notes)
	}
	// What the item has nothing for Tryton fills in by itself.
	for name, want := range map[string]string{"vip": "yes", "score": "0", "credit": "12.5", "segment": "Large", "shift": "By night", "origin": "office", "lang": "English"} {
		if v := custom(got, name); v != want {
			t.Errorf("%s came back as %q, want %q", name, v, want)
		}
	}
	n, _ := recordID(made.ID)
	var raw []struct {
		Segment string
		Area    int64
	}
	ok(t, c.find(ctx, "test", f.in, query{model: modelParty, where: domain{clause("id", "=", n)}, fields: []string{"segment", "area"}}, &raw))
	if len(raw) != 1 || raw[0].Segment != "l" || raw[0].Area != regions[0] {
		t.Errorf("in Tryton: %+v", raw)
	}
	_, cur := changed(t, c, Parties, "")
	// A name in part is found, one that is not there is left out, and both are told.
	next := pim.Clone(got).(*pim.Contact)
	next.Department = "east"
	pim.SetCustom(next, customs("segment", "Huge", "score", "7"))
	rec := must(c.Update(ctx, Parties, made.Ref, entry(next), pim.Set(pim.FieldDepartment, pim.FieldCustom)))(t)
	after := rec.Item.(*pim.Contact)
	told := fmt.Sprint(rec.Notes)
	if after.Department != "Eastland" || custom(after, "segment") != "" || custom(after, "score") != "7" || custom(after, "vip") != "" || custom(after, "origin") != "" ||
		len(rec.Notes) != 2 || !strings.Contains(told, "Huge") || !strings.Contains(told, "Eastland") {
		t.Errorf("%+v, told %s", after, told)
	}
	// What a column cannot hold is refused, and nothing is written.
	for name, v := range map[string]string{"score": "1,5", "credit": "12.345", "vip": "perhaps"} {
		bad := pim.Clone(after)
		pim.SetCustom(bad, customs(name, v))
		_, err := c.Update(ctx, Parties, rec.Ref, entry(bad), pim.Set(pim.FieldCustom))
		if wantReason(t, name+" "+v, err, pim.ErrRefused); !strings.Contains(strings.ToLower(pim.PublicText(err)), name) && name != "credit" {
			t.Errorf("%s %q: %s", name, v, pim.PublicText(err))
		}
	}
	long := pim.Clone(after).(*pim.Contact)
	long.Nickname = strings.Repeat("n", 101)
	_, err := c.Update(ctx, Parties, rec.Ref, entry(long), pim.Set(pim.FieldNickname))
	wantReason(t, "a text that is too long", err, pim.ErrRefused)
	refs := must(c.List(ctx, Parties, remote.Scope{}))(t)
	if !slices.Equal(refs, []remote.Ref{rec.Ref}) {
		t.Errorf("list %+v, want %+v", refs, rec.Ref)
	}

	// Changes that people make in Tryton.
	look := func(what string, listed bool, before remote.Record) remote.Record {
		t.Helper()
		var recs []remote.Record
		if recs, cur = changed(t, c, Parties, cur); listed && !slices.ContainsFunc(recs, func(r remote.Record) bool { return r.ID == made.ID }) {
			t.Errorf("%s is not among the changes", what)
		}
		now := must(c.Fetch(ctx, Parties, []remote.ItemID{made.ID}))(t)[0]
		refs := must(c.List(ctx, Parties, remote.Scope{}))(t)
		if now.Version == before.Version || !slices.Equal(refs, []remote.Ref{now.Ref}) {
			t.Errorf("%s: version %q, was %q, listed %+v", what, now.Version, before.Version, refs)
		}
		return now
	}
	ok(t, c.user(ctx, "test", modelParty, "write", f.in, nil, []int64{n}, values{"remarks": "prefers coffee"}))
	rec = look("a changed column", true, rec)
	ok(t, c.user(ctx, "test", modelRegion, "write", f.in, nil, regions[1:], values{"name": "Farland"}))
	if rec = look("a new name of what a column leads to", true, rec); rec.Item.(*pim.Contact).Department != "Farland" || rec.Item.(*pim.Contact).Notes != "prefers coffee" {
		t.Errorf("%+v", rec.Item)
	}
	// What Tryton works out bears no stamp: the listing of versions shows it.
	areas := custom(rec.Item, "areas")
	ok(t, c.user(ctx, "test", modelRegion, "create", f.in, nil, []values{{"name": "Newland"}}))
	if rec = look("a value that Tryton works out", false, rec); custom(rec.Item, "areas") == areas {
		t.Errorf("the count is still %s", areas)
	}
	// The connection itself is as it was.
	was := must(plain.Fetch(ctx, Parties, []remote.ItemID{made.ID}))(t)[0]
	if v := was.Item.(*pim.Contact); v.Notes != "" || len(v.Custom) > 0 || plain.Traits().Carries[pim.KindContact].Has(pim.FieldNotes) || !c.Traits().Carries[pim.KindContact].Has(pim.FieldNotes) {
		t.Errorf("without the map: %+v", v)
	}
}

func playCustomTasks(t *testing.T, plain *connector, f *facts) {
	ctx := t.Context()
	m := crmtest.MapOf(t, plain, pim.KindTask, map[pim.FieldID]string{pim.FieldReport: "comment", pim.FieldDue: "deadline", pim.FieldCompleted: "due", pim.FieldSpent: "minutes"},
		[]pim.FieldID{pim.FieldNotes}, "billable", "phase")
	c := withMaps(t, plain, remote.FieldMaps{pim.KindTask: m})
	task := &pim.Task{Due: pim.On(2026, time.June, 3), Completed: pim.At(time.Date(2026, 6, 2, 22, 30, 0, 0, time.UTC), ""), Spent: 90 * time.Minute}
	task.Title, task.CRM.Report = "Write offer", "They want two."
	pim.SetCustom(task, customs("billable", "yes", "phase", "Planning"))
	made := must(c.Create(ctx, Tasks, entry(task), "key-9"))(t)
	got := made.Item.(*pim.Task)
	if got.CRM.Report != "They want two." || got.Due.String() != "2026-06-03" || got.Completed.String() != "2026-06-03" || got.Spent != 90*time.Minute || custom(got, "phase") != "Planning" {
		t.Errorf("made %+v", got)
	}
	// The mark of a create stays where it is, whatever else is kept there.
	got.CRM.Report, got.Due = "They want three.", pim.At(time.Date(2026, 6, 3, 10, 0, 0, 0, time.UTC), "")
	rec := must(c.Update(ctx, Tasks, made.Ref, entry(got), pim.Set(pim.FieldReport, pim.FieldDue)))(t)
	if v := rec.Item.(*pim.Task); v.CRM.Report != "They want three." || v.Due.String() != "2026-06-03T10:00:00Z" || custom(v, "billable") != "yes" {
		t.Errorf("%+v", v)
	}
	if found, there, err := c.Find(ctx, Tasks, "key-9", remote.Entry{}); err != nil || !there || found.ID != made.ID {
		t.Errorf("the key no longer finds it: %v", err)
	}
	got.CRM.Report, got.Spent = "", 0
	rec = must(c.Update(ctx, Tasks, rec.Ref, entry(got), pim.Set(pim.FieldReport, pim.FieldSpent)))(t)
	if v := rec.Item.(*pim.Task); v.CRM.Report != "" || v.Spent != 0 {
		t.Errorf("%+v", v)
	}
	_, cur := changed(t, c, Tasks, "")
	n, _ := recordID(made.ID)
	ok(t, c.user(ctx, "test", modelWork, "write", f.in, nil, []int64{n}, values{"phase": "build"}))
	recs, _ := changed(t, c, Tasks, cur)
	if i := slices.IndexFunc(recs, func(r remote.Record) bool { return r.ID == made.ID }); i < 0 || custom(recs[i].Item, "phase") != "Building" {
		t.Errorf("a changed choice: %+v", recs)
	}
}
