package creatio

import (
	"context"
	"strings"

	"crmbridge/pim"
)

// participants is how participant rows are read.
func participants() kidQuery {
	return kidQuery{
		child:  child{entity: "ActivityParticipant", nav: "Activity"},
		sel:    []string{"Id", "ModifiedOn", "ActivityId", "ParticipantId", "RoleId", "InviteResponseId"},
		expand: "Participant($select=Id,Name,Email)",
	}
}

// attendees are the participants but the owner, who is one of them in Creatio and
// the organizer in a calendar, and but the parties of an e-mail.
func attendees(r activity, l activityLists) []pim.Attendee {
	var out []pim.Attendee
	for _, p := range r.parts {
		id := p.ref("ParticipantId")
		if id == "" || id == r.ref("OwnerId") || mailRole(p, l) {
			continue
		}
		x := p.sub("Participant")
		a := pim.Attendee{Person: pim.Person{Name: x.text("Name"), Email: x.text("Email"), ID: string(id)}}
		if word := l.answers.word[p.ref("InviteResponseId")]; word != "" {
			a.Answer = word
		}
		out = append(out, a)
	}
	return out
}

func mailRole(p row, l activityLists) bool {
	switch l.roles.word[p.ref("RoleId")] {
	case roleFrom, roleTo, roleCC, roleBCC:
		return true
	}
	return false
}

// syncParticipants makes the participants of an activity those of want. Attendees
// that are no contacts in Creatio have no place there and stay on the calendar
// object. Nobody is invited: InviteParticipant, which mails people, is never set.
func (a *activities) syncParticipants(ctx context.Context, id, owner guid, have []row, want []pim.Attendee, l activityLists, removeOthers bool) error {
	persons := make([]pim.Person, len(want))
	for i, w := range want {
		persons[i] = w.Person
	}
	who, err := a.people.find(ctx, persons)
	if err != nil {
		return err
	}
	byContact := map[guid]row{}
	for _, p := range have {
		if !mailRole(p, l) {
			byContact[p.ref("ParticipantId")] = p
		}
	}
	keep := map[guid]bool{owner: true}
	for _, w := range want {
		contact := who[personKey(w.Person)]
		if contact == "" || contact == owner || keep[contact] {
			continue
		}
		keep[contact] = true
		if err := a.putParticipant(ctx, id, contact, byContact[contact], w, l); err != nil {
			return err
		}
	}
	if !removeOthers {
		return nil
	}
	for contact, p := range byContact {
		if keep[contact] || contact == "" {
			continue
		}
		if err := a.site.remove(ctx, "ActivityParticipant", p.id()); err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
			return err
		}
	}
	return nil
}

func (a *activities) putParticipant(ctx context.Context, activity, contact guid, have row, w pim.Attendee, l activityLists) error {
	answer, known := answerID(w.Answer, l)
	if have != nil {
		if !known {
			return nil
		}
		return overtaken(a.site.update(ctx, "ActivityParticipant", have.id(), have.differing(row{"InviteResponseId": answer})))
	}
	r := row{"Id": madeID("participant", string(activity), string(contact)), "ActivityId": activity, "ParticipantId": contact}
	if role := l.roles.ids[roleParticipant]; role != "" {
		r["RoleId"] = role
	}
	if known && answer != "" {
		r["InviteResponseId"] = answer
	}
	_, err := a.site.insert(ctx, "ActivityParticipant", r)
	return err
}

// answerID is the response for a PARTSTAT; known is false for one that Creatio has
// no word for, which then stays as it is.
func answerID(answer string, l activityLists) (id guid, known bool) {
	answer = strings.ToLower(answer)
	if answer == "" || answer == "needs-action" {
		return "", true
	}
	id = l.answers.ids[answer]
	return id, id != ""
}
