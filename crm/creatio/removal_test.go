package creatio_test

import (
	"testing"

	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/pim"
	"crmbridge/remote"
)

// What belongs to a colleague is never taken from the colleague.
func TestOthersItemsAreLeftNotRemoved(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	pia, me := r.sim.ContactOf("pia"), r.sim.ContactOf("Supervisor")
	c, meeting := r.open(nil), r.sim.Lookup("ActivityCategory", "Meeting")
	remove := func(col remote.CollectionID, id string, how remote.Removal) error {
		return c.Delete(t.Context(), col, remote.Ref{ID: remote.ItemID(id)}, how)
	}
	owner := func(entity, id string) string {
		row, ok := r.sim.Record(entity, id)
		if !ok {
			return ""
		}
		return row.Ref("OwnerId")
	}

	joined := r.add("Activity", creatiosim.Fields{"Title": "Planning", "OwnerId": pia, "ActivityCategoryId": meeting})
	r.add("ActivityParticipant", creatiosim.Fields{"ActivityId": joined, "ParticipantId": me})
	if err := remove(creatio.Activities, joined, remote.Delete); err != nil {
		t.Fatal(err)
	}
	if got := owner("Activity", joined); got != pia {
		t.Errorf("the owner of the colleague's meeting is %v", got)
	}
	for _, p := range r.sim.Participants(joined) {
		if p.Ref("ParticipantId") == me {
			t.Error("still taking part")
		}
	}

	card := r.add("Contact", creatiosim.Fields{"Name": "Bo Both", "OwnerId": pia})
	if err := remove(creatio.Contacts, card, remote.Unassign); pim.ReasonOf(err) != pim.ErrUnsupported {
		t.Errorf("unassigning a colleague's contact: %v", err)
	}
	if got := owner("Contact", card); got != pia {
		t.Errorf("the owner of the colleague's contact is %v", got)
	}

	mine := r.add("Activity", creatiosim.Fields{"Title": "Mine", "OwnerId": me, "ActivityCategoryId": meeting})
	if err := remove(creatio.Activities, mine, remote.Delete); err != nil || owner("Activity", mine) != "" {
		t.Errorf("my own: %v", err)
	}
}
