package main

import "testing"

// TestRowX13X18FieldMapOfALink prints the map of a link to Creatio as a table.
func TestRowX13X18FieldMapOfALink(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	_, srv := newCreatio(t)
	p.link(srv)
	found := false
	for _, r := range list[fieldMapShown](p, "link", "fields", "crm") {
		if r.Of == "event" && r.Field == "owner" && r.Direction != "in" {
			t.Errorf("the owner comes from Creatio only: %+v", r)
		}
		if r.Of == "event" && r.Field == "report" {
			found = len(r.Columns) == 1 && r.Columns[0] == "DetailedResult" && r.Default && r.Direction == "both" && r.Kind == "text"
		}
	}
	if !found {
		t.Error("the report is not shown in its column")
	}
}
