package creatio_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/crm/crmtest"
	"crmbridge/pim"
	"crmbridge/remote"
)

// customColumns is a site whose people added columns and a list.
const customColumns = `
UsrRegion:lookup
+Activity
  UsrReport text
  UsrNumber text:50
  UsrSpent int
  UsrPercent num
  UsrCompleted date
  UsrPlace text:250
  UsrKey bool
  UsrAmount num
  UsrCount int
  UsrFollowUp date
  UsrRegionId ->UsrRegion
  UsrSponsorId ->Contact
  UsrCaseId ->Case
+Contact
  UsrNickname text:100
  UsrWedding day
  UsrRegionId ->UsrRegion
  UsrVIP bool
`

func withColumns(o *creatiosim.Options) { o.Custom += customColumns }

func regions() []string { return []string{"North", "South", "Åland"} }

func (r *rig) addRegions() {
	for _, name := range regions() {
		r.add("UsrRegion", creatiosim.Fields{"Name": name})
	}
}

// allMoved is a map with columns of every kind.
func allMoved(t testing.TB, c remote.Remote) remote.FieldMaps {
	out := remote.FieldMaps{}
	for k, cols := range map[pim.Kind]struct {
		set     map[pim.FieldID]string
		without []pim.FieldID
		custom  []string
	}{
		pim.KindEvent: {map[pim.FieldID]string{pim.FieldReport: "UsrReport", pim.FieldNumber: "UsrNumber", pim.FieldLocation: "UsrPlace", pim.FieldProject: "UsrSponsorId"},
			[]pim.FieldID{pim.FieldResult}, []string{"UsrKey", "UsrAmount", "UsrCount", "UsrFollowUp", "UsrRegionId"}},
		pim.KindTask: {map[pim.FieldID]string{pim.FieldReport: "UsrReport", pim.FieldSpent: "UsrSpent", pim.FieldCompleted: "UsrCompleted"},
			[]pim.FieldID{pim.FieldReminders}, []string{"UsrKey", "UsrNumber", "UsrRegionId"}},
		pim.KindContact: {map[pim.FieldID]string{pim.FieldNickname: "UsrNickname", pim.FieldAnniversary: "UsrWedding"},
			[]pim.FieldID{pim.FieldNotes}, []string{"UsrVIP", "UsrRegionId"}},
	} {
		out[k] = crmtest.MapOf(t, c, k, cols.set, cols.without, cols.custom...)
	}
	return out
}

// sampleCustoms gives sample number n values for the columns of allMoved.
func sampleCustoms(it pim.Item, n int) {
	flag := []string{"yes", ""}[n%2]
	var all map[string]string
	switch v := it.(type) {
	case *pim.Event:
		v.CRM.Project = fmt.Sprintf("Anna Attendee %d", n%24)
		all = map[string]string{"UsrKey": flag, "UsrAmount": fmt.Sprintf("%d.25", n+1), "UsrCount": fmt.Sprint(n + 1),
			"UsrFollowUp": pim.On(2026, time.July, 1+n%28).String(), "UsrRegionId": regions()[n%3]}
	case *pim.Task:
		all = map[string]string{"UsrKey": flag, "UsrNumber": fmt.Sprintf("A %d", n), "UsrRegionId": regions()[n%3]}
	case *pim.Contact:
		all = map[string]string{"UsrVIP": flag, "UsrRegionId": regions()[n%3]}
	}
	pim.SetCustom(it, crmtest.Customs(all))
}

// A connection with a changed map is a remote like any other.
func TestConformanceOfAChangedMap(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*creatiosim.Options){
		"framework": withColumns,
		"by column": func(o *creatiosim.Options) {
			withColumns(o)
			o.LookupFilter, o.Postgres, o.PageSize = creatiosim.ByColumn, true, 7
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crmtest.Run(t, mappedHarness(change))
		})
	}
}

// TestRowX17InCreatio: a site's own columns are offered with what they hold, and travel as
// canonical texts.
func TestRowX17InCreatio(t *testing.T) {
	t.Parallel()
	r := newRig(t, withColumns)
	r.addRegions()
	c := r.open(nil)
	all := crmtest.Columns(t, c, pim.KindEvent)
	for name, want := range map[string]remote.Column{
		"UsrReport":   {Kind: remote.TextColumn},
		"UsrKey":      {Kind: remote.FlagColumn},
		"UsrCount":    {Kind: remote.NumberColumn},
		"UsrAmount":   {Kind: remote.NumberColumn},
		"UsrFollowUp": {Kind: remote.TimeColumn},
		"UsrRegionId": {Kind: remote.ReferenceColumn, Of: "UsrRegion"},
		"UsrCaseId":   {Kind: remote.ReferenceColumn, Of: "Case"},
		"Id":          {Kind: remote.OtherColumn, ReadOnly: true},
		"ModifiedOn":  {Kind: remote.TimeColumn, ReadOnly: true},
		"OwnerId":     {Kind: remote.ReferenceColumn, Of: "Contact", ReadOnly: true},
		"ResultId":    {Kind: remote.ChoiceColumn, Of: "ActivityResult"},
		"Title":       {Kind: remote.TextColumn, Required: true},
	} {
		if want.Name = name; name == "UsrCaseId" {
			want.Kind, want.Of = remote.OtherColumn, "" // cases have a subject and no name
		}
		if got := all[name]; got != want {
			t.Errorf("column %s is %+v, want %+v", name, got, want)
		}
	}
	m := crmtest.Mapped(t, c, allMoved(t, c))
	e := meeting("Visit")
	sampleCustoms(e, 0)
	rec := create(t, m, creatio.Events, e)
	if got := pim.CustomOf(rec.Item); !slices.Equal(got, pim.CustomOf(e)) {
		t.Errorf("came back as %+v, want %+v", got, pim.CustomOf(e))
	}
	row, _ := r.sim.Record("Activity", string(rec.ID))
	if !row.Bool("UsrKey") || row.Ref("UsrRegionId") != r.sim.Lookup("UsrRegion", "North") || !row.Time("UsrFollowUp").Equal(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("in Creatio: %+v", row.Fields())
	}
	// A name that the list does not have is left out, and a person is told.
	set := func(values ...string) pim.Item {
		it := pim.Clone(rec.Item)
		var out []pim.Custom
		for i := 0; i < len(values); i += 2 {
			out = append(out, pim.Custom{Key: values[i] + "=X-TEST", Name: values[i], Value: values[i+1]})
		}
		pim.SetCustom(it, out)
		return it
	}
	rec = update(t, m, creatio.Events, rec.Ref, set("UsrCount", "7", "UsrRegionId", "Atlantis"), pim.FieldCustom)
	if pim.CustomValue(rec.Item, "UsrRegionId=X-TEST") != "" || len(rec.Notes) != 1 || !strings.Contains(fmt.Sprint(rec.Notes[0]), "Atlantis") {
		t.Errorf("%+v, notes %+v", pim.CustomOf(rec.Item), rec.Notes)
	}
	if pim.CustomValue(rec.Item, "UsrCount=X-TEST") != "7" || len(pim.CustomOf(rec.Item)) != 1 {
		t.Errorf("%+v", pim.CustomOf(rec.Item))
	}
	// What the column cannot hold is refused, with the column's name, and nothing is written.
	for name, v := range map[string]string{"UsrCount": "many", "UsrAmount": "1,5", "UsrFollowUp": "soon", "UsrKey": "perhaps"} {
		_, err := m.Update(t.Context(), creatio.Events, rec.Ref, remote.Entry{Item: set(name, v)}, pim.Set(pim.FieldCustom))
		if pim.ReasonOf(err) != pim.ErrRefused || !strings.Contains(pim.PublicText(err), name) {
			t.Errorf("%s %q: %v", name, v, err)
		}
	}
	now, _ := r.sim.Record("Activity", string(rec.ID))
	if now.Fields()["UsrCount"] != int64(7) {
		t.Errorf("in Creatio: %v", now.Fields()["UsrCount"])
	}
}

// TestRowX18InCreatio: fields are kept in the columns that the map names, those that are
// left out are left alone, and what the map does not name is asked for by nobody.
func TestRowX18InCreatio(t *testing.T) {
	t.Parallel()
	r := newRig(t, withColumns)
	r.addRegions()
	r.populate()
	c := r.open(nil)
	m := crmtest.Mapped(t, c, allMoved(t, c))
	task := &pim.Task{Activity: pim.Activity{Title: "Write offer"}, Due: pim.At(time.Date(2026, 6, 3, 12, 0, 0, 0, time.UTC), ""), Spent: 90 * time.Minute,
		Completed: pim.At(time.Date(2026, 6, 2, 9, 15, 0, 0, time.UTC), "")}
	task.CRM.Report, task.Reminders = "They want two.", []pim.Reminder{{Before: time.Hour}}
	rec := create(t, m, creatio.Tasks, task)
	row, _ := r.sim.Record("Activity", string(rec.ID))
	if row.Text("UsrReport") != "They want two." || row.Text("DetailedResult") != "" || row.Fields()["UsrSpent"] != int64(90) || row.Bool("RemindToOwner") {
		t.Errorf("in Creatio: %+v", row.Fields())
	}
	got := rec.Item.(*pim.Task)
	if got.CRM.Report != "They want two." || got.Spent != 90*time.Minute || !got.Completed.Time.Equal(task.Completed.Time) || len(got.Reminders) > 0 {
		t.Errorf("came back as %+v", got)
	}
	if err := r.sim.Edit("Activity", string(rec.ID), creatiosim.Fields{"DetailedResult": "of the site", "UsrReport": "read this", "RemindToOwner": true,
		"RemindToOwnerDate": time.Date(2026, 6, 3, 11, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	recs, err := m.Fetch(t.Context(), creatio.Tasks, []remote.ItemID{rec.ID})
	if err != nil || len(recs) != 1 {
		t.Fatal(recs, err)
	}
	if got := recs[0].Item.(*pim.Task); got.CRM.Report != "read this" || len(got.Reminders) > 0 {
		t.Errorf("read as %+v", got)
	}
	got.CRM.Report = ""
	update(t, m, creatio.Tasks, recs[0].Ref, got, pim.FieldReport, pim.FieldReminders)
	row, _ = r.sim.Record("Activity", string(rec.ID))
	if row.Text("UsrReport") != "" || row.Text("DetailedResult") != "of the site" || !row.Bool("RemindToOwner") {
		t.Errorf("in Creatio: %+v", row.Fields())
	}
	// The connection itself is as it was, and its map the one that people change.
	recs, err = c.Fetch(t.Context(), creatio.Tasks, []remote.ItemID{rec.ID})
	if err != nil || len(recs) != 1 || recs[0].Item.(*pim.Task).CRM.Report != "of the site" {
		t.Errorf("%+v, %v", recs, err)
	}
	if m.Traits().Carries[pim.KindTask].Has(pim.FieldReminders) || !m.Traits().Carries[pim.KindTask].Has(pim.FieldSpent) || c.Traits().Carries[pim.KindTask].Has(pim.FieldSpent) {
		t.Error("the traits are not those of the map")
	}
}

// A map that cannot be kept is refused when the connection is opened.
func TestRowX18FaultsInCreatio(t *testing.T) {
	t.Parallel()
	c := newRig(t, withColumns).open(nil)
	mapper, _ := remote.As[remote.FieldMapper](c)
	text := func(name string) remote.Column { return remote.Column{Name: name, Kind: remote.TextColumn} }
	for name, m := range map[string]remote.FieldMaps{
		"times that move together": {pim.KindTask: {Set: []remote.FieldColumn{{Field: pim.FieldStart, Column: remote.Column{Name: "UsrFollowUp", Kind: remote.TimeColumn}}}}},
		"required":                 {pim.KindEvent: {Without: []pim.FieldID{pim.FieldTitle}}},
		"rows":                     {pim.KindContact: {Set: []remote.FieldColumn{{Field: pim.FieldPhones, Column: text("UsrNickname")}}}},
		"twice":                    {pim.KindContact: {Custom: []remote.CustomColumn{{Key: "a", Column: text("JobTitle")}}}},
		"messages":                 {pim.KindMessage: {Without: []pim.FieldID{pim.FieldNotes}}},
	} {
		if _, err := mapper.Mapped(m); pim.ReasonOf(err) != pim.ErrInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
