package ews

import (
	"context"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Answers to meetings that others invite to. Exchange keeps the mailbox's own answer apart from the list of attendees, which is the
// organiser's.

// responses are the objects that give an answer.
var responses = map[string]string{"accepted": "t:AcceptItem", "tentative": "t:TentativelyAcceptItem", "declined": "t:DeclineItem"}

// ownAnswer is the answer of an address among attendees; ok is false when it is not one.
func ownAnswer(e *pim.Event, address string) (answer string, ok bool) {
	for _, a := range e.Attendees {
		if address != "" && strings.EqualFold(a.Email, address) {
			return strings.TrimPrefix(a.Answer, "needs-action"), true
		}
	}
	return "", false
}

// answersOther reports that a change of the attendees can only be an answer of the mailbox to somebody else's meeting.
func (m *mail) answersOther(it pim.Item, set pim.FieldSet) bool {
	e, ok := it.(*pim.Event)
	return ok && set.Has(pim.FieldAttendees) && !organises(e, m.account.mailbox)
}

// respond gives the mailbox's answer when it is not the one that Exchange has. By itself nobody is mailed. A meeting that is declined is
// taken out of the calendar into the bin, and one that is accepted may be made anew, with another id, as Exchange does it: then the
// item is told as well, since it is not to be found under the old id.
func (m *mail) respond(ctx context.Context, ref remote.Ref, e *pim.Event, now *item) (remote.Record, error) {
	rec := remote.Record{Ref: ref}
	wanted, ok := ownAnswer(e, m.account.mailbox)
	if !ok || wanted == answers[now.MyResponse.text()] {
		return rec, nil
	}
	object := responses[wanted]
	if object == "" {
		rec.Notes = []remote.Note{{Field: pim.FieldAttendees, Wanted: wanted, Says: "the answer was not given in Exchange, which has no such answer"}}
		return rec, nil
	}
	how := "SaveOnly"
	if m.settings["invitations"] == inviteAll {
		how = "SendAndSaveCopy"
	}
	reference := itemID(string(ref.ID), ref.Version)
	reference.name = "t:ReferenceItemId"
	a, err := m.account.call(ctx, request{op: opUpdate, write: true, body: node("m:CreateItem", node("m:Items", node(object, reference))).with("MessageDisposition", how)})
	if err != nil {
		return rec, err
	}
	msg, err := a.only(opUpdate)
	if err != nil {
		return rec, err
	}
	if wanted == "declined" {
		rec.Item = e
		return rec, nil
	}
	for i := range msg.Items.List {
		if x := &msg.Items.List[i]; x.kind() == pim.KindEvent && x.ID.ID != "" && x.ID.ID != string(ref.ID) {
			anew, err := m.one(ctx, opUpdate, pim.KindEvent, x.ID.ID)
			if err != nil {
				return rec, err
			}
			return m.zones.record(anew), nil
		}
	}
	rec.Version, err = m.version(ctx, opUpdate, string(ref.ID))
	return rec, err
}
