package creatio

import (
	"context"

	"crmbridge/pim"
	"crmbridge/remote"
)

// mailing are the fields of an activity whose change Creatio may tell its invited
// participants of. Which they are differs by version and by a site's own processes, so
// all are named that a participant would want to hear of.
func mailing() pim.FieldSet {
	return pim.Set(pim.FieldTitle, pim.FieldLocation, pim.FieldNotes, pim.FieldTime, pim.FieldStart, pim.FieldDue, pim.FieldStatus, pim.FieldAttendees)
}

// Mails implements remote.Mailer. Nothing of ours invites anybody, so that a create mails
// nobody; a change or deletion tells those whom somebody invited in Creatio.
func (c *connector) Mails(ctx context.Context, col remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) ([]string, error) {
	s, _, err := c.shelf(col)
	if err != nil || s.entity() != "Activity" || old.ID == "" || e.Item != nil && changed.And(mailing()).IsEmpty() {
		return nil, err
	}
	id, ok := parseGUID(string(old.ID))
	if !ok {
		return nil, missing("creatio: mails")
	}
	spell, _, err := c.ways(ctx)
	if err != nil {
		return nil, err
	}
	me, err := c.people.me(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := c.site.every(ctx, "ActivityParticipant", query{
		filter: all(spell.is("Activity", "eq", id), compare("InviteParticipant", "eq", "true")), sel: []string{"Id", "ParticipantId", "ActivityId"},
		expand: "Participant($select=Id,Name,Email),Activity($select=Id,OwnerId)",
	})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range rows {
		if e.Item == nil && r.sub("Activity").ref("OwnerId") != me {
			return nil, nil // left, not cancelled
		}
		if to := r.sub("Participant").text("Email"); to != "" && r.ref("ParticipantId") != me {
			out = append(out, to)
		}
	}
	return out, nil
}
