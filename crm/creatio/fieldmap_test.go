package creatio

import (
	"slices"
	"testing"

	"crmbridge/pim"
)

// TestRowX13DefaultMap: the map that people see is what is carried, and names the columns
// of the product.
func TestRowX13DefaultMap(t *testing.T) {
	t.Parallel()
	c := &connector{}
	for kind, want := range map[pim.Kind]map[pim.FieldID]string{
		pim.KindEvent:   {pim.FieldTitle: "Title", pim.FieldTime: "StartDate", pim.FieldAttendees: "ParticipantId", pim.FieldCompany: "AccountId"},
		pim.KindTask:    {pim.FieldDue: "DueDate", pim.FieldStatus: "StatusId", pim.FieldOwner: "OwnerId", pim.FieldContact: "ContactId", pim.FieldReport: "DetailedResult"},
		pim.KindContact: {pim.FieldFullName: "Name", pim.FieldBirthday: "BirthDate", pim.FieldPhones: "Number"},
	} {
		var shown pim.FieldSet
		for _, m := range c.FieldMap(kind) {
			shown = shown.Or(pim.Set(m.Field))
			if col := want[m.Field]; col != "" && !slices.Contains(m.Columns, col) {
				t.Errorf("%s of %ss is kept in %q, want %s", m.Field, kind, m.Columns, col)
			}
			delete(want, m.Field)
		}
		if shown != c.Traits().Carries[kind] || len(want) > 0 {
			t.Errorf("the map of %ss shows %s, carried are %s; missing %v", kind, shown, c.Traits().Carries[kind], want)
		}
	}
}
