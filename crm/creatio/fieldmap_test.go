package creatio

import (
	"testing"

	"crmbridge/crm/crmtest"
	"crmbridge/pim"
)

// TestRowX13DefaultMap: the map that people see is what is carried, and names the columns
// of the product.
func TestRowX13DefaultMap(t *testing.T) {
	t.Parallel()
	c := &connector{}
	crmtest.OwnMap(t, c, map[pim.Kind]map[pim.FieldID]string{
		pim.KindEvent:   {pim.FieldTitle: "Title", pim.FieldTime: "StartDate", pim.FieldAttendees: "ParticipantId", pim.FieldCompany: "AccountId"},
		pim.KindTask:    {pim.FieldDue: "DueDate", pim.FieldStatus: "StatusId", pim.FieldOwner: "OwnerId", pim.FieldContact: "ContactId", pim.FieldReport: "DetailedResult"},
		pim.KindContact: {pim.FieldFullName: "Name", pim.FieldBirthday: "BirthDate", pim.FieldPhones: "Number"},
	})
}
