package crm_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

type cells = map[string]string

// plainCells keeps plain values in a row of texts, and refuses "bad".
func plainCells(it pim.Item) crm.Plain[cells, cells] {
	return crm.Plain[cells, cells]{
		Asks: func(c remote.Column) []string { return []string{c.Name} },
		Item: func(cells) pim.Item { return it },
		Read: func(r cells, c remote.Column) string { return r[c.Name] },
		Write: func(w cells, id pim.FieldID, c remote.Column, v string) error {
			if v == "bad" {
				return errors.New("no")
			}
			w[c.Name] = string(id) + ":" + v
			return nil
		},
	}
}

func changedSheet(it pim.Item) crm.Fields[cells, cells] {
	text := func(name string) remote.Column { return remote.Column{Name: name, Kind: remote.TextColumn} }
	fixed := text("made")
	fixed.ReadOnly = true
	return sheet().Changed(pim.KindTask, remote.FieldMap{
		Set: []remote.FieldColumn{
			{Field: pim.FieldReport, Column: text("report")},
			{Field: pim.FieldSpent, Column: remote.Column{Name: "minutes", Kind: remote.NumberColumn}},
			{Field: pim.FieldResult, Column: fixed},
		},
		Without: []pim.FieldID{pim.FieldOwner},
		Custom:  []remote.CustomColumn{{Key: "k", Name: "Region", Column: text("region")}, {Key: "m", Name: "Made", Column: fixed}},
	}, plainCells(it))
}

// TestRowX18ATableChangedByAMap: what a changed table asks for, carries, reads and writes.
func TestRowX18ATableChangedByAMap(t *testing.T) {
	t.Parallel()
	table := changedSheet(pim.New(pim.KindTask))
	traits := remote.Traits{Carries: map[pim.Kind]pim.FieldSet{}, Required: map[pim.Kind]pim.FieldSet{}}
	table.Declare(pim.KindTask, &traits)
	if want := pim.Set(pim.FieldTitle, pim.FieldAttendees, pim.FieldReport, pim.FieldSpent, pim.FieldResult, pim.FieldCustom); traits.Carries[pim.KindTask] != want {
		t.Errorf("carries %v, want %v", traits.Carries[pim.KindTask], want)
	}
	if traits.ReadOnly != pim.Set(pim.FieldResult) {
		t.Errorf("read only %v", traits.ReadOnly)
	}
	if got, want := table.Asked(), []string{"name", "owner", "note.text", "report", "minutes", "made", "region"}; !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
	it := &pim.Task{}
	table.Read(cells{"name": "Call", "report": "Went well", "minutes": "90", "made": "Sold", "region": "North"}, it)
	if it.Title != "Call" || it.CRM.Report != "Went well" || it.Spent != 90*time.Minute || it.CRM.Result != "Sold" {
		t.Errorf("read %+v", it)
	}
	if want := []pim.Custom{{Key: "k", Name: "Region", Value: "North"}, {Key: "m", Name: "Made", Value: "Sold"}}; !slices.Equal(it.Custom, want) {
		t.Errorf("custom %+v", it.Custom)
	}
	table.Read(cells{"minutes": "soon"}, it)
	if it.Spent != 0 || it.CRM.Report != "" || len(it.Custom) != 0 {
		t.Errorf("what is no value reads as nothing: %+v", it)
	}
}

func TestRowX18WritingByAMap(t *testing.T) {
	t.Parallel()
	it := &pim.Task{Spent: 2*time.Hour + 30*time.Second}
	it.CRM.Report, it.CRM.Result = "Fine", "Sold"
	pim.SetCustom(it, []pim.Custom{{Key: "k", Value: "South"}, {Key: "m", Value: "never"}, {Key: "other", Value: "x"}})
	w := cells{}
	table := changedSheet(it)
	if err := table.Write(pim.KindTask, pim.AllOf(pim.KindTask), w); err != nil {
		t.Fatal(err)
	}
	want := cells{"name": "written", "report": "report:Fine", "minutes": "spent:120", "region": "custom:South"}
	if len(w) != len(want) {
		t.Errorf("written %v, want %v", w, want)
	}
	for name, v := range want {
		if w[name] != v {
			t.Errorf("column %s: %q, want %q", name, w[name], v)
		}
	}
	it.Spent = 20 * time.Second
	it.CRM.Report = "bad"
	if err := table.Write(pim.KindTask, pim.Set(pim.FieldSpent), w); err != nil || w["minutes"] != "spent:" {
		t.Errorf("less than a minute: %q, %v", w["minutes"], err)
	}
	if err := table.Write(pim.KindTask, pim.Set(pim.FieldReport), w); err == nil {
		t.Error("a refusal is not told")
	}
	// Another kind is as it was.
	if m := table.Map(pim.KindContact); len(m) != 1 || m[0].Field != pim.FieldNotes {
		t.Errorf("contacts: %v", m)
	}
}
